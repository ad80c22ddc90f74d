package cdr

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

var update = flag.Bool("update", false, "write the golden files anew")

// readFacts reads the facts that call processing reported in a scenario, one per line.
func readFacts(t *testing.T, name string) (facts []signal.Fact) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "golden", name+".facts"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var f struct {
			Answered, Ended *signal.Record
			Diagnostics     *signal.Diagnostics
			Abandoned       *signal.Abandoned
		}
		if err := json.Unmarshal(line, &f); err != nil {
			t.Fatal(err)
		}
		switch {
		case f.Answered != nil:
			facts = append(facts, signal.Answered{Record: *f.Answered})
		case f.Ended != nil:
			facts = append(facts, signal.Ended{Record: *f.Ended})
		case f.Diagnostics != nil:
			facts = append(facts, *f.Diagnostics)
		case f.Abandoned != nil:
			facts = append(facts, *f.Abandoned)
		}
	}
	if len(facts) == 0 {
		t.Fatal("no facts")
	}
	return facts
}

// count is a source of identifiers that repeats from run to run.
type count struct{ n byte }

func (c *count) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = c.n
	}
	c.n++
	return len(b), nil
}

// golden runs a scenario in both layouts, compares the files, and returns the records as they are read back.
func golden(t *testing.T, name string) (records []CallRecord) {
	t.Helper()
	facts := readFacts(t, name)
	for _, layout := range []Layout{Layout4, LayoutLater} {
		dir := t.TempDir()
		start := time.Date(2026, 1, 1, 8, 30, 0, 0, time.UTC)
		o := Options{Cluster: "Main_Site", Node: 1, Parameters: values(t, parameter.CDRLayout, string(layout)),
			Now: func() time.Time { return start }, Random: &count{1}, Alarm: func(err error) { t.Error(err) }}
		c, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range facts {
			c.Fact(f)
		}
		if n := c.Stats().Open; n != 0 {
			t.Errorf("%d records stay open", n)
		}
		if err := c.Close(ctx(t)); err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, prefix := range []string{callsPrefix, qualityPrefix} {
			files, err := flatFiles(dir, prefix)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				data, err := os.ReadFile(filepath.Join(dir, f.name))
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&got, "# %s\n%s", f.name, data)
			}
		}
		path := filepath.Join("testdata", "golden", name+"."+strings.ReplaceAll(string(layout), ".", "")+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s: files differ from %s:\n%s", layout, path, difference(string(want), got.String()))
		}

		// What the next run finds: nothing open, and the records in the files.
		o.Random = &count{100}
		c, err = Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		records, err = c.Query(ctx(t), Query{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(ctx(t)); err != nil {
			t.Fatal(err)
		}
		ended := 0
		for _, f := range facts {
			if _, ok := f.(signal.Ended); ok {
				ended++
			}
		}
		if len(records) != ended {
			t.Errorf("%s: %d records for %d ends", layout, len(records), ended)
		}
	}
	slices.Reverse(records) // in the order in which they ended
	return records
}

func difference(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		var x, y string
		if i < len(w) {
			x = w[i]
		}
		if i < len(g) {
			y = g[i]
		}
		if x != y {
			fmt.Fprintf(&b, "want %s\ngot  %s\n", x, y)
		}
	}
	return b.String()
}

func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return c
}

// values makes parameters from names and values, and fails on one that does not exist.
func values(t testing.TB, pairs ...any) func() *parameter.Values {
	t.Helper()
	v := valuesOf(t, pairs...)
	return func() *parameter.Values { return v }
}

func valuesOf(t testing.TB, pairs ...any) *parameter.Values {
	t.Helper()
	var service []*telephony.ServiceParameter
	var enterprise []*telephony.EnterpriseParameter
	for i := 0; i < len(pairs); i += 2 {
		p, ok := parameter.Lookup(fmt.Sprint(pairs[i]))
		if !ok || !p.Check(fmt.Sprint(pairs[i+1])) {
			t.Fatalf("parameter %v = %v", pairs[i], pairs[i+1])
		}
		if p.Enterprise() {
			enterprise = append(enterprise, &telephony.EnterpriseParameter{Name: string(p.Name), Value: fmt.Sprint(pairs[i+1])})
		} else {
			service = append(service, &telephony.ServiceParameter{Name: string(p.Name), Service: p.Service, Value: fmt.Sprint(pairs[i+1])})
		}
	}
	return parameter.NewValues("", service, enterprise)
}

func TestGoldenFiles(t *testing.T) {
	for _, test := range []struct {
		name  string
		from  string
		first string // called
		to    string
		cause signal.Cause
		talk  time.Duration
	}{
		{"answered", "1001", "1002", "1002", signal.CauseNormalClearing, 10 * time.Second},
		{"answered-called-party-ends", "1001", "1002", "1002", signal.CauseNormalClearing, 10 * time.Second},
		{"busy", "1001", "1002", "1002", signal.CauseUserBusy, 0},
		{"unknown-number", "1001", "", "", signal.CauseUnallocatedNumber, 0},
		{"not-registered", "1001", "1002", "1002", signal.CauseSubscriberAbsent, 0},
		{"refused", "2001", "2002", "2002", signal.CauseCallRejected, 0},
		{"cancelled", "1001", "1002", "1002", signal.CauseNormalClearing, 0},
		{"forwarded-all", "1001", "1002", "1003", signal.CauseNormalClearing, 0},
		{"forwarded-busy", "1001", "1002", "1003", signal.CauseNormalClearing, 0},
		{"forwarded-no-answer", "1001", "1002", "1003", signal.CauseNormalClearing, 0},
		{"every-field", "2001", "2002", "2003", signal.CauseNormalClearing, 62 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			records := golden(t, test.name)
			if len(records) != 1 {
				t.Fatalf("records: %+v", records)
			}
			r := records[0]
			if r.Calling.Number != test.from || r.OriginalCalled.Number != test.first || r.FinalCalled.Number != test.to ||
				r.Cause() != test.cause || r.Duration() != test.talk {
				t.Errorf("record: %+v", r)
			}
			redirected := r.LastRedirect.Number != ""
			if redirected != (test.first != test.to) {
				t.Errorf("last redirection %+v", r.LastRedirect)
			}
		})
	}
}

// The three records of a consultation transfer are tied by the call identifier, and their durations add up.
func TestR38_ConsultTransferHasThreeRecords(t *testing.T) {
	records := golden(t, "consult-transfer")
	calls := Join(records)
	if len(records) != 3 || len(calls) != 1 {
		t.Fatalf("%d records in %d calls", len(records), len(calls))
	}
	pairs, with := []string{}, time.Duration(0)
	for _, r := range calls[0].Records {
		pairs = append(pairs, r.Calling.Number+"-"+r.FinalCalled.Number)
		if r.Calling.Number == "1001" {
			with += r.Duration()
		}
	}
	if !slices.Equal(pairs, []string{"1001-1002", "1002-1003", "1001-1003"}) || with != 15*time.Second {
		t.Errorf("pairs %v, A was connected for %v", pairs, with)
	}
	last := calls[0].Records[2]
	if last.JoinedBy != signal.OnBehalfOfTransfer || calls[0].Records[0].Orig.Cause != signal.CauseSplit ||
		calls[0].Records[1].Dest.Cause != signal.CauseSplit {
		t.Errorf("records %+v", calls[0].Records)
	}
	if !slices.Equal(calls[0].Parties, []string{"1001", "1002", "1003"}) {
		t.Errorf("parties %v", calls[0].Parties)
	}
	if got := golden(t, "consult-transfer-ringing"); len(got) != 3 || len(Join(got)) != 1 {
		t.Errorf("transferred while ringing: %+v", got)
	}
}

func TestR38_BlindTransferHasTwoRecords(t *testing.T) {
	records := golden(t, "blind-transfer")
	if len(records) != 2 || len(Join(records)) != 1 {
		t.Fatalf("records %+v", records)
	}
	if records[0].Cause() != signal.CauseSplit || records[1].LastReason != signal.RedirectBlindTransfer || records[1].FinalCalled.Number != "1003" {
		t.Errorf("records %+v", records)
	}
}

// An attempt that reaches nobody has a record of its own with the cause, and the call keeps its identifier.
func TestR40_BlindTransferToSomeoneWhoCannotBeReached(t *testing.T) {
	for name, cause := range map[string]signal.Cause{"blind-transfer-unregistered": signal.CauseSubscriberAbsent, "blind-transfer-refused": signal.CauseCallRejected} {
		records := golden(t, name)
		if len(records) != 2 || len(Join(records)) != 1 {
			t.Fatalf("%s: records %+v", name, records)
		}
		failed, kept := records[0], records[1]
		if failed.Answered() || failed.DurationMS != 0 || failed.Dest.Cause != cause || failed.FinalCalled.Number != "1003" {
			t.Errorf("%s: the failed attempt is %+v", name, failed)
		}
		if !kept.Answered() || kept.FinalCalled.Number != "1002" || kept.Cause() != signal.CauseNormalClearing {
			t.Errorf("%s: the call that came back is %+v", name, kept)
		}
	}
}

// The heading is that of callmanager-4x.md A.10, column by column, and every line has as many fields.
func TestLayoutsHaveTheirColumns(t *testing.T) {
	for _, test := range []struct {
		layout       Layout
		calls        int
		first, last  string
		quality      int
		sixthQuality string
	}{
		{Layout4, 67, "cdrRecordType", "clientMatterCode", 18, "directoryNumber"},
		{LayoutLater, 103, "cdrRecordType", "huntPilotDN", 19, "callIdentifier"},
	} {
		columns, quality := test.layout.calls(), test.layout.quality()
		if len(columns) != test.calls || columns[0].name != test.first || columns[len(columns)-1].name != test.last {
			t.Errorf("%s: %d columns from %s to %s", test.layout, len(columns), columns[0].name, columns[len(columns)-1].name)
		}
		if len(quality) != test.quality || quality[5].name != test.sixthQuality {
			t.Errorf("%s: %d quality columns, the sixth is %s", test.layout, len(quality), quality[5].name)
		}
		seen := map[string]bool{}
		for _, c := range columns {
			if seen[c.name] || c.kind == "" {
				t.Errorf("%s: column %s (%s)", test.layout, c.name, c.kind)
			}
			seen[c.name] = true
		}
	}
	index := func(columns []column[CallRecord], name string) int {
		return slices.IndexFunc(columns, func(c column[CallRecord]) bool { return c.name == name })
	}
	for layout, places := range map[Layout]map[string]int{
		Layout4:     {"callingPartyNumber": 8, "origCause_value": 10, "destLegIdentifier": 22, "dateTimeConnect": 41, "pkid": 44, "joinOnBehalfOf": 59},
		LayoutLater: {"callingPartyUnicodeLoginUserID": 9, "origCause_value": 11, "origRSVPVideoStat": 24, "destLegIdentifier": 25, "finalCalledPartyUnicodeLoginUserID": 31},
	} {
		for name, place := range places {
			if got := index(layout.calls(), name); got != place {
				t.Errorf("%s: %s is column %d, want %d", layout, name, got, place)
			}
		}
	}
}

func TestFieldsOfAFlatFile(t *testing.T) {
	data, err := os.ReadFile("testdata/golden/every-field.later.golden")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	var rows [][]string
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "#") {
			row, err := splitRow(nil, lines.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row)
		}
	}
	want := map[string]string{
		"origIpAddr": "-939392758", "destIpAddr": "0", "destIpv4v6Addr": "2001:db8::7", "origMediaCap_payloadCapability": "4",
		"destMediaCap_payloadCapability": "11", "destVideoCap_Codec": "103", "origMediaTransportAddress_Port": "24580",
		"callingPartyUnicodeLoginUserID": `ameier, "Ann"`, "dateTimeConnect": "1767254404", "duration": "62",
		"origLegCallIdentifier": "33554447", "comment": "line one line two", "globalCallId_ClusterID": "Main_Site", "origCause_value": "16",
	}
	for i, name := range rows[0] {
		if w, ok := want[name]; ok {
			if rows[2][i] != w {
				t.Errorf("%s is %q, want %q", name, rows[2][i], w)
			}
			delete(want, name)
		}
	}
	if len(want) != 0 {
		t.Errorf("columns that are missing: %v", want)
	}
}

// The cause of a split is 126 in the layout of 4.x and 393216 in the later one, and both are read as the same.
func TestCausesOfBothLayouts(t *testing.T) {
	for layout, number := range map[string]string{"4x": ",126,", "later": ",393216,"} {
		data, err := os.ReadFile("testdata/golden/consult-transfer." + layout + ".golden")
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(data), number); n != 4 {
			t.Errorf("%s: %q occurs %d times, want 4", layout, number, n)
		}
	}
	if laterCause(signal.CauseDropAnyParty) != 458752 || causeOf(458752) != signal.CauseDropAnyParty || laterCause(signal.CauseServerRestarted) != 129 {
		t.Error("causes above 126")
	}
}
