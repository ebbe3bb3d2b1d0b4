#!/bin/sh
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Installs what is missing (Debian 12), builds the library for release and runs the benchmarks:
# tests/bench/run.sh [--json FILE] [--quick] [more: --help]
# Prints a table; timings fail nothing. A whole run takes seven minutes and 6 GB of memory, --quick about a minute.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${WAITQ_BENCH_BUILD:-$root/build/bench}

"$root/.ci/need" gcc libc6-dev cmake make pkg-config libsodium-dev libhiredis-dev libssl-dev libcmocka-dev python3 \
  redis-server openssl

{
  cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DWAITQ_BUILD_EXAMPLES=OFF
  cmake --build "$build" --target bench --parallel "$(nproc)"
} >"${TMPDIR:-/tmp}/waitq-bench-build.$$" 2>&1 || {
  cat "${TMPDIR:-/tmp}/waitq-bench-build.$$" >&2
  rm -f "${TMPDIR:-/tmp}/waitq-bench-build.$$"
  exit 1
}
rm -f "${TMPDIR:-/tmp}/waitq-bench-build.$$"

exec "$build/tests/bench/bench" "$@"
