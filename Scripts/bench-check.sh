#!/usr/bin/env bash
# Counts instructions and allocations of the release program by callgrind and holds them to Benchmarks/budgets.json.
#
#   WRITE=1   makes what is measured the budgets
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make bench-check'
Scripts/install.sh bench-check
build_release
arguments=(--binary .build/release/redis-proxy --budgets Benchmarks/budgets.json)
if [ -n "${WRITE:-}" ]; then
    arguments+=(--write)
fi
export PYTHONPATH=Benchmarks PYTHONDONTWRITEBYTECODE=1
python3 -m unittest -q bench.tests
exec python3 -m bench.budgets "${arguments[@]}"
