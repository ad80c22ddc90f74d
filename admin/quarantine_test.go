package admin_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"tandem/admin/client"
	"tandem/cdr"
	"tandem/fault"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

// The quarantine of call records is seen by those who may read, and emptied by administrators, who are named in the audit log.
func TestQuarantineOfCallRecords(t *testing.T) {
	w := newWorld(t)
	_, err := w.QuarantinedRecords(root)
	refusedWith(t, err, fault.RecordsElsewhere) // no publisher

	r, err := cdr.NewReceiver(cdr.ReceiverOptions{Dir: t.TempDir(), Cluster: func() string { return "c" },
		Parameters: func() *parameter.Values { return w.store.Snapshot().Parameters("cm1") }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	w.Sources.Records = func() cdr.Reports { return cdr.Reports{Server: "cm1", Cluster: r} }
	for _, name := range []string{"cdr_c_02_202601010000_1", "cdr_c_02_202601010000_2"} {
		content := []byte("no records " + name)
		sum := sha256.Sum256(content)
		l := cdr.Listed{Name: name, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
		if got, err := r.Local("S2").Deliver(context.Background(), cdr.KindCalls, l, bytes.NewReader(content)); err != nil || got.Quarantined != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	list, err := w.QuarantinedRecords(as(telephony.RoleAuditor))
	if err != nil || len(list) != 2 || list[0].Server != "S2" || list[0].Reason == "" {
		t.Fatalf("%+v, %v", list, err)
	}
	refusedWith(t, w.DiscardRecords(as(telephony.RoleAuditor), list[0].Name), fault.NotAuthorised)
	_, err = w.ReplayRecords(root, list[0].Name)
	refusedWith(t, err, fault.RecordsStillBad)
	if err := w.DiscardRecords(root, list[0].Name); err != nil {
		t.Error(err)
	}
	if a := w.lastAudit(t); a.Operation != "discard-records" || a.Object != list[0].Name {
		t.Errorf("audit %+v", a)
	}
	refusedWith(t, w.DiscardRecords(root, list[0].Name), fault.QuarantineUnknown)
	if list, err = w.QuarantinedRecords(root); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if records, err := w.Records(root, client.RecordQuery{Server: "S2"}); err != nil || len(records) != 0 {
		t.Errorf("%+v, %v", records, err)
	}
}
