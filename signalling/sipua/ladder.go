package sipua

import (
	"bytes"
	"sync"
	"time"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// rung says to which call the messages of a Call-ID belong.
type rung struct {
	call   signal.CallID
	device string
}

// rungs are the Call-IDs whose messages are shown under a call. Each message is looked up here before it is parsed, so a
// look-up makes no string of what it looks for.
type rungs struct {
	mu    sync.RWMutex
	m     map[string]rung
	ended []endedRung // oldest first; few, because those that are over go with each that comes
}

// endedRung is a Call-ID whose dialog has ended.
type endedRung struct {
	callID string
	until  time.Time
}

// ladderLinger is how long messages of an ended call are still shown under it.
const ladderLinger = 5 * time.Second

func (r *rungs) of(callID []byte) (rung, bool) {
	r.mu.RLock()
	found, ok := r.m[string(callID)]
	r.mu.RUnlock()
	return found, ok
}

func (r *rungs) put(callID string, to rung, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = make(map[string]rung)
	}
	r.sweep(now)
	r.m[callID] = to
}

// end has a Call-ID forgotten when its last messages have had the time to pass.
func (r *rungs) end(callID string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now)
	r.ended = append(r.ended, endedRung{callID, now.Add(ladderLinger)})
}

// sweep forgets what is over. Called with mu held.
func (r *rungs) sweep(now time.Time) {
	n := 0
	for n < len(r.ended) && !now.Before(r.ended[n].until) {
		delete(r.m, r.ended[n].callID)
		r.ended[n] = endedRung{}
		n++
	}
	if r.ended = r.ended[n:]; len(r.ended) == 0 {
		r.ended = nil
	}
}

// onLadder has the messages of a Call-ID shown under its call.
func (s *Server) onLadder(callID, device string, call signal.CallID) {
	if s.o.Ladder != nil {
		s.ladder.put(callID, rung{call, device}, time.Now())
	}
}

// replay shows the message that came before its call had a number, at the time when it came: a ladder of several servers is put in
// order by the time.
func (s *Server) replay(callID string, came time.Time, m sip.Message) {
	if s.o.Ladder == nil {
		return
	}
	if r, ok := s.ladder.of([]byte(callID)); ok {
		s.show(r, false, came, sip.Append(make([]byte, 0, 1024), m))
	}
}

// unladder forgets a Call-ID, when its last messages have had the time to pass.
func (s *Server) unladder(callID string) {
	if s.o.Ladder != nil {
		s.ladder.end(callID, time.Now())
	}
}

// trace is shown every message by the transport. It runs under locks of the stack and takes none of ours but that of the rungs.
func (s *Server) trace(sent bool, _ sip.Flow, raw []byte) {
	id := rawCallID(raw)
	if len(id) == 0 {
		return
	}
	if r, ok := s.ladder.of(id); ok {
		s.show(r, sent, time.Now(), raw)
	}
}

func (s *Server) show(r rung, sent bool, at time.Time, raw []byte) {
	s.o.Ladder.Message(r.call, r.device, sent, at, summarize, raw)
}

// Parts of a summary are bounded, in bytes.
const (
	nameLimit  = 120
	valueLimit = 80
)

var (
	lineEnd   = []byte("\r\n")
	bodyStart = []byte("\r\n\r\n")
	statusOf  = []byte("SIP/2.0 ")
	cseqOf    = []byte("\r\nCSeq:")
	mediaOf   = []byte("\nm=")
	ways      = [][]byte{[]byte("a=inactive"), []byte("a=recvonly"), []byte("a=sendonly")}
	callIDsOf = [][]byte{[]byte("\r\nCall-ID:"), []byte("\r\ni:"), []byte("\r\nCall-Id:"), []byte("\r\ncall-id:")}
)

// summarize appends in a few words what a message is about: its method or status, its sequence, and which way its media go.
func summarize(b, raw []byte) []byte {
	line, _, _ := bytes.Cut(raw, lineEnd)
	line = line[:min(len(line), nameLimit)]
	if status, ok := bytes.CutPrefix(line, statusOf); ok {
		line = status
	} else {
		line, _, _ = bytes.Cut(line, []byte{' '})
	}
	b = append(b, line...)
	between := " "
	if v := rawValue(raw, cseqOf); len(v) > 0 {
		b = append(append(b, between...), v...)
		between = ", "
	}
	_, body, _ := bytes.Cut(raw, bodyStart)
	if !bytes.HasPrefix(body, []byte("v=0")) {
		return b
	}
	if m := rawValue(body, mediaOf); len(m) > 0 {
		b = append(append(b, between...), m...)
		between = ", "
	}
	b = append(b, between...)
	for _, w := range ways {
		if bytes.Contains(body, w) {
			return append(b, w[len("a="):]...)
		}
	}
	return append(b, "sendrecv"...)
}

func rawValue(raw, name []byte) []byte {
	i := bytes.Index(raw, name)
	if i < 0 {
		return nil
	}
	line, _, _ := bytes.Cut(raw[i+len(name):], []byte{'\r'})
	return bytes.TrimSpace(line[:min(len(line), valueLimit)])
}

// rawCallID finds the Call-ID in a message without parsing it.
func rawCallID(raw []byte) []byte {
	for _, name := range callIDsOf {
		if i := bytes.Index(raw, name); i >= 0 {
			line, _, _ := bytes.Cut(raw[i+len(name):], []byte{'\r'})
			return bytes.TrimSpace(line[:min(len(line), 256)])
		}
	}
	return nil
}
