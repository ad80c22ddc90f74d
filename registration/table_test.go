package registration

import (
	"testing"

	"tandem/call/signal"
)

func reg(device string, incarnation uint64) Registration {
	return Registration{Attachment: signal.Attachment{Device: device, Incarnation: incarnation}, Node: 1}
}

func TestTable(t *testing.T) {
	table := NewTable()
	if ok, replaced := table.Put(reg("SEP1", 1)); !ok || replaced {
		t.Fatalf("first registration: accepted %v, replaced %v", ok, replaced)
	}
	if ok, replaced := table.Put(reg("SEP1", 2)); !ok || !replaced {
		t.Fatalf("second registration: accepted %v, replaced %v", ok, replaced)
	}
	if table.Remove("SEP1", 1) {
		t.Fatal("the clean-up of the first life removed the second")
	}
	if ok, _ := table.Put(reg("SEP1", 1)); ok {
		t.Fatal("a late registration of the first life was accepted")
	}
	if table.Len() != 1 {
		t.Fatalf("the device counts %d times", table.Len())
	}
	if !table.Remove("SEP1", 2) {
		t.Fatal("the registration could not be ended")
	}
	if _, ok := table.Get("SEP1"); ok {
		t.Fatal("the device is still registered")
	}
}
