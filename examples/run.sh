#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Installs what is missing (Debian 12), builds the library and the examples, and runs the demo: examples/rush.
# What is given to this script is handed to the demo; "examples/run.sh --help" says what it knows.
set -euo pipefail
cd "$(dirname "$0")/.."

.ci/need gcc libc6-dev cmake ninja-build pkg-config libsodium-dev libhiredis-dev libssl-dev

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { cmake --preset release -B build/examples -DWAITQ_BUILD_TESTS=OFF &&
  cmake --build build/examples; } >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
build/examples/examples/rush "$@"
