package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"strings"
)

// packages runs the Go benchmarks that belong to the hot paths.
func (b *bench) packages() error {
	for _, x := range []struct{ path, bench, limit string }{
		{"./dialplan", "^(BenchmarkLookUp|BenchmarkOnePatternChange)$", "aim 2 µs and no allocation; 50 ms a change"},
		{"./wire/sip", "^Benchmark(ParseInvite|AppendInvite)$", ""},
		{"./wire/sccp", "^Benchmark(Append|ReadAndDecode)$", ""},
		{"./bus/runner", "^BenchmarkCall$", ""},
		{"./cdr", "^BenchmarkCalls$", ""},
	} {
		c := exec.CommandContext(b.ctx, "go", "test", "-run", "^$", "-bench", x.bench, "-benchmem", "-benchtime", "0.5s", x.path)
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", x.path, err, out)
		}
		for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) > 3 && strings.HasPrefix(fields[0], "Benchmark") {
				name := strings.TrimPrefix(fields[0], "Benchmark")
				figure(strings.TrimPrefix(x.path, "./")+" "+name, strings.Join(fields[2:4], " "), strings.TrimSpace(strings.Join(fields[4:], " ")+"  "+x.limit))
			}
		}
	}
	return nil
}
