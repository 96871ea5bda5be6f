#!/usr/bin/env bash
# Plays the simulation and the history of many clients for SOAK_SECONDS each (600), built release.
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make soak'
Scripts/install.sh test
build_release
export REDIS_PROXY_BINARY=$PWD/.build/release/redis-proxy
export SOAK_SECONDS=${SOAK_SECONDS:-600}
# In a folder of its own: the tests look inside, which the release program is not built for.
options=(-c release --scratch-path .build/soak -Xswiftc -enable-testing)
swift build "${options[@]}" --build-tests
swift test "${options[@]}" --disable-xctest --skip-build --no-parallel --filter SimulationTests
exec swift test "${options[@]}" --disable-xctest --skip-build --filter HistoryTests
