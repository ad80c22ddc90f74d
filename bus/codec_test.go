package bus

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/call/signal"
)

var update = flag.Bool("update", false, "rewrite testdata/vocabulary.txt; only additions are allowed")

// fill puts something different from zero into every field.
func fill(t *testing.T, r *rand.Rand, v reflect.Value, depth int) {
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Unix(r.Int64N(4e9), r.Int64N(1e9)).UTC()
		return
	case *netip.Addr:
		*p = netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + r.IntN(254))})
		return
	case *netip.AddrPort:
		*p = netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), uint16(1+r.IntN(65535)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("ä\x00" + string(rune('a'+r.IntN(26))))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1 + r.Int64N(1<<min(30, v.Type().Bits()-1)-1))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1 + r.Uint64N(1<<min(60, v.Type().Bits())-1))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 4))
		for i := range v.Len() {
			fill(t, r, v.Index(i), depth+1)
		}
	case reflect.Pointer:
		if depth < 4 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, r, v.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				t.Fatalf("%s.%s does not cross", v.Type(), v.Type().Field(i).Name)
			}
			fill(t, r, v.Field(i), depth+1)
		}
	default:
		t.Fatalf("a field of type %s cannot cross", v.Type())
	}
}

// TestEverythingCrosses fills every field of every message and compares what arrives; and sends each with nothing in it.
func TestEverythingCrosses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n, typ := range numbers {
		for round := range 50 {
			v := reflect.New(typ).Elem()
			var to signal.Address
			if round > 0 {
				fill(t, r, v, 0)
				fill(t, r, reflect.ValueOf(&to).Elem(), 0)
			}
			b, err := Encode(to, v.Interface())
			if err != nil {
				t.Fatal(err)
			}
			if b[0] != format || b[1] != n {
				t.Fatalf("%s begins with %v", typ, b[:2])
			}
			gotTo, got, err := Decode(b)
			if err != nil {
				t.Fatalf("%s: %v", typ, err)
			}
			if gotTo != to || !reflect.DeepEqual(got, v.Interface()) {
				t.Fatalf("%s arrives as\n%+v\nwant\n%+v", typ, got, v.Interface())
			}
		}
	}
}

// TestEverySignalHasANumber reads the source of call/signal: a signal without a number would be lost between servers.
func TestEverySignalHasANumber(t *testing.T) {
	known := map[string]bool{}
	for _, typ := range numbers {
		if typ.PkgPath() == "tandem/call/signal" {
			known[typ.Name()] = true
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../call/signal/signal.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "signal" || f.Recv == nil {
			continue
		}
		name := f.Recv.List[0].Type.(*ast.Ident).Name
		found++
		if !known[name] {
			t.Errorf("signal.%s has no number", name)
		}
	}
	if found != len(known) {
		t.Errorf("%d signals in the source, %d with numbers", found, len(known))
	}
}

// TestVocabularyOnlyGrows holds numbers, names and types to what servers in the field send.
func TestVocabularyOnlyGrows(t *testing.T) {
	const page = "testdata/vocabulary.txt"
	var now []string
	seen := map[reflect.Type]bool{}
	var describe func(typ reflect.Type)
	describe = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || !strings.HasPrefix(typ.PkgPath(), "tandem/") {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			f := typ.Field(i)
			now = append(now, fmt.Sprintf("%s.%s %s", typ, f.Name, f.Type))
			describe(f.Type)
		}
	}
	for n, typ := range numbers {
		now = append(now, fmt.Sprintf("%d %s", n, typ))
		describe(typ)
	}
	describe(reflect.TypeFor[signal.Address]())
	slices.Sort(now)
	data, err := os.ReadFile(page)
	if err != nil && !*update {
		t.Fatal(err)
	}
	old := strings.Fields(strings.ReplaceAll(strings.TrimSpace(string(data)), " ", "\x00"))
	for i := range old {
		old[i] = strings.ReplaceAll(old[i], "\x00", " ")
		if !slices.Contains(now, old[i]) {
			t.Errorf("%q is gone or means something else; servers of the last version still send it", old[i])
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(page, []byte(strings.Join(now, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, n := range now {
		if !slices.Contains(old, n) {
			t.Errorf("%q is new; run go test ./bus -update", n)
		}
	}
}

func TestWhatIsNotUnderstood(t *testing.T) {
	good, err := Encode(signal.ToHalf(7), signal.Release{From: 3, Cause: signal.CauseNormalClearing})
	if err != nil {
		t.Fatal(err)
	}
	change := func(at int, to byte) []byte { b := slices.Clone(good); b[at] = to; return b }
	for _, test := range []struct {
		name    string
		bytes   []byte
		unknown bool
	}{
		{"a later format", change(0, 2), true},
		{"a later signal", change(1, 99), true},
		{"nothing", nil, false},
		{"cut off", good[:len(good)-1], false},
		{"something behind it", append(slices.Clone(good), 0), false},
		{"a list of four thousand million", append(slices.Clone(good[:2]), 0x9a, 0xff, 0xff, 0xff, 0xff), false},
	} {
		if _, _, err := Decode(test.bytes); err == nil || errors.Is(err, ErrUnknownMessage) != test.unknown {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := Encode(signal.Address{}, signal.HangUp{}); err == nil {
		t.Error("an event of a device crosses")
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, typ := range numbers {
		v := reflect.New(typ).Elem()
		fill(&testing.T{}, r, v, 2)
		b, err := Encode(signal.ToHalf(1), v.Interface())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		to, m, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Encode(to, m)
		if errors.Is(err, ErrTooLarge) {
			return
		}
		if err != nil {
			t.Fatalf("%T is read and cannot be written: %v", m, err)
		}
		to2, m2, err := Decode(again)
		if err != nil || to2 != to || !reflect.DeepEqual(m, m2) {
			t.Fatalf("%+v reads back as %+v (%v)", m, m2, err)
		}
	})
}

func BenchmarkSetupCrosses(b *testing.B) {
	s := signal.Setup{Call: signal.CallID{Manager: 1, Call: 1001}, Caller: signal.Leg{Half: 1 << 48, Party: signal.Party{Number: "1001",
		Name: "Ann", Partition: "internal", Device: "SEP001122334455"}}, Called: signal.Party{Number: "1002"},
		Offer: &signal.Session{Streams: []signal.Stream{{Kind: "audio", Address: netip.MustParseAddrPort("192.0.2.1:4000"),
			Codecs: []signal.Codec{{Name: "PCMU", Clock: 8000}, {Name: "G722", Payload: 9, Clock: 8000}}}}}}
	b.ReportAllocs()
	for b.Loop() {
		m, err := Encode(signal.ToHalf(1), s)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := Decode(m); err != nil {
			b.Fatal(err)
		}
	}
}
