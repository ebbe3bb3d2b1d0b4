# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors

# Fails unless three things agree: the functions that the public headers mark with WAITQ_API and the symbols of the map;
# the map's newest node and the project's version; version.h and the project's version.
#
#   cmake -DINCLUDE_DIR=include/waitq -DMAP=lib/waitq.map -DVERSION=1.0.0 [-DSTAMP=file] -P check_exports.cmake

cmake_minimum_required(VERSION 3.25)
set(problems "")

file(GLOB headers ${INCLUDE_DIR}/*.h)
set(declared "")
foreach(header IN LISTS headers)
  file(READ ${header} text)
  string(REGEX MATCHALL "WAITQ_API[^;(]*[ *]waitq_[a-z0-9_]+\\(" declarations "${text}")
  foreach(declaration IN LISTS declarations)
    string(REGEX REPLACE ".*[ *](waitq_[a-z0-9_]+)\\($" "\\1" name "${declaration}")
    list(APPEND declared ${name})
  endforeach()
endforeach()
if(NOT declared)
  list(APPEND problems "no function with WAITQ_API in ${INCLUDE_DIR}")
endif()

file(STRINGS ${MAP} lines)
set(mapped "")
set(newest "")
foreach(line IN LISTS lines)
  if(line MATCHES "^(WAITQ_[0-9.]+) {")
    set(newest ${CMAKE_MATCH_1})
  elseif(line MATCHES "^ +(waitq_[a-z0-9_]+);$")
    list(APPEND mapped ${CMAKE_MATCH_1})
  endif()
endforeach()

foreach(name IN LISTS declared)
  if(NOT name IN_LIST mapped)
    list(APPEND problems "${name} is declared in a public header and missing in ${MAP}")
  endif()
endforeach()
foreach(name IN LISTS mapped)
  if(NOT name IN_LIST declared)
    list(APPEND problems "${name} is in ${MAP} and declared in no public header")
  endif()
endforeach()

string(REGEX MATCH "^[0-9]+\\.[0-9]+" release ${VERSION})
if(NOT newest STREQUAL "WAITQ_${release}")
  list(APPEND problems "the newest node of ${MAP} is '${newest}', and the project's version is ${VERSION}")
endif()

file(READ ${INCLUDE_DIR}/version.h text)
set(parts "")
foreach(part IN ITEMS MAJOR MINOR PATCH)
  string(REGEX MATCH "#define WAITQ_VERSION_${part} ([0-9]+)" found "${text}")
  list(APPEND parts ${CMAKE_MATCH_1})
endforeach()
list(JOIN parts "." header_version)
if(NOT header_version STREQUAL VERSION)
  list(APPEND problems "version.h says ${header_version}, and the project's version is ${VERSION}")
endif()

if(problems)
  list(JOIN problems "\n  " problems)
  message(FATAL_ERROR "headers, symbol map and version disagree:\n  ${problems}")
endif()
if(STAMP)
  file(TOUCH ${STAMP})
endif()
