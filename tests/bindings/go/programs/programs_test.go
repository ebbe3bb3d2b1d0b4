// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

// Package programs tests whole programs: the example, and those that end early, lack cgo, or find another library
// than they were built with.
package programs

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bindingtests/redistest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a program to its end, and returns what it printed.
func run(t testing.TB, command *exec.Cmd) string {
	t.Helper()
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command.Args, err, output)
	}
	return string(output)
}

// build builds the program of a folder.
func build(t testing.TB, folder string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	command := exec.Command("go", "build", "-o", program, ".")
	command.Dir = folder
	run(t, command)
	return program
}

func TestAProgramThatEndsWithOpenRoomsEndsCleanly(t *testing.T) {
	program := build(t, "../ends")
	server := redistest.Start(t)
	for i := 0; i < 5; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		if said := run(t, exec.CommandContext(ctx, program, "memory:", server.URI)); said != "" {
			t.Errorf("it said %s", said)
		}
		cancel()
	}
}

func TestWithoutCgoTheCompilerSaysWhatToDo(t *testing.T) {
	command := exec.Command("go", "build", "-o", os.DevNull, ".")
	command.Dir = "../transcript"
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := command.CombinedOutput()
	if err == nil || !bytes.Contains(output, []byte("waitq_needs_cgo_set_CGO_ENABLED_to_1")) {
		t.Fatalf("it ended with %v and said\n%s", err, output)
	}
	if lines := strings.Count(string(output), "undefined"); lines != 1 {
		t.Fatalf("the one line that matters is among %d:\n%s", lines, output)
	}
}

func TestALibraryOfAnotherVersionIsRefused(t *testing.T) {
	program := build(t, "../transcript")
	for _, version := range []string{"0x000900", "0x020000"} {
		source := filepath.Join(t.TempDir(), "version.c")
		must(t, os.WriteFile(source, []byte("#include <stdint.h>\nuint32_t waitq_version_number(void) { return "+version+"; }\n"), 0o600))
		library := filepath.Join(t.TempDir(), "version.so")
		run(t, exec.Command("cc", "-shared", "-fPIC", "-o", library, source))
		command := exec.Command(program, "../../scenario.txt")
		command.Env = append(os.Environ(), "LD_PRELOAD="+library)
		output, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(output), "install that version, or build the program again") {
			t.Errorf("with %s it ended with %v and said\n%s", version, err, output)
		}
	}
}

// shop runs the example, and returns its address.
func shop(t testing.TB, program, store string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	command := exec.Command(program, "-listen", address, "-store", store, "-rate", "0.2")
	command.Env = append(os.Environ(), "SHOP_KEY="+strings.Repeat("07", 32))
	var said bytes.Buffer
	command.Stderr = &said
	must(t, command.Start())
	t.Cleanup(func() {
		command.Process.Signal(syscall.SIGTERM)
		killed := time.AfterFunc(10*time.Second, func() { command.Process.Kill() })
		if err := command.Wait(); err != nil {
			t.Errorf("the example ended with %v and said\n%s", err, said.String())
		}
		killed.Stop()
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get("http://" + address + "/stats")
		if err == nil {
			response.Body.Close()
			return "http://" + address + "/"
		}
		if time.Now().After(deadline) {
			t.Fatalf("the example does not answer: %v\n%s", err, said.String())
		}
	}
}

func status(t testing.TB, browser *http.Client, url string) int {
	t.Helper()
	response, err := browser.Get(url)
	must(t, err)
	response.Body.Close()
	return response.StatusCode
}

func browser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &http.Client{Jar: jar, Timeout: 10 * time.Second}
}

func TestTheExampleGuardsAShop(t *testing.T) {
	program := build(t, "../../../../examples/go")
	for _, store := range []string{"memory:", redistest.Start(t).URI} {
		url := shop(t, program, store)
		ann, ben := browser(t), browser(t)
		for i, wanted := range []int{status(t, ann, url), status(t, ben, url), status(t, ann, url), status(t, ben, url)} {
			if expected := [4]int{200, 503, 200, 503}[i]; wanted != expected {
				t.Errorf("%s: request %d was answered with %d instead of %d", store, i, wanted, expected)
			}
		}
	}
}

// Two servers with one key and one Redis: who was let in by one is let in by the other, and who waits waits at both.
func TestTwoExamplesShareALine(t *testing.T) {
	program := build(t, "../../../../examples/go")
	store := redistest.Start(t).URI
	here, there := shop(t, program, store), shop(t, program, store)
	ann, ben := browser(t), browser(t)
	for _, visit := range []struct {
		who    *http.Client
		where  string
		wanted int
	}{{ann, here, 200}, {ben, there, 503}, {ann, there, 200}, {ben, here, 503}} {
		if got := status(t, visit.who, visit.where); got != visit.wanted { // cookies do not look at ports
			t.Errorf("%s: %d instead of %d", visit.where, got, visit.wanted)
		}
	}
}
