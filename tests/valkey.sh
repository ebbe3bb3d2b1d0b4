#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Runs the tests of the Redis store on Valkey, as Debian's backports have it. Nothing is installed but what tests/run.sh installs: the
# package is unpacked in build/valkey.
#
#   tests/valkey.sh
set -euo pipefail
cd "$(dirname "$0")/.."

.ci/need gcc cmake ninja-build pkg-config dpkg-dev libsodium-dev libcmocka-dev libhiredis-dev libssl-dev redis-server \
  openssl python3 python3-pytest

place=$PWD/build/valkey
mkdir -p "$place/lists/partial"
cat >"$place/backports.sources" <<SOURCES
Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
apt=(apt-get -q -o "Dir::Etc::sourcelist=$place/backports.sources" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$place/lists")
"${apt[@]}" update >"$place/apt.log" 2>&1
(cd "$place" && "${apt[@]}" download valkey-server valkey-tools >>apt.log 2>&1)
for package in "$place"/valkey-*.deb; do
  dpkg-deb -x "$package" "$place/root"
done
export WAITQ_TEST_SERVER=$place/root/usr/bin/valkey-server
"$WAITQ_TEST_SERVER" --version

cmake --preset release >"$place/build.log" 2>&1
cmake --build --preset release >>"$place/build.log" 2>&1
ctest --preset release --label-regex redis
