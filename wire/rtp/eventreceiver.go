package rtp

import "time"

// EventReceiver finds keys in telephone-event packets. A key is (SSRC,
// timestamp); senders that break that rule in the known ways still give one key
// for one press. The zero value works with a packet time of 20 ms. It is
// not safe for concurrent use; time is handed in and only compared.
type EventReceiver struct {
	// PacketTime is the spacing of packets in the stream; zero means 20 ms.
	PacketTime time.Duration

	active    bool
	seen      bool
	ssrc      uint32
	timestamp uint32
	code      uint8
	duration  uint16
	last      time.Duration // arrival of the newest packet of the key
	ended     time.Duration
	olderSSRC uint32
	olderTime uint32
	haveOlder bool
}

// Key is what a receiver reports: a key that began, or that ended.
type Key struct {
	Code uint8
	// Ended is false when the key began, true when it was let go.
	Ended bool
	// Duration in timestamp units as last said by the sender; set when it ended.
	Duration uint16
	// Lost is set when the end packets were missing and the end was inferred.
	Lost bool
}

func (r *EventReceiver) packetTime() time.Duration {
	if r.PacketTime <= 0 {
		return 20 * time.Millisecond
	}
	return r.PacketTime
}

// Receive takes one telephone-event packet that arrived at now (from any fixed
// origin) and appends to keys what it means: nothing, a key that began, the end
// of one, or both.
func (r *EventReceiver) Receive(h Header, e Event, now time.Duration, keys []Key) []Key {
	keys = r.Expire(now, keys)
	if r.seen && h.SSRC == r.ssrc && h.Timestamp == r.timestamp && e.Code == r.code {
		return r.update(e, now, keys)
	}
	if r.haveOlder && h.SSRC == r.olderSSRC && h.Timestamp == r.olderTime {
		return keys // a late repetition of the key before
	}
	if r.continues(h, e, now) {
		r.timestamp = h.Timestamp
		return r.update(e, now, keys)
	}
	if r.active { // the next key ends one whose end was lost
		keys = append(keys, r.end(now, true))
	}
	if r.seen {
		r.olderSSRC, r.olderTime, r.haveOlder = r.ssrc, r.timestamp, true
	}
	r.seen, r.active = true, true
	r.ssrc, r.timestamp = h.SSRC, h.Timestamp
	r.code, r.duration, r.last = e.Code, e.Duration, now
	keys = append(keys, Key{Code: e.Code})
	if e.End {
		keys = append(keys, r.end(now, false))
	}
	return keys
}

// continues tells a sender that changes the timestamp inside one key from a new
// key. Two such habits are known: end packets with a timestamp of their own, and
// a timestamp that rises with every packet (R-36 a and c). A new key has the
// marker, or starts again from a small duration.
func (r *EventReceiver) continues(h Header, e Event, now time.Duration) bool {
	if !r.seen || h.SSRC != r.ssrc || e.Code != r.code || h.Marker {
		return false
	}
	near := 3 * r.packetTime()
	if e.End && e.Duration >= r.duration {
		return r.active || now-r.ended <= near
	}
	return r.active && e.Duration >= r.duration && now-r.last <= near
}

func (r *EventReceiver) update(e Event, now time.Duration, keys []Key) []Key {
	if !r.active {
		return keys // repetition of the end, or a packet behind an inferred end
	}
	r.last = now
	if e.Duration > r.duration {
		r.duration = e.Duration
	}
	if e.End {
		keys = append(keys, r.end(now, false))
	}
	return keys
}

// Expire ends a key of which nothing was heard for three packet times; call it
// when audio packets arrive or time passes.
func (r *EventReceiver) Expire(now time.Duration, keys []Key) []Key {
	if r.active && now-r.last > 3*r.packetTime() {
		keys = append(keys, r.end(now, true))
	}
	return keys
}

func (r *EventReceiver) end(now time.Duration, lost bool) Key {
	r.active, r.ended = false, now
	return Key{Code: r.code, Ended: true, Duration: r.duration, Lost: lost}
}
