#!/usr/bin/env bash
# Installs the packages that are named, as root, and leaves no service of theirs running or enabled.
# A package that was installed before keeps its state.
set -euo pipefail

say() { printf 'redis-proxy: %s\n' "$*" >&2; }

# Maintainer scripts ask this file whether they may start a service; 101 means no.
policy=/usr/sbin/policy-rc.d
saved_policy=$policy.saved-by-redis-proxy
policy_mark='# Written by redis-proxy while it installs packages.'

restore_policy() {
    if grep -qsF "$policy_mark" "$policy"; then
        rm "$policy"
    fi
    if [ -e "$saved_policy" ]; then
        mv "$saved_policy" "$policy"
    fi
}

forbid_service_starts() {
    # A run that was killed half-way left its file behind.
    restore_policy
    if [ -e "$policy" ]; then
        mv "$policy" "$saved_policy"
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
    chmod 755 "$policy"
}

is_installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

has_candidate() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }

apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >&2
}

install_packages() {
    apt_get install --yes --no-install-recommends "$@"
}

leave_disabled() {
    # The helper wants to be called by a package's own scripts.
    DPKG_MAINTSCRIPT_PACKAGE=$1 deb-systemd-helper disable "$1.service" >/dev/null
    if [ -e "/etc/init.d/$1" ]; then
        update-rc.d "$1" disable
    fi
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
    fi

    local links
    links=$(find /etc/systemd/system /etc/rc[2-5].d \( -lname "*/$1.service" -o -name "S*$1" \) 2>/dev/null || true)
    if [ -n "$links" ]; then
        say "the service $1 is still enabled by:" "$links"
        return 1
    fi
    if [ -d /run/systemd/system ] && systemctl --quiet is-active "$1.service"; then
        say "the service $1 was started by its package"
        return 1
    fi
    say "the service $1 is neither running nor enabled"
}

# The service that a package brings, if it is one of ours.
service_of() {
    case $1 in
    redis-server | haproxy | webdis | nutcracker) echo "$1" ;;
    nginx-light) echo nginx ;;
    esac
}

# Those that were not there before.
new_packages=()
for package in "$@"; do
    if [ -n "$(service_of "$package")" ] && ! is_installed "$package"; then
        new_packages+=("$package")
    fi
done

# However this ends: a package that got installed is left without its service.
finish() {
    local status=$?
    for package in ${new_packages[@]+"${new_packages[@]}"}; do
        if is_installed "$package"; then
            leave_disabled "$(service_of "$package")" || status=1
        fi
    done
    restore_policy
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
forbid_service_starts

updated=
for package in "$@"; do
    if [ -z "$updated" ] && ! has_candidate "$package"; then
        apt_get update
        updated=yes
    fi
done
# Package lists that are out of date name files that are gone: fetch them anew, once.
if ! install_packages "$@"; then
    [ -z "$updated" ] || exit 1
    say "trying again with fresh package lists"
    apt_get update
    install_packages "$@"
fi
