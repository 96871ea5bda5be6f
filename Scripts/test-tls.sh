#!/usr/bin/env bash
# Runs the system tests over TLS on both sides of the proxy, and prints what was left out for which reason.
#
#   QUICK=1   those that compare with the server, the rules of the cache, bad input, and what a slow reader costs
#   FILTER    the tests to run, instead
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make test-tls'
Scripts/install.sh test
export REDIS_PY_PYTHON=${REDIS_PY_PYTHON:-$PWD/.build/python-venv/bin/python}
[[ -x $REDIS_PY_PYTHON ]] || fail "there is no redis-py in .build/python-venv: run 'make test' first"
if [[ -z ${REDIS_PROXY_BINARY:-} ]]; then
    build_release
    export REDIS_PROXY_BINARY=$PWD/.build/release/redis-proxy
fi

filter=${FILTER:-^SystemTests}
if [[ -n ${QUICK:-} ]]; then
    filter=${FILTER:-'^SystemTests\.(DifferentialTests|ProtocolErrorTests|BadRESPInputTests|BadHTTPInputTests|SessionConversationTests|SessionStateTests|ForeignWritesTests|BarrierTests|HistoryTests|TimeToLiveTests|BigValuesTests|ClientLimitTests)/'}
fi

swift build --build-tests
log=$PWD/.build/test-tls.log
export REDIS_PROXY_TEST_TLS=1
started=$SECONDS
verdict=passed
swift test --skip-build --disable-xctest --filter "$filter" >"$log" 2>&1 || verdict=FAILED
printf '== over TLS on both sides: %s after %d s; %s\n' "$verdict" $((SECONDS - started)) "$(grep -a 'Test run with' "$log" | tail -1)"
grep -aE '^over TLS:|^(differential|history)[:,].*(compared|covered|checked|exceptions)' "$log" | sed 's/^/   /' || true
printf '   left out: %d\n' "$(grep -ac 'skipped: "not over TLS' "$log" || true)"
grep -aE 'skipped: "not over TLS' "$log" | sed 's/^/      /' || true
if [[ $verdict != passed ]]; then
    grep -aE '^(✘|↳)|error:' "$log" >&2 || tail -20 "$log" >&2
    fail "the tests failed over TLS; the whole log is in .build/test-tls.log"
fi
