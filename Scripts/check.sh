#!/usr/bin/env bash
# Format, lint, script syntax, and a build in which our own warnings are errors.
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make check'
Scripts/install.sh build

for script in Scripts/*.sh .ci/run; do
    bash -n "$script"
done
swift format lint --strict --parallel --recursive Sources Tests Benchmarks Fuzz Package.swift
# Read by Package.swift. The debug build is the one that `make test` uses when this variable is set there too.
WARNINGS_AS_ERRORS=1 swift build --build-tests
