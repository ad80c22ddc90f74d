package chaos

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/admin/client"
	"tandem/fault"
)

// whole is a history and the end that it should have.
func whole() (*History, End) {
	h := NewHistory()
	h.wrote(Change{Name: "two", Outcome: OnTwo})
	h.wrote(Change{Name: "one", Outcome: OnOne})
	h.wrote(Change{Name: "no", Outcome: Refused})
	h.wrote(Change{Name: "open", Outcome: Unknown})
	h.forwarded(Change{Name: "4001/house", Value: "1", Outcome: OnTwo})
	h.forwarded(Change{Name: "4001/house", Value: "2", Outcome: Unknown})
	h.forwarded(Change{Name: "4001/house", Value: "3", Outcome: OnTwo})
	h.forwarded(Change{Name: "4001/house", Value: "4", Outcome: Refused})
	p := pair{"2001", "3001"}
	for range 3 {
		h.call(p, false)
	}
	h.call(p, true)
	h.call(p, true)
	answered := time.Now()
	record := func(id, call string) client.Record {
		return client.Record{ID: id, Call: call, Calling: p.calling, FinalCalled: p.called, Answered: &answered, Ended: &answered}
	}
	copies := []Copy{}
	for i := range 2 {
		c := Copy{Server: server(i), Partitions: map[string]bool{"two": true, "one": true}, Forwards: map[string]string{"4001/house": "3"}}
		copies = append(copies, c)
	}
	copies[0].Registered = []string{"A"}
	return h, End{Copies: copies, Equal: true, Devices: []string{"A"}, Records: []client.Record{record("r1", "c1"), record("r2", "c2")}}
}

// TestCheckFindsEachKindOfLoss takes one thing at a time from an end that is right.
func TestCheckFindsEachKindOfLoss(t *testing.T) {
	for _, c := range []struct {
		name, complaint string
		spoil           func(e *End)
	}{
		{"nothing", "", func(*End) {}},
		{"what was left open is there", "", func(e *End) { e.Copies[0].Partitions["open"] = true }},
		{"a change of which nobody knew came late", "", func(e *End) { e.Copies[0].Forwards["4001/house"] = "2" }},
		{"a write on two disks", "two, acknowledged by", func(e *End) { delete(e.Copies[1].Partitions, "two") }},
		{"a write on one disk", "one, acknowledged by", func(e *End) { delete(e.Copies[0].Partitions, "one") }},
		{"a refused write in effect", "no, refused by", func(e *End) { e.Copies[1].Partitions["no"] = true }},
		{"a forwarding that was replaced", `forwarded to "1" at cm1`, func(e *End) { e.Copies[0].Forwards["4001/house"] = "1" }},
		{"a forwarding that was refused", `forwarded to "4" at cm2`, func(e *End) { e.Copies[1].Forwards["4001/house"] = "4" }},
		{"a forwarding that is lost", `forwarded to "" at cm1`, func(e *End) { delete(e.Copies[0].Forwards, "4001/house") }},
		{"copies differ", "copies are not equal", func(e *End) { e.Equal = false }},
		{"a phone at two servers", "A is registered at [cm1 cm2]", func(e *End) { e.Copies[1].Registered = []string{"A"} }},
		{"a phone that no server knows", "A is in service and registered nowhere", func(e *End) { e.Copies[0].Registered = nil }},
		{"a ghost", "nobody talks any more", func(e *End) { e.Copies[1].Live = []client.LiveCall{{Call: "c1", Device: "A", State: "connected"}} }},
		{"a call that is not recorded", "of which 1 are recorded", func(e *End) { e.Records = e.Records[:1] }},
		{"a record that came twice", "record r1 is there 2 times", func(e *End) { e.Records = append(e.Records, e.Records[0]) }},
		{"a call that two servers recorded", "call c1 has 2 records", func(e *End) { e.Records[1].Call = "c1" }},
		{"more records than calls", "of which 4 are recorded", func(e *End) {
			for _, id := range []string{"r3", "r4"} {
				r := e.Records[0]
				r.ID, r.Call = id, id
				e.Records = append(e.Records, r)
			}
		}},
		{"a record without an end", "has no end", func(e *End) { e.Records[1].Ended = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, e := whole()
			c.spoil(&e)
			wrong := append(h.Check(e), h.CheckRecords(e.Records)...)
			if c.complaint == "" && len(wrong) > 0 || c.complaint != "" && !slices.ContainsFunc(wrong, func(w string) bool { return strings.Contains(w, c.complaint) }) {
				t.Errorf("%q instead of %q", wrong, c.complaint)
			}
		})
	}
}

func TestOutcomeByAnswer(t *testing.T) {
	for _, c := range []struct {
		durable int
		err     error
		want    Outcome
	}{
		{2, nil, OnTwo}, {3, nil, OnTwo}, {1, nil, OnOne},
		{0, fault.New(fault.PublisherAway), Refused}, {0, fmt.Errorf("x: %w", fault.New(fault.PublisherDeposed)), Refused},
		{0, fault.New(fault.ServerUnreachable), Unknown}, {0, fault.New(fault.DatabaseNotReady), Unknown}, {0, errors.New("x"), Unknown},
	} {
		if got := told(c.durable, c.err); got != c.want {
			t.Errorf("%d, %v: %v instead of %v", c.durable, c.err, got, c.want)
		}
	}
}

// TestPlanIsOfItsSeed: the same seed gives the same plan, every kind of fault comes, and no process has two faults at once.
func TestPlanIsOfItsSeed(t *testing.T) {
	seen := map[Kind]bool{}
	for seed := range uint64(20) {
		plan := Plan(seed, 3, time.Minute, true)
		if !slices.Equal(plan, Plan(seed, 3, time.Minute, true)) {
			t.Errorf("seed %d has two plans", seed)
		}
		until := map[int]time.Duration{}
		for _, f := range plan {
			seen[f.Kind] = true
			if f.Server == f.Other {
				t.Errorf("seed %d: %v", seed, f)
			}
			if f.Kind.network() {
				continue
			}
			if f.At < until[f.Server] {
				t.Errorf("seed %d: %v while it has another fault", seed, f)
			}
			until[f.Server] = f.At + f.For
		}
		for _, f := range Plan(seed, 3, time.Minute, false) {
			if f.Kind.network() {
				t.Errorf("seed %d: %v without a network", seed, f)
			}
		}
	}
	if len(seen) != 5 {
		t.Errorf("only %v came", seen)
	}
}
