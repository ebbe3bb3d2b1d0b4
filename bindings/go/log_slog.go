// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo && go1.21

package waitq

import (
	"context"
	"log/slog"
)

// SlogFunc makes a LogFunc that hands lines to a logger of log/slog, from Go 1.21 on.
func SlogFunc(logger *slog.Logger) LogFunc {
	return func(level LogLevel, line string) {
		levels := map[LogLevel]slog.Level{LogError: slog.LevelError, LogWarning: slog.LevelWarn, LogInfo: slog.LevelInfo}
		to, known := levels[level]
		if !known {
			to = slog.LevelDebug
		}
		logger.Log(context.Background(), to, line)
	}
}
