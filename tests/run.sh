#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Installs what is missing (Debian 12), builds in four ways with warnings as errors, and runs every test in each:
#
#   release  GCC, optimised; the interface, ABI, header and packaging checks, the bindings, nginx, the gateway, and all
#            scenarios of faults, as well
#   asan     GCC, AddressSanitizer and UndefinedBehaviorSanitizer; a scenario of each kind of fault
#   tsan     GCC, ThreadSanitizer; the same, but for what one thread does alone
#   clang    Clang, optimised; the interface, ABI and header checks, clang-tidy and clang-format, and a few seconds of each
#            fuzzer as well. Tests with Redis servers are built and not run: most of their time is the servers'
#
#   tests/run.sh                  all four
#   tests/run.sh asan tsan        only these
#
# Redis servers are started on free ports of 127.0.0.1, with their data in temporary directories, and stopped again.
# tests/torture/run.sh --long does the same to the library for longer.
#
# Everything that is written lies in build/; the full output of a step in build/logs/.
set -uo pipefail
cd "$(dirname "$0")/.."

configurations=("$@")
[ $# -gt 0 ] || configurations=(release asan tsan clang)

.ci/need gcc g++ clang clang-tidy clang-format libclang-rt-14-dev cmake ninja-build pkg-config dpkg-dev file \
  libsodium-dev libhiredis-dev libssl-dev libcmocka-dev redis-server openssl python3 python3-pytest python3-jwt \
  python3-cryptography python3-venv python3-pip python3-setuptools python3-wheel python3-wheel-whl mypy python3-uvicorn \
  golang-go golang-github-golang-jwt-jwt-dev \
  abigail-tools doxygen doxygen-awesome-css nginx nginx-dev libh2o-evloop-dev libjansson-dev zlib1g-dev prometheus \
  python3-prometheus-client python3-kubernetes python3-yaml python3-jsonschema chromium chromium-driver python3-selenium fonts-nanum || exit 1

logs=build/logs
mkdir -p "$logs"
jobs=$(nproc)
passed=0 failed=0
summaries=()

# The sanitizers want their addresses where a kernel with much randomisation may not leave room for them.
still=()
setarch -R true 2>/dev/null && still=(setarch -R)

# step <name> <command>...: one line on the terminal; the output only when it failed
step() {
  local name=$1 started=$SECONDS
  shift
  printf '%-24s' "$name"
  if "$@" >"$logs/$name.log" 2>&1; then
    printf 'ok      %3d s\n' $((SECONDS - started))
  else
    printf 'FAILED  %3d s\n' $((SECONDS - started))
    return 1
  fi
}

build() {
  cmake --preset "$1" && cmake --build --preset "$1" --parallel "$jobs"
}

# Counts what ctest says; a configuration that was not built, or has no tests, is a failure.
count() {
  local configuration=$1 summary
  summary=$(grep -E '^[0-9]+% tests passed' "$logs/$configuration-test.log" 2>/dev/null)
  if [[ $summary =~ ([0-9]+)\ tests?\ failed\ out\ of\ ([0-9]+) ]]; then
    failed=$((failed + BASH_REMATCH[1]))
    passed=$((passed + BASH_REMATCH[2] - BASH_REMATCH[1]))
  else
    failed=$((failed + 1))
    summary="no test could be run"
  fi
  summaries+=("$configuration:" "$summary")
}

for configuration in "${configurations[@]}"; do
  rm -f "$logs/$configuration-test.log"
  if ! step "$configuration-build" build "$configuration"; then
    grep -vE '^(-- |\[[0-9]+/[0-9]+\] (Build|Link|Check|Re-check|Creat))' "$logs/$configuration-build.log" | tail -n 60
  elif ! step "$configuration-test" "${still[@]}" ctest --preset "$configuration" --parallel $((4 * jobs)); then
    grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test +#[0-9]+:.* Passed )' "$logs/$configuration-test.log"
  fi
  count "$configuration"
done

printf '\n'
printf '%s\n' "${summaries[@]}"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
