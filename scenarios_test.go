package tandem

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// While rows are being filled a row may say "pending". At the end it may not.
const pendingAllowed = false

const scenarioTable = "docs/scenarios.md"

// The numbers that docs/scenarios.md must have.
var scenarios = map[string]string{
	"R": "1-11 13-16 18-38 40 43 46 53 59 60",
	"Q": "1-58",
	"T": "1-8 10-23 23a",
}

func scenarioNumbers() (numbers []string) {
	for _, letter := range []string{"R", "Q", "T"} {
		for _, part := range strings.Fields(scenarios[letter]) {
			var first, last int
			if n, _ := fmt.Sscanf(part, "%d-%d", &first, &last); n == 2 {
				for i := first; i <= last; i++ {
					numbers = append(numbers, fmt.Sprintf("%s-%d", letter, i))
				}
			} else {
				numbers = append(numbers, letter+"-"+part)
			}
		}
	}
	return numbers
}

type scenarioRow struct{ number, words, tests string }

func parseScenarios(text string) (rows []scenarioRow) {
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) == 5 && regexp.MustCompile(`^[RQT]-\d+a?$`).MatchString(strings.TrimSpace(cells[1])) {
			rows = append(rows, scenarioRow{strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])})
		}
	}
	return rows
}

// testFunction is what the table needs to know of a test.
type testFunction struct {
	name  string // directory, dot, function
	skips bool
	soak  bool
}

// testFunctions returns the test, fuzz and benchmark functions of the tree by name.
func testFunctions(t *testing.T) map[string]testFunction {
	t.Helper()
	all := map[string]testFunction{}
	for _, path := range goFiles(t) {
		if !strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		soak := false
		for _, group := range file.Comments {
			for _, c := range group.List {
				soak = soak || strings.HasPrefix(c.Text, "//go:build") && strings.Contains(c.Text, "soak")
			}
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || f.Body == nil {
				continue
			}
			if strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz") {
				name := filepath.ToSlash(filepath.Dir(path)) + "." + f.Name.Name
				all[name] = testFunction{name, skips(f.Body), soak}
			}
		}
	}
	return all
}

// skips reports whether a test can be left out at run time.
func skips(body ast.Node) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name) {
			found = true
		}
		return true
	})
	return found
}

var (
	testReference = regexp.MustCompile("`([a-z0-9/]+\\.(?:Test|Fuzz)[A-Za-z0-9_]+)`")
	numberInName  = regexp.MustCompile(`\.(?:Test|Fuzz)([RQT])0*(\d+a?)_`)
)

// checkRow returns what is wrong with a row.
func checkRow(row scenarioRow, functions map[string]testFunction, pending bool) (complaints []string) {
	complain := func(format string, args ...any) {
		complaints = append(complaints, row.number+": "+fmt.Sprintf(format, args...))
	}
	if row.words == "" {
		complain("has no words")
	}
	references := testReference.FindAllStringSubmatch(row.tests, -1)
	switch {
	case row.tests == "pending":
		if !pending {
			complain("is pending; tests with its number: %q", numbered(row.number, functions))
		}
	case len(references) > 0:
		for _, r := range references {
			f, ok := functions[r[1]]
			switch {
			case !ok:
				complain("there is no test %s", r[1])
			case f.skips:
				complain("%s can be skipped", r[1])
			case f.soak && !strings.Contains(row.tests, "make soak"):
				complain("%s runs in make soak only: say so", r[1])
			}
		}
	case !strings.HasPrefix(row.tests, "none: ") || len(row.tests) < len("none: ")+20:
		complain("%q is neither a test nor a reason", row.tests)
	}
	return complaints
}

// numbered returns the tests that carry a scenario's number in their names.
func numbered(number string, functions map[string]testFunction) (names []string) {
	for name := range functions {
		if m := numberInName.FindStringSubmatch(name); m != nil && m[1]+"-"+m[2] == number {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestScenariosAreMapped(t *testing.T) {
	text, err := os.ReadFile(scenarioTable)
	if err != nil {
		t.Fatal(err)
	}
	rows := parseScenarios(string(text))
	var have []string
	for _, r := range rows {
		have = append(have, r.number)
	}
	for _, n := range scenarioNumbers() {
		if !slices.Contains(have, n) {
			t.Errorf("%s is missing in %s", n, scenarioTable)
		}
	}
	functions := testFunctions(t)
	for i, r := range rows {
		if slices.Contains(have[:i], r.number) {
			t.Errorf("%s has two rows", r.number)
		}
		for _, c := range checkRow(r, functions, pendingAllowed) {
			t.Error(c)
		}
		for _, name := range numbered(r.number, functions) {
			if !strings.Contains(r.tests, "`"+name+"`") && !pendingAllowed {
				t.Errorf("%s: %s carries its number and is not in its row", r.number, name)
			}
		}
	}
}

// The checks of the table find what they are there for.
func TestScenarioChecksFindMistakes(t *testing.T) {
	functions := map[string]testFunction{
		"call.TestR07_Both":    {name: "call.TestR07_Both"},
		"call.TestR8_Skipped":  {name: "call.TestR8_Skipped", skips: true},
		"node.TestT23a_Long":   {name: "node.TestT23a_Long", soak: true},
		"wire/sip.FuzzMessage": {name: "wire/sip.FuzzMessage"},
	}
	for _, c := range []struct {
		tests string
		want  int
	}{
		{"`call.TestR07_Both`", 0},
		{"`call.TestR07_Both`, `wire/sip.FuzzMessage`", 0},
		{"`call.TestR07_Both`, `call.TestMissing`", 1},
		{"`call.TestR8_Skipped`", 1},
		{"`node.TestT23a_Long`", 1},
		{"`node.TestT23a_Long` (make soak)", 0},
		{"none: no program of others can do this, and the feature comes with voice mail", 0},
		{"none: later", 1},
		{"none", 1},
		{"", 1},
		{"pending", 1},
	} {
		if got := checkRow(scenarioRow{"R-7", "words", c.tests}, functions, false); len(got) != c.want {
			t.Errorf("%q: %q, want %d complaints", c.tests, got, c.want)
		}
	}
	if got := numbered("R-7", functions); len(got) != 1 {
		t.Errorf("tests of R-7: %q", got)
	}
	if got := numbered("T-23a", functions); len(got) != 1 {
		t.Errorf("tests of T-23a: %q", got)
	}
	if n := len(scenarioNumbers()); n != 42+58+23 {
		t.Errorf("%d numbers", n)
	}
	if rows := parseScenarios("| R-1 | words | pending |\n| number | x | y |\n| --- | --- | --- |\n"); len(rows) != 1 || rows[0].tests != "pending" {
		t.Errorf("%+v", rows)
	}
}
