package bulk_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"tandem/confdb"
	"tandem/confdb/bulk"
	"tandem/fault"
	"tandem/telephony"
)

func TestExportReadsBackTheSame(t *testing.T) {
	data, err := os.ReadFile("testdata/site-small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, err := bulk.Decode("site-small.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	s := confdb.NewMemory(&telephony.Server{Name: "cm1"})
	if _, err := s.Apply(t.Context(), set, confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, secrets := range []bool{false, true} {
		out, err := bulk.Encode(s.Snapshot(), bulk.Options{Secrets: secrets})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "alice-secret") != secrets {
			t.Errorf("with secrets %v the export is\n%s", secrets, out)
		}
		if strings.Contains(string(out), "Standard User") {
			t.Error("the export lists built-in objects")
		}
		again, err := bulk.Decode("export", out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		result, err := s.Apply(t.Context(), again, confdb.Options{})
		if err != nil || len(result.Items) != 0 || result.Unchanged != 27 {
			t.Errorf("the export applied: %+v, %v", result, err)
		}
		if !secrets {
			continue
		}
		fresh := confdb.NewMemory()
		if _, err := fresh.Apply(t.Context(), again, confdb.Options{}); err != nil {
			t.Fatal(err)
		}
		copied, _ := bulk.Encode(fresh.Snapshot(), bulk.Options{Secrets: true})
		if string(copied) != string(out) {
			t.Errorf("a copy exports differently:\n%s\n%s", copied, out)
		}
	}
}

// Ports of servers, SRST references and weights are exported as they were applied.
func TestHomingIsExportedAsApplied(t *testing.T) {
	const text = `servers:
  - {name: cm1, address: 192.0.2.11, sccpPort: 2100, sipPort: 5160, secureSipPort: 5161}
  - {name: cm2, address: 192.0.2.12}
callManagerGroups: [{name: Default, members: [cm1, cm2]}]
regions: [{name: HQ}]
dateTimeGroups: [{name: Berlin, timeZone: Europe/Berlin}]
srstReferences: [{name: Branch, addresses: [192.0.2.250], port: 2001, sipAddresses: [192.0.2.251], sipPort: 5070}]
products: [{name: Heavy, protocols: [SIP], deviceWeight: 6}]
devicePools: [{name: HQ, callManagerGroup: Default, region: HQ, dateTimeGroup: Berlin, srstReference: Branch}]
`
	set, err := bulk.Decode("homing.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := confdb.NewMemory()
	if _, err := s.Apply(t.Context(), set, confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	out, err := bulk.Encode(s.Snapshot(), bulk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := bulk.Decode("export", out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if result, err := s.Apply(t.Context(), again, confdb.Options{}); err != nil || len(result.Items) != 0 {
		t.Errorf("the export applied: %+v, %v\n%s", result, err, out)
	}
	for _, want := range []string{"sccpPort: 2100", "srstReference: Branch", "sipPort: 5070", "deviceWeight: 6"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

// What cannot be read is refused with the line, and nearly right names get a suggestion.
func TestRefusedTexts(t *testing.T) {
	deep := "phones: [{name: x, lines: " + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "}]"
	bomb := "a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nphones: [*c]"
	for _, c := range []struct {
		name, text string
		code       fault.Code
		says       []string
	}{
		{"no YAML", "phones: [", fault.ConfigurationUnparsed, []string{"ine 1"}},
		{"a tab", "phones:\n\t- name: x", fault.ConfigurationUnparsed, []string{"ine 2"}},
		{"a list", "- phones", fault.ConfigurationUnparsed, []string{"ine 1"}},
		{"two documents", "phones: []\n---\nusers: []", fault.ConfigurationUnparsed, []string{"second document"}},
		{"kind twice", "users: []\nphones: []\nusers: []", fault.ConfigurationUnparsed, []string{"ine 3", "line 1"}},
		{"no list", "phones: {name: x}", fault.ConfigurationUnparsed, []string{"must be a list"}},
		{"alias bomb", bomb, fault.ConfigurationUnparsed, []string{"aliases"}},
		{"depth", deep, fault.ConfigurationUnparsed, []string{"deep"}},
		{"extreme depth", "a: " + strings.Repeat("[", 100000), fault.ConfigurationUnparsed, []string{"deep"}},
		{"merge key", "phones:\n - <<: {name: x}\n", fault.ConfigurationUnparsed, []string{"plain word"}},
		{"size", strings.Repeat("#", bulk.MaximumSize+1), fault.ConfigurationTooLarge, []string{"32 MiB"}},
		{"unknown kind", "users: []\nphone: []", fault.KindUnknown, []string{"line 2", "perhaps phones is meant"}},
		{"unknown field", "phones:\n  - name: SEP1\n    protocl: SIP", fault.FieldUnknown, []string{"Phone SEP1", "protocl (line 3)", "perhaps protocol is meant"}},
		{"unknown inner field", "phones:\n  - name: SEP1\n    lines: [{directorynumber: 1}]", fault.FieldUnknown, []string{"lines[1].directorynumber (line 3)", "perhaps directoryNumber is meant"}},
		{"field twice", "phones:\n  - name: SEP1\n    name: SEP2", fault.ObjectInvalid, []string{"Line 3, name: it stands there twice"}},
		{"list for a value", "phones:\n  - name: [a]", fault.ObjectInvalid, []string{"Line 2, name: one value"}},
		{"value for a list", "phones:\n  - name: a\n    lines: 2001", fault.ObjectInvalid, []string{"Line 3, lines: a list"}},
		{"no number", "locations:\n  - name: a\n    audioBandwidthKbps: many", fault.ObjectInvalid, []string{`"many" is no whole number`}},
		{"no truth", "autoRegistration: [{callManager: cm1, enabled: yes}]", fault.ObjectInvalid, []string{"neither true nor false"}},
		{"no object", "phones: [SEP1]", fault.ObjectInvalid, []string{"fields with their values"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := bulk.Decode("test.yaml", []byte(c.text))
			if !errors.Is(err, c.code) {
				t.Fatalf("%v, want %s", err, c.code)
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q is not in: %v", says, err)
				}
			}
		})
	}
}

func TestSeveralMistakesAreListedTogether(t *testing.T) {
	_, err := bulk.Decode("x", []byte("phones:\n - {nam: a}\n - {name: b, linse: []}\nuser: []"))
	var refused *confdb.Refused
	if !errors.As(err, &refused) || len(refused.Problems) != 3 {
		t.Errorf("%v", err)
	}
}

func TestDigitsStayAsTheyAreWritten(t *testing.T) {
	set, err := bulk.Decode("x", []byte("directoryNumbers: [{pattern: 0042}, {pattern: 0x10}, {pattern: \"1e3\"}, {pattern: 1_000}]"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []telephony.Pattern{"0042", "0x10", "1e3", "1_000"} {
		if got := set.Items[i].Object.(*telephony.DirectoryNumber).Pattern; got != want {
			t.Errorf("%s was read as %s", want, got)
		}
	}
}

func TestOneObject(t *testing.T) {
	item, err := bulk.DecodeObject("the request", telephony.KindPartition, []byte(`{"name": "a"}`))
	if err != nil || item.Object.Key() != "a" {
		t.Errorf("%+v, %v", item, err)
	}
	if _, err = bulk.DecodeObject("the request", "partitio", []byte(`{}`)); !errors.Is(err, fault.KindUnknown) {
		t.Error(err)
	}
	if _, err = bulk.DecodeObject("the request", telephony.KindPartition, nil); !errors.Is(err, fault.ConfigurationUnparsed) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := os.ReadFile("testdata/site-small.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, text := range []string{"", "phones: [", "phones: [{name: x, lines: [{directoryNumber: 1}]}]", "a: &a [*a]", "users: [{userId: x, pin: null}]", "regions: [{name: a, maximumCodec: {a: G711}}]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := bulk.Decode("fuzz", data)
		if err != nil {
			return
		}
		objects := make([]telephony.Object, len(set.Items))
		for i, item := range set.Items {
			objects[i] = item.Object
		}
		out, err := bulk.EncodeObjects(objects, true)
		if err != nil {
			t.Fatal(err)
		}
		again, err := bulk.Decode("fuzz", out)
		if err != nil || len(again.Items) != len(set.Items) {
			t.Fatalf("%v\n%s", err, out)
		}
		byKind := map[telephony.Kind][]telephony.Object{}
		for _, o := range objects {
			byKind[o.Kind()] = append(byKind[o.Kind()], o)
		}
		for _, item := range again.Items {
			list := byKind[item.Object.Kind()]
			if !confdb.Equal(list[0], item.Object) {
				t.Fatalf("%+v became %+v", list[0], item.Object)
			}
			byKind[item.Object.Kind()] = list[1:]
		}
	})
}
