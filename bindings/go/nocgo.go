// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build !cgo

package waitq

// This file is compiled only where cgo is off, and then says why nothing else is.
var _ = waitq_needs_cgo_set_CGO_ENABLED_to_1_and_install_a_C_compiler_and_libwaitq
