/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_VERSION_H
#define WAITQ_VERSION_H

/** @file version.h
 * @brief The version of the headers, and of the library that is running.
 * @defgroup waitq_version Version
 * @{ */

#include <stdint.h>

#include <waitq/export.h>

WAITQ_BEGIN_DECLS

#define WAITQ_VERSION_MAJOR 1 /**< rises when old programs would break */
#define WAITQ_VERSION_MINOR 0 /**< rises when something was added */
#define WAITQ_VERSION_PATCH 0 /**< rises otherwise */

/** The version of these headers as one number that can be compared: 0x010000 is 1.0.0. */
#define WAITQ_VERSION_NUMBER ((WAITQ_VERSION_MAJOR << 16) | (WAITQ_VERSION_MINOR << 8) | WAITQ_VERSION_PATCH)

/** @brief The version of the running library, shaped like #WAITQ_VERSION_NUMBER.
 * @return the number; a program may refuse to run when it is lower than the headers it was built with
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API uint32_t waitq_version_number(void);

/** @brief The version of the running library as text, "1.0.0".
 * @return static text
 * @ownership the library's; never freed
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API const char *waitq_version_string(void);

WAITQ_END_DECLS

/** @} */
#endif
