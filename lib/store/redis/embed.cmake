# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors

# Writes C of the scripts that run in Redis: <OUT>.h declares a struct waitq__script for each, <OUT>.c holds their texts, as bytes, because
# a string of C may be too short for one.
#
#   cmake "-DSCRIPTS=scripts/exchange.lua;scripts/limit.lua" -DOUT=store/redis/scripts -P embed.cmake

cmake_minimum_required(VERSION 3.25)

set(license "/* libwaitq: SPDX-License-Identifier: MIT\n * Copyright (c) 2026 The libwaitq authors */\n")
set(declarations "")
set(definitions "")
set(index 0)
foreach(script IN LISTS SCRIPTS)
  get_filename_component(name ${script} NAME_WE)
  if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
    message(FATAL_ERROR "${script}: its name becomes a name of C, [a-z][a-z0-9_]*")
  endif()
  file(READ ${script} hex HEX)
  if(NOT hex)
    message(FATAL_ERROR "${script} is empty")
  endif()
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  if(bytes MATCHES "0x[89a-f]")
    message(FATAL_ERROR "${script} holds more than ASCII")
  endif()
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
  string(APPEND declarations "extern const struct waitq__script waitq__script_${name};\n")
  string(APPEND definitions "\nstatic const char ${name}_text[] = {\n${bytes}0};\n"
                            "const struct waitq__script waitq__script_${name} = {\n"
                            "    \"${name}\", ${name}_text, sizeof ${name}_text - 1, ${index}};\n")
  math(EXPR index "${index} + 1")
endforeach()

file(WRITE ${OUT}.h "${license}#ifndef WAITQ_STORE_REDIS_SCRIPTS_H\n#define WAITQ_STORE_REDIS_SCRIPTS_H\n\n"
     "#include \"store/redis/client.h\"\n\n#define WAITQ__SCRIPT_COUNT ${index}\n\n${declarations}\n#endif\n")
file(WRITE ${OUT}.c "${license}#include \"store/redis/scripts.h\"\n${definitions}")
