package confdb_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"tandem/confdb"
	"tandem/confdb/bulk"
	"tandem/fault"
	"tandem/telephony"
)

// newSite is a memory store with server cm1 and the small site.
func newSite(t testing.TB) *confdb.Store {
	t.Helper()
	s := confdb.NewMemory(&telephony.Server{Name: "cm1"})
	t.Cleanup(func() { _ = s.Close() })
	result, err := s.Apply(t.Context(), siteSmall(t), confdb.Options{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Items) != 26 {
		t.Fatalf("%d objects created", len(result.Items))
	}
	return s
}

func siteSmall(t testing.TB) confdb.ChangeSet {
	t.Helper()
	data, err := os.ReadFile("bulk/testdata/site-small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, err := bulk.Decode("site-small.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func decode(t testing.TB, text string) confdb.ChangeSet {
	t.Helper()
	set, err := bulk.Decode("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestApplyingTwiceChangesNothing(t *testing.T) {
	s := newSite(t)
	at := s.Snapshot().Position()
	result, err := s.Apply(t.Context(), siteSmall(t), confdb.Options{})
	if err != nil || len(result.Items) != 0 || result.Unchanged != 26 || result.Durable != 0 {
		t.Fatalf("%+v, %v", result, err)
	}
	if s.Snapshot().Position() != at {
		t.Error("nothing changed, and yet an entry was written")
	}
}

func TestSecretsStayWhereAFileHasNone(t *testing.T) {
	s := newSite(t)
	set := decode(t, "users: [{userId: alice, firstName: Alicia, lastName: Archer, devices: [SIP2001]}]")
	result, err := s.Apply(t.Context(), set, confdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Snapshot().User("alice"); got.DigestPassword.Reveal() != "alice-secret" || got.FirstName != "Alicia" {
		t.Errorf("alice is %+v with %q", got, got.DigestPassword.Reveal())
	}
	if f := result.Items[0].Fields; len(f) != 1 || f[0] != (confdb.FieldChange{Field: "firstName", Before: "Alice", After: "Alicia"}) {
		t.Errorf("fields %+v", f)
	}
	result, err = s.Apply(t.Context(), decode(t, "users: [{userId: alice, digestPassword: other}]"), confdb.Options{})
	if err != nil || strings.Contains(string(mustString(result)), "alice-secret") || !strings.Contains(mustString(result), "(new secret)") {
		t.Errorf("%v, %v", result, err)
	}
	if _, err = s.Apply(t.Context(), decode(t, `users: [{userId: alice, digestPassword: ""}]`), confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	if !s.Snapshot().User("alice").DigestPassword.Empty() {
		t.Error("an empty secret written out did not clear it")
	}
}

func mustString(r confdb.Result) string {
	var b strings.Builder
	for _, i := range r.Items {
		for _, f := range i.Fields {
			b.WriteString(f.Field + " " + f.Before + " " + f.After + "\n")
		}
	}
	return b.String()
}

func TestDryRunChangesNothing(t *testing.T) {
	s := newSite(t)
	before := s.Snapshot()
	set := decode(t, "partitions: [{name: new}]")
	result, err := s.Apply(t.Context(), set, confdb.Options{DryRun: true})
	if err != nil || len(result.Items) != 1 || !result.DryRun || result.Items[0].Action != confdb.Created {
		t.Fatalf("%+v, %v", result, err)
	}
	if s.Snapshot() != before {
		t.Error("a dry run changed the configuration")
	}
}

func TestAllOrNothing(t *testing.T) {
	s := newSite(t)
	before := s.Snapshot()
	_, err := s.Apply(t.Context(), decode(t, "partitions: [{name: new}]\nphones: [{name: SIP9, protocol: SIP, product: Generic SIP phone, devicePool: nowhere}]"), confdb.Options{})
	if !errors.Is(err, fault.ReferenceMissing) || s.Snapshot() != before {
		t.Errorf("%v", err)
	}
}

// Each bad setting is refused with a fault that names the object, the field, and the line if there is one.
func TestRefusals(t *testing.T) {
	phone := "phones: [{name: %, protocol: SIP, product: Generic SIP phone, devicePool: HQ}]"
	for _, c := range []struct {
		name, text string
		code       fault.Code
		says       string
	}{
		{"missing field", "phones:\n  - name: SIP9\n    protocol: SIP\n    devicePool: HQ", fault.ObjectInvalid, "Line 2, product: it is missing"},
		{"bad choice", "phones:\n  - name: SIP9\n    protocol: SCTP\n    product: Generic SIP phone\n    devicePool: HQ", fault.ObjectInvalid, `Line 3, protocol: "SCTP" is none of SCCP, SIP`},
		{"bad device name", strings.Replace(phone, "%", "../etc/passwd", 1), fault.ObjectInvalid, "name"},
		{"small letters in a MAC address", strings.Replace(phone, "%", "sep0000aaaa0001", 1), fault.ObjectInvalid, "SEP0000AAAA0001"},
		{"wrong protocol for the product", "phones: [{name: SEP0000AAAA0001, protocol: SIP, product: Cisco 7920, devicePool: HQ}]", fault.ObjectInvalid, "does not speak SIP"},
		{"long SCCP name", "phones: [{name: SEP0000AAAA00012, protocol: SCCP, product: Cisco 7960, devicePool: HQ}]", fault.ObjectInvalid, "at most 15"},
		{"dangling reference", "callingSearchSpaces: [{name: x, partitions: [internal, moon]}]", fault.ReferenceMissing, "partitions[2] names partition moon"},
		{"dangling line", "phones:\n - {name: SIP9, protocol: SIP, product: Generic SIP phone, devicePool: HQ, lines: [{directoryNumber: 2001}]}", fault.ReferenceMissing, "directory number 2001,"},
		{"same line twice", "phones:\n - {name: SIP9, protocol: SIP, product: Generic SIP phone, devicePool: HQ, lines: [{directoryNumber: 2001, partition: internal}, {directoryNumber: 2001, partition: internal}]}", fault.ObjectInvalid, "twice"},
		{"duplicate in the file", "partitions:\n  - name: a\n  - name: a", fault.ObjectDuplicate, "(line 2)"},
		{"pattern of two kinds", "translationPatterns: [{pattern: 2001, partition: internal}]", fault.ObjectDuplicate, "Directory number 2001/internal"},
		{"digest user of two phones", "phones: [{name: SIP9, protocol: SIP, product: Generic SIP phone, devicePool: HQ, digestUser: alice}]", fault.ObjectDuplicate, "SIP2001"},
		{"digest user of two new phones", "phones:\n - {name: SIP8, protocol: SIP, product: Generic SIP phone, devicePool: HQ, digestUser: carol}\n - {name: SIP9, protocol: SIP, product: Generic SIP phone, devicePool: HQ, digestUser: carol}", fault.ObjectDuplicate, "carol"},
		{"out of range", "locations: [{name: x, audioBandwidthKbps: -1}]", fault.ObjectInvalid, "-1 is outside 0 to 2147483"},
		{"bad pattern", "directoryNumbers: [{pattern: 20Y1}]", fault.ObjectInvalid, "no dial pattern"},
		{"bad zone", "dateTimeGroups: [{name: x, timeZone: Europe/Atlantis}]", fault.ObjectInvalid, "Europe/Atlantis"},
		{"SRST router by name", "srstReferences: [{name: x, addresses: [192.0.2.1, router.example]}]", fault.ObjectInvalid, "router.example"},
		{"SRST router without an address", "srstReferences: [{name: x}]", fault.ObjectInvalid, "at least 1"},
		{"port of a server", "servers: [{name: cm9, sccpPort: 70000}]", fault.ObjectInvalid, "70000"},
		{"no such SRST reference", "devicePools: [{name: x, callManagerGroup: Default, region: HQ, dateTimeGroup: Berlin, srstReference: Nowhere}]", fault.ReferenceMissing, "Nowhere"},
		{"unknown parameter", "serviceParameters: [{service: CallManager, name: T999, value: 1}]", fault.ParameterUnknown, "T999"},
		{"parameter out of range", "serviceParameters: [{service: CallManager, name: T302Timer, value: 10}]", fault.ParameterOutOfRange, "3000 to 75000 ms"},
		{"parameter of another service", "serviceParameters: [{service: TFTP, name: T302Timer, value: 5000}]", fault.ObjectInvalid, "CallManager"},
		{"built-in template", "softkeyTemplates: [{name: Standard User, onHook: [redial]}]", fault.ObjectInvalid, "built in"},
		{"forward circle", "directoryNumbers:\n - {pattern: 2001, partition: internal, forwardAll: {destination: 2003, callingSearchSpace: staff}}\n - {pattern: 2003, partition: internal, forwardAll: {destination: 2001, callingSearchSpace: staff}}", fault.ReferenceCycle, "2001/internal → 2003/internal → 2001/internal"},
		{"range upside down", "autoRegistration: [{callManager: cm1, enabled: true, startNumber: 2999, endNumber: 2900, devicePool: HQ}]", fault.ObjectInvalid, "lies before"},
		{"control character", "partitions: [{name: \"a\\u0007b\"}]", fault.ObjectInvalid, "control character"},
		{"plain password without a hasher", "users: [{userId: x, password: secret}]", fault.ObjectInvalid, "only a hash"},
		{"route pattern to nowhere", "routePatterns: [{pattern: 9X}]", fault.ObjectInvalid, "exactly one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			before := s.Snapshot()
			_, err := s.Apply(context.Background(), decode(t, c.text), confdb.Options{})
			if !errors.Is(err, c.code) {
				t.Fatalf("%v, want %s", err, c.code)
			}
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "{") {
				t.Errorf("the message does not say %q: %v", c.says, err)
			}
			if f := fault.From(err); f.Action == "" || f.Reason == "" {
				t.Errorf("the fault is incomplete: %+v", f)
			}
			if s.Snapshot() != before {
				t.Error("something changed")
			}
		})
	}
}

func TestDeleteNamesWhatDepends(t *testing.T) {
	s := newSite(t)
	_, err := s.Delete(t.Context(), telephony.KindPartition, "internal", confdb.Options{})
	if !errors.Is(err, fault.ObjectInUse) || !strings.Contains(err.Error(), "directory number 2002/internal (partition)") ||
		!strings.Contains(err.Error(), "calling search space staff (partitions[1])") || !strings.Contains(err.Error(), "phone SIP2001 (lines[1].partition)") {
		t.Errorf("%v", err)
	}
	_, err = s.Delete(t.Context(), telephony.KindDirectoryNumber, "2001/internal", confdb.Options{})
	if !errors.Is(err, fault.ObjectInUse) || !strings.Contains(err.Error(), "phone SIP2001 (lines[1].directoryNumber)") {
		t.Errorf("%v", err)
	}
	if _, err = s.Delete(t.Context(), telephony.KindPartition, "moon", confdb.Options{}); !errors.Is(err, fault.ObjectNotFound) {
		t.Errorf("%v", err)
	}
	// Together with everything that depends on it, it goes.
	set := decode(t, "users: [{userId: alice, devices: []}]")
	set.Delete(telephony.KindPhone, "SIP2001").Delete(telephony.KindDirectoryNumber, "2001/internal")
	if _, err = s.Apply(t.Context(), set, confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	if s.Snapshot().Phone("SIP2001") != nil || s.Snapshot().PhoneOfDigestUser("alice") != nil || s.Snapshot().Appearances(telephony.LineKey{Pattern: "2001", Partition: "internal"}) != nil {
		t.Error("the phone is still there")
	}
}

func TestSnapshotLookups(t *testing.T) {
	s := newSite(t).Snapshot()
	if p := s.PhoneOfDigestUser("bob"); p == nil || p.Name != "SIP2002" {
		t.Errorf("bob's phone is %v", p)
	}
	a := s.Appearances(telephony.LineKey{Pattern: "2003", Partition: "internal"})
	if len(a) != 1 || a[0].Phone.Name != "SEP0000AAAA2003" || a[0].Instance != 1 || a[0].Line().Label != "Carol" {
		t.Errorf("2003 appears on %v", a)
	}
	carol := s.Phone("SEP0000AAAA2003")
	if b := s.ButtonTemplateOf(carol); b == nil || b.Name != "Standard 6 buttons" {
		t.Errorf("button template %v", b)
	}
	if k := s.SoftkeyTemplateOf(carol); k == nil || k.Name != telephony.StandardSoftkeys {
		t.Errorf("softkey template %v", k)
	}
	if s.ProductByDeviceType(437).Name != "Cisco 7975" || s.ProductByDeviceType(4711) != nil {
		t.Error("products by device type")
	}
	if s.Phone("nobody") != nil || s.Region("nowhere") != nil || s.DirectoryNumber(telephony.LineKey{Pattern: "1"}) != nil {
		t.Error("what is not there must be nil")
	}
	if !s.Parameters("cm1").Bool("CdrEnabled") {
		t.Error("parameters")
	}
	n := 0
	for d := range s.DirectoryNumbers() {
		if n++; n == 1 && d.Pattern != "2001" {
			t.Errorf("the first number is %s", d.Pattern)
		}
	}
	if n != 4 {
		t.Errorf("%d numbers", n)
	}
}

func TestCallerMayReuseItsObjects(t *testing.T) {
	s := newSite(t)
	d := &telephony.DirectoryNumber{Pattern: "2010", Display: "one", ForwardAll: &telephony.Forward{Destination: "1"}}
	var set confdb.ChangeSet
	if _, err := s.Apply(t.Context(), *set.Put(d), confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	d.Display, d.ForwardAll.Destination = "two", "2"
	if got := s.Snapshot().DirectoryNumber(d.LineKey()); got.Display != "one" || got.ForwardAll.Destination != "1" {
		t.Errorf("the snapshot changed with the caller's object: %+v", got)
	}
}

func TestAutoRegistrationGivesTheNextFreeNumber(t *testing.T) {
	s := newSite(t)
	if _, err := s.Apply(t.Context(), decode(t, "directoryNumbers: [{pattern: 2901, partition: internal}]"), confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	newcomer := confdb.Newcomer{Server: "cm1", Protocol: telephony.ProtocolSCCP, Product: "Cisco 7975"}
	numbers := make(chan telephony.Pattern, 8)
	for i := range 8 { // at once
		n := newcomer
		n.Name = telephony.DeviceName("SEP0000BBBB000" + string(rune('0'+i)))
		go func() {
			p, _, err := s.AutoRegister(context.Background(), n)
			if err != nil {
				t.Error(err)
				numbers <- ""
				return
			}
			numbers <- p.Lines[0].DirectoryNumber
		}()
	}
	got := map[telephony.Pattern]bool{}
	for range 8 {
		got[<-numbers] = true
	}
	for _, want := range []telephony.Pattern{"2900", "2902", "2903", "2904", "2905", "2906", "2907", "2908"} {
		if !got[want] {
			t.Errorf("nobody has %s: %v", want, got)
		}
	}
	newcomer.Name = "SEP0000BBBB0000"
	again, result, err := s.AutoRegister(t.Context(), newcomer)
	if err != nil || again.Name != newcomer.Name || len(result.Items) != 0 {
		t.Errorf("the second time: %v, %v", result, err)
	}
	newcomer.Name, newcomer.Server = "SEP0000BBBB0099", "cm2"
	if _, _, err := s.AutoRegister(t.Context(), newcomer); !errors.Is(err, confdb.ErrNotAdmitted) {
		t.Errorf("on a server without auto-registration: %v", err)
	}
	small := decode(t, "autoRegistration: [{callManager: cm1, enabled: true, startNumber: 2900, endNumber: 2903, partition: internal, devicePool: HQ}]")
	if _, err := s.Apply(t.Context(), small, confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	newcomer.Server = "cm1"
	if _, _, err := s.AutoRegister(t.Context(), newcomer); !errors.Is(err, fault.AutoRegistrationFull) || strings.Contains(err.Error(), "{") {
		t.Errorf("with a full range: %v", err)
	}
}

type reversingHasher struct{}

func (reversingHasher) Hash(p string) (string, error) { return "$argon2id$" + p + "/salt", nil }
func (reversingHasher) Verify(h, p string) bool       { return h == "$argon2id$"+p+"/salt" }

func TestPlainPasswordsAreHashedOnce(t *testing.T) {
	s := confdb.NewMemoryWith(confdb.StoreOptions{Hasher: reversingHasher{}})
	set := decode(t, "users: [{userId: x, password: geheim, pin: 1234}]")
	if _, err := s.Apply(t.Context(), set, confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	u := s.Snapshot().User("x")
	if u.Password.Reveal() != "$argon2id$geheim/salt" || u.PIN.Reveal() != "$argon2id$1234/salt" {
		t.Errorf("%q, %q", u.Password.Reveal(), u.PIN.Reveal())
	}
	result, err := s.Apply(t.Context(), set, confdb.Options{})
	if err != nil || len(result.Items) != 0 {
		t.Errorf("the same password again: %+v, %v", result, err)
	}
}
