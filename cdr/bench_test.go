package cdr

import (
	"os"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/fault"
)

// BenchmarkCalls takes answered calls from fact to synced journal and flat file; its figure calls/s counts whole calls,
// each an answer and an end. The test machine's disk decides how many syncs there are.
func BenchmarkCalls(b *testing.B) {
	dir := b.TempDir()
	var a alarms
	c := open(b, dir, a.options(b))
	now := time.Now()
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		r := sample(uint32(1000+n), now)
		c.Fact(signal.Answered{Record: r})
		c.Fact(signal.Ended{Record: end(r, time.Second)})
		for c.count() > DefaultBacklog/4 {
			time.Sleep(time.Millisecond)
		}
	}
	sync1(b, c)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	if c.Stats().Lost != 0 || a.count(fault.RecordsNotWritten) != 0 {
		b.Errorf("%+v %v", c.Stats(), a.raised)
	}
}

// BenchmarkFact is what call processing pays for an ended call.
func BenchmarkFact(b *testing.B) {
	c := open(b, b.TempDir(), (&alarms{}).options(b))
	r := end(sample(1000, time.Now()), time.Second)
	f := signal.Fact(signal.Ended{Record: r})
	b.ReportAllocs()
	for b.Loop() {
		c.Fact(f)
	}
}

// A hundred thousand calls pass through and every one has its record.
func TestHundredThousandCalls(t *testing.T) {
	dir := t.TempDir()
	var a alarms
	c := open(t, dir, a.options(t))
	begin := time.Now()
	const calls = 100_000
	for n := range uint32(calls) {
		c.Fact(signal.Ended{Record: unanswered(sample(1000+n, begin))})
	}
	sync1(t, c)
	t.Logf("%.0f records/s, synced", calls/time.Since(begin).Seconds())
	shut(t, c)
	once(t, dir, 1000, 1000+calls-1)
	if info, err := os.ReadDir(dir); err != nil || len(a.raised) != 0 {
		t.Errorf("%v %v %v", info, err, a.raised)
	}
}
