// libwaitq: SPDX-License-Identifier: MIT
// Copyright (c) 2026 The libwaitq authors

package layout

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The golden file is what the C compiler says; tests/abi checks it.
func TestStructuresLieInMemoryAsTheCCompilerPutsThem(t *testing.T) {
	file, err := os.Open("../../../abi/layout.golden")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	wanted := map[string][]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) > 1 && (words[0] == "struct" || words[0] == "field") {
			name := strings.Split(words[1], ".")[0]
			wanted[name] = append(wanted[name], lines.Text())
		}
	}
	for name, structure := range Structures {
		got := []string{fmt.Sprintf("struct %s size %d", name, structure.Size())}
		for i := 0; i < structure.NumField(); i++ {
			field := structure.Field(i)
			got = append(got, fmt.Sprintf("field %s.%s offset %d size %d", name, field.Name, field.Offset, field.Type.Size()))
		}
		if strings.Join(got, "\n") != strings.Join(wanted[name], "\n") {
			t.Errorf("Go has\n%s\nthe C compiler\n%s", strings.Join(got, "\n"), strings.Join(wanted[name], "\n"))
		}
	}
}
