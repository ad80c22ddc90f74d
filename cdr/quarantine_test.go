package cdr

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/fault"
)

// changed returns a batch with its content changed; it is whole as far as its hash can tell.
func changed(l Listed, content []byte, change func([]byte) []byte) (Listed, []byte) {
	content = change(bytes.Clone(content))
	return listedOf(l.Name, content), content
}

// What cannot be inserted goes aside with an alarm, the rest passes, and what is put right is inserted later, once.
func TestC232_QuarantineAndReplay(t *testing.T) {
	var a alarms
	r := receiver(t, receiverOptions(t, t.TempDir(), &a))
	list, contents := batches(t, filled(t, 2, 1000, 1027), KindCalls)
	if len(list) != 4 {
		t.Fatalf("%d files", len(list))
	}
	to := r.Local("S2")
	line := func(b []byte, n int) []byte { return bytes.SplitAfter(b, []byte("\n"))[n] }
	damage := []struct {
		change func([]byte) []byte
		lines  int
		repair func([]byte) []byte
	}{
		{func(b []byte) []byte {
			return bytes.Replace(b, line(b, 4), bytes.Replace(line(b, 4), []byte(","), []byte(";"), 1), 1)
		}, 1,
			func(b []byte) []byte { return bytes.Replace(b, []byte("1;"), []byte("1,"), 1) }},
		{func(b []byte) []byte { return bytes.TrimSuffix(b, []byte("\n")) }, 1, func(b []byte) []byte { return b }},
		{func(b []byte) []byte { return append([]byte("\x00nonsense\n"), b...) }, 1, func(b []byte) []byte { return b[10:] }},
		{func(b []byte) []byte { return bytes.Replace(b, []byte("-"), []byte("?"), 1) }, 1,
			func(b []byte) []byte { return bytes.Replace(b, []byte("?"), []byte("-"), 1) }},
	}
	bad := 0
	for i, d := range damage {
		l, content := changed(list[i], contents[i], d.change)
		receipt, err := to.Deliver(ctx(t), KindCalls, l, bytes.NewReader(content))
		if err != nil || receipt.Quarantined != d.lines {
			t.Errorf("%d: %+v, %v", i, receipt, err)
		}
		if missing, err := to.Missing(ctx(t), KindCalls, []Listed{l}); err != nil || len(missing) != 0 {
			t.Errorf("%d: it is asked for again: %v, %v", i, missing, err)
		}
		bad += 7 - receipt.Inserted
	}
	stored(t, r, map[string]int{"S2": 28 - bad})
	q, err := r.Quarantined()
	if err != nil || len(q) != 4 || a.count(fault.RecordsQuarantined) != 4 || bad != 1+1+7+1 {
		t.Fatalf("%d bad, in quarantine %+v, %v; alarms %v", bad, q, err, a.raised)
	}
	if q[0].Server != "S2" || q[0].Reason == "" || q[0].Batch != list[0].Name {
		t.Errorf("%+v", q[0])
	}
	// A restart knows of them.
	r.Close()
	r = receiver(t, r.o)
	if a.count(fault.RecordsQuarantined) != 5 {
		t.Error("no alarm after the restart")
	}
	if _, err := r.Replay(ctx(t), q[0].Name); !errors.Is(err, fault.RecordsStillBad) {
		t.Errorf("not repaired: %v", err)
	}
	for i, d := range damage {
		path := r.path("quarantine", q[i].Name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, d.repair(data), 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Replay(ctx(t), q[i].Name); err != nil {
			t.Errorf("%d: %v\n%s", i, err, data)
		}
	}
	stored(t, r, map[string]int{"S2": 28})
	if left, err := r.Quarantined(); err != nil || len(left) != 0 {
		t.Errorf("left %+v, %v", left, err)
	}
	if !slices.Equal(a.cleared, []fault.Code{fault.RecordsQuarantined}) {
		t.Errorf("cleared %v", a.cleared)
	}
	for _, name := range []string{q[0].Name, "../records.db", "x" + whySuffix} {
		if _, err := r.Replay(ctx(t), name); !errors.Is(err, fault.QuarantineUnknown) {
			t.Errorf("replay of %s: %v", name, err)
		}
		if err := r.Discard(name); !errors.Is(err, fault.QuarantineUnknown) {
			t.Errorf("discard of %s: %v", name, err)
		}
	}
}

// Records of another cluster are not ours, until somebody says that they are.
func TestRecordsOfAnotherCluster(t *testing.T) {
	var a alarms
	var cluster atomic.Value
	cluster.Store("C2")
	o := receiverOptions(t, t.TempDir(), &a)
	o.Cluster = func() string { return cluster.Load().(string) }
	r := receiver(t, o)
	dir := filled(t, 2, 1000, 1013)
	round(t, shipper(t, dir, &a, r.Local("S2")))
	stored(t, r, map[string]int{})
	q, err := r.Quarantined()
	if err != nil || len(q) != 4 || !strings.Contains(q[0].Reason, `"C1"`) || q[0].Lines != 7 {
		t.Fatalf("%+v, %v", q, err)
	}
	cluster.Store("C1") // the cluster's name had been changed
	if receipt, err := r.Replay(ctx(t), q[0].Name); err != nil || receipt.Inserted != 7 {
		t.Errorf("%+v, %v", receipt, err)
	}
	if err := r.Discard(q[1].Name); err != nil {
		t.Error(err)
	}
	stored(t, r, map[string]int{"S2": 7})
}

// factsOf makes a server's directory with what it witnessed of calls that server keeper keeps.
func factsOf(t testing.TB, dir string, node, keeper signal.NodeID, began time.Time, calls ...uint32) {
	t.Helper()
	var a alarms
	o := a.options(t)
	o.Node = node
	f, err := OpenFacts(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range calls {
		r := callAt(keeper, node, n, began)
		f.Fact(signal.Witnessed{Record: r})
		f.Fact(signal.Ended{Record: end(r, time.Second)}) // no business of facts
		f.Fact(signal.Witnessed{Record: end(r, 8*time.Second)})
	}
	if err := f.Sync(ctx(t)); err != nil || f.Stats().Open != 0 {
		t.Fatalf("%v, %+v", err, f.Stats())
	}
	if err := f.Close(ctx(t)); err != nil {
		t.Fatal(err)
	}
	if len(a.raised) != 0 {
		t.Errorf("alarms %v", a.raised)
	}
}

// A server is removed before it delivered its records: they are made of what the others witnessed, marked, once each,
// whether the facts come before or after the removal and whatever comes from the old disk later. Clocks are ten minutes apart.
func TestT16_RecordsOfARemovedServer(t *testing.T) {
	var a alarms
	dir := t.TempDir()
	r := receiver(t, receiverOptions(t, dir, &a))
	began := time.Now().Add(-20 * time.Minute)
	lost := t.TempDir() // server 3: it delivered calls 1000 to 1004 and kept 1000 to 1009
	var none alarms
	o := none.options(t)
	o.Node = 3
	for _, batch := range [][]uint32{{1000, 1001, 1002, 1003, 1004}, {1005, 1006, 1007, 1008, 1009}} {
		c := open(t, lost, o)
		for _, n := range batch {
			c.Fact(signal.Ended{Record: end(callAt(3, 2, n, began.Add(10*time.Minute)), 9*time.Second)})
		}
		shut(t, c)
		if batch[0] == 1000 {
			round(t, shipper(t, lost, &a, r.Local("S3")))
		}
	}
	witness := t.TempDir()
	factsOf(t, witness, 2, 3, began, 1000, 1001, 1004, 1005, 1006, 1007)
	s := shipper(t, witness, &a, r.Local("S2"))
	round(t, s)
	stored(t, r, map[string]int{"S3": 5})
	for range 2 {
		if _, err := r.CloseRecordsOf(3); err != nil {
			t.Fatal(err)
		}
	}
	stored(t, r, map[string]int{"S3": 5, "S2": 3})
	factsOf(t, witness, 2, 3, began, 1008) // that call was still up when the server was removed
	factsOf(t, witness, 2, 1, began, 1100) // and this one is not its
	round(t, s)
	stored(t, r, map[string]int{"S3": 5, "S2": 4})
	made := everything(t, r, Query{Server: "S2"})
	for _, c := range made {
		if !c.Incomplete || c.Comment != CommentServerRemoved || c.Call.Manager != 3 || c.Calling.Number != "1001" || c.DurationMS != 8000 {
			t.Errorf("made of facts: %+v", c)
		}
	}
	marked := 0
	for _, c := range inFiles(t, r.path("collected")) {
		if c.Incomplete && c.Comment == CommentServerRemoved {
			marked++
		}
	}
	if marked != 4 || a.count(fault.RecordsMadeFromFacts) != 2 {
		t.Errorf("%d marked in files; alarms %v", marked, a.raised)
	}
	r.Close()
	r = receiver(t, receiverOptions(t, dir, &a))
	// The old disk comes back: only the call that nobody witnessed is new.
	round(t, shipper(t, lost, &a, r.Local("S3")))
	stored(t, r, map[string]int{"S3": 6, "S2": 4})
}

// Facts of calls that were up when the witness died are closed at its restart like records.
func TestFactsSurviveACrash(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	o := a.options(t)
	o.Node = 2
	f, err := OpenFacts(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	f.Fact(signal.Witnessed{Record: callAt(3, 2, 1000, time.Now())})
	if err := f.Sync(ctx(t)); err != nil {
		t.Fatal(err)
	}
	copied := copyTree(t, dir) // as the crash leaves it
	if err := f.Close(ctx(t)); err != nil {
		t.Fatal(err)
	}
	f, err = OpenFacts(copied, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(ctx(t)); err != nil {
		t.Fatal(err)
	}
	if len(a.raised) != 0 {
		t.Errorf("alarms %v", a.raised)
	}
	r := receiver(t, receiverOptions(t, t.TempDir(), &a))
	round(t, shipper(t, copied, &a, r.Local("S2")))
	if n, err := r.CloseRecordsOf(3); n != 1 || err != nil {
		t.Errorf("%d made, %v", n, err)
	}
}

// What both servers measured joins the one record of the call, also when their clocks differ and a transfer gave the call
// another identifier.
func TestQualityOfBothServers(t *testing.T) {
	var a alarms
	r := receiver(t, receiverOptions(t, t.TempDir(), &a))
	began := time.Now().Add(-30 * time.Minute)
	for node := signal.NodeID(1); node <= 2; node++ {
		dir := t.TempDir()
		var own alarms
		o := own.options(t)
		o.Node = node
		clock := time.Duration(node-1) * 3 * time.Hour // server 2 is three hours ahead
		c := open(t, dir, o)
		for n := uint32(1000); n < 1003; n++ {
			call := callAt(1, 2, n, began)
			d := signal.Diagnostics{Call: call.Call, Half: call.Orig.Half, Device: "A", At: began.Add(time.Minute + clock)}
			if node == 1 {
				c.Fact(signal.Ended{Record: end(call, time.Minute)})
			} else {
				d.Half, d.Device = call.Dest.Half, "B"
			}
			c.Fact(d)
		}
		if node == 1 { // measured before the transfer, under the consultation's identifier
			c.Fact(signal.Diagnostics{Call: signal.CallID{Manager: 1, Call: 7777}, Half: callAt(1, 2, 1000, began).Orig.Half, Device: "A", At: began.Add(30 * time.Second)})
		}
		shut(t, c)
		round(t, shipper(t, dir, &a, r.Local(fmt.Sprint("S", node))))
	}
	for n, want := range map[uint32]string{1000: "AAB", 1001: "AB", 1002: "AB"} {
		records := everything(t, r, Query{Call: signal.CallID{Manager: 1, Call: n}})
		if len(records) != 1 {
			t.Fatalf("call %d has %d records", n, len(records))
		}
		measured, err := r.Quality(ctx(t), &records[0])
		got := ""
		for _, q := range measured {
			got += q.Device
		}
		if err != nil || got != want {
			t.Errorf("call %d: measured at %q, want %q; %v", n, got, want, err)
		}
	}
}

// The mark of an incomplete record stands in the comment and moves no column.
func TestIncompleteRecordIsMarked(t *testing.T) {
	records := golden(t, "other-side-lost")
	if len(records) != 1 || !records[0].Incomplete || records[0].Comment != "" || records[0].Dest.Node != 2 {
		t.Errorf("%+v", records)
	}
	for _, comment := range []string{"", "abc", "OtherSideLostAndMore", strings.Repeat("x", 300)} {
		for _, incomplete := range []bool{false, true} {
			in := CallRecord{Comment: clip(comment), Incomplete: incomplete}
			var out CallRecord
			readComment(&out, commentColumn(&in))
			if out.Incomplete != in.Incomplete || out.Comment != in.Comment {
				t.Errorf("%q %v reads as %q %v", in.Comment, in.Incomplete, out.Comment, out.Incomplete)
			}
		}
	}
}

// copyBad writes the heading and nothing but the bad lines.
func TestCopyBad(t *testing.T) {
	for _, heading := range []string{"\"a\",\"b\"\n", "\"a\",\"b\"\nINTEGER,INTEGER\n"} {
		rows := []string{"1,1\n", "2,2\n", strings.Repeat("3", 2*maxRow) + "\n", "4,4\n", "5,5"}
		first := strings.Count(heading, "\n") + 1
		for mask := range 1 << len(rows) {
			bad, want := &badLines{}, heading
			for i, row := range rows {
				if mask>>i&1 == 1 {
					n := first + i
					if i == len(rows)-1 {
						n = 1 << 62
						row += "\n"
					}
					bad.add(n, errTorn)
					want += row
				}
			}
			if mask == 0 {
				continue
			}
			var got bytes.Buffer
			if err := copyBad(&got, strings.NewReader(heading+strings.Join(rows, "")), bad); err != nil || got.String() != want {
				t.Fatalf("mask %b: %v, %d bytes, want %d", mask, err, got.Len(), len(want))
			}
		}
	}
}

// A file of nothing but bad lines takes no more memory than a million of them, and goes aside whole.
func TestBadLinesAreBounded(t *testing.T) {
	bad := &badLines{}
	for n := range maxBadLines + 10 {
		bad.add(n, errTorn)
		if len(bad.lines) > maxBadLines {
			t.Fatalf("%d lines are kept", len(bad.lines))
		}
	}
	var got bytes.Buffer
	if err := copyBad(&got, strings.NewReader("all\nof it"), bad); err != nil || got.String() != "all\nof it" || bad.count != maxBadLines+10 {
		t.Errorf("%v, %q, %d", err, got.String(), bad.count)
	}
}
