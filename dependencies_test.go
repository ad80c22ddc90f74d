package tandem

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every module of go.mod has its line in docs/dependencies.md, and every line there its module.
func TestDependenciesAreExplained(t *testing.T) {
	text, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .+ \\|$").FindAllStringSubmatch(string(text), -1) {
		explained[m[1]] = true
	}
	modules, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(modules)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) < 2 || !strings.HasPrefix(fields[1], "v") {
			continue
		}
		if !explained[fields[0]] {
			t.Errorf("%s is in go.mod and not in docs/dependencies.md", fields[0])
		}
		delete(explained, fields[0])
	}
	for m := range explained {
		t.Errorf("%s is in docs/dependencies.md and not in go.mod", m)
	}
}
