/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_WORDS_H
#define NGX_HTTP_WAITQ_WORDS_H

/* Phases and reasons as words: for programs, and for people who have no script running. */

#include "module.h"

/* A word such as "open"; "unknown" for what this module does not know. */
const char *ngx_http_waitq_phase_word(uint32_t phase);

/* A word such as "paused"; NULL where there is no reason to give. */
const char *ngx_http_waitq_reason_word(uint32_t reason);

/* One sentence in English, into buffer. */
ngx_str_t ngx_http_waitq_message(const waitq_status *status, u_char *buffer, size_t size);

#endif
