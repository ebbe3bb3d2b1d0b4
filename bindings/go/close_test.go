// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAClosedHandleRefusesCallsAndClosingTwiceIsClosingOnce(t *testing.T) {
	client, _ := testClient(t)
	room, err := client.OpenRoom(background, "concert", nil)
	must(t, err)
	limiter, err := client.OpenLimiter(background, "limit", Limit{Rate: 1, Burst: 1})
	must(t, err)
	verifier, err := NewVerifier([]Key{testKey}, nil)
	must(t, err)
	ann, _ := join(t, room, "ann")
	other, err := client.OpenRoom(background, "concert", nil)
	must(t, err)
	for i := 0; i < 2; i++ {
		must(t, room.Close())
		must(t, verifier.Close())
	}
	_, err = room.Poll(ann)
	wants(t, err, ErrClosed)
	_, err = verifier.Verify("", noon, nil)
	wants(t, err, ErrClosed)
	_, err = other.Poll(ann) // another handle on the same room
	must(t, err)
	for i := 0; i < 2; i++ {
		must(t, client.Close())
	}
	_, err = other.Poll(ann)
	wants(t, err, ErrClosed)
	_, err = limiter.Try(background, 1)
	wants(t, err, ErrClosed)
	_, err = client.OpenRoom(background, "concert", nil)
	wants(t, err, ErrClosed)
	must(t, other.Close())
}

// Whatever goroutines do with a room while others close it and its client, they get an answer or ErrClosed.
func TestClosingWhileOthersCallIsSafe(t *testing.T) {
	const rounds, callers = 50, 4
	for round := 0; round < rounds; round++ {
		client, err := Open(background, "memory:", nil)
		must(t, err)
		room, err := client.OpenRoom(background, "concert", nil)
		must(t, err)
		ann, _ := join(t, room, "ann")
		var callersDone sync.WaitGroup
		for i := 0; i < callers; i++ {
			callersDone.Add(1)
			go func() {
				defer callersDone.Done()
				for err := error(nil); err == nil; {
					if _, err = room.Poll(ann); err == nil {
						_, _, err = room.JoinAnonymous(background)
					}
					if err != nil && !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
				}
			}()
		}
		go room.Close()
		must(t, client.Close())
		callersDone.Wait()
	}
}

func TestAGuardLetsOneCloseAndNobodyIn(t *testing.T) {
	g := newGuard()
	equal(t, "whether a call may begin", g.begin(), true)
	closed := make(chan bool)
	for i := 0; i < 3; i++ {
		go func() { closed <- g.close() }()
	}
	equal(t, "who closes while a call goes on", <-closed, false)
	equal(t, "who else closes", <-closed, false)
	equal(t, "whether a call may begin", g.begin(), false)
	select {
	case <-closed:
		t.Fatal("the handle is closed under a call")
	case <-time.After(10 * time.Millisecond):
	}
	g.end()
	equal(t, "whether one closes", <-closed, true)
	equal(t, "whether a call may begin", g.begin(), false)
}

func TestLogLinesArriveInOrderAndCloseWaitsForThem(t *testing.T) {
	var lines []string
	client, err := Open(background, "memory:", &Options{LogLevel: LogDebug, Log: func(level LogLevel, line string) {
		lines = append(lines, level.String()+" "+line)
	}})
	must(t, err)
	room, err := client.OpenRoom(background, "concert", nil)
	must(t, err)
	must(t, room.SetPhase(background, PhasePaused))
	must(t, room.SetPhase(background, PhaseOpen))
	must(t, client.Close())
	text := strings.Join(lines, "\n")
	if !strings.Contains(text, "concert") {
		t.Fatalf("the log says:\n%s", text)
	}
}

func TestLinesThatComeTooFastAreCountedAndNobodyWaits(t *testing.T) {
	const changes = 10000
	release := make(chan struct{})
	got, lost := 0, uint64(0)
	client, err := Open(background, "memory:", &Options{Log: func(level LogLevel, line string) {
		<-release
		var some uint64
		if _, err := fmt.Sscanf(line, "%d log lines were lost", &some); err == nil {
			lost += some
		} else {
			got++
		}
	}})
	must(t, err)
	room, err := client.OpenRoom(background, "concert", nil)
	must(t, err)
	for i := 0; i < changes; i++ {
		must(t, room.SetPhase(background, [2]Phase{PhasePaused, PhaseOpen}[i%2]))
	}
	close(release)
	must(t, client.Close())
	equal(t, "lines that arrived and lines that were lost", got+int(lost), changes)
	if lost == 0 {
		t.Fatal("the pipe took all lines: the test shows nothing")
	}
}

func TestAClockIsSetAndAdvanced(t *testing.T) {
	clock := NewClock(noon)
	equal(t, "the time", clock.Now().Equal(noon), true)
	equal(t, "a second later", clock.Advance(time.Second).Equal(noon.Add(time.Second)), true)
	clock.Set(noon.Add(time.Hour))
	equal(t, "an hour later", clock.Now().Equal(noon.Add(time.Hour)), true)
}
