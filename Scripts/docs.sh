#!/usr/bin/env bash
# Builds the doc comments of all public declarations into one archive, .build/redis-proxy.doccarchive; a warning is an error.
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make docs'
docc=$(dirname "$(readlink -f "$(command -v swift)")")/docc
[ -x "$docc" ] || fail "the toolchain has no docc"
Scripts/install.sh build

swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members
graphs=$(swift build --show-bin-path)/../symbolgraph
own=.build/docs
rm -rf "$own"
mkdir -p "$own"
# Those of the parts, and not of the tests and of the program, which nobody imports.
for part in RESPParser LocalCache TransportSecurity BackingClient Topology RESPProxy HTTPFacade; do
    cp "$graphs/$part".symbols.json "$graphs/$part"@*.symbols.json "$own" 2>/dev/null || cp "$graphs/$part".symbols.json "$own"
done
archive=.build/redis-proxy.doccarchive
"$docc" convert --additional-symbol-graph-dir "$own" --fallback-display-name redis-proxy --fallback-bundle-identifier redis-proxy \
    --warnings-as-errors --output-path "$archive"
say "$archive is there; '$docc preview' and any web server show it"
