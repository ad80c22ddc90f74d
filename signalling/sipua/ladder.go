package sipua

import (
	"bytes"
	"strings"
	"time"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// rung says to which call the messages of a Call-ID belong.
type rung struct {
	call   signal.CallID
	device string
}

// onLadder has the messages of a Call-ID shown under its call.
func (s *Server) onLadder(callID, device string, call signal.CallID) {
	if s.o.Ladder != nil {
		s.ladder.Store(callID, rung{call, device})
	}
}

// replay shows the message that came before its call had a number.
func (s *Server) replay(callID string, m sip.Message) {
	if s.o.Ladder == nil {
		return
	}
	if r, ok := s.ladder.Load(callID); ok {
		s.show(r.(rung), false, sip.Append(nil, m))
	}
}

// unladder forgets a Call-ID, when its last messages have had the time to pass.
func (s *Server) unladder(callID string) {
	if s.o.Ladder != nil {
		time.AfterFunc(ladderLinger, func() { s.ladder.Delete(callID) })
	}
}

// trace is shown every message by the transport. It runs under locks of the stack and takes none of ours.
func (s *Server) trace(sent bool, _ sip.Flow, raw []byte) {
	id := rawCallID(raw)
	if id == "" {
		return
	}
	if r, ok := s.ladder.Load(id); ok {
		s.show(r.(rung), sent, raw)
	}
}

func (s *Server) show(r rung, sent bool, raw []byte) {
	line, _, _ := bytes.Cut(raw, []byte("\r\n"))
	first := string(line[:min(len(line), 120)])
	name := first
	if rest, ok := strings.CutPrefix(first, "SIP/2.0 "); ok {
		name = rest
	} else if method, _, ok := strings.Cut(first, " "); ok {
		name = method
	}
	s.o.Ladder.Message(r.call, r.device, sent, name, summary(raw), raw)
}

// summary says in a few words what a message is about: its sequence, and which way its media go.
func summary(raw []byte) string {
	var parts []string
	if v := rawValue(raw, "\r\nCSeq:"); v != "" {
		parts = append(parts, v)
	}
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	if bytes.HasPrefix(body, []byte("v=0")) {
		way := "sendrecv"
		for _, w := range []string{"sendonly", "recvonly", "inactive"} {
			if bytes.Contains(body, []byte("a="+w)) {
				way = w
			}
		}
		if m := rawValue(body, "\nm="); m != "" {
			parts = append(parts, m)
		}
		parts = append(parts, way)
	}
	return strings.Join(parts, ", ")
}

func rawValue(raw []byte, name string) string {
	i := bytes.Index(raw, []byte(name))
	if i < 0 {
		return ""
	}
	line, _, _ := bytes.Cut(raw[i+len(name):], []byte("\r"))
	return string(bytes.TrimSpace(line[:min(len(line), 80)]))
}

// rawCallID finds the Call-ID in a message without parsing it.
func rawCallID(raw []byte) string {
	for _, name := range []string{"\r\nCall-ID:", "\r\ni:", "\r\nCall-Id:", "\r\ncall-id:"} {
		if i := bytes.Index(raw, []byte(name)); i >= 0 {
			line, _, _ := bytes.Cut(raw[i+len(name):], []byte("\r"))
			return string(bytes.TrimSpace(line[:min(len(line), 256)]))
		}
	}
	return ""
}

// ladderLinger is how long messages of an ended call are still shown under it.
const ladderLinger = 5 * time.Second
