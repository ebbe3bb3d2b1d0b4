// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"sync"
	"time"
	"unsafe"
)

// EstimatorOptions are what is known of a line in advance. Begin with [DefaultEstimatorOptions].
type EstimatorOptions struct {
	Rate        float64       // admissions per second that are allowed, 0 to 1e9. Default 10
	Burst       uint64        // most admissions at one instant, 1 to 1e9. Default 10
	MaxActive   uint64        // most sessions at once; 0: no limit
	SessionTTL  time.Duration // how long a session lasts at most; 0: any time. Default 10 min
	Model       ETAModel
	HourWeights [24]float64 // ETAReference: by hour of the day, as in [Policy]
}

// DefaultEstimatorOptions are those of an estimator that is made without any.
func DefaultEstimatorOptions() EstimatorOptions {
	var c C.waitq_eta_options
	C.waitq_eta_options_init(&c, C.size_t(unsafe.Sizeof(c)))
	options := EstimatorOptions{
		Rate:       float64(c.rate_per_s),
		Burst:      uint64(c.burst),
		MaxActive:  uint64(c.max_active),
		SessionTTL: duration(c.session_ttl_ms),
		Model:      ETAModel(c.model),
	}
	takeWeights(&options.HourWeights, &c.hour_weights)
	return options
}

// give copies options to memory of C's, which the caller frees: they hold a pointer.
func (o *EstimatorOptions) give(op string) (*C.waitq_eta_options, error) {
	c := (*C.waitq_eta_options)(C.malloc(C.size_t(unsafe.Sizeof(C.waitq_eta_options{}))))
	if c == nil {
		return nil, fail(op, ErrNoMemory, "no memory for options")
	}
	C.waitq_eta_options_init(c, C.size_t(unsafe.Sizeof(*c)))
	if o != nil {
		c.rate_per_s = C.double(o.Rate)
		c.burst = C.uint64_t(o.Burst)
		c.max_active = C.uint64_t(o.MaxActive)
		c.session_ttl_ms = milliseconds(o.SessionTTL)
		c.model = C.uint32_t(o.Model)
		giveWeights(&c.hour_weights, &o.HourWeights)
	}
	return c, nil
}

// An Estimator is the estimate of the wait alone, for hosts with a line of their own; rooms have it built in. The
// host tells once a second what its line did, and asks for the wait of any position in it. Time is a parameter of
// each call.
type Estimator struct {
	mutex sync.RWMutex // the library takes no lock for an estimator
	c     *C.waitq_eta_t
}

// NewEstimator makes an estimator; options may be nil for the defaults.
func NewEstimator(options *EstimatorOptions) (*Estimator, error) {
	const op = "estimator"
	given, err := options.give(op)
	if err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(given))
	var c *C.waitq_eta_t
	if err := detailed(op, func(detail *C.waitq_error) C.int { return C.waitq_eta_open(given, &c, detail) }); err != nil {
		return nil, err
	}
	return &Estimator{c: c}, nil
}

// Close frees the estimator. Closing twice is closing once.
func (e *Estimator) Close() error {
	if e != nil {
		e.mutex.Lock()
		C.waitq_eta_close(e.c)
		e.c = nil
		e.mutex.Unlock()
	}
	return nil
}

// change carries out a call that nothing else may go on beside.
func (e *Estimator) change(op string, call func(detail *C.waitq_error) C.int) error {
	if e == nil {
		return fail(op, ErrInvalid, "the estimator was not made by waitq.NewEstimator")
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.c == nil {
		return fail(op, ErrClosed, "the estimator is closed")
	}
	return detailed(op, call)
}

// read carries out a call that may go on beside others of its kind.
func (e *Estimator) read(op string, call func(detail *C.waitq_error) C.int) error {
	if e == nil {
		return fail(op, ErrInvalid, "the estimator was not made by waitq.NewEstimator")
	}
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	if e.c == nil {
		return fail(op, ErrClosed, "the estimator is closed")
	}
	return detailed(op, call)
}

// Configure puts other options in force. What was learnt stays, as do plans.
func (e *Estimator) Configure(now time.Time, options EstimatorOptions) error {
	const op = "configure estimator"
	given, err := options.give(op)
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(given))
	return e.change(op, func(detail *C.waitq_error) C.int {
		return C.waitq_eta_configure(e.c, unixMilli(now), given, detail)
	})
}

// SetRateAt announces a change of rate. A pause is a rate of zero, and a plan for its end.
func (e *Estimator) SetRateAt(perSecond float64, at time.Time) error {
	return e.change("set rate at", func(detail *C.waitq_error) C.int {
		return C.waitq_eta_set_rate_at(e.c, C.double(perSecond), unixMilli(at), detail)
	})
}

// Left tells from which position in line, from 1, a visitor left.
func (e *Estimator) Left(position uint64) error {
	return e.change("left", func(detail *C.waitq_error) C.int {
		return C.waitq_eta_left(e.c, C.uint64_t(position), detail)
	})
}

// Ended tells how old a session was that ended.
func (e *Estimator) Ended(age time.Duration) error {
	return e.change("ended", func(detail *C.waitq_error) C.int {
		return C.waitq_eta_ended(e.c, C.int64_t(age.Milliseconds()), detail)
	})
}

// A Sample is what a line did up to a moment. The counters only rise; one that falls is a new beginning.
type Sample struct {
	Admitted uint64    // counter: turns given
	Joined   uint64    // counter: visitors who joined the line
	Left     uint64    // counter: visitors who left it before their turn
	Ended    uint64    // counter: sessions that ended
	Waiting  uint64    // gauge: visitors in line
	Active   uint64    // gauge: sessions running, with turns given and not used yet
	Tokens   float64   // gauge: admissions possible at this instant, as far as the rate is concerned
	Phase    Phase     // zero: open
	GoesOnAt time.Time // scheduled, paused: when admissions go on; zero: not known
}

// Observe tells what the line did up to now. About once a second is enough.
func (e *Estimator) Observe(now time.Time, sample Sample) error {
	var c C.waitq_eta_sample
	C.waitq_eta_sample_init(&c, C.size_t(unsafe.Sizeof(c)))
	c.admitted = C.uint64_t(sample.Admitted)
	c.joined = C.uint64_t(sample.Joined)
	c.left = C.uint64_t(sample.Left)
	c.ended = C.uint64_t(sample.Ended)
	c.waiting = C.uint64_t(sample.Waiting)
	c.active = C.uint64_t(sample.Active)
	c.tokens = C.double(sample.Tokens)
	c.goes_on_at_ms = unixMilli(sample.GoesOnAt)
	if sample.Phase != 0 {
		c.phase = C.uint32_t(sample.Phase)
	}
	return e.change("observe", func(detail *C.waitq_error) C.int {
		return C.waitq_eta_observe(e.c, unixMilli(now), &c, detail)
	})
}

// An Estimate is the wait of one position.
type Estimate struct {
	ETA        time.Duration // median of the wait from now on; [Unknown] where none can be given
	ETALow     time.Duration // the turn comes earlier than this once in twenty times; [Unknown] where ETA is
	ETAHigh    time.Duration // the turn comes later than this once in twenty times; [Unknown] where ETA is
	Confidence float64       // 0 to 1: how likely the turn comes within 10 %, or 5 s, of ETA
	Reason     Reason        // what binds the line
}

// Estimate estimates the wait of a position in line, from 1. One beyond the line is that of who would stand there.
func (e *Estimator) Estimate(now time.Time, position uint64) (Estimate, error) {
	var c C.waitq_estimate
	C.waitq_estimate_init(&c, C.size_t(unsafe.Sizeof(c)))
	if err := e.read("estimate", func(detail *C.waitq_error) C.int {
		return C.waitq_eta_estimate(e.c, unixMilli(now), C.uint64_t(position), &c, detail)
	}); err != nil {
		return Estimate{}, err
	}
	return Estimate{
		ETA:        duration(c.eta_ms),
		ETALow:     duration(c.eta_low_ms),
		ETAHigh:    duration(c.eta_high_ms),
		Confidence: float64(c.confidence),
		Reason:     Reason(c.reason),
	}, nil
}

// Accuracy is how right estimates were, compared with what came. The latest weigh most.
type Accuracy struct {
	Scored uint64  // how many estimates were compared; 0: the figures below mean nothing
	Acc    float64 // mean of max(0, 1 - |estimate - truth| / max(truth, 1 s)), 0 to 1
	Hit    float64 // share within 10 %, or 5 s, of the truth, 0 to 1
	Bias   float64 // mean of (estimate - truth) / max(truth, 1 s): above 0, estimates were too long
	Cov90  float64 // share of intervals, ETALow to ETAHigh, that held the truth, 0 to 1
	Width  float64 // mean width of those intervals, as a part of the truth
}

// Measured tells how right the estimates were so far.
func (e *Estimator) Measured() (Accuracy, error) {
	var c C.waitq_eta_accuracy
	C.waitq_eta_accuracy_init(&c, C.size_t(unsafe.Sizeof(c)))
	if err := e.read("measured", func(detail *C.waitq_error) C.int {
		return C.waitq_eta_measured(e.c, &c, detail)
	}); err != nil {
		return Accuracy{}, err
	}
	return Accuracy{
		Scored: uint64(c.scored),
		Acc:    float64(c.acc),
		Hit:    float64(c.hit),
		Bias:   float64(c.bias),
		Cov90:  float64(c.cov90),
		Width:  float64(c.width),
	}, nil
}

func takeWeights(to *[24]float64, from *[24]C.double) {
	for i := range to {
		to[i] = float64(from[i])
	}
}

func giveWeights(to *[24]C.double, from *[24]float64) {
	for i := range to {
		to[i] = C.double(from[i])
	}
}
