// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

//go:build cgo

package waitq

// #include "bridge.h"
import "C"

import (
	"bufio"
	"fmt"
	"os"
)

// A LogLevel says how much a log line matters.
type LogLevel int32

// The levels, from the rarest to the most frequent.
const (
	LogError   LogLevel = C.WAITQ_LOG_ERROR
	LogWarning LogLevel = C.WAITQ_LOG_WARNING
	LogInfo    LogLevel = C.WAITQ_LOG_INFO
	LogDebug   LogLevel = C.WAITQ_LOG_DEBUG
)

// String is the level in lower case, such as "warning".
func (l LogLevel) String() string {
	switch l {
	case LogError:
		return "error"
	case LogWarning:
		return "warning"
	case LogInfo:
		return "info"
	case LogDebug:
		return "debug"
	}
	return "unknown"
}

// A LogFunc receives finished lines, without a newline, escaped so that no visitor's text can forge one. All lines of a
// client come from one goroutine, in order, a moment after what they tell of.
type LogFunc func(level LogLevel, line string)

// A lineLog reads what the library logs.
type lineLog struct {
	c    *C.waitq_go_log
	read *os.File
	take LogFunc
	done chan struct{}
}

func newLineLog(take LogFunc) (*lineLog, error) {
	var fd C.int
	c := C.waitq_go_log_new(&fd)
	if c == nil {
		return nil, fail("open", ErrNoMemory, "no memory or no descriptor for the log")
	}
	log := &lineLog{c: c, read: os.NewFile(uintptr(fd), "waitq-log"), take: take, done: make(chan struct{})}
	go log.run()
	return log, nil
}

func (l *lineLog) run() {
	defer close(l.done)
	defer l.read.Close()
	for lines := bufio.NewScanner(l.read); lines.Scan(); l.tellLost() {
		if record := lines.Text(); record != "" {
			l.take(LogLevel(record[0]-'0'), record[1:])
		}
	}
	l.tellLost()
}

func (l *lineLog) tellLost() {
	if lost := C.waitq_go_log_lost(l.c); lost > 0 {
		l.take(LogWarning, fmt.Sprintf("%d log lines were lost: they came faster than they were read", lost))
	}
}

// end waits until all lines are read. Nothing of C may log any more.
func (l *lineLog) end() {
	C.waitq_go_log_close(l.c)
	<-l.done
	C.waitq_go_log_free(l.c)
}
