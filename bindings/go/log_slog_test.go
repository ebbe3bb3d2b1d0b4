// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo && go1.21

package waitq

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestLinesGoToALoggerOfSlogWithTheirLevel(t *testing.T) {
	var written bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&written, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client, err := Open(background, "memory:", &Options{Log: SlogFunc(logger)})
	must(t, err)
	room, err := client.OpenRoom(background, "concert", nil)
	must(t, err)
	must(t, room.SetPhase(background, PhasePaused))
	must(t, client.Close())
	SlogFunc(logger)(LogError, "an error")
	for _, wanted := range []string{"level=INFO msg=\"room concert: phase", "level=ERROR msg=\"an error\""} {
		if !strings.Contains(written.String(), wanted) {
			t.Errorf("%q is not in\n%s", wanted, written.String())
		}
	}
}
