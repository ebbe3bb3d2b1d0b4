#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Runs all scenarios in full, and writes table and plots of docs/eta.md. Some ten minutes on two processors.
#
#   report.sh               eight seeds a scenario
#   report.sh 2             two
#   WAITQ_BENCH_BUILD=...   a build directory of one's own
set -euo pipefail
cd "$(dirname "$0")/../../.."

seeds=${1:-8}
build=${WAITQ_BENCH_BUILD:-build/bench}
.ci/need gcc cmake ninja-build pkg-config libsodium-dev libhiredis-dev libssl-dev libcmocka-dev python3 python3-matplotlib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
cmake --build "$build" --target simulate_eta >"$work/build.log" || { cat "$work/build.log"; exit 1; }
mkdir "$work/samples"
"$build/tests/simulation/eta/simulate_eta" --list >"$work/list"
"$build/tests/simulation/eta/simulate_eta" --seeds "$seeds" --json --samples "$work/samples" --one-in 50 >"$work/eta.json"
/usr/bin/python3 tests/simulation/eta/report.py "$work/eta.json" "$work/samples" "$work/list" "$seeds"
