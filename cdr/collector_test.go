package cdr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/telephony/parameter"
)

// alarms collects what is raised.
type alarms struct {
	mu      sync.Mutex
	raised  []error
	cleared []fault.Code
}

func (a *alarms) raise(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.raised = append(a.raised, err)
}

func (a *alarms) clear(code fault.Code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cleared = append(a.cleared, code)
}

func (a *alarms) count(code fault.Code) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, err := range a.raised {
		if errors.Is(err, code) {
			n++
		}
	}
	return n
}

func (a *alarms) options(t testing.TB, pairs ...any) Options {
	return Options{Cluster: "C1", Node: 1, Parameters: values(t, pairs...), Alarm: a.raise, Cleared: a.clear}
}

func open(t testing.TB, dir string, o Options) *Collector {
	t.Helper()
	c, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(ctx(t)) })
	return c
}

func shut(t testing.TB, c *Collector) {
	t.Helper()
	if err := c.Close(ctx(t)); err != nil {
		t.Fatal(err)
	}
}

// sample is the record of call n: up at began, answered a second later.
func sample(n uint32, began time.Time) signal.Record {
	return signal.Record{
		Call:    signal.CallID{Manager: 1, Call: n},
		Orig:    signal.LegRecord{Half: signal.NewHalfCallID(1, uint64(2*n)), Device: "SEP000000000001", Codec: "PCMU", Ptime: 20},
		Dest:    signal.LegRecord{Half: signal.NewHalfCallID(1, uint64(2*n+1)), Device: "SEP000000000002", Codec: "PCMU", Ptime: 20},
		Calling: signal.Party{Number: "1001", Partition: "Internal"}, OriginalCalled: signal.Party{Number: "1002", Partition: "Internal"},
		FinalCalled: signal.Party{Number: "1002", Partition: "Internal"}, Began: began, Connected: began.Add(time.Second),
	}
}

func end(r signal.Record, after time.Duration) signal.Record {
	r.Ended, r.Duration, r.Orig.Cause = r.Connected.Add(after), after, signal.CauseNormalClearing
	return r
}

func unanswered(r signal.Record) signal.Record {
	r.Connected, r.Ended, r.Dest.Cause = time.Time{}, r.Began.Add(9*time.Second), signal.CauseNoAnswer
	return r
}

func sync1(t testing.TB, c *Collector) {
	t.Helper()
	if err := c.Sync(ctx(t)); err != nil {
		t.Fatal(err)
	}
}

func query(t testing.TB, c *Collector, q Query) []CallRecord {
	t.Helper()
	r, err := c.Query(ctx(t), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// inFiles reads every flat file, complete ones only, and fails on a line that cannot be read.
func inFiles(t testing.TB, dir string) (records []CallRecord) {
	t.Helper()
	files, err := flatFiles(dir, callsPrefix)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.part {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		err = ReadCalls(bytes.NewReader(data), func(r CallRecord) bool { records = append(records, r); return true },
			func(line int, err error) { t.Errorf("%s:%d: %v", f.name, line, err) })
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	}
	return records
}

// once fails unless calls from to to have exactly one record each in the files.
func once(t testing.TB, dir string, from, to uint32) {
	t.Helper()
	n := map[uint32]int{}
	ids := map[string]int{}
	for _, r := range inFiles(t, dir) {
		n[r.Call.Call]++
		ids[r.ID]++
	}
	for i := from; i <= to; i++ {
		if n[i] != 1 {
			t.Errorf("call %d has %d records", i, n[i])
		}
	}
	if len(n) != int(to-from+1) || len(ids) != len(n) {
		t.Errorf("%d calls with %d identifiers, want %d", len(n), len(ids), to-from+1)
	}
}

func TestRecordIsDurableBeforeSyncReturns(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c := open(t, dir, a.options(t))
	c.Fact(signal.Ended{Record: unanswered(sample(1000, time.Now()))})
	sync1(t, c)
	data, err := os.ReadFile(journalPath(dir, 1))
	if err != nil || bytes.Count(data, []byte(" E {")) != 1 {
		t.Fatalf("journal %q, %v", data, err)
	}
	if s := c.Stats(); s.Waiting != 0 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
}

// The settings hold for the next call without restart; a call that was up when recording was switched off keeps its record.
func TestSettingsAreLive(t *testing.T) {
	dir := t.TempDir()
	var current atomic.Pointer[parameter.Values]
	set := func(pairs ...any) { current.Store(valuesOf(t, pairs...)) }
	set()
	var a alarms
	o := a.options(t)
	o.Parameters = current.Load
	c := open(t, dir, o)
	now := time.Now()
	c.Fact(signal.Answered{Record: sample(1, now)})
	set(parameter.CdrEnabled, "false")
	c.Fact(signal.Ended{Record: end(sample(1, now), time.Minute)})
	c.Fact(signal.Answered{Record: sample(2, now)})
	c.Fact(signal.Ended{Record: end(sample(2, now), time.Minute)})
	c.Fact(signal.Ended{Record: unanswered(sample(3, now))})
	c.Fact(signal.Diagnostics{Call: signal.CallID{Manager: 1, Call: 3}, At: now})
	set(parameter.CdrLogCallsWithZeroDuration, "false", parameter.CallDiagnosticsEnabled, "false")
	c.Fact(signal.Ended{Record: unanswered(sample(4, now))})
	c.Fact(signal.Diagnostics{Call: signal.CallID{Manager: 1, Call: 4}, At: now})
	c.Fact(signal.Answered{Record: sample(5, now)})
	c.Fact(signal.Ended{Record: end(sample(5, now), 0)}) // answered, if only for an instant
	set()
	c.Fact(signal.Diagnostics{Call: signal.CallID{Manager: 1, Call: 6}, At: now})
	c.Fact(signal.Ended{Record: unanswered(sample(7, now))})
	shut(t, c)
	var got []uint32
	for _, r := range inFiles(t, dir) {
		got = append(got, r.Call.Call)
	}
	if !slices.Equal(got, []uint32{1, 5, 7}) {
		t.Errorf("records of calls %v, want 1, 5 and 7", got)
	}
	files, _ := flatFiles(dir, qualityPrefix)
	if len(files) != 1 {
		t.Fatalf("quality files %v", files)
	}
	f, err := os.Open(filepath.Join(dir, files[0].name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var quality []QualityRecord
	if err := ReadQuality(f, func(q QualityRecord) bool { quality = append(quality, q); return true }, nil); err != nil {
		t.Fatal(err)
	}
	if len(quality) != 1 || quality[0].Call.Call != 6 {
		t.Errorf("quality records %+v", quality)
	}
}

// A consultation takes on the identifier of the call it is transferred into: its open record is found all the same.
func TestR38_RecordIsFoundUnderItsNewCallIdentifier(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c := open(t, dir, a.options(t))
	r := sample(1002, time.Now())
	c.Fact(signal.Answered{Record: r})
	r.Call.Call = 1001
	c.Fact(signal.Ended{Record: end(r, time.Second)})
	if n := c.Stats().Open; n != 0 {
		t.Errorf("%d calls are open", n)
	}
	shut(t, c)
	open(t, dir, a.options(t))
	if n := a.count(fault.RecordsClosedLate); n != 0 {
		t.Error("the record was closed a second time")
	}
	once(t, dir, 1001, 1001)
}

func TestAbandonedRecordIsNotClosedAtRestart(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c := open(t, dir, a.options(t))
	r := sample(1, time.Now())
	c.Fact(signal.Answered{Record: r})
	sync1(t, c)
	c.Fact(signal.Abandoned{Call: r.Call, Orig: r.Orig.Half})
	shut(t, c)
	c = open(t, dir, a.options(t))
	if got := query(t, c, Query{}); len(got) != 0 || a.count(fault.RecordsClosedLate) != 0 {
		t.Errorf("records %+v", got)
	}
}

// Each interval has its own files; a call that lasts longer stays in the journal; the next layout begins at once.
func TestIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var current atomic.Pointer[parameter.Values]
		current.Store(valuesOf(t))
		var a alarms
		o := a.options(t)
		o.Parameters = current.Load
		c, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		long := sample(1, time.Now())
		c.Fact(signal.Answered{Record: long})
		for i := range uint32(3) {
			c.Fact(signal.Ended{Record: unanswered(sample(10+i, time.Now()))})
			time.Sleep(61 * time.Second)
		}
		current.Store(valuesOf(t, parameter.CDRLayout, "later"))
		time.Sleep(2 * time.Second)
		c.Fact(signal.Ended{Record: unanswered(sample(20, time.Now()))})
		time.Sleep(time.Hour)
		c.Fact(signal.Ended{Record: unanswered(sample(21, time.Now()))})
		time.Sleep(2 * time.Second)
		journals, err := c.journals()
		if err != nil || len(journals) != 1 {
			t.Errorf("journal files %v, %v", journals, err)
		}
		c.Fact(signal.Ended{Record: end(long, time.Since(long.Connected))})
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		files, err := flatFiles(dir, callsPrefix)
		if err != nil {
			t.Fatal(err)
		}
		minutes := []string{}
		for _, f := range files {
			minutes = append(minutes, f.at.Format("15:04"))
			if f.part {
				t.Errorf("%s is not complete", f.name)
			}
		}
		if want := []string{"00:00", "00:01", "00:02", "00:03", "01:03"}; !slices.Equal(minutes, want) {
			t.Errorf("files of %v, want %v", minutes, want)
		}
		heading, _ := os.ReadFile(filepath.Join(dir, files[3].name))
		if !bytes.Contains(heading, []byte("huntPilotDN")) {
			t.Error("the new layout was not used")
		}
		records := inFiles(t, dir)
		if len(records) != 6 {
			t.Errorf("%d records", len(records))
		}
		if last := records[len(records)-1]; last.Call.Call != 1 || last.Duration() < time.Hour {
			t.Errorf("the long call: %+v", last)
		}
		if len(a.raised) != 0 {
			t.Errorf("alarms %v", a.raised)
		}
	})
}

func TestCallNumbersBeginAtTheNextThousand(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	for _, step := range []struct{ first, used uint32 }{{1000, 1700}, {2000, 0}, {2000, 2000}, {3000, 5999}, {6000, 6001}} {
		c := open(t, dir, a.options(t))
		if got := c.FirstCall(); got != step.first {
			t.Errorf("first call %d, want %d", got, step.first)
		}
		if step.used != 0 {
			c.Fact(signal.Progress{Call: signal.CallID{Manager: 1, Call: step.used}})
			c.Fact(signal.Progress{Call: signal.CallID{Manager: 9, Call: 1_000_000}}) // of another server
		}
		shut(t, c)
	}
	// A record alone tells it as well, and so does a flat file when the journal is gone.
	c := open(t, dir, a.options(t))
	c.Fact(signal.Ended{Record: unanswered(sample(8123, time.Now()))})
	shut(t, c)
	if err := os.RemoveAll(filepath.Join(dir, "journal")); err != nil {
		t.Fatal(err)
	}
	if got := open(t, dir, a.options(t)).FirstCall(); got != 9000 {
		t.Errorf("first call %d, want 9000", got)
	}
	if nextThousand(1<<32-1) != 1000 || nextThousand(0) != 1000 || nextThousand(999) != 1000 || nextThousand(1000) != 2000 {
		t.Error("the next thousand")
	}
}

func TestQueries(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	base := time.Now().Add(-time.Hour).Truncate(time.Second)
	c := open(t, dir, a.options(t))
	for i := range uint32(10) {
		r := sample(1000+i, base.Add(time.Duration(i)*time.Minute))
		if i%2 == 1 {
			r.Calling.Number, r.Orig.Device = "2001", "SEP00000000000B"
		}
		c.Fact(signal.Ended{Record: end(r, 30*time.Second)})
	}
	check := func(where string) {
		t.Helper()
		for _, test := range []struct {
			name  string
			query Query
			want  []uint32
		}{
			{"limit", Query{Limit: 3}, []uint32{1009, 1008, 1007}},
			{"number", Query{Number: "2001", Limit: 2}, []uint32{1009, 1007}},
			{"called number", Query{Number: "1002", Limit: 2}, []uint32{1009, 1008}},
			{"device", Query{Device: "sep00000000000b", Limit: 2}, []uint32{1009, 1007}},
			{"call", Query{Call: signal.CallID{Manager: 1, Call: 1004}}, []uint32{1004}},
			{"since", Query{Since: base.Add(8 * time.Minute)}, []uint32{1009, 1008}},
			{"until", Query{Until: base.Add(90 * time.Second)}, []uint32{1001, 1000}},
			{"none", Query{Number: "100"}, nil},
		} {
			var got []uint32
			for _, r := range query(t, c, test.query) {
				got = append(got, r.Call.Call)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s, %s: %v, want %v", where, test.name, got, test.want)
			}
		}
	}
	check("in memory")
	shut(t, c)
	c = open(t, dir, a.options(t))
	check("from files")
	// Half from files, half from memory.
	c.Fact(signal.Ended{Record: end(sample(1010, base.Add(10*time.Minute)), time.Second)})
	if got := query(t, c, Query{}); len(got) != 11 || got[0].Call.Call != 1010 {
		t.Errorf("%d records", len(got))
	}
	// A search ends with its context.
	dead, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Query(dead, Query{Number: "none"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled search ended with %v", err)
	}
}

func TestTableAndJSON(t *testing.T) {
	records := golden(t, "consult-transfer")
	var table, data strings.Builder
	if err := WriteTable(&table, records, time.UTC); err != nil {
		t.Fatal(err)
	}
	want := `CALL  BEGAN                FROM  TO    FIRST CALLED  TALKED  END                    DEVICES
1/1   2026-01-01 08:00:00  1001  1002                9s      transferred            A B
 +    2026-01-01 08:00:05  1002  1003                4s      transferred            B C
 +    2026-01-01 08:00:09  1001  1003  1002          6s      ended by called party  A C
`
	if table.String() != want {
		t.Errorf("got\n%s\nwant\n%s", table.String(), want)
	}
	if err := WriteJSON(&data, records); err != nil || strings.Count(data.String(), `"call":"1/1"`) != 3 {
		t.Errorf("%v\n%s", err, data.String())
	}
}

// Old files go after the days that are set, and the clock must have run evenly for that.
func TestT21_RetentionDoesNotBelieveAClockThatLeapt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var a alarms
		o := a.options(t, parameter.CDRRetentionDays, "7")
		start := time.Now()
		place := func(days int, n uint64) string {
			name := flatName(callsPrefix, "C1", 1, start.AddDate(0, 0, -days), n)
			if err := os.WriteFile(filepath.Join(dir, name), []byte("\n"), 0o640); err != nil {
				t.Fatal(err)
			}
			return name
		}
		old, kept, newest := place(9, 1), place(7, 2), place(5, 3)
		exists := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
		c, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		if !exists(old) {
			t.Error("files were removed in the first hour")
		}
		time.Sleep(time.Hour)
		if exists(old) || !exists(kept) || !exists(newest) {
			t.Errorf("after an hour: old %v, kept %v, newest %v", exists(old), exists(kept), exists(newest))
		}
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}

		// A leap of ten years, seen by the tidier alone: nothing goes for a day.
		d := tidier{clock: evenClock{offset: start, notBefore: time.Hour}}
		jump := &Collector{dir: dir, options: o, begin: time.Now()}
		jump.options.Log = c.options.Log
		far := time.Now().AddDate(10, 0, 0)
		jump.options.Now = func() time.Time { return far }
		jump.begin = far.Add(-2 * time.Hour) // two hours of monotonic time have passed
		d.run(jump)
		if !exists(kept) || !exists(newest) {
			t.Error("a clock ten years ahead removed the records")
		}
		far = far.Add(25 * time.Hour)
		d.run(jump)
		if exists(kept) || !exists(newest) {
			t.Errorf("a clock that stays: kept %v, newest %v", exists(kept), exists(newest))
		}
	})
}

// A clock that is set while a call is up changes neither its duration nor the order of its times.
func TestT21_ClockJumpsDuringACall(t *testing.T) {
	answered := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, jump := range []time.Duration{-time.Hour, time.Hour, -10 * 365 * 24 * time.Hour, 10 * 365 * 24 * time.Hour, 0} {
		r := sample(1, answered.Add(-time.Second))
		r.Duration, r.Ended = 90*time.Second, answered.Add(90*time.Second+jump)
		n := newRecord(&r)
		if n.Duration() != 90*time.Second || !n.Ended.Equal(answered.Add(90*time.Second)) || n.check() != nil {
			t.Errorf("jump %v: %v from %v to %v", jump, n.Duration(), n.Connected, n.Ended)
		}
	}
}

// A call that never ends is an alarm, not a row.
func TestR38_CallThatNeverEndsIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var a alarms
		c, err := Open(dir, a.options(t))
		if err != nil {
			t.Fatal(err)
		}
		c.Fact(signal.Answered{Record: sample(1, time.Now())})
		time.Sleep(23 * time.Hour)
		if a.count(fault.RecordNeverEnded) != 0 {
			t.Error("alarm after 23 hours")
		}
		time.Sleep(4 * time.Hour)
		if n := a.count(fault.RecordNeverEnded); n != 1 {
			t.Errorf("%d alarms", n)
		}
		if got := query(t, c, Query{}); len(got) != 0 {
			t.Errorf("rows %+v", got)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// Texts from the network cannot break a line or make it long.
func TestTextsAreMadeFit(t *testing.T) {
	long := strings.Repeat("ü", 1000)
	for in, want := range map[string]string{
		"a\nb\x00c": "a b c", "\xff": "?", long: strings.Repeat("ü", 128), "plain": "plain", "é\x7f": "é ",
	} {
		if got := clip(in); got != want {
			t.Errorf("%.20q became %.20q", in, got)
		}
	}
	if got := string(appendQuoted(nil, "a\"b"+strings.Repeat("ü", 50), 50)); got != `"a""b`+strings.Repeat("ü", 23)+`"` {
		t.Errorf("%s", got)
	}
}

func TestConcurrentFacts(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c := open(t, dir, a.options(t))
	var wg sync.WaitGroup
	for g := range uint32(8) {
		wg.Go(func() {
			for i := range uint32(200) {
				r := sample(1000+g*200+i, time.Now())
				c.Fact(signal.Answered{Record: r})
				c.Fact(signal.Diagnostics{Call: r.Call, Half: r.Orig.Half, At: time.Now()})
				c.Fact(signal.Ended{Record: end(r, time.Second)})
				if i%50 == 0 {
					query(t, c, Query{Number: fmt.Sprint(i)})
				}
			}
		})
	}
	wg.Wait()
	shut(t, c)
	once(t, dir, 1000, 2599)
}
