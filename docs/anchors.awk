# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
#
# A filter for Doxygen, which does not give headings the anchors that other readers of Markdown do: names each section
# "<page>-<heading>", and turns links to page.md#heading and #heading into references to that. Comments over several lines
# are left out: code in them would confuse it.

function page_of(path) {
  sub(/.*\//, "", path)
  sub(/\.md$/, "", path)
  return path
}

function anchor_of(heading) {
  heading = tolower(heading)
  gsub(/[^a-z0-9_ -]/, "", heading)
  gsub(/ /, "-", heading)
  return heading
}

function with_references(line, done, link, hash, path) {
  done = ""
  while (match(line, /\]\([A-Za-z0-9_\/.-]*#[A-Za-z0-9_-]+\)/)) {
    link = substr(line, RSTART + 2, RLENGTH - 3)
    hash = index(link, "#")
    path = hash > 1 ? substr(link, 1, hash - 1) : FILENAME
    done = done substr(line, 1, RSTART - 1) "](@ref " page_of(path) "-" substr(link, hash + 1) ")"
    line = substr(line, RSTART + RLENGTH)
  }
  return done line
}

/^<!--$/ { commented = 1 }
commented { # an empty line for each, so that warnings name the right one
  commented = !/^-->$/
  print ""
  next
}
/^```/ { fenced = !fenced }
!fenced && /^##+ / {
  heading = $0
  sub(/^#+ /, "", heading)
  print $0 " {#" page_of(FILENAME) "-" anchor_of(heading) "}"
  next
}
!fenced { print with_references($0); next }
{ print }
