// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include "bridge.h"
import "C"

import (
	"time"
	"unsafe"
)

// A Policy is what a room promises and demands. Begin with [DefaultPolicy]: zeros mean what they say. Durations have
// a resolution of a millisecond, and are rounded up.
type Policy struct {
	Rate         float64       // admissions per second, 0 to 1e9; 0: nobody enters. Default 10
	Burst        uint64        // most admissions at one instant; 1 makes a leaky bucket. Default 10
	MaxActive    uint64        // most active sessions plus unclaimed turns; 0: no limit
	MaxWaiting   uint64        // most visitors waiting; 0: no limit
	ClaimTTL     time.Duration // how long a turn may be claimed, at least. Default 30 s
	SessionTTL   time.Duration // how long a pass lasts, at least. Default 10 min
	HeartbeatTTL time.Duration // how long a visitor may stay silent, at least. Default 5 min
	MinPoll      time.Duration // the shortest interval asked of visitors between polls. Default 1 s
	MaxPoll      time.Duration // the longest; at most a third of HeartbeatTTL. Default 10 s
	OpensAt      time.Time     // when the room opens; zero: at once
	Order        Order
	ETAModel     ETAModel
	OnStoreLoss  LossPolicy
	// HourWeights is what estimates of ETAReference are multiplied by in each hour of the day, UTC: 0.01 to 100; 0: 1.
	HourWeights [24]float64
}

// DefaultPolicy is the policy of a room that is opened without one.
func DefaultPolicy() Policy {
	var c C.waitq_policy
	C.waitq_policy_init(&c, C.size_t(unsafe.Sizeof(c)))
	return takePolicy(&c)
}

func takePolicy(c *C.waitq_policy) Policy {
	policy := Policy{
		Rate:         float64(c.rate_per_s),
		Burst:        uint64(c.burst),
		MaxActive:    uint64(c.max_active),
		MaxWaiting:   uint64(c.max_waiting),
		ClaimTTL:     duration(c.claim_ttl_ms),
		SessionTTL:   duration(c.session_ttl_ms),
		HeartbeatTTL: duration(c.heartbeat_ttl_ms),
		MinPoll:      duration(c.min_poll_ms),
		MaxPoll:      duration(c.max_poll_ms),
		OpensAt:      instant(c.opens_at_ms),
		Order:        Order(c.order),
		ETAModel:     ETAModel(c.eta_model),
		OnStoreLoss:  LossPolicy(c.on_store_loss),
	}
	takeWeights(&policy.HourWeights, &c.eta_hour_weights)
	return policy
}

func (p *Policy) give() C.waitq_policy {
	var c C.waitq_policy
	C.waitq_policy_init(&c, C.size_t(unsafe.Sizeof(c)))
	c.rate_per_s = C.double(p.Rate)
	c.burst = C.uint64_t(p.Burst)
	c.max_active = C.uint64_t(p.MaxActive)
	c.max_waiting = C.uint64_t(p.MaxWaiting)
	c.claim_ttl_ms = milliseconds(p.ClaimTTL)
	c.session_ttl_ms = milliseconds(p.SessionTTL)
	c.heartbeat_ttl_ms = milliseconds(p.HeartbeatTTL)
	c.min_poll_ms = milliseconds(p.MinPoll)
	c.max_poll_ms = milliseconds(p.MaxPoll)
	c.opens_at_ms = unixMilli(p.OpensAt)
	c.order = C.uint32_t(p.Order)
	c.eta_model = C.uint32_t(p.ETAModel)
	c.on_store_loss = C.uint32_t(p.OnStoreLoss)
	giveWeights(&c.eta_hour_weights, &p.HourWeights)
	return c
}

// Stats are what goes on in a room. Issued = Waiting + Ready + Entered + Left + Expired, always.
type Stats struct {
	Phase       Phase
	Epoch       uint64        // the current epoch
	Issued      uint64        // tickets issued in this epoch
	Waiting     uint64        // tickets waiting
	Ready       uint64        // turns given and not claimed yet
	Entered     uint64        // tickets that entered, ended sessions included
	Left        uint64        // tickets whose visitors left while waiting or ready
	Expired     uint64        // tickets that fell silent or missed their turn
	Active      uint64        // sessions running
	Head        uint64        // every ticket with a number below has had its turn
	Rate        float64       // admissions per second in force
	Tokens      float64       // tokens in the bucket
	Now         time.Time     // the room's time
	Age         time.Duration // how old this view of the store is; 0 on the memory store
	MemoryBytes uint64        // memory that this process holds for the room
	GoesOnAt    time.Time     // paused, scheduled: when admissions go on; zero: not known
	Accuracy    Accuracy      // how right the room's estimates were of late
}

func takeStats(c *C.waitq_stats) Stats {
	return Stats{
		Phase:       Phase(c.phase),
		Epoch:       uint64(c.epoch),
		Issued:      uint64(c.issued),
		Waiting:     uint64(c.waiting),
		Ready:       uint64(c.ready),
		Entered:     uint64(c.entered),
		Left:        uint64(c.left),
		Expired:     uint64(c.expired),
		Active:      uint64(c.active),
		Head:        uint64(c.head),
		Rate:        float64(c.rate_per_s),
		Tokens:      float64(c.tokens),
		Now:         time.UnixMilli(int64(c.now_ms)),
		Age:         duration(c.age_ms),
		MemoryBytes: uint64(c.memory_bytes),
		GoesOnAt:    instant(c.goes_on_at_ms),
		Accuracy: Accuracy{
			Scored: uint64(c.eta_scored),
			Acc:    float64(c.eta_acc),
			Hit:    float64(c.eta_hit),
			Bias:   float64(c.eta_bias),
			Cov90:  float64(c.eta_cov90),
			Width:  float64(c.eta_width),
		},
	}
}
