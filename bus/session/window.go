package session

import (
	"encoding/binary"
	"time"
)

// Bounds of resending. The time until a frame is sent again follows the measured round trip and doubles with each repetition.
const (
	firstResend   = 100 * time.Millisecond // before a round trip was measured
	minimumResend = 30 * time.Millisecond
	maximumResend = time.Second
	ackEvery      = window / 4 // frames after which an acknowledgement does not wait
)

// flight is a frame on its way.
type flight struct {
	frame    []byte // with space for the header, which is new each time
	sequence uint64
	messages int
	times    int
	first    time.Time
	last     time.Time
	held     bool // the other side has it, but not all before it
}

// outgoing is what one session still has to bring over: frames on their way, and frames being filled.
type outgoing struct {
	next      uint64 // sequence number
	flights   []flight
	filling   []flight // the last may grow
	messages  int      // in both
	bytes     int      // in both
	flying    int      // bytes on their way
	roundTrip time.Duration
}

// add queues a message, in the last frame if it has space. It reports whether that needs the loop's attention.
func (o *outgoing) add(m message) bool {
	o.messages++
	size := len(m.payload) + 1 + binary.MaxVarintLen32
	if n := len(o.filling); n > 0 && len(o.filling[n-1].frame)+size <= batchSize {
		f := &o.filling[n-1]
		before := len(f.frame)
		f.frame = appendMessage(f.frame, m)
		f.messages++
		o.bytes += len(f.frame) - before
		return false // it was told of the first
	}
	frame := appendMessage(make([]byte, dataSize, dataSize+size), m)
	o.bytes += len(frame)
	o.filling = append(o.filling, flight{frame: frame, messages: 1})
	return o.space()
}

// space reports whether another frame may leave.
func (o *outgoing) space() bool { return len(o.flights) < window && o.flying < windowBytes }

// wait is how long a frame that was sent so many times stays unanswered before it is sent again.
func (o *outgoing) wait(times int) time.Duration {
	d := firstResend
	if o.roundTrip > 0 {
		d = max(minimumResend, 2*o.roundTrip+minimumResend/2)
	}
	return min(d<<max(min(times-1, 6), 0), max(maximumResend, 2*o.roundTrip))
}

// acknowledged takes an acknowledgement and reports whether there is space for frames that wait.
func (o *outgoing) acknowledged(ack, have uint64, now time.Time) bool {
	n := 0
	for ; n < len(o.flights) && o.flights[n].sequence <= ack; n++ {
		f := &o.flights[n]
		o.measure(f, now)
		o.messages -= f.messages
		o.bytes -= len(f.frame)
		o.flying -= len(f.frame)
		*f = flight{}
	}
	o.flights = o.flights[n:]
	for i := range o.flights {
		f := &o.flights[i]
		if bit := f.sequence - ack - 2; f.sequence >= ack+2 && bit < 64 && have&(1<<bit) != 0 && !f.held {
			o.measure(f, now)
			f.held = true
		}
	}
	return n > 0 && len(o.filling) > 0
}

// measure takes the round trip of a frame, from when it was first sent: of a frame that was sent again it is not known which was answered, and
// to take none of these would keep the estimate too short for ever on a network that has become slower.
func (o *outgoing) measure(f *flight, now time.Time) {
	if f.held {
		return
	}
	d := max(now.Sub(f.first), time.Microsecond)
	if o.roundTrip == 0 {
		o.roundTrip = d
	}
	o.roundTrip += (d - o.roundTrip) / 8
}

// due calls send for each frame that must go now, again or for the first time, and returns when the next must go again.
func (o *outgoing) due(now time.Time, send func(f *flight)) (next time.Time) {
	for len(o.filling) > 0 && o.space() {
		f := o.filling[0]
		o.filling[0] = flight{}
		o.filling = o.filling[1:]
		f.sequence = o.next
		f.first = now
		binary.BigEndian.PutUint64(f.frame[headerSize:], f.sequence)
		o.next++
		o.flying += len(f.frame)
		o.flights = append(o.flights, f)
	}
	for i := range o.flights {
		f := &o.flights[i]
		if f.held {
			continue
		}
		at := f.last.Add(o.wait(f.times))
		if f.times == 0 || !at.After(now) {
			f.times++
			f.last = now
			send(f)
			at = now.Add(o.wait(f.times))
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// oldest is when the oldest frame on its way was first sent; zero when there is none.
func (o *outgoing) oldest() time.Time {
	if len(o.flights) == 0 {
		return time.Time{}
	}
	return o.flights[0].first
}

// batch is what one frame brought.
type batch struct {
	messages []message
	bytes    int
}

// incoming is what one session has brought so far.
type incoming struct {
	expect uint64           // sequence number of the next frame in order
	early  map[uint64]batch // frames that came before it
	owed   int              // frames since the last acknowledgement
	due    time.Time        // when an acknowledgement must go; zero: none is owed
}

// take puts a frame in its place and returns the frames that are in order now. A frame that is there already is repeated; one far
// ahead is not taken, it will come again.
func (n *incoming) take(sequence uint64, b batch) (ready []batch, repeated bool) {
	n.owed++
	if _, early := n.early[sequence]; early || sequence < n.expect {
		return nil, true
	}
	if sequence-n.expect >= window {
		return nil, false
	}
	if sequence != n.expect {
		if n.early == nil {
			n.early = map[uint64]batch{}
		}
		n.early[sequence] = b
		return nil, false
	}
	for ok := true; ok; b, ok = n.early[n.expect] {
		ready = append(ready, b)
		delete(n.early, n.expect)
		n.expect++
	}
	return ready, false
}

// acknowledge returns what the other side is to know, which a frame then carries.
func (n *incoming) acknowledge() (ack, have uint64) {
	for sequence := range n.early {
		if bit := sequence - n.expect - 1; bit < 64 {
			have |= 1 << bit
		}
	}
	n.owed, n.due = 0, time.Time{}
	return n.expect - 1, have
}
