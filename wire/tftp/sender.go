package tftp

import "time"

// Patience says how long a Sender waits and how often it repeats. The zero value means DefaultPatience.
type Patience struct {
	First   time.Duration // wait before the first repetition, when the client asked for no time-out of its own
	Longest time.Duration // doubling ends here
	Repeats int           // repetitions without progress, then the transfer is given up
}

// DefaultPatience gives a silent client 1+2+4+4+4+4 = 19 seconds. Phones repeat after 4 to 8 seconds
// (sccp.md 5.2), so that a phone which is there has spoken twice by then.
var DefaultPatience = Patience{First: time.Second, Longest: 4 * time.Second, Repeats: 5}

func (p Patience) orDefault() Patience {
	if p.First <= 0 {
		p.First = DefaultPatience.First
	}
	if p.Longest < p.First {
		p.Longest = max(p.First, DefaultPatience.Longest)
	}
	if p.Repeats <= 0 {
		p.Repeats = DefaultPatience.Repeats
	}
	return p
}

// Ending is how a transfer stands.
type Ending uint8

// The endings.
const (
	Running     Ending = iota // not ended
	Complete                  // the last block was confirmed
	Unconfirmed               // all was sent, but the end was not confirmed: most clients leave without confirming it twice
	Abandoned                 // the client fell silent
)

func (e Ending) String() string {
	return [...]string{"running", "complete", "sent whole, the end not confirmed", "abandoned"}[e]
}

// Step is what a Sender wants done: send, wait, or stop.
type Step struct {
	OptionAck bool          // send the option acknowledgement
	First     int64         // send data blocks First to Last, counted from 1 without wrapping; none if Last < First
	Last      int64         //
	Wait      time.Duration // call Timeout after this long; 0 leaves the running wait as it is
	Ending    Ending        // anything but Running: stop
}

// Sends reports whether the step holds anything to send.
func (s Step) Sends() bool { return s.OptionAck || s.Last >= s.First }

// Sender is the sending side of one transfer: events in, steps out; no socket, no clock. It repeats only on time-outs,
// and once for each hole that a windowed receiver reports, so that a doubled acknowledgement never doubles the data
// (RFC 1123 section 4.2.3.1, the sorcerer's apprentice; R-60).
type Sender struct {
	terms    Terms
	patience Patience
	last     int64 // number of the last block; it is shorter than the block size, perhaps empty
	size     int64

	greeting bool  // the option acknowledgement is out and not answered
	base     int64 // first block that is not confirmed
	next     int64 // first block that was never sent
	heard    bool  // the client has confirmed something
	repaired bool  // the hole before base was repaired already
	repeats  int   // repetitions since the last progress
	wait     time.Duration
}

// NewSender prepares the transfer of size octets. options says that an option acknowledgement comes first.
func NewSender(size int64, terms Terms, options bool, patience Patience) *Sender {
	s := &Sender{terms: terms, patience: patience.orDefault(), size: size, greeting: options, base: 1, next: 1}
	s.last = size/int64(terms.BlockSize) + 1
	s.wait = s.patience.First
	if terms.Timeout > 0 { // repeated less often, so that a silent client is given up after about the same time
		s.wait = terms.Timeout
		s.patience.Repeats = min(s.patience.Repeats, max(2, int(longSilence/terms.Timeout)))
	}
	return s
}

// longSilence is about how long a client with a time-out of its own may be silent.
const longSilence = 20 * time.Second

// Start gives the first step.
func (s *Sender) Start() Step {
	if s.greeting {
		return Step{OptionAck: true, First: 1, Wait: s.wait}
	}
	return s.window()
}

// Extent returns the place of a block in the file.
func (s *Sender) Extent(block int64) (offset int64, length int) {
	offset = (block - 1) * int64(s.terms.BlockSize)
	return offset, int(min(int64(s.terms.BlockSize), s.size-offset))
}

// Confirmed returns how many octets the client has confirmed.
func (s *Sender) Confirmed() int64 { return min(s.size, (s.base-1)*int64(s.terms.BlockSize)) }

// Ack takes an acknowledgement. Block numbers wrap at 65536: the number is understood within what is under way, and
// anything else is an old doubled packet and changes nothing.
func (s *Sender) Ack(block uint16) Step {
	ahead := int64(block - uint16(s.base-1)) // difference modulo 65536
	switch {
	case s.greeting:
		if block != 0 {
			return Step{First: 1}
		}
		s.greeting = false
		s.progress()
		return s.window()
	case ahead == 0:
		return s.repair()
	case ahead > s.next-s.base:
		return Step{First: 1}
	}
	s.base += ahead
	s.progress()
	if s.base > s.last {
		return Step{First: 1, Ending: Complete}
	}
	// Confirmed within the window: the receiver misses the next block (RFC 7440 section 4), and the blocks of the old
	// window that are still under way will make it say so again. One repetition answers them all.
	s.repaired = s.base < s.next
	s.next = s.base
	return s.window()
}

// Timeout tells that the wait of the last step is over.
func (s *Sender) Timeout() Step {
	if s.repeats >= s.patience.Repeats {
		if s.heard && s.next > s.last {
			return Step{First: 1, Ending: Unconfirmed}
		}
		return Step{First: 1, Ending: Abandoned}
	}
	s.repeats++
	if s.terms.Timeout == 0 {
		s.wait = min(2*s.wait, s.patience.Longest)
	}
	s.repaired = false
	if s.greeting {
		return Step{OptionAck: true, First: 1, Wait: s.wait}
	}
	s.next = s.base
	return s.window()
}

// repair answers an acknowledgement of the block before the window. With a window of one it is a doubled packet; with a
// larger one the first block of the window was lost.
func (s *Sender) repair() Step {
	if s.terms.Window == 1 || s.repaired || s.next == s.base {
		return Step{First: 1}
	}
	s.repaired = true
	s.next = s.base
	return s.window()
}

func (s *Sender) window() Step {
	last := min(s.base+int64(s.terms.Window)-1, s.last)
	s.next = last + 1
	return Step{First: s.base, Last: last, Wait: s.wait}
}

func (s *Sender) progress() {
	s.heard = true
	s.repeats = 0
	s.repaired = false
	s.wait = s.patience.First
	if s.terms.Timeout > 0 {
		s.wait = s.terms.Timeout
	}
}
