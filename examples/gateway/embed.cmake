# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# Makes C of files: cmake "-DFILES=a;b" -DOUT=pages_built_in.c -P embed.cmake
set(arrays "")
set(table "")
set(index 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}") # characters, as bytes from 0x80 on fit no char
  string(APPEND arrays "static const char page_${index}[] = {${bytes}0};\n")
  string(APPEND table "  {\"${name}\", page_${index}, sizeof page_${index} - 1},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT} "#include \"pages.h\"\n\n${arrays}\nconst struct page_file built_in_pages[] = {\n${table}};\n"
                  "const size_t built_in_page_count = ${index};\n")
