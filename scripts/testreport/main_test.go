package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	for _, c := range []struct {
		name, in       string
		passed, failed int
		says           []string
	}{
		{"good", `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA/one","Elapsed":0.1}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Elapsed":1.5}
`, 2, 0, []string{"ok   p: 3 tests (1.5 s)", "skipped: p TestB"}},
		{"bad", `{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Test":"TestA","Output":"it broke\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`, 0, 1, []string{"FAIL p TestA", "    it broke", "FAIL p (0.0 s)"}},
		{"does not build", `{"ImportPath":"p [p.test]","Action":"build-output","Output":"x.go:1: syntax\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}
`, 0, 1, []string{"x.go:1: syntax", "FAIL p"}},
		{"panicked", `{"Action":"start","Package":"p"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"panic: x\n"}
{"Action":"fail","Package":"p"}
`, 1, 1, []string{"panic: x"}},
		{"killed", `{"Action":"start","Package":"p"}
{"Action":"pass","Package":"p","Test":"TestA"}
`, 1, 1, []string{"FAIL p: its tests did not end"}},
		{"not JSON", "go: cannot find main module\n", 0, 0, []string{"cannot find main module"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			passed, failed := report(strings.NewReader(c.in), &out)
			if passed != c.passed || failed != c.failed {
				t.Errorf("%d passed, %d failed, want %d and %d", passed, failed, c.passed, c.failed)
			}
			for _, s := range c.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("%q is missing in\n%s", s, &out)
				}
			}
		})
	}
}

func TestLongOutputIsCut(t *testing.T) {
	in := strings.Repeat(`{"Action":"output","Package":"p","Test":"TestA","Output":"line\n"}`+"\n", 1000) +
		`{"Action":"fail","Package":"p","Test":"TestA"}` + "\n"
	var out strings.Builder
	report(strings.NewReader(in), &out)
	if n := strings.Count(out.String(), "line\n"); n != mostLines || !strings.Contains(out.String(), "and 600 lines more") {
		t.Errorf("%d lines are shown", n)
	}
}
