package cdr

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem/call/signal"
)

// Whatever stands in a flat file, reading ends, stays within bounds, and what it gives can be written and read again.
func FuzzReadCalls(f *testing.F) {
	files, err := filepath.Glob("testdata/golden/*.golden")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		_, data, _ = bytes.Cut(data, []byte("\n")) // the name
		f.Add(data)
	}
	f.Add([]byte("\"pkid\",\"duration\"\nUNIQUEIDENTIFIER,INTEGER\n\"x\",7\n\"y\n,\n\"\"\"\",4294967295\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = ReadQuality(bytes.NewReader(data), func(QualityRecord) bool { return true }, func(int, error) {})
		var records []CallRecord
		_ = ReadCalls(bytes.NewReader(data), func(r CallRecord) bool {
			records = append(records, r)
			return len(records) < 100
		}, func(int, error) {})
		for _, layout := range []Layout{Layout4, LayoutLater} {
			b := appendHeading(nil, layout.calls())
			for i := range records {
				b = appendRow(b, layout.calls(), &records[i])
			}
			n := 0
			err := ReadCalls(bytes.NewReader(b), func(r CallRecord) bool {
				if r.Call != records[n].Call || r.DurationMS != records[n].DurationMS || !r.Began.Equal(records[n].Began) {
					t.Fatalf("wrote %+v and read %+v", records[n], r)
				}
				n++
				return true
			}, func(line int, err error) { t.Fatalf("line %d of what we wrote: %v\n%s", line, err, b) })
			if err != nil || n != len(records) {
				t.Fatalf("%d of %d records: %v", n, len(records), err)
			}
		}
	})
}

// Whatever stands in a journal, reading it ends and every whole line is either an entry or bad.
func FuzzReadEntries(f *testing.F) {
	e := newEncoder()
	r := sample(1, time.Unix(1_800_000_000, 0))
	record := newRecord(&r)
	record.ID = "x"
	for _, err := range []error{
		e.add(entryStart, startEntry{Version: journalVersion, Run: "r", Layout: Layout4, Calls: "cdr_C_01_202601010000_1", Quality: "cmr_C_01_202601010000_1"}),
		e.add(entryAnswered, answeredEntry{Up: time.Second, Record: record}), e.add(entryEnded, record),
		e.add(entryAbandoned, idEntry{"x"}), e.add(entryQuality, newQuality(&signal.Diagnostics{})),
		e.add(entryHeartbeat, heartbeatEntry{Up: time.Minute, Last: 7}), e.add(entryFlattened, struct{}{}),
	} {
		if err != nil {
			f.Fatal(err)
		}
	}
	f.Add(e.buf.Bytes())
	f.Add(append(bytes.Clone(e.buf.Bytes()), "torn"...))
	f.Add([]byte("00000000 E {}\n\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &Collector{options: Options{Node: 1}}
		h := &history{open: map[string]*journalled{}, ended: map[string]bool{}, alive: map[string]time.Duration{}}
		lines := 0
		size, err := readEntries(bytes.NewReader(data), entryHandler{
			bad: func([]byte, error) { lines++ },
			entry: func(kind entryKind, data []byte) error {
				lines++
				// Checksums keep the fuzzer out, so that content is tried without them.
				for _, k := range []entryKind{entryAnswered, entryEnded, entryAbandoned, entryQuality, entryHeartbeat} {
					_ = c.replay(&segment{}, h, k, data)
				}
				return nil
			},
		})
		if err != nil || size != int64(bytes.LastIndexByte(data, '\n')+1) || lines < bytes.Count(data, []byte("\n")) {
			t.Fatalf("%d lines, size %d of %d, %v", lines, size, len(data), err)
		}
		for _, k := range []entryKind{entryAnswered, entryEnded, entryAbandoned, entryQuality, entryHeartbeat} {
			_ = c.replay(&segment{}, h, k, data)
		}
	})
}

// Whatever a file holds, it is stored or put aside: nothing of it keeps the server from going on with the next.
func FuzzReceive(f *testing.F) {
	var a alarms
	r := receiver(f, receiverOptions(f, f.TempDir(), &a))
	for _, kind := range []Kind{KindCalls, KindQuality} {
		dir := filled(f, 2, 1000, 1001)
		_, contents := batches(f, dir, kind)
		for _, c := range contents {
			f.Add(string(kind), c)
		}
	}
	f.Add("facts", []byte("\"pkid\",\"globalCallID_callId\"\nx,1\n,"))
	n := 0
	f.Fuzz(func(t *testing.T, kind string, content []byte) {
		k := Kind(kind)
		if !k.known() {
			return
		}
		n++
		l := listedOf(fmt.Sprintf("%sC1_02_202601010000_%d", k.prefix(), n), content)
		receipt, err := r.Local("S2").Deliver(ctx(t), k, l, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(content, []byte("\n")) + 1; receipt.Inserted+receipt.Known+receipt.Quarantined > lines {
			t.Errorf("%+v of %d lines", receipt, lines)
		}
		if missing, err := r.Local("S2").Missing(ctx(t), k, []Listed{l}); err != nil || len(missing) != 0 {
			t.Errorf("missing %v, %v", missing, err)
		}
		if receipt.Quarantined > 0 {
			if err := r.Discard(quarantineName("S2", k, l.Name)); err != nil {
				t.Error(err)
			}
		}
	})
}
