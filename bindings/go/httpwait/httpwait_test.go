// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

package httpwait_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"waitq"
	"waitq/httpwait"
)

var (
	background = context.Background()
	noon       = time.UnixMilli(1_700_000_000_000)
	key        = waitq.Key{Algorithm: waitq.HS256, ID: "k1", Bytes: []byte("0123456789abcdef0123456789abcdef")}
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type site struct {
	*httptest.Server
	client *waitq.Client
	room   *waitq.Room
	clock  *waitq.Clock
}

// newSite serves "the sale" behind a room that lets in one at once and then one a second.
func newSite(t testing.TB, change func(*waitq.Policy, *httpwait.Options)) *site {
	t.Helper()
	clock := waitq.NewClock(noon)
	policy := waitq.DefaultPolicy()
	policy.Rate, policy.Burst = 1, 1
	options := &httpwait.Options{
		Now:     clock.Now,
		Visitor: func(r *http.Request) string { return r.Header.Get("Visitor") },
	}
	if change != nil {
		change(&policy, options)
	}
	client, err := waitq.Open(background, "memory:", &waitq.Options{Clock: clock, Keys: []waitq.Key{key}})
	must(t, err)
	room, err := client.OpenRoom(background, "sale", &policy)
	must(t, err)
	verifier, err := waitq.NewVerifier([]waitq.Key{key}, &waitq.VerifierOptions{Audience: "sale"})
	must(t, err)
	sale := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, ok := httpwait.Claims(r.Context())
		fmt.Fprintf(w, "the sale, %v, %s", ok, claims.Room)
	})
	server := httptest.NewServer(httpwait.Guard(room, verifier, options)(sale))
	t.Cleanup(func() {
		server.Close()
		must(t, verifier.Close())
		must(t, client.Close())
	})
	return &site{server, client, room, clock}
}

type answer struct {
	*http.Response
	body string
}

func (s *site) get(t testing.TB, browser *http.Client, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequest("GET", s.URL, nil)
	must(t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := browser.Do(request)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return answer{response, string(body)}
}

func newBrowser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &http.Client{Jar: jar}
}

func (a answer) wants(t testing.TB, status int, in string) {
	t.Helper()
	if a.StatusCode != status || !strings.Contains(a.body, in) {
		t.Fatalf("the answer is %d %s; wanted are %d and %q", a.StatusCode, a.body, status, in)
	}
}

func TestTheFirstGoesThroughAndTheSecondWaitsWithAPageThatComesAgain(t *testing.T) {
	site := newSite(t, nil)
	ann, ben := newBrowser(t), newBrowser(t)
	site.get(t, ann).wants(t, 200, "the sale, true, sale")
	waiting := site.get(t, ben)
	waiting.wants(t, 503, "number <strong>1</strong>")
	again := waiting.Header.Get("Retry-After")
	waiting.wants(t, 503, `http-equiv="refresh" content="`+again+`"`)
	if seconds, err := strconv.Atoi(again); err != nil || seconds < 1 || waiting.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the headers are %v", waiting.Header)
	}
	site.get(t, ann).wants(t, 200, "the sale") // by the pass in the cookie
	site.clock.Advance(time.Second)
	let := site.get(t, ben)
	let.wants(t, 200, "the sale, true, sale")
	if let.Header.Get(httpwait.PassHeader) == "" {
		t.Fatal("the pass is not in the headers")
	}
	for _, cookie := range let.Cookies() {
		if !cookie.HttpOnly || cookie.Path != "/" {
			t.Fatalf("the cookie is %v", cookie)
		}
	}
}

func TestAProgramGetsJSONAndComesBackWithHeaders(t *testing.T) {
	site := newSite(t, nil)
	site.get(t, http.DefaultClient).wants(t, 200, "the sale")
	got := site.get(t, http.DefaultClient, "Accept", "application/json")
	got.wants(t, 202, `"state":"waiting"`)
	var wait struct {
		Position uint64
		EtaMs    *int64 `json:"eta_ms"`
		Ticket   string
	}
	must(t, json.Unmarshal([]byte(got.body), &wait))
	if wait.Position != 1 || wait.EtaMs == nil || *wait.EtaMs != 1000 {
		t.Fatalf("the object is %s", got.body)
	}
	again := site.get(t, http.DefaultClient, "Accept", "application/json", httpwait.TicketHeader, wait.Ticket)
	again.wants(t, 202, wait.Ticket)
	site.clock.Advance(time.Second)
	let := site.get(t, http.DefaultClient, httpwait.TicketHeader, wait.Ticket)
	let.wants(t, 200, "the sale")
	site.get(t, http.DefaultClient, httpwait.PassHeader, let.Header.Get(httpwait.PassHeader)).wants(t, 200, "the sale")
}

func TestWhatCannotBeEstimatedIsNull(t *testing.T) {
	site := newSite(t, func(p *waitq.Policy, _ *httpwait.Options) { p.Rate = 0 })
	site.get(t, http.DefaultClient)
	site.get(t, http.DefaultClient, "Accept", "application/json").wants(t, 202, `"eta_ms":null,"eta_low_ms":null,"eta_high_ms":null`)
}

func TestANamedVisitorHasOnePlaceHoweverOftenItAsks(t *testing.T) {
	site := newSite(t, nil)
	site.get(t, http.DefaultClient)
	for i := 0; i < 3; i++ {
		site.get(t, http.DefaultClient, "Accept", "application/json", "Visitor", "ben").wants(t, 202, `"position":1`)
	}
	stats, err := site.room.Stats(background)
	must(t, err)
	if stats.Issued != 2 {
		t.Fatalf("%d tickets were issued", stats.Issued)
	}
}

func TestTicketsThatAreOfNoUseAreAsNone(t *testing.T) {
	site := newSite(t, nil)
	site.get(t, http.DefaultClient)
	got := site.get(t, http.DefaultClient, "Accept", "application/json")
	var wait struct{ Ticket string }
	must(t, json.Unmarshal([]byte(got.body), &wait))
	ticket, err := waitq.ParseTicket(wait.Ticket)
	must(t, err)
	_, err = site.room.Leave(background, ticket)
	must(t, err)
	for _, text := range []string{wait.Ticket, "no ticket", strings.Repeat("A", 62), strings.Repeat("A", 600)} {
		site.get(t, http.DefaultClient, "Accept", "application/json", httpwait.TicketHeader, text).wants(t, 202, `"state":"waiting"`)
	}
	must(t, site.room.Reset(background))
	site.get(t, http.DefaultClient, "Accept", "application/json", httpwait.TicketHeader, wait.Ticket).wants(t, 202, `"state":"waiting"`)
}

func TestAPassThatIsForgedOrHasEndedDoesNotGoThrough(t *testing.T) {
	site := newSite(t, nil)
	browser := newBrowser(t)
	pass := site.get(t, browser).Header.Get(httpwait.PassHeader)
	for _, text := range []string{pass[:len(pass)-2], "a.b.c", strings.Repeat("x", 1000)} {
		site.get(t, http.DefaultClient, httpwait.PassHeader, text).wants(t, 503, "Please wait")
	}
	site.clock.Advance(time.Hour)
	site.get(t, http.DefaultClient, httpwait.PassHeader, pass) // takes the token
	site.get(t, browser, "Accept", "application/json").wants(t, 202, `"state":"waiting"`)
}

func TestABoundPassGoesThroughForItsClientAlone(t *testing.T) {
	site := newSite(t, func(_ *waitq.Policy, o *httpwait.Options) {
		o.Binding = func(r *http.Request) *waitq.Binding { return &waitq.Binding{Client: r.Header.Get("Device")} }
	})
	pass := site.get(t, http.DefaultClient, "Device", "a").Header.Get(httpwait.PassHeader)
	site.get(t, http.DefaultClient, "Device", "a", httpwait.PassHeader, pass).wants(t, 200, "the sale")
	site.get(t, http.DefaultClient, "Device", "b", httpwait.PassHeader, pass).wants(t, 503, "Please wait")
}

func TestARoomThatTakesNobodyAnswers503AndTellsWhy(t *testing.T) {
	site := newSite(t, nil)
	must(t, site.room.SetPhase(background, waitq.PhaseClosed))
	closed := site.get(t, http.DefaultClient, "Accept", "application/json")
	closed.wants(t, 503, `"state":"none","reason":"the room is closed"`)
	closed.wants(t, 503, `"ticket":""`)
	site.get(t, http.DefaultClient).wants(t, 503, "Nobody can be let in")
	must(t, site.client.Close())
	site.get(t, http.DefaultClient, "Accept", "application/json").wants(t, 503, `"reason":"the context is closed"`)
}

func TestAPausedRoomKeepsTurnsAndSaysWhenToComeAgain(t *testing.T) {
	site := newSite(t, nil)
	must(t, site.room.SetPhase(background, waitq.PhasePaused))
	site.get(t, http.DefaultClient, "Accept", "application/json").wants(t, 202, "the room is paused")
}

func FuzzRequest(f *testing.F) {
	site := newSite(f, nil)
	handler := site.Server.Config.Handler
	f.Add("waitq_ticket=x", "y", "z", "application/json")
	f.Add("waitq_pass=a.b.c; waitq_ticket=\"\"", "", "a.b.c", "text/html")
	f.Fuzz(func(t *testing.T, cookie, ticket, pass, accept string) {
		request := httptest.NewRequest("GET", "/", nil)
		for name, value := range map[string]string{"Cookie": cookie, httpwait.TicketHeader: ticket, httpwait.PassHeader: pass, "Accept": accept} {
			request.Header.Set(name, value)
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if code := recorder.Code; code != 200 && code != 202 && code != 503 {
			t.Fatalf("the status is %d", code)
		}
		if recorder.Code != 200 && recorder.Header().Get("Retry-After") == "" {
			t.Fatal("the answer does not say when to come again")
		}
	})
}
