package sipua

import (
	"testing"

	"tandem/call/signal"
)

// TestT14_RegisteredElsewhere: when a phone has registered at another server its contacts here go, and a call that is up here
// goes on until it is ended.
func TestT14_RegisteredElsewhere(t *testing.T) {
	r, a, b := two(t)
	from, to := talk(t, a, b)
	reg, ok := r.x.Registration("bob")
	if !ok {
		t.Fatal("bob is not registered")
	}
	r.x.Detach("bob", reg.Incarnation)
	var port signal.Registrant = r.s.station("bob")
	port.RegisteredElsewhere(reg.Incarnation-1, 2) // of a former life
	if n := r.s.Figures().Contacts; n != 2 {
		t.Fatalf("%d contacts, want both", n)
	}
	port.RegisteredElsewhere(reg.Incarnation, 2)
	if n := r.s.Figures().Contacts; n != 1 {
		t.Errorf("%d contacts, want that of alice", n)
	}
	if r.s.Figures().Legs != 2 {
		t.Error("a call in progress was disturbed")
	}
	from.bye()
	to.request("BYE")
	if b.registered(); r.s.Figures().Contacts != 2 {
		t.Error("bob cannot register again")
	}
	r.idle()
}
