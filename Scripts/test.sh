#!/usr/bin/env bash
# Runs the unit tests and the system tests; the latter start the release program and a real redis-server.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# The redis-py that stands for the default client of another language.
redis_py=8.1.0
python_venv=$PWD/.build/python-venv

make_python_venv() {
    if ! "$python_venv/bin/python" -c "import redis; assert redis.__version__ == '$redis_py'" 2>/dev/null; then
        say "installing redis-py $redis_py into .build/python-venv"
        python3 -m venv --clear "$python_venv"
        "$python_venv/bin/python" -m pip install --quiet --disable-pip-version-check "redis==$redis_py"
    fi
}

# What failed is said once more at the end, since logs are long and often cut.
run_tests() {
    local log=$PWD/.build/test.log
    if ! swift test --disable-xctest "$@" 2>&1 | tee "$log"; then
        grep -aE '^(✘|↳)|error:' "$log" >&2
        fail "the tests failed"
    fi
}

if have_swift; then
    Scripts/install.sh test
    make_python_venv
    build_release
    export REDIS_PROXY_BINARY=$PWD/.build/release/redis-proxy
    export REDIS_PY_PYTHON=$python_venv/bin/python
    # One after the other: many of them wait, for servers and for time-outs, and each wait takes one of the few threads that
    # Swift gives to all. The system tests bring threads of their own.
    run_tests --no-parallel --skip '^SystemTests'
    run_tests --skip-build --filter '^SystemTests'
elif have_engine; then
    # Plain, to show what the tests print.
    BUILDKIT_PROGRESS=plain exec docker build --target test .
else
    fail_without_tools
fi
