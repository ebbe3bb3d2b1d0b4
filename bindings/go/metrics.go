// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include "bridge.h"
import "C"

import "unsafe"

// MetricsType is what an HTTP handler says [Client.Metrics] are.
const MetricsType = "text/plain; version=0.0.4"

// Metrics writes the figures of all open rooms, as Prometheus reads them. It never waits for a network.
func (c *Client) Metrics() ([]byte, error) {
	const op = "metrics"
	if err := c.begin(op); err != nil {
		return nil, err
	}
	defer c.guard.end()
	var needed C.size_t
	if err := detailed(op, func(detail *C.waitq_error) C.int {
		return C.waitq_metrics(c.c, nil, 0, &needed, detail)
	}); err != nil {
		return nil, err
	}
	for {
		buffer := make([]byte, needed+needed/4) // figures may have grown by the next call
		err := detailed(op, func(detail *C.waitq_error) C.int {
			return C.waitq_metrics(c.c, (*C.char)(unsafe.Pointer(&buffer[0])), C.size_t(len(buffer)), &needed, detail)
		})
		if err == nil {
			return buffer[:needed-1], nil
		}
		if needed <= C.size_t(len(buffer)) {
			return nil, err
		}
	}
}
