#!/usr/bin/env bash
# Runs the unit tests under ThreadSanitizer. FILTER names others than all; what it reports is in .build/tsan/reports.
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make test-tsan'
Scripts/install.sh test
folder=$PWD/.build/tsan
reports=$folder/reports
rm -rf "$reports"
mkdir -p "$reports"
# In a folder of its own, since all of it is compiled otherwise.
options=(--scratch-path "$folder" --sanitize=thread)
swift build "${options[@]}" --build-tests
# The tests tell by their exit code what failed; what the sanitizer says is judged below.
TSAN_OPTIONS="log_path=$reports/report exitcode=0 halt_on_error=0 history_size=4" \
    swift test "${options[@]}" --disable-xctest --skip-build --no-parallel --skip '^SystemTests' --filter "${FILTER:-.}"
python3 Scripts/tsan_reports.py "$reports"
