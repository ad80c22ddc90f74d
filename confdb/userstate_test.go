package confdb_test

import (
	"context"
	"testing"

	"tandem/confdb"
	"tandem/telephony"
)

// TestUserStateFollowsAdministration: an administrative change of a forwarding is the last word on it, a change of anything
// else is not, and what is deleted has no user state any more.
func TestUserStateFollowsAdministration(t *testing.T) {
	s := confdb.NewMemory()
	ctx := context.Background()
	number := func(forward *telephony.Forward, display string) telephony.Object {
		return &telephony.DirectoryNumber{Pattern: "2001", Display: display, ForwardAll: forward}
	}
	apply := func(o confdb.Options, objects ...telephony.Object) confdb.Result {
		t.Helper()
		r, err := s.Apply(ctx, *new(confdb.ChangeSet).Put(objects...), o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	state := func() *telephony.UserState { return s.Snapshot().UserState(telephony.SettingForwardAll, "2001") }

	apply(confdb.Options{Actor: "admin"}, number(nil, ""))
	if state() != nil {
		t.Fatal("a number without a forwarding has user state")
	}
	r := apply(confdb.Options{Actor: "admin"}, number(&telephony.Forward{Destination: "2002"}, ""))
	first := state()
	if first == nil || first.Value != "2002" || !first.Administrative || first.Actor != "admin" || first.Stamp == 0 {
		t.Fatalf("user state %+v", first)
	}
	if len(r.Items) != 1 {
		t.Errorf("%d objects are shown to the administrator, who changed one", len(r.Items))
	}
	apply(confdb.Options{Actor: "admin"}, number(&telephony.Forward{Destination: "2002"}, "Alice"))
	if *state() != *first {
		t.Error("a change of the display name is a word on the forwarding")
	}
	// A user's change that is folded in brings its own state; the next administrative one comes after it, whatever the clock says.
	late := *first
	late.Stamp, late.Value, late.Administrative, late.Server = first.Stamp+1e15, "2003", false, "cm2"
	apply(confdb.Options{Actor: "SEP1", UserState: true}, number(&telephony.Forward{Destination: "2003"}, "Alice"), &late)
	apply(confdb.Options{Actor: "admin"}, number(nil, "Alice"))
	if now := state(); now.Value != "" || !now.After(&late) {
		t.Errorf("user state %+v does not come after %+v", now, late)
	}
	if _, err := s.Delete(ctx, telephony.KindDirectoryNumber, "2001", confdb.Options{}); err != nil {
		t.Fatal(err)
	}
	if state() != nil {
		t.Error("a deleted number has user state")
	}
}
