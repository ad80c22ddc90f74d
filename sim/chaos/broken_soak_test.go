//go:build soak

package chaos

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// broken builds a server of which one piece of source text is another, and returns what is put before a command line so that it runs
// instead.
func broken(t *testing.T, file, right, wrong string) []string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join("../..", file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), right) != 1 {
		t.Fatalf("%s does not have %q once: this test must break it in another way", file, right)
	}
	directory := t.TempDir()
	replacement, overlay, program := filepath.Join(directory, "broken.go"), filepath.Join(directory, "overlay.json"), filepath.Join(directory, "tandem")
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {source: replacement}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{replacement: []byte(strings.Replace(string(text), right, wrong, 1)), overlay: plan} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if output, err := exec.Command("go", "build", "-overlay", overlay, "-ldflags", "-X main.version=lab", "-o", program, "tandem/cmd/tandem").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return []string{"sh", "-c", `exec "$0" serve --data "$TANDEM_LAB_SERVE"`, program}
}

// TestSoakBrokenServersAreCaught proves the checker on servers that break a promise.
func TestSoakBrokenServersAreCaught(t *testing.T) {
	here, network := inside(t)
	if !here {
		return
	}
	for _, c := range []struct{ name, file, right, wrong, complaint string }{
		{"acknowledges what it did not store", "confdb/replica/replica.go", "	// The entry goes to the log,",
			"	if at.Index > 50 && e.Time.UnixMicro()%10 == 0 {\n\t\treturn confdb.Receipt{Position: at, Durable: 2}, nil\n\t}\n	// The entry goes to the log,", "is lost at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := chaos(t, Options{Servers: 3, Seed: 1, Length: 10 * time.Second, Wrap: broken(t, c.file, c.right, c.wrong)}, network)
			if !slices.ContainsFunc(report.Wrong, func(w string) bool { return strings.Contains(w, c.complaint) }) {
				t.Errorf("not caught: %q", report.Wrong)
			}
		})
	}
}
