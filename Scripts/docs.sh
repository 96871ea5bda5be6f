#!/usr/bin/env bash
# Builds the doc comments of all public declarations into one archive, .build/redis-proxy.doccarchive. A warning is an error, but for one
# kind: a parameter that its name explains need not be described because others are.
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make docs'
docc=$(dirname "$(readlink -f "$(command -v swift)")")/docc
[ -x "$docc" ] || fail "the toolchain has no docc"
Scripts/install.sh build

swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members
graphs=$(dirname "$(swift build --show-bin-path)")/symbolgraph
own=.build/docs
archive=.build/redis-proxy.doccarchive
rm -rf "$own" "$archive"
mkdir -p "$own"
# The parts, and not the tests and the program, which nobody imports.
for part in Time RESPParser LocalCache TransportSecurity BackingClient Topology RESPProxy HTTPFacade; do
    for graph in "$graphs/$part".symbols.json "$graphs/$part"@*.symbols.json; do
        if [ -e "$graph" ]; then cp "$graph" "$own"; fi
    done
done
"$docc" convert --additional-symbol-graph-dir "$own" --fallback-display-name redis-proxy --fallback-bundle-identifier redis-proxy \
    --output-path "$archive" 2>&1 | tee "$own/log"
[ -e "$archive/index.html" ] || [ -d "$archive/data" ] || fail "docc has made no archive"
if grep -E '^(warning|error):' "$own/log" | grep -qvE "^warning: Parameter '[^']*' is missing documentation"; then
    fail "the doc comments have faults, see above"
fi
say "made $archive"
