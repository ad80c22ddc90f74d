package sipua

import (
	"testing"
	"time"

	"tandem/call/signal"
)

func TestSummarize(t *testing.T) {
	for name, c := range map[string]struct{ raw, want string }{
		"request":     {"BYE sip:2001@192.0.2.1 SIP/2.0\r\nCall-ID: a\r\nCSeq: 3 BYE\r\n\r\n", "BYE 3 BYE"},
		"response":    {"SIP/2.0 180 Ringing\r\nCSeq: 2 INVITE\r\n\r\n", "180 Ringing 2 INVITE"},
		"offer":       {"INVITE sip:1 SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nm=audio 4000 RTP/AVP 0\r\n", "INVITE 1 INVITE, audio 4000 RTP/AVP 0, sendrecv"},
		"hold":        {"INVITE sip:1 SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", "INVITE 1 INVITE, audio 4000 RTP/AVP 0, sendonly"},
		"no sequence": {"OPTIONS sip:1 SIP/2.0\r\n\r\n", "OPTIONS"},
		"nothing":     {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(summarize(nil, []byte(c.raw))); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestRungsLinger(t *testing.T) {
	var r rungs
	at := time.Unix(1000, 0)
	r.put("a", rung{signal.CallID{Call: 1}, "SEP1"}, at)
	r.end("a", at)
	r.put("b", rung{signal.CallID{Call: 2}, "SEP2"}, at.Add(ladderLinger-1))
	if got, ok := r.of([]byte("a")); !ok || got.call.Call != 1 {
		t.Error("the last messages of a call that ended are not shown")
	}
	r.put("c", rung{signal.CallID{Call: 3}, "SEP3"}, at.Add(ladderLinger))
	if _, ok := r.of([]byte("a")); ok {
		t.Error("a call that ended long ago is still known")
	}
	if _, ok := r.of([]byte("b")); !ok {
		t.Error("a call that goes on was forgotten")
	}
}

func TestShowAllocatesNothing(t *testing.T) {
	raw := []byte("INVITE sip:1 SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nm=audio 4000 RTP/AVP 0\r\n")
	var r rungs
	r.put("a", rung{signal.CallID{Call: 1}, "SEP1"}, time.Now())
	var room [200]byte
	if n := testing.AllocsPerRun(100, func() {
		if _, ok := r.of(rawCallID(raw)); !ok {
			t.Error("not found")
		}
		summarize(room[:0], raw)
	}); n != 0 {
		t.Errorf("%v allocations for each message", n)
	}
}
