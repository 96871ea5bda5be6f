#!/usr/bin/env bash
# Installs what is missing on this machine for one purpose: build, run, test, bench, bench-check or fuzz.
set -euo pipefail
. "$(dirname "$0")/common.sh"

have() { command -v "$1" >/dev/null 2>&1; }

missing=()
need_to_build() {
    have pkg-config || missing+=(pkg-config)
    { have pkg-config && pkg-config --exists hiredis; } || missing+=(libhiredis-dev)
}
need_to_test() {
    have redis-server || missing+=(redis-server)
    have redis-cli || missing+=(redis-tools)
    have curl || missing+=(curl)
    # The files in deploy/ are run by the programs that they are for.
    have nginx || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
    have haproxy || [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
    have systemd-analyze || missing+=(systemd)
    have openssl || missing+=(openssl)
    { have ip && have ss; } || missing+=(iproute2)
    have bwrap || missing+=(bubblewrap)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
}

need_to_count() {
    have valgrind || missing+=(valgrind)
    # valgrind needs the C library's own names of functions.
    { ! have dpkg || dpkg --status libc6-dbg >/dev/null 2>&1; } || missing+=(libc6-dbg)
    have strip || missing+=(binutils)
    have python3 || missing+=(python3)
    have redis-server || missing+=(redis-server)
}

need_to_fuzz() {
    have dpkg-source || missing+=(dpkg-dev)
    have ar || missing+=(binutils)
}

need_to_compare() {
    have redis-server || missing+=(redis-server)
    have redis-benchmark || missing+=(redis-tools)
    have wrk || missing+=(wrk)
    have python3 || missing+=(python3)
    have nutcracker || [ -x /usr/sbin/nutcracker ] || missing+=(nutcracker)
    have nginx || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
    have webdis || missing+=(webdis)
    have haproxy || [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
    have openssl || missing+=(openssl)
    have strip || missing+=(binutils)
    # Elsewhere the package is called by the kernel's version; without it, one figure is left out.
    { have perf || ! grep -qsx 'ID=debian' /etc/os-release; } || missing+=(linux-perf)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
}

case ${1:-} in
build) need_to_build ;;
run) have redis-server || missing+=(redis-server) ;;
test)
    need_to_build
    need_to_test
    ;;
bench)
    need_to_build
    need_to_compare
    ;;
bench-check)
    need_to_build
    need_to_count
    ;;
fuzz)
    need_to_build
    need_to_test
    need_to_fuzz
    ;;
*) fail "usage: $0 build|run|test|bench|bench-check|fuzz" ;;
esac

if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
have apt-get || fail "please install ${missing[*]} (or what they are called here) and run make again"

if [ "$(id -u)" -eq 0 ]; then
    become_root=()
elif have sudo; then
    become_root=(sudo)
else
    fail "please install ${missing[*]} as root ('apt-get install ${missing[*]}') and run make again"
fi
say "installing ${missing[*]} with apt-get${become_root[0]:+, using sudo}"
exec "${become_root[@]}" bash Scripts/apt-install.sh "${missing[@]}"
