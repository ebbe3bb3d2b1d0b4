// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

package programs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unindented is a text without what its lines begin with, so that an excerpt may stand further to the left.
func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], "\t ")
	}
	return strings.Join(lines, "\n")
}

func TestTheGoOfThePageStandsInFilesThatAreCompiled(t *testing.T) {
	const root = "../../../.."
	page, err := os.ReadFile(filepath.Join(root, "docs/go.md"))
	must(t, err)
	blocks := regexp.MustCompile("(?s)(?:<!-- from (\\S+) -->\n)?```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 4 {
		t.Fatalf("the page has %d blocks of Go", len(blocks))
	}
	for _, block := range blocks {
		if block[1] == "" {
			t.Errorf("this block does not say where it is from:\n%s", block[2])
			continue
		}
		file, err := os.ReadFile(filepath.Join(root, block[1]))
		must(t, err)
		if !strings.Contains(unindented(string(file)), unindented(block[2])) {
			t.Errorf("%s does not have this:\n%s", block[1], block[2])
		}
	}
}
