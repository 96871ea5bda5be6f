# Shared by the scripts beside it; sourced, not run.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# Debian keeps nginx and HAProxy where an ordinary user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'redis-proxy: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# The manifest needs SwiftPM 6.2; an older Swift counts as none. Other programs are called `swift` too.
have_swift() {
    local version
    version=$(swift --version 2>/dev/null) || return 1
    [[ $version =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] || return 1
    ((BASH_REMATCH[1] > 6 || (BASH_REMATCH[1] == 6 && BASH_REMATCH[2] >= 2)))
}

# For what Docker does not do in the place of a toolchain.
need_swift() {
    have_swift || fail "'$1' needs a Swift toolchain, 6.2 or newer: https://www.swift.org/install"
}

have_engine() { docker info >/dev/null 2>&1; }

fail_without_tools() {
    fail "found neither a Swift toolchain (6.2 or newer, https://www.swift.org/install) nor a Docker engine" \
        "that answers 'docker info'; install one of them and run make again"
}

# Exclusive access to memory is checked by the compiler where it can tell, and at run time in debug builds, which the unit tests
# run on. In the release program the run-time checks were 18 to 38 % of the instructions of a request, those in SwiftNIO counted
# in, so the flag stands here, where it reaches the dependencies too, and not in the manifest.
build_release() {
    Scripts/install.sh build
    build_product redis-proxy
}

# A product by name; what follows are further options of `swift build`. Two things are done where the toolchain can do them:
# - Swift's runtime is linked in. One file can then be copied to any machine with the same C library and hiredis, and calls of the
#   runtime cost less.
# - All is optimized once more as a whole when it is linked: 10 to 19 % fewer instructions for each request.
build_product() {
    local options=(-Xswiftc -enforce-exclusivity=unchecked) resources
    resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
    if [ -e "${resources}_static/linux/libswiftCore.a" ]; then options+=(--static-swift-stdlib); fi
    if [ -x "$resources/../../bin/ld.lld" ]; then options+=(--experimental-lto-mode=full); fi
    swift build -c release --product "$1" "${options[@]}" "${@:2}"
}
