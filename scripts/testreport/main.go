// Command testreport reads the output of `go test -json`. It shows on standard error a line for each package and all that
// failing tests said, and writes the numbers of passed and failed tests to standard output.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	passed, failed := report(os.Stdin, os.Stderr)
	fmt.Println(passed, failed)
}

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Elapsed    float64
	Output     string
}

// said is what a test or package wrote, as far as it is kept.
type said struct {
	lines   []string
	dropped int
}

const mostLines = 400 // of one test

func (s *said) add(line string) {
	if len(s.lines) < mostLines {
		s.lines = append(s.lines, line)
	} else {
		s.dropped++
	}
}

func (s *said) show(w io.Writer) {
	if s == nil {
		return
	}
	for _, l := range s.lines {
		fmt.Fprint(w, "    ", l)
	}
	if s.dropped > 0 {
		fmt.Fprintf(w, "    … and %d lines more\n", s.dropped)
	}
}

// report counts tests and subtests. A package that fails without a failing test (it does not build, it panicked, it leaks)
// counts as one failure.
func report(in io.Reader, out io.Writer) (passed, failed int) {
	output := map[string]*said{}
	failedIn := map[string]int{}
	testsIn := map[string]int{}
	skipped := []string{}
	ended := map[string]bool{}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(out, line)
			} else {
				if e.Package == "" {
					e.Package, _, _ = strings.Cut(e.ImportPath, " ")
				}
				key := e.Package + "\x00" + e.Test
				switch e.Action {
				case "output", "build-output":
					if output[key] == nil {
						output[key] = &said{}
					}
					output[key].add(e.Output)
				case "start":
					ended[e.Package] = false
				case "pass", "fail", "skip":
					switch {
					case e.Test != "":
						testsIn[e.Package]++
						switch e.Action {
						case "pass":
							passed++
						case "fail":
							failed++
							failedIn[e.Package]++
							fmt.Fprintf(out, "FAIL %s %s (%.2f s)\n", e.Package, e.Test, e.Elapsed)
							output[key].show(out)
						case "skip":
							skipped = append(skipped, e.Package+" "+e.Test)
						}
						delete(output, key)
					default:
						ended[e.Package] = true
						if e.Action == "fail" {
							if failedIn[e.Package] == 0 {
								failed++
								output[key].show(out)
							}
							fmt.Fprintf(out, "FAIL %s (%.1f s)\n", e.Package, e.Elapsed)
						} else if testsIn[e.Package] > 0 {
							fmt.Fprintf(out, "ok   %s: %d tests (%.1f s)\n", e.Package, testsIn[e.Package], e.Elapsed)
						}
					}
				}
			}
		}
		if err != nil {
			break
		}
	}
	for name, done := range ended {
		if !done {
			failed++
			fmt.Fprintf(out, "FAIL %s: its tests did not end\n", name)
		}
	}
	if len(skipped) > 0 {
		fmt.Fprintf(out, "skipped: %s\n", strings.Join(skipped, ", "))
	}
	return passed, failed
}
