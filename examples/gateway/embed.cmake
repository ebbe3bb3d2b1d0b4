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
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const unsigned char page_${index}[] = {${bytes}};\n")
  string(APPEND table "  {\"${name}\", page_${index}, sizeof page_${index}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT} "#include \"pages.h\"\n\n${arrays}\nconst struct page built_in_pages[] = {\n${table}};\n"
                  "const size_t built_in_page_count = ${index};\n")
