#!/bin/sh
# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Makes a C array of the waiting page: embed.sh <page> <header>
set -eu
{
  echo "/* Made by embed.sh from page.html. */"
  echo "static const unsigned char ngx_http_waitq_default_page[] = {"
  od -An -v -tx1 "$1" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
  echo "};"
} >"$2"
