package admin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/admin"
	"tandem/admin/client"
	"tandem/confdb"
	"tandem/fault"
	"tandem/security/login"
	"tandem/telephony"
)

func TestApply(t *testing.T) {
	w := newWorld(t)
	again, err := w.Apply(root, "site.yaml", []byte(site), false)
	if err != nil || len(again.Items) != 0 || again.Unchanged == 0 {
		t.Errorf("a second time: %+v %v", again, err)
	}
	before := w.store.Snapshot().Position()
	dry, err := w.Apply(root, "x", []byte("partitions: [{name: dry}]"), true)
	if err != nil || !dry.DryRun || len(dry.Items) != 1 || dry.Items[0].Action != "created" || w.store.Snapshot().Partition("dry") != nil {
		t.Errorf("a dry run: %+v %v", dry, err)
	}
	_, err = w.Apply(root, "bad.yaml", []byte(`
partitions: [{name: good}]
callingSearchSpaces: [{name: a, partitions: [missing]}, {name: b, partitions: [missing too]}]
`), false)
	var r *confdb.Refused
	if !errors.As(err, &r) || len(r.Problems) != 2 {
		t.Errorf("two faults: %v", err)
	}
	if w.store.Snapshot().Partition("good") != nil || w.store.Snapshot().Position() != before {
		t.Error("a part of a refused file was applied")
	}
	if e := w.lastAudit(t); e.Operation != "apply" || e.Object != "bad.yaml" || e.Code == "" {
		t.Errorf("the refusal in the audit log: %+v", e)
	}
	for _, bad := range []string{"partitions: [", "- a", "partitions: {a: b}", "\x00", "nonsense: [{name: a}]", "partitions: [{name: a, colour: red}]"} {
		var f *fault.Error
		if _, err := w.Apply(root, "bad.yaml", []byte(bad), false); !errors.As(err, &f) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	w.writable = fault.New(fault.DatabaseNotReady)
	_, err = w.Apply(root, "x", []byte("partitions: [{name: now}]"), false)
	refusedWith(t, err, fault.DatabaseNotReady)
	if _, err = w.Apply(root, "x", []byte("partitions: [{name: now}]"), true); err != nil {
		t.Errorf("a dry run with a full disk: %v", err)
	}
}

func TestDeleteAndTags(t *testing.T) {
	w := newWorld(t)
	_, err := w.Delete(root, "partition", "internal", "")
	refusedWith(t, err, fault.ObjectInUse)
	if !strings.Contains(err.Error(), "2001") {
		t.Errorf("the refusal names no dependent: %v", err)
	}
	_, err = w.Delete(root, "partition", "nowhere", "")
	refusedWith(t, err, fault.ObjectNotFound)
	_, err = w.Delete(root, "thing", "x", "")
	refusedWith(t, err, fault.KindUnknown)

	_, tag, err := w.Get(root, "REGIONS", "Spare")
	if err != nil || tag == "" {
		t.Fatal(tag, err)
	}
	if _, err := w.Put(root, "region", "Spare", []byte(`{"name":"Spare","maximumCodec":{"HQ":"G729"}}`), tag); err != nil {
		t.Fatal(err)
	}
	_, err = w.Put(root, "region", "Spare", []byte(`{"name":"Spare"}`), tag)
	refusedWith(t, err, fault.ObjectChanged)
	_, err = w.Delete(root, "region", "Spare", tag)
	refusedWith(t, err, fault.ObjectChanged)
	if _, err = w.Delete(root, "region", "Spare", "*"); err != nil {
		t.Error(err)
	}
	_, err = w.Put(root, "region", "Spare", []byte(`{"name":"Spare"}`), "*")
	refusedWith(t, err, fault.ObjectNotFound)
	_, err = w.Put(root, "region", "A", []byte(`{"name":"B"}`), "")
	refusedWith(t, err, fault.RequestInvalid)
}

// TestOneOfManyWithTheSameTagWins has many change an object that they all read at the same time.
func TestOneOfManyWithTheSameTagWins(t *testing.T) {
	w := newWorld(t)
	_, tag, err := w.Get(root, "partition", "internal")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = w.Put(root, "partition", "internal", fmt.Appendf(nil, `{"name":"internal","description":"number %d"}`, i), tag)
		})
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			refusedWith(t, err, fault.ObjectChanged)
		}
	}
	if won != 1 {
		t.Errorf("%d changes were taken", won)
	}
}

func TestListPagesAndFilters(t *testing.T) {
	w := newWorld(t)
	var b strings.Builder
	b.WriteString("partitions:\n")
	for i := range 25 {
		fmt.Fprintf(&b, "  - {name: p%02d, description: 'room %d'}\n", i, i%5)
	}
	b.WriteString("  - {name: odd, description: '<b>\"Ärzte & 100%\"'}\nlocations: [{name: L1, audioBandwidthKbps: 160}, {name: L2, audioBandwidthKbps: 1600}]\n")
	if _, err := w.Apply(root, "x", []byte(b.String()), false); err != nil {
		t.Fatal(err)
	}
	seen, after, parts := map[string]bool{}, "", 0
	for {
		p, err := w.List(root, "partitions", client.ListQuery{Filter: "room", After: after, Limit: 10})
		if err != nil || p.Total != 25 {
			t.Fatalf("%d %v", p.Total, err)
		}
		for _, i := range p.Items {
			if seen[string(i)] {
				t.Errorf("%s twice", i)
			}
			seen[string(i)] = true
		}
		parts++
		if after = p.Next; after == "" {
			break
		}
	}
	if len(seen) != 25 || parts != 3 {
		t.Errorf("%d objects in %d parts", len(seen), parts)
	}
	if p, _ := w.List(root, "partitions", client.ListQuery{Limit: 10, After: "p19"}); p.Total < 27 || p.Next != "" || len(p.Items) != 5 {
		t.Errorf("the last part without a filter: %+v", p)
	}
	for _, x := range []struct {
		kind, filter string
		want         int
	}{
		{"partitions", "name", 0}, // a field's name is no text
		{"partitions", "ROOM", 25}, {"partitions", "name=P03", 1}, {"partitions", "room p03", 1}, {"partitions", "room p03 p04", 0},
		{"partitions", "<b>", 1}, {"partitions", `"ärzte`, 1}, {"partitions", "&", 1}, {"partitions", "100%", 1},
		{"locations", "audioBandwidthKbps=160", 1}, {"locations", "audioBandwidthKbps=1600", 1}, {"phones", "directoryNumber=2001", 1},
		{"phones", "digestUser=", 1}, {"users", "alice-secret-9", 0}, {"users", "(secret)", 0},
	} {
		p, err := w.List(root, x.kind, client.ListQuery{Filter: x.filter})
		if err != nil || p.Total != x.want || len(p.Items) != x.want {
			t.Errorf("%s %q: %d, want %d (%v)", x.kind, x.filter, p.Total, x.want, err)
		}
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	full, err := w.CreateToken(root, client.NewToken{Name: "full"})
	if err != nil || !strings.HasPrefix(full.Secret, login.TokenPrefix) || full.User != "root" {
		t.Fatal(full, err)
	}
	if i, err := w.ByToken(full.Secret); err != nil || i.Role != telephony.RoleAdministrator || i.User != "root" {
		t.Error(i, err)
	}
	_, err = w.CreateToken(root, client.NewToken{Name: "full"})
	refusedWith(t, err, fault.ObjectDuplicate)
	low, err := w.CreateToken(root, client.NewToken{Name: "low", Role: "auditor"})
	if err != nil {
		t.Fatal(err)
	}
	if i, err := w.ByToken(low.Secret); err != nil || i.Role != telephony.RoleAuditor {
		t.Error(i, err)
	}
	// a token never gives more than its user has
	high, err := w.CreateToken(root, client.NewToken{Name: "high", User: "olga", Role: "administrator"})
	if err != nil {
		t.Fatal(err)
	}
	if i, err := w.ByToken(high.Secret); err != nil || i.Role != telephony.RoleOperator {
		t.Error(i, err)
	}
	nobody, err := w.CreateToken(root, client.NewToken{Name: "nobody", User: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	brief, err := w.CreateToken(root, client.NewToken{Name: "brief", Days: 1e-9})
	if err != nil {
		t.Fatal(err)
	}
	end, _ := time.Parse(time.RFC3339, brief.Expires)
	if until := time.Until(end); until > 0 {
		t.Fatalf("ends in %v", until)
	}
	for _, bad := range []string{"", "x", full.Secret + "x", full.Secret[:len(full.Secret)-1], nobody.Secret, brief.Secret, strings.Repeat("a", 1<<20)} {
		_, err := w.ByToken(bad)
		refusedWith(t, err, fault.NotAuthenticated)
	}
	for _, days := range []float64{-1, 1e9} {
		_, err = w.CreateToken(root, client.NewToken{Name: "days", Days: days})
		refusedWith(t, err, fault.RequestInvalid)
	}
	if _, err = w.CreateToken(root, client.NewToken{Name: "ghost", User: "ghost"}); err == nil {
		t.Error("a token for nobody was made")
	}
	list, err := w.TokenList(root)
	text, _ := json.Marshal(list)
	if err != nil || len(list) != 5 || strings.Contains(string(text), full.Secret) {
		t.Errorf("%s %v", text, err)
	}
	if _, err := w.DeleteToken(root, "full"); err != nil {
		t.Fatal(err)
	}
	_, err = w.ByToken(full.Secret)
	refusedWith(t, err, fault.NotAuthenticated)
	if strings.Contains(w.log.String(), low.Secret) || strings.Contains(w.log.String(), login.TokenHash(low.Secret)) {
		t.Error("the log holds a token")
	}
}

func TestParameters(t *testing.T) {
	w := newWorld(t)
	if _, err := w.SetParameter(root, "t302timer", client.ParameterValue{Value: "4000"}); err != nil {
		t.Fatal(err)
	}
	list, err := w.ParameterList(root)
	found := false
	for _, p := range list {
		if p.Name == "T302Timer" {
			found = p.Value == "4000"
		}
	}
	if err != nil || !found {
		t.Errorf("the parameter has not the value (%v)", err)
	}
	_, err = w.SetParameter(root, "NoSuchThing", client.ParameterValue{Value: "1"})
	refusedWith(t, err, fault.ParameterUnknown)
	if _, err = w.SetParameter(root, "T302Timer", client.ParameterValue{Value: "soon"}); err == nil {
		t.Error("a value that is no number was taken")
	}
	_, err = w.SetParameter(root, "ClusterID", client.ParameterValue{Value: "x", Server: "cm1"})
	refusedWith(t, err, fault.RequestInvalid)
}

func TestRoute(t *testing.T) {
	w := newWorld(t)
	r, err := w.Route(root, "SIP2001", "2002")
	if err != nil || !r.Routed || r.Pattern != "2002" || r.Partition != "internal" || len(r.Rings) != 1 || r.Rings[0].Device != "SEP0000AAAA2002" || r.Rings[0].Registered {
		t.Errorf("%+v %v", r, err)
	}
	if len(r.Forwards) != 1 || !strings.Contains(r.Forwards[0], "2001") {
		t.Errorf("forwards %v", r.Forwards)
	}
	if r, err = w.Route(root, "SEP0000AAAA2002/1", "2001"); err != nil || !r.Routed || !r.Rings[0].Registered {
		t.Errorf("%+v %v", r, err)
	}
	if r, err = w.Route(root, "SIP2001", "7"); err != nil || r.Routed || r.Cause == 0 || r.Text == "" {
		t.Errorf("%+v %v", r, err)
	}
	_, err = w.Route(root, "nobody", "1")
	refusedWith(t, err, fault.ObjectNotFound)
	for _, from := range []string{"SIP2001/2", "SIP2001/0", "SIP2001/x", "SIP2001/"} {
		_, err = w.Route(root, from, "1")
		refusedWith(t, err, fault.RequestInvalid)
	}
	if err := w.RestartDevice(root, "SEP0000AAAA2002"); !errors.Is(err, fault.DeviceNotHere) {
		t.Errorf("a device that is not here: %v", err)
	}
}

// TestSecretsStayInside looks for every secret in everything that is shown.
func TestSecretsStayInside(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Put(root, "user", "alice", []byte(`{"userId":"alice","digestPassword":"alice-secret-9x"}`), ""); err != nil {
		t.Fatal(err)
	}
	for k := range telephony.PublicKinds() {
		p, err := w.List(root, string(k.Kind), client.ListQuery{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(p)
		noSecrets(t, "list "+string(k.Kind), text)
	}
	text, _, err := w.Get(root, "user", "alice")
	if err != nil {
		t.Fatal(err)
	}
	noSecrets(t, "get", text)
	a, _ := w.Audit(root, 1000)
	text, _ = json.Marshal(a)
	noSecrets(t, "audit", text)
	if !strings.Contains(string(text), "(new secret)") {
		t.Error("the audit log does not tell that a secret was changed")
	}
	noSecrets(t, "log", w.log.Bytes())
	text, _ = w.Export(root, false)
	noSecrets(t, "export", text)
	if text, err = w.Export(root, true); err != nil || !strings.Contains(string(text), "alice-secret-9x") {
		t.Errorf("export with secrets has none (%v)", err)
	}
	if e := w.lastAudit(t); e.Operation != "export-secrets" || e.Actor != "tester" || e.Address != "192.0.2.1" {
		t.Errorf("it is not in the audit log: %+v", e)
	}
}

func TestHostileTextIsText(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{`O'Brien "the" 100%`, `<script>alert(1)</script>`, `%s%n%d`, "Zoë Ångström 李小龍", `'; DROP TABLE users;--`} {
		text, _ := json.Marshal(map[string]string{"userId": "u", "lastName": name})
		if _, err := w.Put(root, "user", "u", text, ""); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		got, _, err := w.Get(root, "user", "u")
		var back struct{ LastName string }
		if err != nil || json.Unmarshal(got, &back) != nil || back.LastName != name {
			t.Errorf("%q came back as %s (%v)", name, got, err)
		}
	}
	huge := strings.Repeat("ü", 32<<10)
	text, _ := json.Marshal(map[string]string{"name": huge})
	before := w.store.Snapshot().Position()
	for what, err := range map[string]error{
		"put":       second(w.Put(root, "partition", huge, text, "")),
		"other":     second(w.Put(root, "partition", "p", text, "")),
		"kind":      second(w.Put(root, huge, huge, text, "")),
		"delete":    second(w.Delete(root, "partition", huge, "")),
		"token":     second(w.CreateToken(root, client.NewToken{Name: huge})),
		"parameter": second(w.SetParameter(root, huge, client.ParameterValue{Value: huge})),
		"value":     second(w.SetParameter(root, "ClusterID", client.ParameterValue{Value: huge})),
		"file":      second(w.AddFile(root, huge, strings.NewReader("x"))),
		"route":     second(w.Route(root, huge, huge)),
	} {
		var f *fault.Error
		if !errors.As(err, &f) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if w.store.Snapshot().Position() != before {
		t.Error("something was stored")
	}
	a, _ := w.Audit(root, 100)
	for _, e := range a {
		if len(e.Object)+len(e.Operation) > 600 {
			t.Errorf("the audit log keeps %d bytes of a name", len(e.Object)+len(e.Operation))
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAuditIsBounded(t *testing.T) {
	w := newWorld(t)
	for range 1100 {
		_ = w.May(as(telephony.RoleAuditor), admin.ToOperate, "try")
	}
	a, err := w.Audit(root, 5000)
	if err != nil || len(a) != 1000 || a[0].Operation != "try" || a[0].Time.Before(a[999].Time) {
		t.Errorf("%d entries (%v)", len(a), err)
	}
	if a, _ = w.Audit(root, 0); len(a) != 100 {
		t.Errorf("%d entries by default", len(a))
	}
}

func TestFiles(t *testing.T) {
	w := newWorld(t)
	f, err := w.AddFile(root, "a.loads", strings.NewReader("content"))
	if err != nil || f.Size != 7 {
		t.Fatal(f, err)
	}
	_, err = w.AddFile(root, "b.bin", strings.NewReader(strings.Repeat("x", 1<<20+1)))
	refusedWith(t, err, fault.RequestTooLarge)
	_, err = w.AddFile(root, "b.bin", strings.NewReader(""))
	refusedWith(t, err, fault.RequestInvalid)
	for _, name := range []string{"", "../etc/passwd", "/etc/passwd", "a/../../b", "a\x00b", ".."} {
		if _, err := w.AddFile(root, name, strings.NewReader("x")); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	// a removal while a file comes in does not take the contents that have no name yet
	if _, err := w.AddFile(root, "slow.bin", &between{do: func() {
		if _, err := w.RemoveFile(root, "a.loads"); err != nil {
			t.Error(err)
		}
	}}); err != nil {
		t.Fatal(err)
	}
	list, err := w.FileList(root)
	if err != nil || len(list) != 1 || list[0].Name != "slow.bin" {
		t.Fatalf("%v %v", list, err)
	}
	stored, err := w.Firmware.List()
	if err != nil || len(stored) != 1 || stored[0].Hash != list[0].SHA256 {
		t.Errorf("stored are %v (%v)", stored, err)
	}
}
