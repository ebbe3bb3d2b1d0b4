#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Tortures a room with many processes, in memory and on Redis, and on Redis while things break.
#
#   tests/torture/run.sh                          every scenario in its quick form, some seconds each
#   tests/torture/run.sh --long                   a minute each
#   tests/torture/run.sh [--long] flushall ...    only these; "memory" is the one without Redis
#
# WAITQ_TEST_SEED=17 repeats what a seed decides. Prints the verdict of each, and keeps the history of those that broke a rule in
# build/torture/.
set -uo pipefail
cd "$(dirname "$0")/../.."

.ci/need gcc cmake ninja-build pkg-config libsodium-dev libcmocka-dev libhiredis-dev libssl-dev redis-server openssl || exit 1

is_long=()
if [ "${1:-}" = --long ]; then
  is_long=(--long)
  shift
fi

build=build/torture
mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DWAITQ_BUILD_EXAMPLES=OFF >"$build/build.log" 2>&1 &&
  cmake --build "$build" --target torture faults >>"$build/build.log" 2>&1 || {
  tail -n 40 "$build/build.log"
  exit 1
}

scenarios=("$@")
[ $# -gt 0 ] || mapfile -t scenarios < <(echo memory && "$build/tests/torture/faults" --list | cut -d' ' -f1)

failed=()
seconds=5
[ ${#is_long[@]} -eq 0 ] || seconds=60

for scenario in "${scenarios[@]}"; do
  history=$build/$scenario.history
  if [ "$scenario" = memory ]; then
    echo "memory: many threads of one process"
    command=("$build/tests/torture/torture" --seconds "$seconds")
  else
    command=("$build/tests/torture/faults" "${is_long[@]}")
  fi
  if "${command[@]}" --write "$history" $([ "$scenario" = memory ] || echo "$scenario"); then
    rm -f "$history"
  else
    failed+=("$scenario")
  fi
  echo
done

echo "$((${#scenarios[@]} - ${#failed[@]})) of ${#scenarios[@]} kept all rules"
[ ${#failed[@]} -eq 0 ] || printf 'broken: %s\n' "${failed[*]}"
[ ${#failed[@]} -eq 0 ]
