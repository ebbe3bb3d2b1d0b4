// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

func TestThePolicyOfARoomIsReadAsItWasGiven(t *testing.T) {
	policy := Policy{
		Rate: 2.5, Burst: 7, MaxActive: 100, MaxWaiting: 1000, ClaimTTL: 10 * time.Second, SessionTTL: time.Minute,
		HeartbeatTTL: 30 * time.Second, MinPoll: 500 * time.Millisecond, MaxPoll: 5 * time.Second,
		OpensAt: noon.Add(time.Hour), Order: OrderFIFO, ETAModel: ETAReference, OnStoreLoss: LossLocal,
	}
	policy.HourWeights[3] = 1.5
	client, _ := testClient(t)
	room, err := client.OpenRoom(background, "sale", &policy)
	must(t, err)
	read, err := room.Policy()
	must(t, err)
	equal(t, "the opening", read.OpensAt.Equal(policy.OpensAt), true)
	read.OpensAt = policy.OpensAt
	equal(t, "the policy", read, policy)

	policy.Rate = 9
	must(t, room.Configure(background, policy))
	read, err = room.Policy()
	must(t, err)
	equal(t, "the rate in force", read.Rate, 9)
}

func TestDurationsAreRoundedUpToAMillisecond(t *testing.T) {
	for given, wanted := range map[time.Duration]int64{
		0: 0, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, -1: 0, -time.Millisecond: -1, Never: int64(Never/time.Millisecond) + 1,
	} {
		equal(t, "milliseconds of "+given.String(), int64(milliseconds(given)), wanted)
	}
}

func TestTimesThatAreTooLargeSayNever(t *testing.T) {
	equal(t, "the largest number", duration(1<<63-1), Never)
	equal(t, "a large one", duration(9_223_372_036_854), 9_223_372_036_854*time.Millisecond)
	equal(t, "a larger one", duration(9_223_372_036_855), Never)
	equal(t, "an unknown one", duration(-1), Unknown)
	equal(t, "an instant without end", int64(unixMilli(time.Unix(1<<62, 0))), 1<<63-1)
	equal(t, "one before all", int64(unixMilli(time.Unix(-1<<62, 0))), -1<<63)
	equal(t, "the zero time", int64(unixMilli(time.Time{})), 0)
}

func TestRatesAndPhasesChangeALiveRoom(t *testing.T) {
	room, clock := testRoom(t, nil)
	must(t, room.SetRate(background, 5))
	must(t, room.SetRateAt(background, 8, noon.Add(time.Minute)))
	stats, err := room.Stats(background)
	must(t, err)
	equal(t, "the rate", stats.Rate, 5)
	equal(t, "the room's time", stats.Now.Equal(noon), true)
	clock.Advance(time.Minute)
	stats, err = room.Stats(background)
	must(t, err)
	equal(t, "the rate a minute later", stats.Rate, 8)

	must(t, room.SetPhase(background, PhaseDraining))
	_, status := join(t, room, "ann")
	equal(t, "why nobody is taken", status.Reason, ReasonDraining)
	equal(t, "the phase", status.Phase, PhaseDraining)
	until := clock.Now().Add(time.Minute)
	must(t, room.PauseUntil(background, until))
	stats, err = room.Stats(background)
	must(t, err)
	equal(t, "the phase", stats.Phase, PhasePaused)
	equal(t, "when it goes on", stats.GoesOnAt.Equal(until), true)
	clock.Advance(time.Minute)
	stats, err = room.Stats(background)
	must(t, err)
	equal(t, "the phase after the pause", stats.Phase, PhaseOpen)
}

func TestStatisticsAddUpAndAResetMakesTicketsStale(t *testing.T) {
	room, _ := testRoom(t, nil)
	ann, _ := join(t, room, "ann")
	ben, _ := join(t, room, "ben")
	join(t, room, "cleo")
	enter(t, room, ann)
	_, err := room.Leave(background, ben)
	must(t, err)
	stats, err := room.Stats(background)
	must(t, err)
	equal(t, "tickets issued", stats.Issued, 3)
	equal(t, "the sum", stats.Waiting+stats.Ready+stats.Entered+stats.Left+stats.Expired, stats.Issued)
	equal(t, "sessions", stats.Active, 1)
	must(t, room.Reset(background))
	status, err := room.Poll(ben)
	must(t, err)
	equal(t, "ben's state", status.State, StateStale)
	after, err := room.Stats(background)
	must(t, err)
	equal(t, "the epoch", after.Epoch, stats.Epoch+1)
}

func TestALimiterAdmitsItsBurstAndThenItsRate(t *testing.T) {
	client, clock := testClient(t)
	limiter, err := client.OpenLimiter(background, "logins", Limit{Rate: 1, Burst: 2})
	must(t, err)
	for i := 0; i < 2; i++ {
		decision, err := limiter.Try(background, 1)
		must(t, err)
		equal(t, "a try within the burst", decision.Admitted, true)
	}
	decision, err := limiter.Try(background, 1)
	must(t, err)
	equal(t, "one beyond", decision, Decision{RetryAfter: time.Second, Reset: 2 * time.Second})
	decision, err = limiter.Try(background, 3)
	must(t, err)
	equal(t, "more than the burst", decision.RetryAfter, Never)
	clock.Advance(time.Second)
	must(t, limiter.Configure(background, Limit{Rate: 10, Burst: 5}))
	decision, err = limiter.Try(background, 1)
	must(t, err)
	equal(t, "a try a second later", decision.Admitted, true)
}

func TestAnEstimatorTellsTheWaitOfAPosition(t *testing.T) {
	options := DefaultEstimatorOptions()
	equal(t, "the default rate", options.Rate, 10)
	options.Rate = 500
	estimator, err := NewEstimator(&options)
	must(t, err)
	defer estimator.Close()
	must(t, estimator.Observe(noon, Sample{Waiting: 10000}))
	estimate, err := estimator.Estimate(noon, 5000)
	must(t, err)
	equal(t, "the wait", estimate.ETA, 10*time.Second)
	equal(t, "whether the interval holds it", estimate.ETALow <= estimate.ETA && estimate.ETA <= estimate.ETAHigh, true)
	equal(t, "the reason", estimate.Reason, ReasonBucket)
	must(t, estimator.Left(10))
	must(t, estimator.Ended(time.Minute))
	must(t, estimator.SetRateAt(250, noon.Add(5*time.Second)))
	slower, err := estimator.Estimate(noon, 5000)
	must(t, err)
	if slower.ETA <= estimate.ETA {
		t.Fatalf("the plan is not known: %v instead of %v", slower.ETA, estimate.ETA)
	}
	options.Rate = 1000
	must(t, estimator.Configure(noon, options))
	accuracy, err := estimator.Measured()
	must(t, err)
	equal(t, "estimates compared so far", accuracy.Scored, 0)
	must(t, estimator.Close())
	must(t, estimator.Close())
	wants(t, estimator.Observe(noon, Sample{}), ErrClosed)
}

func TestMetricsTellOfEveryOpenRoom(t *testing.T) {
	client, _ := testClient(t)
	for i := 0; i < 50; i++ {
		room, err := client.OpenRoom(background, fmt.Sprint("room-", i), nil)
		must(t, err)
		join(t, room, "ann")
	}
	text, err := client.Metrics()
	must(t, err)
	for i := 0; i < 50; i++ {
		wanted := fmt.Sprintf("waitq_room_joined_total{room=\"room-%d\"} 1\n", i)
		equal(t, "whether the metrics have "+wanted, bytes.Contains(text, []byte(wanted)), true)
	}
	equal(t, "whether they hold a NUL", bytes.IndexByte(text, 0), -1)
	must(t, client.Close())
	_, err = client.Metrics()
	wants(t, err, ErrClosed)
}

func TestNamesAreThoseOfTheLibrary(t *testing.T) {
	equal(t, "a state", StateWaiting.String(), "waiting")
	equal(t, "a state that is none", State(99).String(), "unknown")
	equal(t, "a reason that is none", Reason(99).String(), "unknown reason")
	equal(t, "a phase", PhaseDraining.String(), "draining")
	equal(t, "a phase that is none", Phase(99).String(), "unknown")
	equal(t, "the name of a code", ErrForged.Name(), "WAITQ_E_FORGED")
	equal(t, "the version", Version() != "", true)
}
