package mesh

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"tandem/bus"
)

// pair is two meshes that reach each other. Server 2 sends back what comes as a call, and counts what comes as a record.
func pair(b *testing.B, back func(payload []byte), counted *atomic.Int64) *cluster {
	c := newCluster(b, 2)
	c.join(1).Receive(bus.TopicCalls, func(_ bus.Peer, payload []byte) { back(payload) })
	second := c.join(2)
	second.Receive(bus.TopicCalls, func(from bus.Peer, payload []byte) { _ = second.Send(from.Node, bus.TopicCalls, payload) })
	second.Receive(bus.TopicRecords, func(bus.Peer, []byte) { counted.Add(1) })
	c.start(1)
	c.start(2)
	c.reach(1)
	return c
}

// roundTrips sends a message of 600 bytes to another server and waits until it is back, again and again after a pause.
func roundTrips(b *testing.B, pause time.Duration) {
	back := make(chan struct{}, 1)
	c := pair(b, func([]byte) { back <- struct{}{} }, nil)
	payload := make([]byte, 600)
	var times []time.Duration
	for b.Loop() {
		time.Sleep(pause)
		start := time.Now()
		if err := c.mesh(1).Send(2, bus.TopicCalls, payload); err != nil {
			b.Fatal(err)
		}
		<-back
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkMeshRoundTrip sends one message after the other, BenchmarkMeshPaced one every 2 ms.
func BenchmarkMeshRoundTrip(b *testing.B) { roundTrips(b, 0) }
func BenchmarkMeshPaced(b *testing.B)     { roundTrips(b, 2*time.Millisecond) }

// BenchmarkMeshAsk asks a question and waits for the answer.
func BenchmarkMeshAsk(b *testing.B) {
	c := pair(b, nil, nil)
	c.mesh(2).Answer(bus.TopicStatus, func(_ context.Context, _ bus.Peer, payload []byte) ([]byte, error) { return payload, nil })
	payload := make([]byte, 600)
	for b.Loop() {
		if _, err := c.mesh(1).Ask(b.Context(), 2, bus.TopicStatus, payload); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMeshThroughput sends messages of 200 bytes as fast as they are taken, never more than a few thousand ahead.
func BenchmarkMeshThroughput(b *testing.B) {
	var counted atomic.Int64
	c := pair(b, nil, &counted)
	payload := make([]byte, 200)
	sent := int64(0)
	for b.Loop() {
		for sent-counted.Load() > 8192 {
			time.Sleep(50 * time.Microsecond)
		}
		if err := c.mesh(1).Send(2, bus.TopicRecords, payload); err != nil {
			b.Fatal(err)
		}
		sent++
	}
	for counted.Load() < sent {
		time.Sleep(50 * time.Microsecond)
	}
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "messages/s")
}
