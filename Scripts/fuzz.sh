#!/usr/bin/env bash
# Plays made-up bytes against the parser, the scanner and the reader of replies (libFuzzer), and made-up conversations against
# the release program beside a server of its own.
#
#   FUZZ_SECONDS   for how long each of the four is played; default: 60
#   FUZZERS        which of them: CommandParser, FrameScanner, ReplyReader, Conversations
#   FUZZ_MINIMIZE  set to anything: afterwards what reached something new is added to the corpus in Fuzz/Corpus
#
# Findings are left in .build/fuzz/findings; a fuzzer that is given such a file as its argument plays it again.
set -euo pipefail
. "$(dirname "$0")/common.sh"

need_swift 'make fuzz'
Scripts/install.sh fuzz
export FUZZ_SECONDS=${FUZZ_SECONDS:-60}
fuzzers=${FUZZERS:-CommandParser FrameScanner ReplyReader Conversations}
folder=$PWD/.build/fuzz
findings=$folder/findings
mkdir -p "$findings"

# hiredis as the system has it, but so that libFuzzer sees which way it goes, and the sanitizer what it does with memory. Its
# source comes from the same archive as the package; lists of sources are kept apart from those of the system.
build_hiredis() {
    local source apt=$folder/apt options
    source=$(dpkg-query --show --showformat='${source:Package}=${source:Version}' libhiredis-dev)
    [[ $(cat "$folder/hiredis/version" 2>/dev/null) != "$source" ]] || return 0
    say "building $source from source, for the fuzzer"
    rm -rf "$apt" "$folder/hiredis"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/source" "$folder/hiredis/hiredis"
    apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        grep -E 'debian|ubuntu' | sort -u >"$apt/sources.list"
    options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
        -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update
    (cd "$apt/source" && apt-get "${options[@]}" source "$source" >/dev/null)
    (
        cd "$apt"/source/hiredis-*/
        # All but what belongs to event loops, tests and TLS. 0.14 mixes up two types of integers that are passed alike.
        for file in hiredis.c read.c net.c sds.c async.c alloc.c sockcompat.c; do
            [[ ! -e $file ]] || clang -O1 -g -Wno-incompatible-function-pointer-types \
                -fsanitize=fuzzer-no-link,address -c "$file" -o "${file%.c}.o"
        done
        ar rcs "$folder/hiredis/libhiredis.a" ./*.o
        cp ./*.h "$folder/hiredis/hiredis"
    )
    echo "$source" >"$folder/hiredis/version"
}

build_fuzzers() {
    build_hiredis
    local fuzzer
    for fuzzer in "$@"; do
        # All of the package cannot be built so: nothing else lacks a main function. The last option says the same as the two
        # before it; without it, what Swift compiles is instrumented for one of the two only.
        FUZZ=1 swift build -c release --scratch-path "$folder/build" --product "Fuzz$fuzzer" \
            --sanitize=fuzzer --sanitize=address -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing \
            -Xcc "-I$folder/hiredis" -Xlinker "-L$folder/hiredis"
    done
}

failed=()
# play FUZZER: for so long, or until something does not hold; then its input is left as a finding.
play() {
    local corpus=$folder/corpus/$1 log=$folder/$1.log program=$folder/build/release/Fuzz$1
    mkdir -p "$corpus" "Fuzz/Corpus/$1"
    # The runtime's own report of a crash would keep libFuzzer from writing the input down.
    SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 "$program" \
        -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 -max_len=512 -print_final_stats=1 \
        -artifact_prefix="$findings/$1-" -dict=Fuzz/resp.dict "$corpus" "Fuzz/Corpus/$1" >"$log" 2>&1 || failed+=("$1")
    printf 'fuzz: %s: %s runs, %s of coverage, %s inputs in the corpus\n' "$1" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$log" | tail -1)" \
        "$(sed -nE 's/.* corp: ([0-9]+).*/\1/p' "$log" | tail -1)"
    if [[ " ${failed[*]} " == *" $1 "* ]]; then grep -aE 'Fatal error|ERROR|SUMMARY|Test unit written|Base64' "$log" >&2 || tail -30 "$log" >&2; fi
    if [[ -n ${FUZZ_MINIMIZE:-} ]]; then
        SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 "$program" -set_cover_merge=1 "Fuzz/Corpus/$1" "$corpus" >>"$log" 2>&1
    fi
}

parsers=()
for fuzzer in $fuzzers; do if [[ $fuzzer != Conversations ]]; then parsers+=("$fuzzer"); fi; done
if ((${#parsers[@]} > 0)); then build_fuzzers "${parsers[@]}"; fi
for fuzzer in "${parsers[@]}"; do play "$fuzzer"; done
if [[ $fuzzers == *Conversations* ]]; then
    if [[ -z ${REDIS_PROXY_BINARY:-} ]]; then
        build_release
        export REDIS_PROXY_BINARY=$PWD/.build/release/redis-proxy
    fi
    swift build --build-tests
    swift test --skip-build --disable-xctest --filter '^SystemTests\.FuzzedConversationTests/' || failed+=(Conversations)
fi
((${#failed[@]} == 0)) || fail "the fuzzer found something: ${failed[*]}; see .build/fuzz"
