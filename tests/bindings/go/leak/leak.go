// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Package leak measures what a million calls leave behind.
package leak

// #include <malloc.h>
import "C"

// cHeap is how many bytes C has allocated and not freed.
func cHeap() int64 {
	return int64(C.mallinfo2().uordblks)
}
