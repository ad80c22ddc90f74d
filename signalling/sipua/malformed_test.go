package sipua

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tandem/wire/sip"
)

// mutate changes a message as a careless or hostile sender would.
func mutate(r *rand.Rand, b []byte) []byte {
	b = append([]byte(nil), b...)
	for range 1 + r.IntN(6) {
		if len(b) == 0 {
			return b
		}
		i := r.IntN(len(b))
		switch r.IntN(6) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b = append(b[:i], b[min(len(b), i+1+r.IntN(40)):]...)
		case 2:
			j := min(len(b), i+r.IntN(60))
			b = append(b[:j:j], b[i:]...)
		case 3:
			b = append(b[:i:i], append([]byte(strings.Repeat(string(rune(r.IntN(256))), 1+r.IntN(200))), b[i:]...)...)
		case 4:
			b = append(b[:i:i], append([]byte("\r\n"), b[i:]...)...)
		case 5:
			b[i] = byte(r.IntN(256))
		}
	}
	return b
}

// A hundred thousand messages, from five seeds. With -short, and so under the race detector, a part of them.
func TestT02_MutatedMessages(t *testing.T) {
	messages := 20000
	if testing.Short() {
		messages = 600
	}
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { mutated(t, seed, messages) })
	}
}

func mutated(t *testing.T, seed uint64, messages int) {
	r, a, b := two(t)
	chance := rand.New(rand.NewPCG(2, seed))
	r.mu.Lock()
	r.params.RequestsPerSecond, r.params.FailedAttempts = 0, 1<<30 // this test is about form, not rate
	r.mu.Unlock()
	m := r.ua("alice", "2001").registered()
	m.auto.Store(false)
	uri := "sip:2002@" + m.server.String()
	fresh := func(method sip.Method, target, body string, n int) []byte {
		return sip.Append(nil, m.text(method, target, m.aor()+";tag=x", "<"+uri+">", fmt.Sprintf("mutated%d", n), 1, body,
			"Contact: <"+m.contact+">", "Event: dialog", "Expires: 600", "Authorization: "+m.credentials(string(method), target)))
	}
	for i := range messages {
		var raw []byte
		switch i % 4 {
		case 0: // the body alone, in a request that is let in
			body := string(mutate(chance, []byte(audio(40000))))
			raw = []byte(strings.Replace(string(fresh(sip.INVITE, uri, "BODY", i)), "Content-Length: 4\r\n\r\nBODY", fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body), 1))
		case 1:
			raw = mutate(chance, fresh(sip.INVITE, uri, audio(40000), i))
		case 2:
			raw = mutate(chance, fresh(sip.REGISTER, "sip:"+m.server.String(), "", i))
		case 3:
			raw = mutate(chance, fresh(sip.SUBSCRIBE, uri, "", i))
		}
		if len(raw) > 0 && len(raw) < 60000 {
			m.raw(raw)
		}
		if i%100 == 99 { // let it take what it was sent
			probe := a.text(sip.OPTIONS, uri, a.aor()+";tag=x", "<"+uri+">", a.token(), 1, "")
			a.send(probe)
			a.response(sip.CallIDOf(probe), sip.OPTIONS, 200)
			for { // calls that were understood are refused
				q := b.within(0, isRequest(sip.INVITE))
				if q == nil {
					break
				}
				b.send(sip.NewResponse(q.(*sip.Request), 486, "", "busy"))
			}
		}
	}
	if n := r.s.Transport().Panics; n != 0 {
		t.Fatalf("%d panics", n)
	}
	if n := r.x.Figures().Panics; n != 0 {
		t.Fatalf("%d panics in call processing", n)
	}
	// The server still takes calls.
	r.phone("carol", "2003")
	r.phone("dave", "2004")
	c, d := r.ua("carol", "2003").registered(), r.ua("dave", "2004").registered()
	from, to := talk(t, c, d)
	from.bye()
	to.request(sip.BYE)
}
