/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_KEYS_H
#define NGX_HTTP_WAITQ_KEYS_H

/* waitq_key <kid> <file> [hs256|ed25519|ed25519-public]: the file holds the key in hexadecimal digits. */

#include "module.h"

char *ngx_http_waitq_read_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

#endif
