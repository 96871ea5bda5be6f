#!/usr/bin/env bash
# Builds the release program, with the arguments as further options of `swift build`; without Swift, the image that holds it.
set -euo pipefail
. "$(dirname "$0")/common.sh"

if have_swift; then
    Scripts/install.sh build
    build_product redis-proxy "$@"
    say "built .build/release/redis-proxy"
elif have_engine; then
    exec docker build --tag redis-proxy .
else
    fail_without_tools
fi
