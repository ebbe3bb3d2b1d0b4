#!/usr/bin/env bash
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Builds programs against the library as it is installed. CC and CXX say with what; everything is written below <work>.
#
#   check.sh install    <work> <build>                     installs into <work>/prefix, which is empty before
#   check.sh pkg-config <work> c|cpp shared|static         builds and runs consumer.<c|cpp> by pkg-config
#   check.sh cmake      <work> c|cpp shared|static         the same by find_package
#   check.sh subdirectory <work> <source>                  the same by add_subdirectory
#   check.sh debian     <work> <source>                    makes the Debian packages, and uses what they hold
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
step=$1 work=$2
prefix=$work/prefix

compiler_for() { if [ "$1" = c ]; then echo "$CC -std=c99"; else echo "$CXX -std=c++17"; fi; }

# Whether the program loads the library or holds it. One that loads it needs nothing of what the library needs.
check_linkage() {
  local needed
  needed=$(readelf --wide --dynamic "$1" | grep -oE '\[lib(waitq|sodium|hiredis|ssl|crypto)\.[^]]*\]' | tr '\n' ' ' || true)
  case $2:$needed in
    'shared:[libwaitq.so.1] ') ;;
    static:*libwaitq*) echo "$1 is linked static and loads: $needed" >&2; exit 1 ;;
    static:*) ;;
    *) echo "$1 is linked $2 and loads: ${needed:-none of them}" >&2; exit 1 ;;
  esac
}

with_pkg_config() {
  local language=$1 linkage=$2 program=$work/pkg-config-$1-$2
  PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name waitq.pc)")
  export PKG_CONFIG_PATH
  local options=()
  [ "$linkage" = shared ] || options=(--static)
  # Words of flags are meant to be split.
  # shellcheck disable=SC2046
  $(compiler_for "$language") "$here/consumer/consumer.$language" -Wall -Wextra -Werror \
    ${options:+-static} -o "$program" $(pkg-config "${options[@]}" --cflags --libs waitq)
  check_linkage "$program" "$linkage"
  LD_LIBRARY_PATH=$(pkg-config --variable=libdir waitq) "$program"
}

# with_cmake <folder> <language> <linkage> <cmake argument>...
with_cmake() {
  local build=$work/$1 language=$2 linkage=$3
  shift 3
  rm -rf "$build"
  cmake -G Ninja -S "$here/consumer" -B "$build" -DSOURCE="consumer.$language" -DLINKAGE="$linkage" \
    -DCMAKE_BUILD_TYPE=Release "$@" >"$build.log" || { cat "$build.log"; exit 1; }
  cmake --build "$build" >"$build.log" || { cat "$build.log"; exit 1; }
  check_linkage "$build/consumer" "$linkage"
  "$build/consumer"
}

case $step in
  install)
    rm -rf "$work"
    mkdir -p "$work"
    cmake --install "$3" --prefix "$prefix"
    ;;
  pkg-config) with_pkg_config "$3" "$4" ;;
  cmake) with_cmake "cmake-$3-$4" "$3" "$4" -DCMAKE_PREFIX_PATH="$prefix" ;;
  subdirectory) with_cmake subdirectory c static -DWAITQ_SOURCE="$3" ;;
  debian)
    rm -rf "$work"
    mkdir -p "$work"
    cmake -G Ninja -S "$3" -B "$work/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX=/usr \
      -DWAITQ_BUILD_TESTS=OFF -DWAITQ_BUILD_EXAMPLES=OFF >"$work/log"
    cmake --build "$work/build" >"$work/log" || { cat "$work/log"; exit 1; }
    (cd "$work/build" && cpack -G DEB >"$work/log") || { cat "$work/log"; exit 1; }
    for package in libwaitq1 libwaitq-dev; do
      file=$(echo "$work"/build/"${package}"_*.deb)
      [ "$(dpkg-deb --field "$file" Package)" = "$package" ]
      dpkg-deb --extract "$file" "$work/unpacked"
    done
    for dependency in libsodium23 libhiredis libssl3; do
      dpkg-deb --field "$work"/build/libwaitq1_*.deb Depends | grep "$dependency"
    done
    for dependency in 'libwaitq1 (= ' libsodium-dev libhiredis-dev libssl-dev; do
      dpkg-deb --field "$work"/build/libwaitq-dev_*.deb Depends | grep -F "$dependency"
    done
    # What is in the packages serves a program as it would after their installation.
    libdir=$work/unpacked/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
    test -f "$libdir/pkgconfig/waitq.pc"
    # shellcheck disable=SC2086
    $(compiler_for c) "$here/consumer/consumer.c" -I"$work/unpacked/usr/include" -L"$libdir" -lwaitq -o "$work/consumer"
    check_linkage "$work/consumer" shared
    LD_LIBRARY_PATH=$libdir "$work/consumer"
    ;;
  *) echo "unknown step: $step" >&2; exit 2 ;;
esac
