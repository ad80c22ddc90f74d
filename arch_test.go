// Package tandem is the root of the tree. It has no code: its tests hold the tree to its own rules.
package tandem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "tandem"

// The direction of imports, as policy: what of ours each package may import. ARCHITECTURE.md draws it.
//
// W stands for fault and telephony, S for call/signal. A name that ends in /... means the package and all below it.
// Every package may import its own parts (what is below its directory).
const directions = `
# words: nouns that everyone shares
fault
telephony                   fault
telephony/parameter         W

# decisions: no socket, file, goroutine, clock or logger
dialplan                    W
call/signal                 W
call                        W S dialplan
call/line                   W S dialplan
call/presence               W S
call/feature                W S dialplan call call/line
registration                W S
media/session               W S
media/resource              W S
media/admission             W S

# wire: bytes and messages; knows no calls
wire/sccp
wire/sccp/dissect           wire/sccp
wire/sdp
wire/sip                    wire/sdp
wire/rtp
wire/srtp                   wire/rtp
wire/tftp

# adapters: one protocol each, never a sibling
signalling/sccpstation      W S registration wire/sccp
signalling/sipua            W S registration wire/sip wire/sdp
signalling/signallingtest   W S registration
provision                   W telephony/parameter
provision/cnf               W
provision/firmware          W
provision/locale            W
provision/tftpd             W telephony/parameter provision wire/tftp

# machinery: what makes decisions happen
bus                         W S
bus/runner                  W S bus bus/owner call call/line call/feature media/session registration
bus/session                 W S bus
bus/bustest                 W S bus
bus/mesh                    W S bus bus/session cluster/link
bus/owner                   W S bus registration
bus/handover                W S bus bus/runner
media/codec
media/engine                W S media/codec wire/rtp wire/srtp
confdb                      W telephony/parameter
confdb/schema               W
confdb/sqlite               W confdb confdb/schema
confdb/replica              W confdb confdb/schema cluster/link
confdb/live                 W S telephony/parameter confdb dialplan registration call call/line
confdb/bulk                 W telephony/parameter confdb confdb/schema
cluster                     W S telephony/parameter bus cluster/link confdb confdb/schema security/ca
cluster/link                W security/ca
userstate                   W S confdb bus
files                       W cluster/link
security/ca                 W
security/role               W
security/login              W
security/guard              W
service                     W service/...
service/trace               W S
service/alarm               W
service/counter             W
service/ris                 W registration
setup/preflight             W
setup/install               W setup/preflight confdb/... service/... security/ca

# people: what administrators, users and auditors touch
admin                       W S telephony/parameter bus cluster files confdb/... userstate dialplan registration service/... security/role security/login setup/... cdr provision/...
admin/rest                  W admin admin/client confdb service security/login security/role
admin/web                   W admin security/login security/role
admin/client                W
cdr                         W S telephony/parameter cluster/link

# composition: wiring, no logic
node                        *
phone                       W wire/... media/codec
phone/audio                 media/codec wire/rtp wire/srtp
phone/script                phone phone/audio media/codec
phone/screen                phone media/codec
phone/load                  phone phone/audio
scripts/testreport
sim/net                     W S bus bus/session
sim/lab                     node phone/... admin/client service/... sim/...
sim/chaos                   W admin/client phone phone/audio sim/lab
sim/peer                    media/codec phone/audio
sim/demo                    W node phone/... admin/client service/... media/codec sim/lab sim/peer
interop                     *
interop/soak                *
bench                       *
cmd/tandem                  W telephony/parameter node admin/client setup/... phone/... sim/... service/...
`

// Packages of these groups use nothing but the standard library and what their line allows.
var bare = []string{"words", "decisions"}

// listed is what the tests need to know of a package.
type listed struct {
	ImportPath string
	Dir        string
	Name       string
	Doc        string
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
}

func (p listed) path() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

func packages(t *testing.T) []listed {
	t.Helper()
	command := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Name,Doc,GoFiles,CgoFiles,Imports", "./...")
	command.Env = append(os.Environ(), "CGO_ENABLED=1") // so that files with cgo are listed and not left out
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if p.path() != "" {
			all = append(all, p)
		}
	}
}

type rule struct {
	group   string
	allowed []string
}

func parseDirections(text string) (map[string]rule, error) {
	rules := map[string]rule{}
	group := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if heading, ok := strings.CutPrefix(line, "# "); ok {
			group, _, _ = strings.Cut(heading, ":")
			continue
		}
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if _, twice := rules[fields[0]]; twice {
			return nil, fmt.Errorf("%s has two lines", fields[0])
		}
		r := rule{group: group, allowed: []string{}}
		for _, f := range fields[1:] {
			switch f {
			case "W":
				r.allowed = append(r.allowed, "fault", "telephony")
			case "S":
				r.allowed = append(r.allowed, "call/signal")
			default:
				r.allowed = append(r.allowed, f)
			}
		}
		rules[fields[0]] = r
	}
	return rules, nil
}

// allows reports whether a package may import another of ours.
func (r rule) allows(importer, imported string) bool {
	if strings.HasPrefix(imported, importer+"/") {
		return true
	}
	return slices.ContainsFunc(r.allowed, func(a string) bool {
		if tree, ok := strings.CutSuffix(a, "/..."); ok {
			return imported == tree || strings.HasPrefix(imported, tree+"/")
		}
		return a == "*" || a == imported
	})
}

func TestImportDirection(t *testing.T) {
	rules, err := parseDirections(directions)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages(t) {
		r, ok := rules[p.path()]
		if !ok {
			t.Errorf("%s has no line in the direction of imports: add it to arch_test.go and to ARCHITECTURE.md", p.path())
			continue
		}
		for _, path := range p.Imports {
			ours, isOurs := strings.CutPrefix(path, module+"/")
			switch {
			case isOurs && !r.allows(p.path(), ours):
				t.Errorf("%s imports %s, against the direction. Declare an interface where it is needed, and let node supply it.", p.path(), ours)
			case !isOurs && slices.Contains(bare, r.group) && strings.Contains(strings.Split(path, "/")[0], "."):
				t.Errorf("%s imports %s: %s use the standard library only", p.path(), path, r.group)
			}
		}
	}
}

// The policy itself has no way round it: no decision reaches machinery, no adapter a sibling.
func TestDirectionsAreOneWay(t *testing.T) {
	rules, err := parseDirections(directions)
	if err != nil {
		t.Fatal(err)
	}
	height := map[string]int{"words": 0, "wire": 0, "decisions": 1, "adapters": 2, "machinery": 2, "people": 3, "composition": 4}
	for name, r := range rules {
		for _, a := range r.allowed {
			a = strings.TrimSuffix(a, "/...")
			if target, ok := rules[a]; ok && height[target.group] > height[r.group] {
				t.Errorf("%s (%s) may import %s (%s)", name, r.group, a, target.group)
			}
			if strings.HasPrefix(name, "signalling/") && strings.HasPrefix(a, "signalling/") {
				t.Errorf("%s may import its sibling %s", name, a)
			}
		}
	}
	for _, bad := range []struct{ importer, imported string }{
		{"dialplan", "confdb"}, {"wire/sip", "telephony"}, {"signalling/sipua", "signalling/sccpstation"}, {"call", "bus"}, {"fault", "telephony"},
	} {
		if rules[bad.importer].allows(bad.importer, bad.imported) {
			t.Errorf("%s may import %s", bad.importer, bad.imported)
		}
	}
	if !rules["service"].allows("service", "service/trace") || !rules["node"].allows("node", "signalling/sipua") {
		t.Error("what is allowed is refused")
	}
}

// Decisions get time and chance as data: they start nothing, read no clock, touch no file or socket and log nothing.
func TestDecisionsArePure(t *testing.T) {
	rules, err := parseDirections(directions)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages(t) {
		if rules[p.path()].group != "decisions" {
			continue
		}
		for _, path := range p.Imports {
			if slices.Contains([]string{"os", "net", "net/http", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "os/exec", "syscall", "context"}, path) {
				t.Errorf("%s imports %s", p.path(), path)
			}
		}
		for _, name := range p.GoFiles {
			eachFile(t, filepath.Join(p.Dir, name), func(fset *token.FileSet, file *ast.File) {
				ast.Inspect(file, func(n ast.Node) bool {
					if complaint := impure(n); complaint != "" {
						t.Errorf("%s: %s", position(fset, n), complaint)
					}
					return true
				})
			})
		}
	}
}

func impure(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "a decision starts a goroutine"
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" {
			switch n.Sel.Name {
			case "Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick":
				return "a decision asks the clock: time." + n.Sel.Name
			}
		}
	}
	return ""
}

// There is no cgo, no registration in init behind the reader's back, and no package without its purpose in words.
func TestPackages(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.CgoFiles) > 0 {
			t.Errorf("%s uses cgo: %v", p.path(), p.CgoFiles)
		}
		if p.Doc == "" && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment: say what lives here, and what does not", p.path())
		}
		for _, part := range strings.Split(p.path(), "/") {
			if slices.Contains([]string{"util", "utils", "common", "helpers", "types", "models", "internal", "pkg"}, part) {
				t.Errorf("%s: %s says nothing", p.path(), part)
			}
		}
		for _, name := range p.GoFiles {
			eachFile(t, filepath.Join(p.Dir, name), func(fset *token.FileSet, file *ast.File) {
				for _, d := range file.Decls {
					for _, call := range registrations(file, d) {
						t.Errorf("%s: init calls into another package: name things in plain lists", position(fset, call))
					}
				}
			})
		}
	}
}

// registrations returns the calls by which an init function reaches into another package of ours. Filling tables of its own
// package is all that an init may do.
func registrations(file *ast.File, d ast.Decl) (calls []*ast.CallExpr) {
	f, ok := d.(*ast.FuncDecl)
	if !ok || f.Recv != nil || f.Name.Name != "init" {
		return nil
	}
	ours := map[string]bool{}
	for _, i := range file.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		if strings.HasPrefix(path, module+"/") {
			name := path[strings.LastIndex(path, "/")+1:]
			if i.Name != nil {
				name = i.Name.Name
			}
			ours[name] = true
		}
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if s, ok := call.Fun.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && ours[x.Name] {
					calls = append(calls, call)
				}
			}
		}
		return true
	})
	return calls
}

const longestFile = 700 // lines

func TestFilesAreShort(t *testing.T) {
	for _, path := range goFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(data, []byte("\n")); n > longestFile && !bytes.Contains(data, []byte("DO NOT EDIT")) {
			t.Errorf("%s has %d lines: does it still hold one thing?", path, n)
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			eachFile(t, filepath.Join(p.Dir, name), func(fset *token.FileSet, file *ast.File) {
				if ast.IsGenerated(file) {
					return
				}
				for _, d := range file.Decls {
					for _, undocumented := range undocumented(d) {
						t.Errorf("%s: %s has no comment", position(fset, d), undocumented)
					}
				}
			})
		}
	}
}

// undocumented returns the exported names of a declaration that have no comment of their own or of their group. The values of
// an enumeration, a group of constants that begins with a named type, are documented by that type.
func undocumented(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		wellKnown := d.Recv != nil && slices.Contains([]string{"String", "Error", "Unwrap"}, d.Name.Name)
		if d.Name.IsExported() && d.Doc == nil && !wellKnown && (d.Recv == nil || receiver(d).IsExported()) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for i, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				if i == 0 && d.Tok == token.CONST && s.Type != nil && len(d.Specs) > 1 {
					return nil
				}
				for _, n := range s.Names {
					if n.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

func receiver(f *ast.FuncDecl) *ast.Ident {
	e := f.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x
		default:
			return ast.NewIdent("_")
		}
	}
}

// The checks above find what they are there for.
func TestChecksFindMistakes(t *testing.T) {
	source := `package p
import "time"
import "tandem/fault"
type T int
const ( X T = 1; Y T = 2 )
func init() { table = fault.Catalogue(); fill(table) }
func A() { go A() }
type B struct{}
func (B) C() {}
func (B) String() string { return "" }
func (b) D() {}
const ( E = 1; e = 2 )
var now = time.Now()
// F is documented.
func F() {}
`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var names, complaints []string
	reached := 0
	for _, d := range file.Decls {
		names = append(names, undocumented(d)...)
		reached += len(registrations(file, d))
	}
	if reached != 1 {
		t.Errorf("init reaches into %d packages", reached)
	}
	if got := strings.Join(names, " "); got != "T A B C E" {
		t.Errorf("undocumented: %s", got)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if c := impure(n); c != "" {
			complaints = append(complaints, c)
		}
		return true
	})
	if len(complaints) != 2 {
		t.Errorf("impure: %q", complaints)
	}
}

func position(fset *token.FileSet, n ast.Node) string {
	p := fset.Position(n.Pos())
	if wd, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(wd, p.Filename); err == nil {
			p.Filename = short
		}
	}
	return p.String()
}

func eachFile(t *testing.T, path string, look func(*token.FileSet, *ast.File)) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	look(fset, file)
}

// goFiles returns every Go file of the tree, tests included.
func goFiles(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || path == "data") {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(path, ".go") {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
