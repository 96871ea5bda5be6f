#!/usr/bin/env bash
# Builds the proxy and runs it with this environment. Where neither REDIS_HOST nor REDIS_URL is set and no server answers on
# this machine, a throwaway redis-server stands in and goes away with the proxy.
set -euo pipefail
. "$(dirname "$0")/common.sh"

if ! have_swift; then
    have_engine || fail_without_tools
    if docker compose version >/dev/null 2>&1; then
        exec docker compose up --build
    fi
    command -v docker-compose >/dev/null || fail "found a Docker engine, but neither 'docker compose' nor docker-compose"
    exec docker-compose up --build
fi

build_release
proxy=.build/release/redis-proxy
redis_port=${REDIS_PORT:-6379}

answers() { timeout 1 bash -c ": </dev/tcp/localhost/$1" 2>/dev/null; }

is_port() { [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && (($1 <= 65535)); }

# A REDIS_PORT that cannot be one is for the proxy to explain.
if [ -n "${REDIS_HOST:-}${REDIS_URL:-}" ] || ! is_port "$redis_port" || answers "$redis_port"; then
    exec "$proxy"
fi

Scripts/install.sh run

folder=$(mktemp -d "${TMPDIR:-/tmp}/redis-proxy.XXXXXX")
redis_process=
proxy_process=

stop_redis() {
    if [ -n "$redis_process" ]; then
        # It has nothing to save and nobody left to serve.
        kill -KILL "$redis_process" 2>/dev/null || true
        wait "$redis_process" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap stop_redis EXIT

# One request to stop may arrive twice: make hands a SIGTERM on, and a whole process group may be told. Only one
# that comes later is the user's second, which the proxy takes as "at once".
last_stop_request=0
stop_proxy() {
    if [ -z "$proxy_process" ]; then
        exit 143
    fi
    local microseconds=${EPOCHREALTIME//[.,]/}
    if ((microseconds - last_stop_request > 200000)); then
        kill -TERM "$proxy_process" 2>/dev/null || true
    fi
    last_stop_request=$microseconds
}
trap stop_proxy INT TERM HUP

# Both processes get sessions of their own, so that Ctrl-C reaches only this script, which stops the proxy first.
start_redis() {
    for _ in {1..20}; do
        redis_port=$((20000 + RANDOM % 10000))
        : >"$folder/log"
        setsid redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no \
            --dir "$folder" --logfile "$folder/log" &
        redis_process=$!
        while kill -0 "$redis_process" 2>/dev/null; do
            if grep -q 'Ready to accept connections' "$folder/log"; then
                return
            fi
            sleep 0.05
        done
        # Most likely somebody else has that port.
        wait "$redis_process" || true
        redis_process=
    done
    cat "$folder/log" >&2
    fail "redis-server does not start"
}
start_redis
say "no Redis on localhost:${REDIS_PORT:-6379}: started a throwaway redis-server on 127.0.0.1:$redis_port;" \
    "its data is lost when the proxy stops. Set REDIS_HOST or REDIS_URL to front another"
# It has no users and no password, whatever is set for another server.
unset REDIS_USERNAME REDIS_PASSWORD REDIS_PASSWORD_FILE

REDIS_HOST=127.0.0.1 REDIS_PORT=$redis_port setsid "$proxy" &
proxy_process=$!

# `wait` returns early when a signal comes in; once the proxy is gone it gives the proxy's own exit code.
while kill -0 "$proxy_process" 2>/dev/null; do
    wait "$proxy_process" || true
done
wait "$proxy_process"
