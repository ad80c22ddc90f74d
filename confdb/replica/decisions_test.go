package replica

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

func TestChoosePublisher(t *testing.T) {
	at := func(epoch, index uint64) confdb.Position { return confdb.Position{Epoch: epoch, Index: index} }
	lost := Candidate{Server: "cm1", Position: at(1, 90), Publisher: true, Voter: true}
	sub := func(name telephony.ServerName, index uint64) Candidate {
		return Candidate{Server: name, Position: at(1, index), Reachable: true}
	}
	away := func(c Candidate) Candidate { c.Reachable = false; return c }
	voter := func(c Candidate) Candidate { c.Voter = true; return c }
	broken := func(c Candidate) Candidate { c.Broken = "its copy is damaged"; return c }
	heard := func(c Candidate) Candidate { c.Newest = 9; return c }
	old := sub("cm4", 500)
	old.Position.Epoch = 0
	living := lost
	living.Reachable = true
	for name, c := range map[string]struct {
		known   []Candidate
		target  telephony.ServerName
		accept  bool
		want    telephony.ServerName
		refused fault.Code
	}{
		"the most advanced":                               {known: []Candidate{lost, sub("cm2", 80), sub("cm3", 85)}, want: "cm3"},
		"equal: the first by name":                        {known: []Candidate{lost, sub("cm3", 85), sub("cm2", 85)}, want: "cm2"},
		"either of two that are equal":                    {known: []Candidate{lost, sub("cm3", 85), sub("cm2", 85)}, target: "cm3", want: "cm3"},
		"one that is behind":                              {known: []Candidate{lost, sub("cm2", 80), sub("cm3", 85)}, target: "cm2", refused: fault.PromotionMayLose},
		"one that is behind, loss accepted":               {known: []Candidate{lost, sub("cm2", 80), sub("cm3", 85)}, target: "cm2", accept: true, want: "cm2"},
		"one cannot be asked":                             {known: []Candidate{lost, sub("cm2", 80), away(sub("cm3", 10))}, refused: fault.PromotionMayLose},
		"one cannot be asked, loss accepted":              {known: []Candidate{lost, sub("cm2", 80), away(sub("cm3", 85))}, accept: true, want: "cm2"},
		"the chosen one cannot be asked":                  {known: []Candidate{lost, sub("cm2", 80), away(sub("cm3", 85))}, target: "cm3", accept: true, refused: fault.PromotionImpossible},
		"the publisher lives":                             {known: []Candidate{living, sub("cm2", 80)}, accept: true, refused: fault.PublisherLives},
		"a quorum lives":                                  {known: []Candidate{lost, voter(sub("cm2", 80)), voter(sub("cm3", 80))}, accept: true, refused: fault.PublisherLives},
		"no quorum lives":                                 {known: []Candidate{lost, voter(sub("cm2", 80)), away(voter(sub("cm3", 80)))}, accept: true, want: "cm2"},
		"no quorum lives, and one may hold more":          {known: []Candidate{lost, voter(sub("cm2", 80)), away(voter(sub("cm3", 80)))}, refused: fault.PromotionMayLose},
		"an old epoch is behind":                          {known: []Candidate{lost, old, sub("cm2", 3)}, want: "cm2"},
		"a broken copy may hold more":                     {known: []Candidate{lost, broken(sub("cm2", 99)), sub("cm3", 80)}, refused: fault.PromotionMayLose},
		"a broken copy that holds no more does not count": {known: []Candidate{lost, broken(sub("cm2", 80)), sub("cm3", 80)}, want: "cm3"},
		"a newer epoch was heard of":                      {known: []Candidate{lost, heard(sub("cm2", 10)), sub("cm3", 80)}, refused: fault.PromotionMayLose},
		"a broken copy is not promoted":                   {known: []Candidate{lost, broken(sub("cm2", 99)), sub("cm3", 80)}, target: "cm2", accept: true, refused: fault.PromotionImpossible},
		"nobody is there":                                 {known: []Candidate{lost}, accept: true, refused: fault.PromotionImpossible},
		"an unknown server":                               {known: []Candidate{lost, sub("cm2", 80)}, target: "cm9", refused: fault.GroupMemberUnknown},
	} {
		got, err := ChoosePublisher(c.known, c.target, c.accept)
		if got != c.want || (c.refused == "") != (err == nil) || err != nil && !refusedWith(err, c.refused) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "{") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerdict(t *testing.T) {
	now := time.Now()
	publisher := confdb.Position{Epoch: 2, Index: 1000}
	at := func(index uint64) Standing {
		return Standing{Server: "cm2", Position: confdb.Position{Epoch: 2, Index: index}, Heard: now.Add(-300 * time.Millisecond), Connected: true}
	}
	with := func(s Standing, change func(*Standing)) Standing { change(&s); return s }
	for name, c := range map[string]struct {
		s       Standing
		finding Finding
		lag     uint64
	}{
		"at the same place":       {at(1000), InStep, 0},
		"a few entries under way": {at(990), InStep, 10},
		"far behind":              {at(10), Behind, 990},
		"ahead of the last heartbeat of the publisher": {at(1003), InStep, 0},
		"never heard":      {Standing{Server: "cm2"}, Unknown, 0},
		"connection ended": {with(at(1000), func(s *Standing) { s.Connected = false }), Unreachable, 0},
		"silent":           {with(at(999), func(s *Standing) { s.Heard = now.Add(-1600 * time.Millisecond) }), Unreachable, 1},
		"old epoch":        {with(at(5000), func(s *Standing) { s.Position.Epoch = 1 }), OldEpoch, 0},
		"being built":      {with(at(5), func(s *Standing) { s.Filling = true }), Building, 995},
		"stopped":          {with(at(900), func(s *Standing) { s.Halted = "an unknown format" }), Stopped, 100},
	} {
		if r := Verdict(publisher, c.s, now); r.Finding != c.finding || r.Lag != c.lag {
			t.Errorf("%s: %+v", name, r)
		}
	}
	// A break that ends no connection shows within two seconds, of which the last heartbeat may be as old as its interval.
	if standingSilence+500*time.Millisecond > 2*time.Second {
		t.Error("a break shows too late")
	}
}

func TestCommonHistory(t *testing.T) {
	// Epoch 3 was begun after entry 60 of epoch 2 by a server that the cluster did not follow, 5 by one that left the history earlier.
	known := lineageState{Seen: 6, Branches: []branch{{2, 1, 50}, {3, 2, 60}, {5, 1, 20}, {6, 2, 90}}}
	for _, c := range []struct {
		at    confdb.Position
		index uint64
		known bool
	}{
		{confdb.Position{Epoch: 1, Index: 70}, 50, true},
		{confdb.Position{Epoch: 1, Index: 40}, 40, true},
		{confdb.Position{Epoch: 2, Index: 95}, 90, true},
		{confdb.Position{Epoch: 3, Index: 95}, 60, true},
		{confdb.Position{Epoch: 5, Index: 95}, 20, true},
		{confdb.Position{Epoch: 4, Index: 95}, 0, false},  // an epoch of which nothing is known
		{confdb.Position{Epoch: 6, Index: 95}, 95, false}, // it is not over
	} {
		if index, ok := known.common(c.at); index != c.index || ok != c.known {
			t.Errorf("%v: %d, %v", c.at, index, ok)
		}
	}
	stored := 0
	l := &lineage{store: func(lineageState) error { stored++; return nil }}
	for range 2 {
		if err := l.learn(known); err != nil {
			t.Fatal(err)
		}
	}
	if stored != 1 || !reflect.DeepEqual(l.state(), known) {
		t.Errorf("stored %d times: %+v", stored, l.state())
	}
	for i := range uint64(100) {
		_ = l.learn(lineageState{Seen: i, Branches: []branch{{i, i - 1, i}}})
	}
	if n := len(l.state().Branches); n != maximumBranches {
		t.Errorf("%d branches are kept", n)
	}
}

// Of two promotions that do not know of each other the later one wins, and a log begun anew gives way to either.
func TestNumbersOfEpochs(t *testing.T) {
	now := time.Now()
	for range 1000 {
		first, second, rebased := promotedEpoch(1, now), promotedEpoch(1, now.Add(2*time.Millisecond)), rebasedEpoch(1)
		if rebased <= 1 || first <= rebased || second <= first {
			t.Fatalf("%d, %d, rebased %d", first, second, rebased)
		}
		if later := promotedEpoch(second, now.Add(-time.Hour)); later <= second { // a clock that was set back
			t.Fatalf("%d after %d", later, second)
		}
	}
}

func FuzzHello(f *testing.F) {
	f.Add(hello{epoch: 3, name: "cm1", lineage: lineageState{Seen: 3, Branches: []branch{{3, 2, 9}}}}.encode())
	f.Add([]byte("TNDR"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := readHello(bytes.NewReader(data))
		if err != nil {
			return
		}
		if again := h.encode(); !bytes.HasPrefix(data, again) {
			t.Fatalf("%x became %x", data, again)
		}
	})
}

// Trap 6: a log whose end was cut off, as after a promotion, opens again and goes on.
func TestTrap6_LogWithoutItsEndOpensAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	entries := func(from, to uint64, what string) (all []*raft.Log) {
		for i := from; i <= to; i++ {
			all = append(all, &raft.Log{Index: i, Term: 1, Data: []byte(fmt.Sprint(what, i))})
		}
		return all
	}
	store, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.StoreLogs(entries(1, 20, "old")); err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteRange(7, 20); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		if store, err = openLog(path); err != nil {
			t.Fatal(err)
		}
		if last, err := store.LastIndex(); err != nil || last != 6 && last != 9 {
			t.Fatalf("%d, %v", last, err)
		}
		if err := store.StoreLogs(entries(7, 9, "new")); err != nil {
			t.Fatal(err)
		}
	}
	var l raft.Log
	if err := store.GetLog(7, &l); err != nil || string(l.Data) != "new7" {
		t.Errorf("%s, %v", l.Data, err)
	}
	_ = store.Close()
	module, err := os.ReadFile("../../go.mod")
	if err != nil || strings.Contains(string(module), "hashicorp/raft-wal v0.4.0") {
		t.Errorf("the engine with that fault is in use (%v)", err)
	}
}
