#!/usr/bin/env bash
# Writes the options into docs/configuration.md anew, between its marks.
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make options'
page=docs/configuration.md
list=$(swift run redis-proxy --print-options-markdown)
[ -n "$list" ] || fail "the program prints no options"
written=$(mktemp "${TMPDIR:-/tmp}/options.XXXXXX")
trap 'rm -f "$written"' EXIT
OPTIONS=$list awk '
    /^<!-- \/options -->$/ { within = 0 }
    !within
    /^<!-- options -->$/ { print ENVIRON["OPTIONS"]; within = 1 }' "$page" >"$written"
cat "$written" >"$page"
