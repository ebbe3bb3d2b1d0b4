// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Package shared tests the Go binding on a store that others share, where calls wait for a network.
package shared

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bindingtests/redistest"
	"waitq"
)

var background = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, uri string) *waitq.Client {
	t.Helper()
	client, err := waitq.Open(background, uri, nil)
	must(t, err)
	t.Cleanup(func() { must(t, client.Close()) })
	return client
}

// fast is a policy that lets in all at once.
func fast() *waitq.Policy {
	policy := waitq.DefaultPolicy()
	policy.Rate, policy.Burst = 1e6, 1e6
	return &policy
}

func threads(t testing.TB) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	must(t, err)
	return len(tasks)
}

func TestAVisitorGoesThroughALineThatTwoClientsShare(t *testing.T) {
	server := redistest.Start(t)
	here, there := open(t, server.URI), open(t, server.URI)
	room, err := here.OpenRoom(background, "concert", fast())
	must(t, err)
	same, err := there.OpenRoom(background, "concert", nil)
	must(t, err)
	ticket, status, err := room.Join(background, "ann")
	must(t, err)
	if status.State != waitq.StateReady || ticket.IsZero() {
		t.Fatalf("ann is %v", status.State)
	}
	again, _, err := same.Join(background, "ann")
	must(t, err)
	if again != ticket {
		t.Fatal("ann has two tickets")
	}
	if _, err := same.Poll(ticket); err != nil {
		t.Fatal(err)
	}
	binding := &waitq.Binding{Client: "203.0.113.7"}
	pass, err := same.Enter(background, ticket, binding)
	must(t, err)
	if pass.State != waitq.StateEntered || pass.Text == "" {
		t.Fatalf("the pass is %v", pass.State)
	}
	renewed, err := room.Renew(background, pass.Text)
	must(t, err)
	if renewed.State != waitq.StateEntered {
		t.Fatalf("the renewed pass is %v", renewed.State)
	}
	must(t, room.Exit(background, renewed.Text))
	ben, _, err := room.Join(background, "ben")
	must(t, err)
	status, err = same.Leave(background, ben)
	must(t, err)
	if status.State != waitq.StateLeft {
		t.Fatalf("ben is %v", status.State)
	}
	stats, err := room.Stats(background)
	must(t, err)
	if stats.Issued != 2 || stats.Entered != 1 || stats.Left != 1 {
		t.Fatalf("the statistics are %+v", stats)
	}
	must(t, room.SetRate(background, 5))
	_, err = room.Enter(background, waitq.Ticket{}, nil)
	if !errors.Is(err, waitq.ErrMalformed) {
		t.Fatalf("entering without a ticket: %v", err)
	}
}

func TestALimiterOfManyClientsAdmitsNoMoreThanItsBurst(t *testing.T) {
	server := redistest.Start(t)
	for _, mode := range []waitq.LimitMode{waitq.LimitExact, waitq.LimitLeased} {
		var admitted atomic.Int64
		var done sync.WaitGroup
		for i := 0; i < 3; i++ {
			limiter, err := open(t, server.URI).OpenLimiter(background, fmt.Sprintf("limit-%d", mode),
				waitq.Limit{Rate: 0, Burst: 100, Mode: mode})
			must(t, err)
			done.Add(1)
			go func() {
				defer done.Done()
				for try := 0; try < 100; try++ {
					decision, err := limiter.Try(background, 1)
					if err != nil {
						t.Error(err)
					} else if decision.Admitted {
						admitted.Add(1)
					}
				}
			}()
		}
		done.Wait()
		if got := admitted.Load(); got > 100 || mode == waitq.LimitExact && got != 100 {
			t.Errorf("mode %d admitted %d of a burst of 100", mode, got)
		}
	}
}

// Ten thousand goroutines wait at once, each for a round trip to Redis; none of them holds a thread.
func TestTenThousandGoroutinesJoinAtOnceOnFewThreads(t *testing.T) {
	const visitors = 10_000
	for _, uri := range []string{"memory:", redistest.Start(t).URI} {
		room, err := open(t, uri).OpenRoom(background, "concert", nil)
		must(t, err)
		tickets := make([]waitq.Ticket, visitors)
		var ready, done sync.WaitGroup
		start := make(chan struct{})
		for i := range tickets {
			ready.Add(1)
			done.Add(1)
			go func(i int) {
				defer done.Done()
				ready.Done()
				<-start
				ticket, _, err := room.Join(background, fmt.Sprint("visitor-", i))
				if err != nil {
					t.Error(err)
				}
				tickets[i] = ticket
			}(i)
		}
		ready.Wait()
		most, started := 0, time.Now()
		close(start)
		finished := make(chan struct{})
		go func() { done.Wait(); close(finished) }()
		for waiting := true; waiting; {
			select {
			case <-finished:
				waiting = false
			case <-time.After(2 * time.Millisecond):
			}
			if now := threads(t); now > most {
				most = now
			}
		}
		t.Logf("%s: %d joins in %v, on %d threads at most", uri, visitors, time.Since(started), most)
		if most >= 64 {
			t.Errorf("%s: %d threads", uri, most)
		}
		seen := map[waitq.Ticket]bool{}
		for _, ticket := range tickets {
			seen[ticket] = true
		}
		if len(seen) != visitors || seen[waitq.Ticket{}] {
			t.Errorf("%s: %d different tickets", uri, len(seen))
		}
	}
}

func TestACallEndsWithItsContextWhileRedisStandsStill(t *testing.T) {
	server := redistest.Start(t)
	client := open(t, server.URI)
	room, err := client.OpenRoom(background, "concert", fast())
	must(t, err)
	ann, _, err := room.Join(background, "ann")
	must(t, err)
	server.Pause(t)
	started := time.Now()
	for what, call := range map[string]func(context.Context) error{
		"join":      func(ctx context.Context) error { _, _, err := room.Join(ctx, "ben"); return err },
		"enter":     func(ctx context.Context) error { _, err := room.Enter(ctx, ann, nil); return err },
		"leave":     func(ctx context.Context) error { _, err := room.Leave(ctx, ann); return err },
		"set rate":  func(ctx context.Context) error { return room.SetRate(ctx, 7) },
		"open room": func(ctx context.Context) error { _, err := client.OpenRoom(ctx, "opera", nil); return err },
		"join many": func(ctx context.Context) error {
			return room.JoinMany(ctx, []string{"cleo"}, make([]waitq.Ticket, 1), make([]waitq.Status, 1), nil)
		},
	} {
		ctx, cancel := context.WithTimeout(background, 30*time.Millisecond)
		err := call(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "waitq: "+what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := room.Poll(ann); err != nil {
		t.Errorf("a poll does not wait: %v", err)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("calls that had 30 ms each took %v", took)
	}
	server.Resume(t)
	// What was given up has had its effect, or has it now: repeating it has no second one.
	ben, _, err := room.Join(background, "ben")
	must(t, err)
	again, _, err := room.Join(background, "ben")
	must(t, err)
	if ben != again {
		t.Error("ben has two places")
	}
}

func TestClosingWaitsForWhatWasGivenUp(t *testing.T) {
	server := redistest.Start(t)
	client, err := waitq.Open(background, server.URI, nil)
	must(t, err)
	room, err := client.OpenRoom(background, "concert", fast())
	must(t, err)
	server.Pause(t)
	var done sync.WaitGroup
	for i := 0; i < 100; i++ {
		done.Add(1)
		go func(i int) {
			defer done.Done()
			ctx, cancel := context.WithTimeout(background, time.Duration(i)*time.Millisecond)
			defer cancel()
			room.Join(ctx, fmt.Sprint("visitor-", i))
		}(i)
	}
	time.Sleep(50 * time.Millisecond)
	server.Resume(t)
	must(t, client.Close())
	done.Wait()
	_, _, err = room.Join(background, "late")
	if !errors.Is(err, waitq.ErrClosed) {
		t.Fatalf("a join on a closed client: %v", err)
	}
}

func TestAServerThatIsNotThereIsAnErrorWithAText(t *testing.T) {
	started := time.Now()
	ctx, cancel := context.WithTimeout(background, 20*time.Second)
	defer cancel()
	_, err := waitq.Open(ctx, "redis://127.0.0.1:1", nil)
	var failure *waitq.Error
	if !errors.As(err, &failure) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Fatalf("after %v the error is %v", time.Since(started), err)
	}
	if _, err := waitq.Open(ctx, "mysql://somewhere", nil); !errors.Is(err, waitq.ErrUnsupported) && !errors.Is(err, waitq.ErrInvalid) {
		t.Fatalf("a store that is none: %v", err)
	}
}

func BenchmarkJoinsOnRedis(b *testing.B) {
	for _, goroutines := range []int{1, 512, 10_000} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			policy := waitq.DefaultPolicy()
			room, err := open(b, redistest.Start(b).URI).OpenRoom(background, "concert", &policy)
			must(b, err)
			var next atomic.Int64
			var done sync.WaitGroup
			began := time.Now()
			b.ResetTimer()
			for i := 0; i < goroutines; i++ {
				done.Add(1)
				go func() {
					defer done.Done()
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						if _, _, err := room.Join(background, fmt.Sprint("visitor-", n)); err != nil {
							b.Error(err)
						}
					}
				}()
			}
			done.Wait()
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "joins/s")
		})
	}
}
