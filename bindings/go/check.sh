#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# What CMake has the go tool do. The environment says where it finds the library, and where it writes.
#
#   check.sh vet  <module>...          gofmt has nothing to change, go vet nothing to say
#   check.sh test <module>             all tests of a module
#   check.sh race <module>             those of its first package, with the race detector
#   check.sh build <module> <folder>   its programs
#   check.sh fuzz <module> <seconds>   every fuzz target for so long
set -euo pipefail

step=$1
shift

# The go tool does not look at headers outside of a module, nor at what pkg-config says now: what it has built with others goes.
built_with=$(pkg-config --cflags --libs waitq && cat "$(pkg-config --variable=includedir waitq)"/waitq/*.h | cksum)
stamp=$GOPATH/built-with
if [ "$(cat "$stamp" 2>/dev/null)" != "$built_with" ]; then
  go clean -cache
  mkdir -p "$GOPATH"
  echo "$built_with" >"$stamp"
fi

case $step in
  vet)
    for module in "$@"; do
      cd "$module"
      unformatted=$(gofmt -l .)
      [ -z "$unformatted" ] || { printf '%s: not formatted by gofmt:\n%s\n' "$module" "$unformatted" >&2; exit 1; }
      go vet ./...
    done
    ;;
  test)
    cd "$1"
    go test -count=1 -v ./...
    ;;
  race)
    cd "$1"
    go test -count=1 -race .
    ;;
  build)
    mkdir -p "$2"
    cd "$1"
    go build -o "$2" ./transcript ./shared_line_enter
    ;;
  fuzz)
    cd "$1"
    for package in $(go list ./...); do
      for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
        go test -run '^$' -fuzz "^$target\$" -fuzztime "$2s" "$package"
      done
    done
    ;;
  *)
    echo "check.sh: unknown step $step" >&2
    exit 2
    ;;
esac
