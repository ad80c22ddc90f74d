package cdr

import (
	"bytes"
	"testing"
	"time"

	"tandem/call/signal"
)

// BenchmarkReceive measures how fast the publisher takes a file of call records; the figure is records a second.
func BenchmarkReceive(b *testing.B) {
	var a alarms
	const calls = 10_000
	o := a.options(b)
	o.Node = 2
	dir := b.TempDir()
	for b.Loop() {
		b.StopTimer()
		c := open(b, dir, o)
		first := c.FirstCall()
		for n := range uint32(calls) {
			r := callAt(2, 2, first+n, time.Now())
			c.Fact(signal.Ended{Record: end(r, time.Second)})
		}
		shut(b, c)
		list, contents := batches(b, dir, KindCalls)
		r := receiver(b, receiverOptions(b, b.TempDir(), &a))
		b.StartTimer()
		last := len(list) - 1
		if got, err := r.Local("S2").Deliver(ctx(b), KindCalls, list[last], bytes.NewReader(contents[last])); err != nil || got.Inserted != calls {
			b.Fatalf("%+v, %v", got, err)
		}
	}
	b.ReportMetric(float64(calls)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
