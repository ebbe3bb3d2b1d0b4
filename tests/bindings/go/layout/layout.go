// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Package layout tells how structures of the C headers lie in memory, as cgo sees them.
package layout

// #cgo pkg-config: waitq
// #include <waitq/waitq.h>
import "C"

import "reflect"

// Structures are those that the binding fills in or reads.
var Structures = map[string]reflect.Type{
	"waitq_error":          reflect.TypeOf(C.waitq_error{}),
	"waitq_key":            reflect.TypeOf(C.waitq_key{}),
	"waitq_options":        reflect.TypeOf(C.waitq_options{}),
	"waitq_policy":         reflect.TypeOf(C.waitq_policy{}),
	"waitq_stats":          reflect.TypeOf(C.waitq_stats{}),
	"waitq_ticket":         reflect.TypeOf(C.waitq_ticket{}),
	"waitq_status":         reflect.TypeOf(C.waitq_status{}),
	"waitq_visitor":        reflect.TypeOf(C.waitq_visitor{}),
	"waitq_enter_options":  reflect.TypeOf(C.waitq_enter_options{}),
	"waitq_pass":           reflect.TypeOf(C.waitq_pass{}),
	"waitq_binding":        reflect.TypeOf(C.waitq_binding{}),
	"waitq_verify_options": reflect.TypeOf(C.waitq_verify_options{}),
	"waitq_claims":         reflect.TypeOf(C.waitq_claims{}),
	"waitq_limit":          reflect.TypeOf(C.waitq_limit{}),
	"waitq_decision":       reflect.TypeOf(C.waitq_decision{}),
	"waitq_completion":     reflect.TypeOf(C.waitq_completion{}),
	"waitq_eta_options":    reflect.TypeOf(C.waitq_eta_options{}),
	"waitq_eta_sample":     reflect.TypeOf(C.waitq_eta_sample{}),
	"waitq_estimate":       reflect.TypeOf(C.waitq_estimate{}),
	"waitq_eta_accuracy":   reflect.TypeOf(C.waitq_eta_accuracy{}),
}
