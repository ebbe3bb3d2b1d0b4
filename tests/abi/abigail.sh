#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Compares the types and symbols of the built library with tests/abi/waitq.abi, by libabigail.
#
#   abigail.sh <libwaitq.so> <include> <baseline> [--update]
set -euo pipefail

library=$1 include=$2 baseline=$3 update=${4:-}

for tool in abidw abidiff readelf; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: install abigail-tools and binutils" >&2; exit 1; }
done
# A stripped library has no types, and would equal anything.
readelf --wide --sections "$library" | grep -q '\.debug_info' || {
  echo "$library has no .debug_info: build with -g" >&2
  exit 1
}

describe() {
  abidw --exported-interfaces-only --headers-dir "$include" --drop-private-types \
    --suppressions "$(dirname "$0")/private-types.ini" --no-corpus-path --no-comp-dir-path --no-show-locs \
    --no-elf-needed --type-id-style hash --out-file "$1" "$library"
  # The folder in which somebody built it is nobody's interface.
  sed -i "s#\\(<abi-instr .*\\)path='[^']*/lib/#\\1path='lib/#" "$1"
}

if [ "$update" = --update ]; then
  describe "$baseline"
  exit 0
fi
[ -f "$baseline" ] || { echo "$baseline is missing: tests/abi/update.sh makes it" >&2; exit 1; }
current=$(mktemp)
trap 'rm -f "$current"' EXIT
describe "$current"
abidiff "$baseline" "$current" || {
  echo "The ABI differs from $baseline. An intended, compatible change is recorded by tests/abi/update.sh." >&2
  exit 1
}
echo "the ABI is that of $baseline"
