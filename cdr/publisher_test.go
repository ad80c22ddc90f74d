package cdr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/telephony/parameter"
)

// serverHeader names the server that asks; in the tests it stands for its certificate.
const serverHeader = "Test-Server"

func peerByHeader(q *http.Request) (string, bool) {
	s := q.Header.Get(serverHeader)
	return s, s != ""
}

type asServer struct{ name string }

func (a asServer) RoundTrip(q *http.Request) (*http.Response, error) {
	q = q.Clone(q.Context())
	q.Header.Set(serverHeader, a.name)
	return http.DefaultTransport.RoundTrip(q)
}

func receiverOptions(t testing.TB, dir string, a *alarms, pairs ...any) ReceiverOptions {
	return ReceiverOptions{Dir: dir, Cluster: func() string { return "C1" }, Parameters: values(t, pairs...), Alarm: a.raise, Cleared: a.clear}
}

func receiver(t testing.TB, o ReceiverOptions) *Receiver {
	t.Helper()
	r, err := NewReceiver(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// serve puts a receiver on loopback and returns the destination as the named server sees it.
func serve(t testing.TB, r *Receiver) (dest func(server string) Destination) {
	s := httptest.NewServer(r.Handler(peerByHeader))
	t.Cleanup(s.Close)
	return func(server string) Destination {
		return Remote(&http.Client{Transport: asServer{server}}, s.URL)
	}
}

// callAt is call n as server node keeps it; the called phone is at server other.
func callAt(node, other signal.NodeID, n uint32, began time.Time) signal.Record {
	r := sample(n, began)
	r.Call.Manager = node
	r.Orig.Half, r.Dest.Half = signal.NewHalfCallID(node, uint64(2*n)), signal.NewHalfCallID(other, uint64(2*n+1))
	return r
}

// filled makes a server's directory with the records of calls from to to, some files for them, and a quality record each.
func filled(t testing.TB, node signal.NodeID, from, to uint32, pairs ...any) string {
	t.Helper()
	dir := t.TempDir()
	fill(t, dir, node, from, to, pairs...)
	return dir
}

func fill(t testing.TB, dir string, node signal.NodeID, from, to uint32, pairs ...any) {
	t.Helper()
	var a alarms
	for from <= to {
		o := a.options(t, pairs...)
		o.Node = node
		c := open(t, dir, o)
		for n := 0; n < 7 && from <= to; n++ {
			r := callAt(node, node, from, time.Now().Add(-time.Minute))
			c.Fact(signal.Answered{Record: r})
			c.Fact(signal.Ended{Record: end(r, 5*time.Second)})
			c.Fact(signal.Diagnostics{Call: r.Call, Half: r.Orig.Half, Device: r.Orig.Device, At: time.Now(), PacketsSent: 250})
			from++
		}
		shut(t, c)
	}
}

func shipper(t testing.TB, dir string, a *alarms, to Destination) *Shipper {
	return NewShipper(ShipperOptions{Dir: dir, Publisher: func() (Destination, error) { return to, nil }, Parameters: values(t),
		Alarm: a.raise, Cleared: a.clear, Every: 10 * time.Millisecond, RetryFirst: 10 * time.Millisecond, RetryMost: 50 * time.Millisecond})
}

func round(t testing.TB, s *Shipper) {
	t.Helper()
	if err := s.round(ctx(t)); err != nil {
		t.Fatal(err)
	}
}

func everything(t testing.TB, r *Receiver, q Query) []CallRecord {
	t.Helper()
	q.Limit = MaximumLimit
	found, err := r.Query(ctx(t), q)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// stored fails unless the store and the files of all servers hold exactly the given numbers of calls per server, once each.
func stored(t testing.TB, r *Receiver, want map[string]int) {
	t.Helper()
	got, ids := map[string]int{}, map[string]int{}
	for _, c := range everything(t, r, Query{}) {
		got[c.Server]++
		ids[c.ID]++
	}
	for server, n := range want {
		if got[server] != n {
			t.Errorf("the store has %d records of %s, want %d", got[server], server, n)
		}
		delete(got, server)
	}
	if len(got) > 0 {
		t.Errorf("more records: %v", got)
	}
	total := 0
	for _, n := range want {
		total += n
	}
	files := map[string]int{}
	for _, c := range inFiles(t, r.path("collected")) {
		files[c.ID]++
		if files[c.ID] > 1 || ids[c.ID] != 1 {
			t.Errorf("record %s stands %d times in files and %d times in the store", c.ID, files[c.ID], ids[c.ID])
		}
	}
	if len(files) != total {
		t.Errorf("the files hold %d records, want %d", len(files), total)
	}
}

func TestC250_RecordsOfAllServersReachThePublisher(t *testing.T) {
	var a alarms
	r := receiver(t, receiverOptions(t, t.TempDir(), &a))
	dest := serve(t, r)
	one, two := filled(t, 1, 1000, 1019), filled(t, 2, 1000, 1029, parameter.CDRLayout, "later")
	s1, s2 := shipper(t, one, &a, r.Local("S1")), shipper(t, two, &a, dest("S2"))
	round(t, s1)
	round(t, s2)
	stored(t, r, map[string]int{"S1": 20, "S2": 30})
	if n := len(everything(t, r, Query{Server: "s2"})); n != 30 {
		t.Errorf("%d records of S2", n)
	}
	call := everything(t, r, Query{Call: signal.CallID{Manager: 2, Call: 1005}})
	if len(call) != 1 || call[0].Server != "S2" {
		t.Fatalf("%+v", call)
	}
	for _, q := range []Query{{Number: "1002"}, {Device: "sep000000000001"}, {Since: time.Now().Add(-time.Hour)}, {Until: time.Now()}} {
		if n := len(everything(t, r, q)); n != 50 {
			t.Errorf("%+v finds %d", q, n)
		}
	}
	if n := len(everything(t, r, Query{Number: "9"})) + len(everything(t, r, Query{Since: time.Now().Add(time.Hour)})); n != 0 {
		t.Errorf("found %d that were not asked for", n)
	}
	// Nothing is delivered again, also not by the next life of the server.
	before := s2.Stats().Delivered
	round(t, s2)
	again := shipper(t, two, &a, dest("S2"))
	round(t, again)
	if s2.Stats().Delivered != before || again.Stats().Delivered != 0 {
		t.Error("delivered again")
	}
	if len(a.raised) != 0 {
		t.Errorf("alarms %v", a.raised)
	}
}

// A client that is no server of the cluster is refused.
func TestOnlyServersDeliverRecords(t *testing.T) {
	var a alarms
	r := receiver(t, receiverOptions(t, t.TempDir(), &a))
	if _, err := serve(t, r)("").Greet(ctx(t)); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
	publisher := false
	r.o.Accepts = func() bool { return publisher }
	if _, err := serve(t, r)("S1").Greet(ctx(t)); !errors.Is(err, ErrNotTaking) {
		t.Errorf("a subscriber greets: %v", err)
	}
}

// batches reads the complete files of a directory as a shipper lists them.
func batches(t testing.TB, dir string, kind Kind) (list []Listed, contents [][]byte) {
	t.Helper()
	var d delivered
	files, err := d.undelivered(dir, kind)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(kind.dir(dir), f.name)
		size, sum, err := hashFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list, contents = append(list, Listed{Name: f.name, Size: size, SHA256: sum}), append(contents, data)
	}
	return list, contents
}

func listedOf(name string, content []byte) Listed {
	dir, _ := os.MkdirTemp("", "listed")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x")
	_ = os.WriteFile(path, content, 0o600)
	size, sum, _ := hashFile(path)
	return Listed{Name: name, Size: size, SHA256: sum}
}

// Batches that come twice, in any order, at the same time, and once more under other names with other records among them,
// leave each record once.
func TestR43_DuplicatesAndDisorder(t *testing.T) {
	var a alarms
	r := receiver(t, receiverOptions(t, t.TempDir(), &a))
	dest := serve(t, r)("S2")
	list, contents := batches(t, filled(t, 2, 1000, 1099), KindCalls)
	order := make([]int, 0, 3*len(list))
	for i := range list {
		order = append(order, i, len(list)-1-i, (i*5)%len(list))
	}
	fails := make(chan error, len(order))
	for _, i := range order {
		go func() {
			_, err := dest.Deliver(ctx(t), KindCalls, list[i], bytes.NewReader(contents[i]))
			fails <- err
		}()
	}
	for range order {
		if err := <-fails; err != nil {
			t.Error(err)
		}
	}
	stored(t, r, map[string]int{"S2": 100})
	// The journal was restored from a backup: the same records in another file.
	lines := bytes.SplitAfter(contents[0], []byte("\n"))
	mixed := slices.Concat(lines[0], lines[1])
	for _, c := range contents[:3] {
		for _, line := range bytes.SplitAfter(c, []byte("\n"))[2:] {
			mixed = append(mixed, line...)
		}
	}
	name := fmt.Sprintf("cdr_C1_02_%s_9999", time.Now().UTC().Format("200601021504"))
	receipt, err := dest.Deliver(ctx(t), KindCalls, listedOf(name, mixed), bytes.NewReader(mixed))
	if err != nil || receipt.Inserted != 0 || receipt.Known != 21 {
		t.Errorf("%+v, %v", receipt, err)
	}
	stored(t, r, map[string]int{"S2": 100})
}

// What was cut or changed on its way counts for nothing, and is sent again.
func TestTruncatedBatch(t *testing.T) {
	var a alarms
	r := receiver(t, receiverOptions(t, t.TempDir(), &a))
	dest := serve(t, r)("S2")
	list, contents := batches(t, filled(t, 2, 1000, 1006), KindCalls)
	l, whole := list[0], contents[0]
	for cut := 0; cut < len(whole); cut += 1 + len(whole)/9 {
		if _, err := dest.Deliver(ctx(t), KindCalls, l, io.MultiReader(bytes.NewReader(whole[:cut]), errorReader{})); err == nil {
			t.Errorf("cut at %d was taken", cut)
		}
		short := l
		short.Size = int64(cut)
		if _, err := dest.Deliver(ctx(t), KindCalls, short, bytes.NewReader(whole[:cut])); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	changed := bytes.Replace(whole, []byte("1002"), []byte("1003"), 1)
	if _, err := dest.Deliver(ctx(t), KindCalls, l, bytes.NewReader(changed)); !errors.Is(err, ErrDamaged) {
		t.Errorf("changed: %v", err)
	}
	stored(t, r, map[string]int{})
	if _, err := dest.Deliver(ctx(t), KindCalls, l, bytes.NewReader(whole)); err != nil {
		t.Fatal(err)
	}
	stored(t, r, map[string]int{"S2": 7})
	if left, _ := os.ReadDir(r.path("incoming")); len(left) != 0 {
		t.Errorf("left on their way: %v", left)
	}
	for _, bad := range []Listed{{Name: "../../x", Size: 1}, {Name: "cdr_C1_02_202601010000_1.part", Size: 1}, {Name: "cdr_C1_x_202601010000_1", Size: 1}} {
		if _, err := r.Local("S2").Deliver(ctx(t), KindCalls, bad, strings.NewReader("x")); !errors.Is(err, errRefused) {
			t.Errorf("%q: %v", bad.Name, err)
		}
	}
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("the cable was pulled") }

// A publisher whose disk is full takes nothing, says so, and takes everything when there is room, without a restart.
func TestT20_PublisherDiskFull(t *testing.T) {
	for name, full := range map[string]func(*Receiver) (restore func()){
		"for the store": func(r *Receiver) func() {
			limit := func(pages int64) {
				if _, err := number(r.conn, fmt.Sprintf("PRAGMA max_page_count=%d", pages)); err != nil {
					t.Error(err)
				}
			}
			pages, err := number(r.conn, "PRAGMA page_count")
			if err != nil {
				t.Fatal(err)
			}
			limit(pages + 10)
			return func() { limit(1 << 30) }
		},
		"for what comes": func(r *Receiver) func() { return block(t, r.path("incoming")) },
		"for files":      func(r *Receiver) func() { return block(t, r.path("collected")) },
		"for quarantine": func(r *Receiver) func() {
			r.o.Cluster = func() string { return "Other" }
			restore := block(t, r.path("quarantine"))
			return func() { restore(); r.o.Cluster = func() string { return "C1" } }
		},
	} {
		t.Run(name, func(t *testing.T) {
			var a, b alarms
			r := receiver(t, receiverOptions(t, t.TempDir(), &a))
			dir := filled(t, 2, 1000, 1099)
			s := shipper(t, dir, &b, serve(t, r)("S2"))
			restore := full(r)
			for range 2 {
				if err := s.round(ctx(t)); !errors.Is(err, ErrNoRoom) {
					t.Errorf("without room: %v", err)
				}
			}
			if a.count(fault.RecordsNotInserted) != 1 {
				t.Errorf("alarms %v", a.raised)
			}
			restore()
			round(t, s)
			stored(t, r, map[string]int{"S2": 100})
			if !slices.Equal(a.cleared, []fault.Code{fault.RecordsNotInserted}) {
				t.Errorf("cleared %v", a.cleared)
			}
			if list, _ := batches(t, dir, KindCalls); len(list) != 15 {
				t.Errorf("%d files are left at the server", len(list))
			}
		})
	}
}

// block puts a file where a directory was: every write into it fails.
func block(t testing.TB, dir string) (restore func()) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Rename(dir, dir+".aside"))
	must(os.WriteFile(dir, nil, 0o600))
	return func() {
		must(os.Remove(dir))
		must(os.Rename(dir+".aside", dir))
	}
}

// The role moves to a server whose store knows nothing, and back: each store becomes complete, and nothing is doubled.
func TestPublisherMoves(t *testing.T) {
	var a alarms
	first, second := receiver(t, receiverOptions(t, t.TempDir(), &a)), receiver(t, receiverOptions(t, t.TempDir(), &a))
	dir := filled(t, 2, 1000, 1029)
	to := first
	s := NewShipper(ShipperOptions{Dir: dir, Publisher: func() (Destination, error) { return to.Local("S2"), nil }, Parameters: values(t)})
	round(t, s)
	fill(t, dir, 2, 2000, 2009)
	to = second
	round(t, s)
	stored(t, first, map[string]int{"S2": 30})
	stored(t, second, map[string]int{"S2": 40})
	fill(t, dir, 2, 3000, 3009)
	to = first
	round(t, s)
	stored(t, first, map[string]int{"S2": 50})

	// A store that was restored from a backup asks for what came since.
	if err := first.transaction(func() error { return run(first.conn, "DELETE FROM call") }); err != nil {
		t.Fatal(err)
	}
	if err := first.transaction(func() error { return run(first.conn, "DELETE FROM batch") }); err != nil {
		t.Fatal(err)
	}
	round(t, s)
	if n := len(everything(t, first, Query{})); n != 0 {
		t.Errorf("%d came unasked", n)
	}
	if err := first.AskAgain(time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	round(t, s)
	stored(t, first, map[string]int{"S2": 50})
	if err := first.AskAgain(time.Now().Add(48 * time.Hour)); err != nil { // nothing is that new
		t.Fatal(err)
	}
	before := s.Stats().Delivered
	round(t, s)
	if s.Stats().Delivered != before {
		t.Error("older records came too")
	}
}

// A store that is damaged is put aside, and filled again from the servers.
func TestDamagedStore(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	r := receiver(t, receiverOptions(t, dir, &a))
	records := filled(t, 2, 1000, 1029)
	s := shipper(t, records, &a, nil)
	s.o.Publisher = func() (Destination, error) { return r.Local("S2"), nil }
	round(t, s)
	for _, damage := range []func([]byte) []byte{
		func([]byte) []byte { return bytes.Repeat([]byte("no database "), 4096) },
		func(b []byte) []byte { return append(bytes.Repeat([]byte{0xff}, 8192), b[8192:]...) },
	} {
		r.Close()
		path := filepath.Join(dir, "records.db")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, damage(data), 0o640); err != nil {
			t.Fatal(err)
		}
		n := a.count(fault.RecordStoreDamaged)
		r = receiver(t, receiverOptions(t, dir, &a))
		if a.count(fault.RecordStoreDamaged) != n+1 {
			t.Fatal("no alarm")
		}
		round(t, s)
		stored(t, r, map[string]int{"S2": 30})
	}
}

// The publisher's files are what the servers wrote, to the byte, in both layouts.
func TestCollectedFilesAreTheServersFiles(t *testing.T) {
	facts, err := filepath.Glob(filepath.Join("testdata", "golden", "*.facts"))
	if err != nil || len(facts) == 0 {
		t.Fatal(err)
	}
	for _, layout := range []Layout{Layout4, LayoutLater} {
		var a alarms
		o := receiverOptions(t, t.TempDir(), &a, parameter.CDRLayout, string(layout))
		o.Cluster = func() string { return "Main_Site" }
		r := receiver(t, o)
		for n, path := range facts {
			dir := t.TempDir()
			now := time.Date(2026, 1, 1, 8, n, 0, 0, time.UTC)
			c, err := Open(dir, Options{Cluster: "Main_Site", Node: 1, Parameters: values(t, parameter.CDRLayout, string(layout)), Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range readFacts(t, strings.TrimSuffix(filepath.Base(path), ".facts")) {
				c.Fact(f)
			}
			shut(t, c)
			round(t, shipper(t, dir, &a, r.Local("S1")))
			for _, kind := range []Kind{KindCalls, KindQuality} {
				list, contents := batches(t, dir, kind)
				for i, l := range list {
					got, err := os.ReadFile(r.path("collected", l.Name))
					if err != nil || !bytes.Equal(got, contents[i]) {
						t.Errorf("%s %s %s: %v\n%s", layout, path, l.Name, err, difference(string(contents[i]), string(got)))
					}
				}
			}
		}
		if list, _ := r.Quarantined(); len(list) != 0 {
			t.Errorf("in quarantine: %+v", list)
		}
	}
}

// A server is removed, and later the role moves: the former publisher hands on the records that nobody else has.
func TestFormerPublisherHandsOn(t *testing.T) {
	var a alarms
	first, second := receiver(t, receiverOptions(t, t.TempDir(), &a)), receiver(t, receiverOptions(t, t.TempDir(), &a))
	round(t, shipper(t, filled(t, 3, 1000, 1019), &a, first.Local("S3"))) // gone since
	stays := filled(t, 2, 1000, 1009)
	round(t, shipper(t, stays, &a, first.Local("S2")))
	own := shipper(t, filled(t, 1, 1000, 1004), &a, first.Local("S1"))
	round(t, own)

	dest := serve(t, second)
	own.o.Publisher = func() (Destination, error) { return dest("S1"), nil }
	calls := 0
	own.o.Moved = func(ctx context.Context, to Destination) error {
		if calls++; calls == 1 {
			return errors.New("not yet")
		}
		return first.HandOn(ctx, to, func(server string) bool { return server == "S3" })
	}
	if err := own.round(ctx(t)); err == nil {
		t.Error("what was not handed on counts as handed on")
	}
	for range 2 {
		round(t, own)
	}
	round(t, shipper(t, stays, &a, second.Local("S2")))
	stored(t, second, map[string]int{"S1": 5, "S2": 10, "S3": 20})
	if calls != 2 {
		t.Errorf("told %d times", calls)
	}
	if err := first.HandOn(ctx(t), dest("S1"), func(string) bool { return true }); err != nil {
		t.Error(err)
	}
	stored(t, second, map[string]int{"S1": 5, "S2": 10, "S3": 20})
	record := everything(t, second, Query{Server: "S3", Call: signal.CallID{Manager: 3, Call: 1000}})
	if len(record) != 1 {
		t.Fatalf("%+v", record)
	}
	if q, err := second.Quality(ctx(t), &record[0]); err != nil || len(q) != 1 {
		t.Errorf("%+v, %v", q, err)
	}
}
