package telephony

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestSecretNeverShows(t *testing.T) {
	u := User{UserID: "alice", DigestPassword: NewSecret("s3cr3t")}
	data, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		string(data), fmt.Sprint(u), fmt.Sprintf("%+v", u), fmt.Sprintf("%#v", u), fmt.Sprintf("%s %q %x", u, u, u),
		fmt.Sprintf("%x", u.DigestPassword), u.DigestPassword.LogValue().String(),
	} {
		if strings.Contains(shown, "s3cr3t") || strings.Contains(shown, "733363723374") {
			t.Errorf("the secret is visible in %q", shown)
		}
	}
	if strings.Contains(string(data), "digestPassword") {
		t.Errorf("the secret's field is in %s", data)
	}
	if u.DigestPassword.Reveal() != "s3cr3t" || u.DigestPassword.Empty() {
		t.Error("the secret itself is lost")
	}
}

func TestKindsAreComplete(t *testing.T) {
	for _, info := range Kinds {
		o := info.New()
		if o.Kind() != info.Kind {
			t.Errorf("New of %s makes a %s", info.Kind, o.Kind())
		}
		if got, ok := KindOfCollection(info.Collection); ok == info.Kind.Internal() || (ok && got != info.Kind) {
			t.Errorf("%s is not found by %s", info.Kind, info.Collection)
		}
		checkTags(t, reflect.TypeOf(o).Elem())
	}
}

// checkTags holds every field to the form: the same name for both encoders, a doc sentence, a ref to a known kind.
func checkTags(t *testing.T, typ reflect.Type) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous {
			checkTags(t, f.Type)
			continue
		}
		y, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		j, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if y == "" || y != j {
			t.Errorf("%s.%s is %q in YAML and %q in JSON", typ.Name(), f.Name, y, j)
		}
		if !strings.HasSuffix(f.Tag.Get("doc"), ".") {
			t.Errorf("%s.%s has no explanation", typ.Name(), f.Name)
		}
		if ref := f.Tag.Get("ref"); ref != "" {
			if _, ok := Kind(ref).Info(); !ok {
				t.Errorf("%s.%s refers to the unknown kind %q", typ.Name(), f.Name, ref)
			}
		}
		if f.Type == reflect.TypeOf(Secret{}) && f.Tag.Get("secret") == "" {
			t.Errorf("%s.%s does not say how the secret is kept", typ.Name(), f.Name)
		}
		ft := f.Type
		for ft.Kind() == reflect.Pointer || ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct && ft != reflect.TypeOf(Secret{}) {
			checkTags(t, ft)
		}
	}
}

func TestBuiltInProductsFitTogether(t *testing.T) {
	templates := map[ButtonTemplateName]*ButtonTemplate{}
	for _, b := range BuiltInButtonTemplates() {
		if templates[b.Name] != nil {
			t.Errorf("two templates are called %s", b.Name)
		}
		templates[b.Name] = b
		for _, button := range b.Buttons {
			if button.Kind != ButtonNone && button.Kind.Code() == 0xFF {
				t.Errorf("template %s has a button of unknown kind %q", b.Name, button.Kind)
			}
		}
	}
	names, types := map[ProductName]bool{}, map[int]bool{}
	for _, p := range BuiltInProducts() {
		b := templates[p.ButtonTemplate]
		if names[p.Name] || (p.DeviceType != 0 && types[p.DeviceType]) {
			t.Errorf("%s exists twice, or its device type %d does", p.Name, p.DeviceType)
		}
		names[p.Name], types[p.DeviceType] = true, true
		if b == nil {
			t.Errorf("%s has no button template %s", p.Name, p.ButtonTemplate)
			continue
		}
		// A phone whose template lacks its line 1 is unusable (sccp.md 4.1).
		if b.Count(ButtonLine) == 0 || b.Buttons[0].Kind != ButtonLine || b.Count(ButtonLine) > p.Lines() {
			t.Errorf("%s: template %s has %d lines, the phone takes %d", p.Name, b.Name, b.Count(ButtonLine), p.Lines())
		}
		if p.Speaks(ProtocolSCCP) && p.DeviceType == 0 {
			t.Errorf("%s speaks SCCP and has no device type", p.Name)
		}
		if p.Speaks(ProtocolSCCP) && ProductByDeviceType(p.DeviceType).Name != p.Name {
			t.Errorf("%s is not found by its device type", p.Name)
		}
	}
	for _, name := range []ProductName{"Cisco 7960", "Cisco 7961", "Cisco 7975", GenericSIPPhone} {
		if !names[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestMaximumCodecOfTwoRegions(t *testing.T) {
	hq := &Region{Name: "HQ", MaximumCodec: map[RegionName]Codec{"HQ": CodecG722, "Branch": CodecG729}}
	branch := &Region{Name: "Branch", MaximumCodec: map[RegionName]Codec{"Branch": CodecG711, "Lab": CodecOpus}}
	lab := &Region{Name: "Lab", MaximumCodec: map[RegionName]Codec{"Branch": CodecILBC}}
	for _, c := range []struct {
		a, b *Region
		want Codec
	}{
		{hq, hq, CodecG722}, {branch, branch, CodecG711}, {hq, branch, CodecG729}, {branch, hq, CodecG729},
		{branch, lab, CodecILBC}, {lab, branch, CodecILBC}, {hq, lab, DefaultCodecBetween}, {lab, lab, DefaultCodecWithin},
		{nil, nil, DefaultCodecWithin}, {hq, nil, DefaultCodecBetween},
	} {
		if got := MaximumCodec(c.a, c.b); got != c.want {
			t.Errorf("between %v and %v: %s, want %s", c.a, c.b, got, c.want)
		}
	}
	if !CodecILBC.AtMost(CodecG711) || CodecOpus.AtMost(CodecG722) || Codec("G.999").AtMost(CodecOpus) {
		t.Error("the order of codecs is wrong")
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[DeviceName]string{"SEP0000AAAA2003": "0000AAAA2003", "sep0000aaaa2003": "0000AAAA2003", "SIP2001": "", "SEP0000AAAA200G": ""} {
		if mac, _ := name.MAC(); mac != want {
			t.Errorf("MAC of %s is %q", name, mac)
		}
	}
	for name, want := range map[DeviceName]bool{"SIP2001": true, "": false, "../etc": false, "a b": false, "-x": false, "x.y_z-1": true} {
		if name.Valid() != want {
			t.Errorf("%q valid: %v", name, !want)
		}
	}
	for _, k := range []LineKey{{"2001", "internal"}, {"2001", ""}, {"9.@", "a/b"}} {
		if got := ParseLineKey(k.String()); got != k {
			t.Errorf("%v becomes %v", k, got)
		}
	}
	for number, want := range map[Number]bool{"2001": true, "*12#": true, "+49301": true, "1+2": false, "20 01": false, "": false} {
		if number.Valid() != want {
			t.Errorf("%q valid: %v", number, !want)
		}
	}
}

func TestRolloutGrowsAndSpreads(t *testing.T) {
	d := &DeviceDefaults{FirmwareLoad: "old", RolloutLoad: "new"}
	count := func(percent int) (n int) {
		d.RolloutPercent = percent
		for i := range 2000 {
			if d.Load(DeviceName(fmt.Sprintf("SEP0000AAAA%04X", i))) == "new" {
				n++
			}
		}
		return n
	}
	if count(0) != 0 || count(100) != 2000 {
		t.Error("nobody at 0 %, everybody at 100 %")
	}
	if n := count(10); n < 120 || n > 280 {
		t.Errorf("10 %% of 2000 phones are %d", n)
	}
}

func TestLineLimits(t *testing.T) {
	for _, c := range []struct {
		line        LineAppearance
		limit       int
		calls, busy int
	}{
		{LineAppearance{}, 0, 4, 2},
		{LineAppearance{}, 1, 1, 1},
		{LineAppearance{MaximumCalls: 10, BusyTrigger: 9}, 0, 10, 9},
		{LineAppearance{MaximumCalls: 1, BusyTrigger: 5}, 0, 1, 1},
	} {
		if calls, busy := c.line.Calls(c.limit), c.line.Busy(c.limit); calls != c.calls || busy != c.busy {
			t.Errorf("%+v with limit %d: %d calls, busy at %d", c.line, c.limit, calls, busy)
		}
	}
}
