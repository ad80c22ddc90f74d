package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tandem/sim/lab"
)

// insideVariable tells a test that it runs in a network namespace of its own.
const insideVariable = "TANDEM_CHAOS_INSIDE"

func TestMain(m *testing.M) {
	lab.Serve() // this program again, as a server
	os.Exit(m.Run())
}

// inside runs the test again in a network namespace of its own; true: this is that run, or there are no namespaces here, which is said and
// leaves the faults of processes.
func inside(t *testing.T) (here, network bool) {
	t.Helper()
	if os.Getenv(insideVariable) != "" {
		return true, true
	}
	again := exec.Command(os.Args[0], "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v", "-test.timeout=3h")
	again.Env = append(os.Environ(), insideVariable+"=1")
	Inside(again)
	probe := exec.Command("true")
	Inside(probe)
	if err := probe.Run(); err != nil {
		t.Logf("No network namespace can be made here (%v): this run has no faults of the network.", err)
		return true, false
	}
	output, err := again.CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Errorf("in its own network: %v", err)
	}
	return false, true
}

// chaos runs one seed.
func chaos(t *testing.T, o Options, network bool) Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), o.Length+5*time.Minute)
	defer cancel()
	if network {
		n, err := NewNetwork(o.Servers)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		}()
		o.Network = n
	}
	report, err := Run(ctx, o)
	if err != nil {
		t.Errorf("seed %d: %v\n%s\n%s", o.Seed, err, strings.Join(report.Events, "\n"), report.Output)
	}
	c := report.Counts
	t.Logf("seed %d, %d servers: %d faults; writes %v; forwards %v; %d calls, %d connected; whole %.1f s after healing. The disks lost nothing and the clocks were not moved.",
		o.Seed, o.Servers, len(report.Faults), c.Writes, c.Forwards, c.Calls, c.Talked, report.Healed.Seconds())
	for _, e := range report.Events {
		if strings.Contains(e, "---") {
			t.Log(e)
		}
	}
	return report
}

// passes demands that nothing is wrong, and that enough happened for that to mean something.
func passes(t *testing.T, o Options, network bool) {
	t.Helper()
	report := chaos(t, o, network)
	if len(report.Wrong) > 0 {
		file := fmt.Sprintf("%s/chaos-seed-%d.txt", os.TempDir(), o.Seed)
		text := strings.Join(report.Events, "\n")
		if err := os.WriteFile(file, []byte(text+"\n"+report.Output), 0o600); err != nil {
			t.Error(err)
		}
		t.Errorf("seed %d, history and output of the servers in %s:\n%s", o.Seed, file, strings.Join(report.Wrong, "\n"))
		t.Logf("the end of the history:\n%s", text[max(0, len(text)-20_000):])
	}
	if c := report.Counts; c.Writes[OnTwo] == 0 || c.Forwards[OnTwo] == 0 || c.Talked == 0 || len(report.Faults) == 0 {
		t.Errorf("seed %d: too little happened to prove anything", o.Seed)
	}
}

// TestT16_T19_ClusterOfProcessesUnderFaults drives three real servers through the faults of one seed.
func TestT16_T19_ClusterOfProcessesUnderFaults(t *testing.T) {
	here, network := inside(t)
	if !here {
		return
	}
	passes(t, Options{Servers: 3, Seed: seed(t, 1), Length: 20 * time.Second}, network)
}

// seed is the one that TANDEM_SEED asks for, or the given one.
func seed(t *testing.T, usual uint64) uint64 {
	if text := os.Getenv("TANDEM_SEED"); text != "" {
		if _, err := fmt.Sscan(text, &usual); err != nil {
			t.Fatalf("TANDEM_SEED is no number: %v", err)
		}
	}
	return usual
}
