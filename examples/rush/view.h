/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_VIEW_H
#define RUSH_VIEW_H

/* Shows a run while it goes on: a picture that stays in its place on a terminal, a line each second elsewhere. */

#include "run.h"

enum view_kind { VIEW_NONE, VIEW_LINES, VIEW_TERMINAL };

/* What suits standard output and the options. */
enum view_kind view_kind_for(const struct options *options);

/* Shows the run until its workers have ended. An interrupt ends the run early; a second one ends the program. */
void view_show(struct run *run, enum view_kind kind);

#endif
