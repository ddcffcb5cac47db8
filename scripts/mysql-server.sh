#!/usr/bin/env bash
# Unpacks a real MySQL server beside an older system:  scripts/mysql-server.sh FOLDER
# Debian has it in unstable alone, so its packages and their libraries are unpacked into FOLDER/root and run with that
# folder's own loader; nothing is installed. Costs nothing when it is there.
set -euo pipefail

folder=$(realpath -m "${1:?usage: scripts/mysql-server.sh FOLDER}")
root="$folder/root"
say() { printf 'mysql: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

[ -f "$folder/complete" ] && exit 0
command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    fail "there is no apt-get here. Put a MySQL 9 server below $root/usr/sbin/mysqld yourself, or use Debian."

rm -rf "$root" "$folder/debs"
mkdir -p "$folder"/apt/{lists/partial,cache/archives/partial,parts} "$folder/debs" "$root"
mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list.d/* /etc/apt/sources.list 2>/dev/null | head -n 1 || true)
[ -n "$mirror" ] || fail "apt has no mirror: see /etc/apt/sources.list.d"
printf 'Types: deb\nURIs: %s\nSuites: sid\nComponents: main\nSigned-By: %s\n' \
    "$mirror" /usr/share/keyrings/debian-archive-keyring.gpg >"$folder/apt/parts/sid.sources"
own=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$folder/apt/parts"
    -o "Dir::State::lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt/cache" -o APT::Sandbox::User=root)
say "fetching the server and its libraries, about 40 MB"
apt-get "${own[@]}" update -qq || fail "Debian unstable cannot be reached from here"
found=$(apt-cache "${own[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances mysql-server-core | grep -E '^[a-z0-9]' |
    grep -vE '^(debconf|perl|mysql-common|dpkg|tar|init-system|libc-bin|adduser|passwd)' | sort -u)
[ -n "$found" ] || fail "Debian unstable has no mysql-server-core"
# shellcheck disable=SC2086
(cd "$folder/debs" && apt-get "${own[@]}" download -qq $found) || fail "the packages cannot be fetched"
for package in "$folder"/debs/*.deb; do dpkg -x "$package" "$root"; done
[ -x "$root/usr/sbin/mysqld" ] || fail "the packages hold no mysqld"
rm -rf "$folder/debs" "$folder/apt"
date >"$folder/complete"
