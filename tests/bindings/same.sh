#!/bin/sh
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Whether two programs print the same about a script, byte by byte: same.sh transcript scenario.txt command...
set -eu

transcript=$1 scenario=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$transcript" "$scenario" >"$work/expected"
"$@" "$scenario" >"$work/printed"
[ "$(wc -l <"$work/expected")" -gt 1000 ] || { echo "the transcript is too short to tell anything" >&2; exit 1; }
diff -u "$work/expected" "$work/printed" | head -n 40
cmp "$work/expected" "$work/printed"
