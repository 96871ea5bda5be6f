#!/usr/bin/env bash
# Plays redis-py's own tests over TLS: straight to a server, and through the release program to another, TLS on both sides. Prints the tests that
# pass straight and not through; fails if there are any.
#
#   PLAINTEXT=1   over TCP instead
#   TIMEOUT       seconds after which a test has failed; default 60
#   TESTS         paths below redis-py's `tests`, instead of those for one server without modules
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make redis-py'
Scripts/install.sh test
if [[ -z ${REDIS_PROXY_BINARY:-} ]]; then
    build_release
    export REDIS_PROXY_BINARY=$PWD/.build/release/redis-proxy
fi

version=8.1.0
folder=$PWD/.build/redis-py
python=$folder/venv/bin/python
tests=$folder/redis-$version/tests
mkdir -p "$folder"
if ! "$python" -c 'import pytest, redis, numpy, pybreaker, opentelemetry.sdk' 2>/dev/null; then
    python3 -m venv --clear "$folder/venv"
    "$python" -m pip install --quiet --disable-pip-version-check "redis==$version" pytest pytest-asyncio pytest-timeout \
        numpy ujson pybreaker aiohttp cryptography xxhash opentelemetry-api opentelemetry-sdk redis-entraid==1.2.1
fi
if [[ ! -d $tests ]]; then
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: -d "$folder" "redis==$version"
    tar -xzf "$folder/redis-$version.tar.gz" -C "$folder"
    # Its fixtures take the class of connections for plaintext, whatever the URL says; and its tests are run against the library that is installed.
    sed -i 's/^        connection_class = Connection$/        connection_class = url_options.get("connection_class", Connection)/' \
        "$tests/conftest.py"
    rm -r "$folder/redis-$version/redis"
fi

tls=$folder/redis-$version/dockers/standalone/tls
if [[ ! -e $tls/redis.crt ]]; then
    mkdir -p "$tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 300 -subj '/CN=an authority' \
        -keyout "$tls/ca.key" -out "$tls/ca.crt" 2>/dev/null
    for name in redis client test_user; do
        openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$tls/$name.key" -out "$tls/$name.csr" 2>/dev/null
        openssl x509 -req -in "$tls/$name.csr" -CA "$tls/ca.crt" -CAkey "$tls/ca.key" -CAcreateserial -days 300 \
            -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$tls/$name.crt" 2>/dev/null
    done
fi

pids=()
finish() {
    local pid
    for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
    wait
}
trap finish EXIT

start_server() { # port, TLS port
    local data
    data=$(mktemp -d "$folder/data-XXXXXX")
    redis-server --port "$1" --tls-port "$2" --tls-cert-file "$tls/redis.crt" --tls-key-file "$tls/redis.key" \
        --tls-ca-cert-file "$tls/ca.crt" --tls-auth-clients optional --enable-debug-command yes --enable-module-command yes \
        --save '' --dir "$data" >"$data/log" 2>&1 &
    pids+=($!)
}

free_ports() { # how many
    python3 - "$1" <<'END'
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))
END
}

read -r straight straight_tls backing backing_tls through through_tls <<<"$(free_ports 6)"
start_server "$straight" "$straight_tls"
start_server "$backing" "$backing_tls"
# One program for each side, since the tests of TLS want both at once.
environment=(PROXY_HOST=127.0.0.1 REDIS_HOST=localhost)
if [[ -n ${PLAINTEXT:-} ]]; then
    environment+=("REDIS_PORT=$backing")
else
    environment+=("REDIS_PORT=$backing_tls" REDIS_TLS=on "REDIS_TLS_CA_FILE=$tls/ca.crt")
fi
env "${environment[@]}" "PROXY_PORT=$through" "$REDIS_PROXY_BINARY" 2>"$folder/proxy.log" &
pids+=($!)
env "${environment[@]}" "PROXY_PORT=$through_tls" "TLS_CERT_FILE=$tls/redis.crt" "TLS_KEY_FILE=$tls/redis.key" \
    "TLS_CA_FILE=$tls/ca.crt" TLS_AUTH_CLIENTS=optional "$REDIS_PROXY_BINARY" 2>"$folder/proxy-tls.log" &
pids+=($!)
await() { # what redis-cli needs for it
    for _ in {1..300}; do
        if redis-cli "$@" PING 2>/dev/null | grep -q PONG; then return; fi
        sleep 0.1
    done
    fail "nothing answers: redis-cli $*"
}
await -p "$straight"
await -p "$through"
await --tls --cacert "$tls/ca.crt" -p "$through_tls"

url() { # port, TLS port
    if [[ -n ${PLAINTEXT:-} ]]; then
        echo "redis://localhost:$1/0"
    else
        echo "rediss://localhost:$2/0?ssl_ca_certs=$tls/ca.crt"
    fi
}

# For one server without modules, on which nobody else works.
left_out='cluster|search|json|bloom|timeseries|vsets|himport|multidb|scenario|sentinel|maint|observability|http|entraid|keyspace|background|event'
read -r -a chosen <<<"${TESTS:-$(cd "$tests" && find . -name 'test_*.py' | grep -vE "$left_out" | sort | tr '\n' ' ')}"
play() { # name, port, TLS port
    (cd "$tests/.." && "$python" -m pytest -q -p no:cacheprovider --timeout "${TIMEOUT:-60}" --junitxml "$folder/$1.xml" \
        --redis-url "$(url "$2" "$3")" --redis-ssl-url "rediss://localhost:$3" "${chosen[@]/#/tests/}") >"$folder/$1.log" 2>&1 || true
    printf '%s: %s\n' "$1" "$(tail -1 "$folder/$1.log")"
}
# At the same time: each has a server of its own, and the tests mostly wait.
play straight "$straight" "$straight_tls" &
plays=$!
play through "$through" "$through_tls"
wait "$plays"

"$python" - "$folder/straight.xml" "$folder/through.xml" <<'END'
import sys
import xml.etree.ElementTree as tree

def outcomes(path):
    result = {}
    for case in tree.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        name = f"{case.get('classname')}.{case.get('name')}"
        result[name] = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
    return result

straight, through = map(outcomes, sys.argv[1:])
for name, found in (("straight", straight), ("through", through)):
    print(f"{name}: " + ", ".join(f"{list(found.values()).count(kind)} {kind}" for kind in ("passed", "failed", "skipped")))
only = sorted(name for name, outcome in straight.items() if outcome == "passed" and through.get(name) != "passed")
print(f"pass straight and not through: {len(only)}")
for name in only:
    print(f"   {name}: {through.get(name)}")
print(f"pass through and not straight: {sum(o == 'passed' and straight.get(n) != 'passed' for n, o in through.items())}")
sys.exit(bool(only))
END
