package sip

import "sync/atomic"

// Counters are running totals of a stack since its start. Read them with [Stack.Counters].
type Counters struct {
	Received         int64 // messages that were parsed
	Sent             int64 // messages written, repeats included
	Repeated         int64 // requests and responses that we sent again
	Absorbed         int64 // repeats from peers that the stack answered or swallowed
	Malformed        int64 // messages refused or dropped for their form
	GuardDropped     int64 // messages dropped because the guard said so
	Shed             int64 // requests answered 503 without being parsed
	QueueFull        int64 // messages dropped because a worker's queue was full
	Stray            int64 // responses that belonged to nothing
	Unexpected       int64 // events that a transaction's table has no entry for
	Oversized        int64 // requests above MaxDatagram sent by UDP for want of TCP
	Timeouts         int64 // client transactions without an answer
	NoAck            int64 // final responses to INVITE without ACK
	Reconnected      int64 // requests sent again over a new connection
	SendErrors       int64 // messages that could not be written
	ConnAccepted     int64 // connections accepted
	ConnRefused      int64 // connections closed at once by a limit or the guard
	ConnIdle         int64 // connections closed for want of a valid message
	Panics           int64 // callbacks that panicked
	Connections      int64 // connections now
	ServerTx         int64 // server transactions now, finished ones that wait for repeats included
	ClientTx         int64 // client transactions now
	UnackedResponses int64 // 2xx that wait for their ACK now
}

type counters struct {
	received, sent, repeated, absorbed, malformed, guardDropped, shed, queueFull, stray, unexpected,
	oversized, timeouts, noAck, reconnected, sendErrors, connAccepted, connRefused, connIdle, panics atomic.Int64
}

// Counters returns the totals and the present sizes.
func (s *Stack) Counters() Counters {
	c := &s.count
	out := Counters{
		Received: c.received.Load(), Sent: c.sent.Load(), Repeated: c.repeated.Load(), Absorbed: c.absorbed.Load(),
		Malformed: c.malformed.Load(), GuardDropped: c.guardDropped.Load(), Shed: c.shed.Load(),
		QueueFull: c.queueFull.Load(), Stray: c.stray.Load(), Unexpected: c.unexpected.Load(),
		Oversized: c.oversized.Load(), Timeouts: c.timeouts.Load(), NoAck: c.noAck.Load(),
		Reconnected: c.reconnected.Load(), SendErrors: c.sendErrors.Load(), ConnAccepted: c.connAccepted.Load(),
		ConnRefused: c.connRefused.Load(), ConnIdle: c.connIdle.Load(), Panics: c.panics.Load(),
	}
	s.mu.Lock()
	out.Connections = int64(len(s.all))
	s.mu.Unlock()
	for _, sh := range s.shards {
		sh.mu.Lock()
		out.ServerTx += int64(len(sh.server))
		out.ClientTx += int64(len(sh.client))
		out.UnackedResponses += int64(len(sh.acks))
		sh.mu.Unlock()
	}
	return out
}
