#!/usr/bin/env bash
# Plays the Tcl suite of Redis or Valkey straight to its server and through the release program, and prints the tests that differ.
#
#   REDIS_TREE          a source tree of Redis or Valkey, outside this repository. The server is the one that was built in it
#                       (make MALLOC=libc); where none was, redis-server of the path, which must be of the tree's version: then
#                       src/redis-* are made links to the programs of the path. Nothing else in it is changed
#   CONFORMANCE_UNITS   the units to play, instead of all that the suite can play against a server that is not its own
#   CONFORMANCE_LOGS    where each unit's output goes; default: .build/conformance
#   CONFORMANCE_UNIT_LIMIT  seconds after which a unit is given up; default: 180
#   REDIS_PROXY_BINARY  the program; default: .build/release/redis-proxy, built first
#
# Whatever else configures the program, such as CACHE_CAPACITY, is handed on.
set -euo pipefail
. "$(dirname "$0")/common.sh"

units=${CONFORMANCE_UNITS:-dump protocol keyspace scan info-command type/string type/incr type/list type/list-3
    type/set type/zset type/hash type/stream type/stream-cgroups sort expire other multi quit
    latency-monitor pubsub slowlog scripting functions introspection introspection-2 bitops bitfield geo hyperloglog
    lazyfree pause tracking networking replybufsize
    type/hash-field-expire info-keysizes hashexpire commandlog}
logs=${CONFORMANCE_LOGS:-$PWD/.build/conformance}
# A unit takes seconds; one that still runs after this waits for something that never comes.
unit_limit=${CONFORMANCE_UNIT_LIMIT:-180}

[[ -x ${REDIS_TREE:-}/runtest ]] || fail "REDIS_TREE must name a source tree of Redis or Valkey: it has no runtest"
command -v tclsh8.6 >/dev/null || fail "Redis' suite needs tclsh8.6 (Debian: tcl8.6)"
if [[ -z ${REDIS_PROXY_BINARY:-} ]]; then
    build_release
    REDIS_PROXY_BINARY=$PWD/.build/release/redis-proxy
fi
family=redis
if [[ -e $REDIS_TREE/src/valkey-cli.c ]]; then family=valkey; fi
for program in "$family-server" "$family-cli" "$family-benchmark"; do
    [[ -e $REDIS_TREE/src/$program ]] || ln -s "$(command -v "$program")" "$REDIS_TREE/src/$program" ||
        fail "$program was not built in $REDIS_TREE"
done
server_program=$(cd "$REDIS_TREE/src" && pwd)/$family-server
say "playing the suite in $REDIS_TREE against $("$server_program" --version)"

folder=$(mktemp -d)
# As the tests do: never with root's rights. Root's clone may lie where nobody else may go.
unprivileged=()
if [[ $(id -u) -eq 0 ]]; then
    unprivileged=(setpriv --reuid 59990 --regid 59990 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all)
    install -D "$REDIS_PROXY_BINARY" "$folder/program/redis-proxy"
    REDIS_PROXY_BINARY=$folder/program/redis-proxy
    chmod 711 "$folder"
fi
children=()
stop_children() {
    ((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null || true
    wait "${children[@]}" 2>/dev/null || true
    children=()
}
trap 'stop_children; rm -rf "$folder"' EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for_port() {
    for _ in {1..500}; do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.02
    done
    fail "nothing listens on port $1"
}

start_server() {
    server_port=$(free_port)
    (cd "$folder" && exec "$server_program" --port "$server_port" --save '' --enable-debug-command yes \
        --daemonize no >server.log 2>&1) &
    children+=($!)
    wait_for_port "$server_port"
}

start_proxy() {
    proxy_port=$(free_port)
    PROXY_HOST=127.0.0.1 PROXY_PORT=$proxy_port REDIS_HOST=127.0.0.1 REDIS_PORT=$server_port \
        "${unprivileged[@]}" "$REDIS_PROXY_BINARY" >"$folder/proxy.log" 2>&1 &
    children+=($!)
    wait_for_port "$proxy_port"
}

# play UNIT PORT LOG: one unit in one run; its exit status tells nothing that the log does not.
play() {
    mkdir -p "$(dirname "$3")"
    (cd "$REDIS_TREE" && timeout -k 5 "$unit_limit" ./runtest --host 127.0.0.1 --port "$2" --tags -slow \
        --durable --single "unit/$1") </dev/null 2>&1 | sed 's/\x1b\[[0-9;]*m//g' >"$3" || true
}

# results LOG: "ok NAME" for each test that passed, "err NAME" for each that did not.
results() {
    sed -nE -e 's/ \([0-9]+ ms\)$//' -e 's/^\[(ok)\]: /\1 /p' \
        -e 's/^\[(err)\]: (.*) in tests\/.*$/\1 \2/p' -e 's/^\[exception\]: Executing test client: /err exception: /p' \
        "$1" | sort
}

straight_total=0 through_total=0 differing=0
for unit in $units; do
    # The suites of other versions have other units.
    if [[ -z ${CONFORMANCE_UNITS:-} && ! -e $REDIS_TREE/tests/unit/$unit.tcl ]]; then continue; fi
    for way in straight through; do
        start_server
        port=$server_port
        if [[ $way == through ]]; then
            start_proxy
            port=$proxy_port
        fi
        play "$unit" "$port" "$logs/$way/$unit.log"
        if [[ $way == through ]]; then cp "$folder/proxy.log" "$logs/through/$unit.proxy.log"; fi
        stop_children
        results "$logs/$way/$unit.log" >"$folder/$way"
    done
    straight=$(grep -c '^ok ' "$folder/straight" || true)
    through=$(grep -c '^ok ' "$folder/through" || true)
    printf '%-22s straight %4d   through %4d\n' "$unit" "$straight" "$through"
    straight_total=$((straight_total + straight)) through_total=$((through_total + through))
    while IFS= read -r name; do
        differing=$((differing + 1))
        printf '    passes straight, not through: %s\n' "$name"
    done < <(comm -23 <(grep '^ok ' "$folder/straight") <(grep '^ok ' "$folder/through") | cut -c4-)
    # What the suite says about the failures is worth more than their names.
    # awk reads to the end: under pipefail, a reader that stops early would end this script.
    awk '/^\[/ { shown = /^\[(err|exception)\]/ } shown && count++ < 60 { print "        | " $0 }' \
        "$logs/through/$unit.log"
done
printf 'passed: %d straight, %d through; %d differ\n' "$straight_total" "$through_total" "$differing"
((differing == 0))
