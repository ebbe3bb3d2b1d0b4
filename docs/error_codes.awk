# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# A filter for Doxygen, which does not see what WAITQ_ERROR_MAP expands to: writes the error codes out, each with its text.

match($0, /X\([A-Z_]+, -?[0-9]+, ".*"\)/) {
  entry = substr($0, RSTART + 2, RLENGTH - 3)
  split(entry, part, ", ")
  text = substr(entry, index(entry, "\"") + 1)
  sub(/"$/, "", text)
  codes = codes "  WAITQ_" part[1] " = " part[2] ", /**< " text " */\n"
}
/^#define WAITQ_ERROR_ENUMERATOR/ {
  printf "%s", codes
  writing = 1
  next
}
writing { # what made the codes
  if ($0 ~ /^#undef/) {
    writing = 0
  }
  next
}
{ print }
