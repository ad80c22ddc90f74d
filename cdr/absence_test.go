package cdr

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/telephony/parameter"
)

var errAway = errors.New("the publisher does not answer")

// away is a subscriber under a simulated clock whose publisher can be absent.
type away struct {
	c        *Collector
	s        *Shipper
	present  atomic.Bool
	mu       sync.Mutex
	attempts []time.Time
	a        alarms
	n        uint32
	stop     func()
}

func newAway(t *testing.T, dir string, r *Receiver, pairs ...any) *away {
	x := &away{n: 1000}
	o := x.a.options(t, pairs...)
	o.Node = 2
	c, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	x.c = c
	x.s = NewShipper(ShipperOptions{Dir: dir, Parameters: o.Parameters, Alarm: x.a.raise, Cleared: x.a.clear,
		Publisher: func() (Destination, error) {
			x.mu.Lock()
			x.attempts = append(x.attempts, time.Now())
			x.mu.Unlock()
			if !x.present.Load() {
				return nil, errAway
			}
			return r.Local("S2"), nil
		}})
	run, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = x.s.Run(run)
	}()
	x.stop = func() {
		cancel()
		<-done
		shut(t, c)
	}
	return x
}

// calls makes one call each interval.
func (x *away) calls(count int, interval time.Duration) {
	for range count {
		x.c.Fact(signal.Ended{Record: end(callAt(2, 2, x.n, time.Now().Add(-time.Second)), 0)})
		x.n++
		time.Sleep(interval)
	}
}

// The publisher is away for a day: the server tries ever more seldom, says so once, holds only names, and delivers
// everything once when it is back.
func TestT18_PublisherAwayForADay(t *testing.T) {
	r := receiver(t, receiverOptions(t, t.TempDir(), &alarms{}))
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		x := newAway(t, dir, r)
		begin := time.Now()
		const calls = 12 * 24
		x.calls(calls, 5*time.Minute)
		x.mu.Lock()
		attempts := slices.Clone(x.attempts)
		x.mu.Unlock()
		var after []time.Duration
		for _, at := range attempts[:7] {
			after = append(after, at.Sub(begin)/time.Second)
		}
		if !slices.Equal(after, []time.Duration{0, 6, 18, 42, 90, 186, 306}) {
			t.Errorf("attempts after %v seconds", after)
		}
		if n := len(attempts); n < 700 || n > 740 {
			t.Errorf("%d attempts in a day", n)
		}
		if s := x.s.Stats(); s.Waiting < calls-10 || s.Retry != DefaultRetryMost || s.Err != errAway.Error() || s.Oldest.Sub(begin).Abs() > 2*time.Minute {
			t.Errorf("%+v", s)
		}
		if x.a.count(fault.RecordsNotDelivered) != 1 || x.a.count(fault.RecordsNearRetention) != 0 {
			t.Errorf("alarms %v", x.a.raised)
		}
		x.present.Store(true)
		time.Sleep(DefaultRetryMost + time.Minute)
		if n := x.s.Stats(); n.Waiting != 0 || n.Err != "" || n.Retry != 0 {
			t.Errorf("%+v", n)
		}
		if !slices.Equal(x.a.cleared, []fault.Code{fault.RecordsNotDelivered}) {
			t.Errorf("cleared %v", x.a.cleared)
		}
		x.stop()
		round(t, x.s)
		stored(t, r, map[string]int{"S2": calls})
	})
}

// Before records are dropped that nobody took there is an alarm, and when they are there is another. Delivery ends the first.
func TestAlarmBeforeUndeliveredRecordsGo(t *testing.T) {
	r := receiver(t, receiverOptions(t, t.TempDir(), &alarms{}))
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		x := newAway(t, dir, r, parameter.CDRRetentionDays, 2)
		x.calls(60, time.Hour)
		if x.a.count(fault.RecordsNearRetention) != 0 {
			t.Error("alarm after two and a half days")
		}
		x.calls(2, time.Hour)
		if x.a.count(fault.RecordsNearRetention) != 1 || x.a.count(fault.RecordsDropped) != 0 {
			t.Errorf("alarms after 62 hours: %v", x.a.raised)
		}
		x.calls(15, time.Hour)
		if x.a.count(fault.RecordsDropped) == 0 {
			t.Errorf("alarms after 77 hours: %v", x.a.raised)
		}
		x.present.Store(true)
		time.Sleep(time.Hour)
		if !slices.Contains(x.a.cleared, fault.RecordsNearRetention) || len(everything(t, r, Query{})) < 60 {
			t.Errorf("cleared %v, %d records", x.a.cleared, len(everything(t, r, Query{})))
		}
		x.stop()
	})
}

// A server keeps no more records than the parameter says, however young.
func TestServerKeepsTheNumberOfRecords(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	for file := range uint32(13) {
		c := open(t, dir, a.options(t))
		for n := range uint32(100) {
			c.Fact(signal.Ended{Record: unanswered(sample(1000*(file+1)+n, time.Now()))})
		}
		shut(t, c)
	}
	s := NewShipper(ShipperOptions{Dir: dir, Publisher: func() (Destination, error) { return nil, errAway }, Alarm: a.raise,
		Parameters: values(t, parameter.MaximumCDRRecords, 1000)})
	s.judge(errAway, 0) // the first hour: nothing is removed yet
	if n := len(inFiles(t, dir)); n != 1300 || a.count(fault.RecordsNearRetention) != 1 {
		t.Errorf("%d records; alarms %v", n, a.raised)
	}
	s.begin = s.begin.Add(-3 * time.Hour)
	s.keep.clock.offset = s.begin
	s.judge(errAway, 0)
	left := inFiles(t, dir)
	if len(left) != 1000 || left[0].Call.Call/1000 != 4 {
		t.Errorf("%d records are left, from %v on", len(left), left[0].Call)
	}
	s.judge(errAway, 0)
	if a.count(fault.RecordsDropped) != 1 {
		t.Errorf("alarms %v", a.raised)
	}
}

// The publisher's store and files keep to age and number; a clock that leaps removes nothing for a day.
func TestStoreKeepsAgeAndNumber(t *testing.T) {
	var a alarms
	now := time.Now()
	o := receiverOptions(t, t.TempDir(), &a, parameter.MaximumCDRRecords, 1000, parameter.CDRRetentionDays, 10)
	o.Now = func() time.Time { return now }
	r := receiver(t, o)
	for i, days := range []int{20, 9, 0} {
		dir := t.TempDir()
		var own alarms
		co := own.options(t)
		co.Node = 2
		at := now.AddDate(0, 0, -days)
		co.Now = func() time.Time { return at }
		c := open(t, dir, co)
		for n := range uint32(600) {
			c.Fact(signal.Ended{Record: end(callAt(2, 2, uint32(1000*(i+1))+n, at.Add(-time.Minute)), time.Second)})
			if n < 10 {
				c.Fact(signal.Diagnostics{Call: signal.CallID{Manager: 2, Call: n + 1}, Half: signal.NewHalfCallID(2, 1), At: at})
			}
		}
		shut(t, c)
		round(t, shipper(t, dir, &a, r.Local("S2")))
	}
	count := func() (calls, files int) {
		entries, err := os.ReadDir(r.path("collected"))
		if err != nil {
			t.Fatal(err)
		}
		return len(everything(t, r, Query{})), len(entries)
	}
	check := func(when string, calls, files int) {
		t.Helper()
		if c, f := count(); c != calls || f != files {
			t.Errorf("%s: %d records and %d files, want %d and %d", when, c, f, calls, files)
		}
	}
	r.purge(ctx(t))
	check("in the first hour", 1800, 6)
	now = now.Add(2 * time.Hour)
	r.purge(ctx(t))
	check("after two hours", 1000, 4)
	if all := everything(t, r, Query{}); all[999].Call.Call/1000 != 2 || all[0].Call.Call/1000 != 3 {
		t.Error("others than the oldest went")
	}
	if missing, err := r.Local("S2").Missing(ctx(t), KindCalls, nil); err != nil || len(missing) != 0 {
		t.Errorf("%v %v", missing, err)
	}
	r.clock.offset = r.clock.offset.AddDate(-10, 0, 0) // as if the clock had leapt by ten years just now
	now = now.Add(30 * 24 * time.Hour)
	r.purge(ctx(t))
	check("after a leap", 1000, 4)
}

// Reports shows every record once, with its server, the newest of the own server included.
func TestC291_ReportsOfAllServers(t *testing.T) {
	var a alarms
	r := receiver(t, receiverOptions(t, t.TempDir(), &a))
	round(t, shipper(t, filled(t, 2, 1000, 1009), &a, r.Local("S2")))
	dir := filled(t, 1, 1000, 1009)
	round(t, shipper(t, dir, &a, r.Local("S1")))
	c := open(t, dir, a.options(t))
	c.Fact(signal.Ended{Record: unanswered(callAt(1, 1, 5000, time.Now()))}) // not delivered yet
	reports := Reports{Server: "S1", Local: c, Cluster: r}
	for _, test := range []struct {
		q    Query
		want map[string]int
	}{
		{Query{}, map[string]int{"S1": 11, "S2": 10}},
		{Query{Server: "s1"}, map[string]int{"S1": 11}},
		{Query{Server: "S2"}, map[string]int{"S2": 10}},
		{Query{Server: "S3"}, map[string]int{}},
		{Query{Call: signal.CallID{Manager: 2, Call: 1003}}, map[string]int{"S2": 1}},
	} {
		records, err := reports.Query(ctx(t), test.q)
		got, ids := map[string]int{}, map[string]bool{}
		for _, c := range records {
			got[c.Server]++
			ids[c.ID] = true
		}
		if err != nil || len(got) != len(test.want) || len(ids) != len(records) {
			t.Errorf("%+v: %v, %v", test.q, got, err)
		}
		for server, n := range test.want {
			if got[server] != n {
				t.Errorf("%+v: %v, want %v", test.q, got, test.want)
			}
		}
	}
	if records, err := reports.Query(ctx(t), Query{Limit: 3}); err != nil || len(records) != 3 || records[0].Call.Call != 5000 {
		t.Errorf("%+v, %v", records, err)
	}
	alone := Reports{Server: "S1", Local: c}
	if records, err := alone.Query(ctx(t), Query{}); err != nil || len(records) != 11 {
		t.Errorf("%d, %v", len(records), err)
	}
}
