package fault

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every identifier that stands in the project's code and documents is in the catalogue, and every call of New and Wrap
// with a constant code gives exactly the arguments that the entry's texts ask for.
func TestUseAgreesWithCatalogue(t *testing.T) {
	constants := constantsOf(t)
	identifier := regexp.MustCompile(`TDM-[A-Z]{3}-[0-9]{4}`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata" || d.Name() == "data") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, fset, ok := parse(path)
		if !ok {
			return nil // the compiler says it better
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if n.Kind == token.STRING {
					for _, id := range identifier.FindAllString(n.Value, -1) {
						if _, ok := Lookup(Code(id)); !ok {
							t.Errorf("%s: %s is not in the catalogue", fset.Position(n.Pos()), id)
						}
					}
				}
			case *ast.CallExpr:
				for _, complaint := range checkCall(n, constants) {
					t.Errorf("%s: %s", fset.Position(n.Pos()), complaint)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkCall looks at fault.New(fault.X, …) and fault.Wrap(err, fault.X, …).
func checkCall(call *ast.CallExpr, constants map[string]Code) (complaints []string) {
	first := -1
	switch {
	case isFault(call.Fun, "New"):
		first = 0
	case isFault(call.Fun, "Wrap"):
		first = 1
	}
	if first < 0 || len(call.Args) <= first || call.Ellipsis.IsValid() {
		return nil
	}
	selector, ok := call.Args[first].(*ast.SelectorExpr)
	if !ok || !isFault(selector, selector.Sel.Name) {
		return nil // a variable: New tells at run time
	}
	code, ok := constants[selector.Sel.Name]
	if !ok {
		return nil
	}
	entry, ok := Lookup(code)
	if !ok {
		return []string{string(code) + " is not in the catalogue"}
	}
	args := call.Args[first+1:]
	if len(args)%2 != 0 {
		return []string{"a name without a value"}
	}
	var given []string
	for i := 0; i < len(args); i += 2 {
		lit, ok := args[i].(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return nil
		}
		name, _ := strconv.Unquote(lit.Value)
		given = append(given, name)
	}
	if first == 1 {
		given = append(given, "cause")
	}
	asked := entry.Placeholders()
	for _, name := range asked {
		if !slices.Contains(given, name) {
			complaints = append(complaints, selector.Sel.Name+" needs the argument "+name)
		}
	}
	for _, name := range given {
		if name != "cause" && !slices.Contains(asked, name) {
			complaints = append(complaints, selector.Sel.Name+" has no place for the argument "+name)
		}
	}
	return complaints
}

func isFault(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "fault"
}

// The check of calls finds what it is there for.
func TestCheckCallFindsMistakes(t *testing.T) {
	constants := constantsOf(t)
	for source, want := range map[string]int{
		`fault.New(fault.ServiceUnknown, "service", s, "known", k)`:                 0,
		`fault.New(fault.ServiceUnknown, "service", s)`:                             1,
		`fault.New(fault.ServiceUnknown, "service", s, "known", k, "colour", c)`:    1,
		`fault.New(fault.ServiceUnknown, "service")`:                                1,
		`fault.Wrap(err, fault.DatabaseCorrupt, "file", f)`:                         0,
		`fault.Wrap(err, fault.DatabaseCorrupt)`:                                    1,
		`fault.New(fault.DatabaseCorrupt, "file", f, "cause", "a page is missing")`: 0,
	} {
		e, err := parser.ParseExpr(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := checkCall(e.(*ast.CallExpr), constants); len(got) != want {
			t.Errorf("%s: %q, want %d complaints", source, got, want)
		}
	}
}

// constantsOf reads the constants of type Code in this package, and checks that each has its entry.
func constantsOf(t *testing.T) map[string]Code {
	t.Helper()
	constants := map[string]Code{}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, _, ok := parse(path)
		if !ok {
			t.Fatalf("%s does not parse", path)
		}
		for _, decl := range file.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				value := spec.(*ast.ValueSpec)
				if typ, ok := value.Type.(*ast.Ident); !ok || typ.Name != "Code" {
					continue
				}
				for i, name := range value.Names {
					literal, ok := value.Values[i].(*ast.BasicLit)
					if !ok {
						t.Errorf("%s: %s is not written out", path, name)
						continue
					}
					text, _ := strconv.Unquote(literal.Value)
					constants[name.Name] = Code(text)
					if _, listed := Lookup(Code(text)); !listed {
						t.Errorf("%s: %s (%s) has no entry", path, name, text)
					}
				}
			}
		}
	}
	if len(constants) < len(Catalogue()) {
		t.Errorf("%d constants for %d entries: name each entry", len(constants), len(Catalogue()))
	}
	return constants
}

func parse(path string) (*ast.File, *token.FileSet, bool) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	return file, fset, err == nil
}
