package tftpd

import "sync/atomic"

// Counters are the figures of one server since its start; Active and Waiting are those of this moment.
type Counters struct {
	Requests      uint64 // read requests, without repeated ones
	Repeated      uint64 // requests of a transfer that is already under way
	Served        uint64 // files sent whole
	NotFound      uint64 // names that are not here
	Refused       uint64 // names outside of the set that is served, modes that are not
	WritesRefused uint64
	Malformed     uint64 // packets that are none
	Strays        uint64 // packets of no transfer
	Dropped       uint64 // requests left unanswered because too many ran and waited
	Abandoned     uint64 // transfers whose client fell silent, left or refused
	Failed        uint64 // transfers that failed on our side, contained panics included
	Resent        uint64 // blocks that were sent again
	Bytes         uint64 // octets of content that were sent, repetitions included
	Active        int64  // transfers under way
	Waiting       int64  // requests that wait for a place
}

type counters struct {
	requests, repeated, served, notFound, refused, writesRefused, malformed, strays, dropped, abandoned, failed,
	resent, bytes atomic.Uint64
	active, waiting atomic.Int64
}

func (c *counters) snapshot() Counters {
	return Counters{
		Requests: c.requests.Load(), Repeated: c.repeated.Load(), Served: c.served.Load(), NotFound: c.notFound.Load(),
		Refused: c.refused.Load(), WritesRefused: c.writesRefused.Load(), Malformed: c.malformed.Load(),
		Strays: c.strays.Load(), Dropped: c.dropped.Load(), Abandoned: c.abandoned.Load(), Failed: c.failed.Load(),
		Resent: c.resent.Load(), Bytes: c.bytes.Load(), Active: c.active.Load(), Waiting: c.waiting.Load(),
	}
}
