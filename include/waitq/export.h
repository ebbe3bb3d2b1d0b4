/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_EXPORT_H
#define WAITQ_EXPORT_H

/** @file export.h
 * @brief Marks what leaves the library. Everything without this mark is hidden. */

#if defined(_WIN32)
#error "libwaitq needs a POSIX system"
#elif defined(__GNUC__)
#define WAITQ_API __attribute__((visibility("default")))
#else
#define WAITQ_API
#endif

#ifdef __cplusplus
#define WAITQ_BEGIN_DECLS extern "C" {
#define WAITQ_END_DECLS }
#else
#define WAITQ_BEGIN_DECLS
#define WAITQ_END_DECLS
#endif

#endif
