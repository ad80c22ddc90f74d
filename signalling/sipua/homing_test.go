package sipua

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/phone"
	sound "tandem/phone/audio"
)

// pair is two servers side by side with the same phones.
type pair struct {
	t    *testing.T
	a, b *rig
	ctx  context.Context
}

func newPair(t *testing.T, change func(*Options, *Parameters)) *pair {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return &pair{t, newRig(t, change), newRig(t, change), ctx}
}

// phone makes a test phone with servers in its list, which never goes back by itself.
func (p *pair) phone(number int, transport string, servers ...netip.AddrPort) *phone.Phone {
	p.t.Helper()
	return p.returning(number, transport, time.Hour, servers...)
}

// returning makes a test phone that goes back to a better server after the monitor time.
func (p *pair) returning(number int, transport string, monitor time.Duration, servers ...netip.AddrPort) *phone.Phone {
	p.t.Helper()
	name := "p" + strconv.Itoa(number)
	p.a.phone(name, strconv.Itoa(number))
	p.b.phone(name, strconv.Itoa(number))
	cfg := phone.Config{Protocol: phone.SIP, Name: name, Transport: transport, Local: netip.MustParseAddr("127.0.0.1"),
		Lines:   []phone.LineConfig{{User: strconv.Itoa(number), AuthUser: name, Password: password + name}},
		Sound:   sound.Sound{Tone: sound.IdentityTone(number % 100)},
		Retry:   50 * time.Millisecond,
		Monitor: monitor,
		Habits:  phone.Habits{Probe: 50 * time.Millisecond, KeepAlive: 200 * time.Millisecond, AnswerTimeout: 2 * time.Second},
	}
	for _, s := range servers {
		cfg.Servers = append(cfg.Servers, s.String())
	}
	ph, err := phone.New(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(ph.Close)
	return ph
}

func (p *pair) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// at waits until a phone is registered at a server, as both see it.
func (p *pair) at(ph *phone.Phone, r *rig, server netip.AddrPort) {
	p.t.Helper()
	p.must(ph.WaitFor(p.ctx, "registration at "+server.String(), func(s *phone.State) bool {
		return s.Registration == phone.Registered && s.Server == server.String()
	}))
	r.eventually(ph.Name()+" registered", func() bool { _, ok := r.x.Registration(ph.Name()); return ok })
}

func (p *pair) talk(a, b *phone.Phone, number int) {
	p.t.Helper()
	p.must(a.Dial(p.ctx, strconv.Itoa(number)))
	_, err := b.WaitCall(p.ctx, phone.RingingIn)
	p.must(err)
	p.must(b.Answer())
	for _, ph := range []*phone.Phone{a, b} {
		_, err := ph.WaitCall(p.ctx, phone.Connected)
		p.must(err)
	}
}

// The server is killed: phones with a connection notice at once, those over UDP with their next keep-alive. A call keeps its
// audio; each user ends his own side, and the phone then is with the backup, idle.
func TestT13_SIPServerKilled(t *testing.T) {
	for _, transport := range []string{"tcp", "udp"} {
		t.Run(transport, func(t *testing.T) {
			p := newPair(t, nil)
			first, second := p.a.tcp, p.b.tcp
			if transport == "udp" {
				first, second = p.a.udp, p.b.udp
			}
			a, b, idle := p.phone(2001, transport, first, second), p.phone(2002, transport, first, second), p.phone(2003, transport, first, second)
			for _, ph := range []*phone.Phone{a, b, idle} {
				p.must(ph.Start(p.ctx))
				p.at(ph, p.a, first)
			}
			p.talk(a, b, 2002)
			p.must(a.WaitHears(p.ctx, sound.IdentityTone(2), 100*time.Millisecond))
			began := time.Now()
			p.must(p.a.s.Close())
			p.at(idle, p.b, second)
			if took := time.Since(began); took > 25*time.Second {
				t.Errorf("the backup had the idle phone after %v", took)
			}
			for i, ph := range []*phone.Phone{a, b} {
				p.must(ph.WaitFor(p.ctx, "the call without a server", func(s *phone.State) bool { return s.FeaturesOff }))
				before := ph.State().Calls[0].Media().Received
				p.must(ph.WaitHears(p.ctx, sound.IdentityTone(2-i), 300*time.Millisecond))
				p.must(ph.WaitFor(p.ctx, "audio that goes on", func(s *phone.State) bool { return s.Calls[0].Media().Received > before+10 }))
				if err := ph.Hold(); err == nil || !strings.Contains(err.Error(), "features are disabled") {
					t.Errorf("Hold without a server: %v", err)
				}
			}
			p.must(a.Hangup())
			p.at(a, p.b, second)
			if st := b.State(); len(st.Calls) != 1 || !st.FeaturesOff {
				t.Errorf("the other end: %s", b.Summary())
			}
			p.must(b.Hangup())
			p.at(b, p.b, second)
			p.talk(b, a, 2001)
			p.must(b.Hangup())
			p.b.idle()
		})
	}
}

// A held call whose server is lost: the backup answers 481 to the resume, and the phone is free.
func TestHeldCallIsUnknownToTheBackup(t *testing.T) {
	p := newPair(t, nil)
	a, b := p.phone(2001, "tcp", p.a.tcp, p.b.tcp), p.phone(2002, "tcp", p.a.tcp, p.b.tcp)
	p.must(a.Start(p.ctx))
	p.must(b.Start(p.ctx))
	p.talk(a, b, 2002)
	p.must(a.Hold())
	_, err := a.WaitCall(p.ctx, phone.OnHold)
	p.must(err)
	p.must(p.a.s.Close())
	p.must(a.WaitFor(p.ctx, "the loss", func(s *phone.State) bool { return s.FeaturesOff && s.Offers("Resume") }))
	p.must(a.Resume())
	p.must(a.WaitIdle(p.ctx))
	st := a.State()
	if c := st.Last(); c == nil || !strings.Contains(c.Cause, "481") {
		t.Errorf("the call ended by %+v", c)
	}
	p.at(a, p.b, p.b.tcp)
	p.must(b.Hangup())
	p.at(b, p.b, p.b.tcp)
}

// The server hangs: it takes datagrams and answers none.
func TestT14_SIPServerHangs(t *testing.T) {
	p := newPair(t, nil)
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	hung := silent.LocalAddr().(*net.UDPAddr).AddrPort()
	a := p.phone(2001, "udp", hung, p.b.udp)
	p.must(a.Start(p.ctx))
	p.at(a, p.b, p.b.udp)
	if a.State().Server != p.b.udp.String() {
		t.Error(a.Summary())
	}
}

// The primary returns: the phones go back after the monitor time at the rate of the server, and none during a call.
func TestT15_SIPPrimaryReturns(t *testing.T) {
	const phones, monitor = 12, 500 * time.Millisecond
	p := newPair(t, func(o *Options, q *Parameters) { q.RegistrationRate = 4 })
	p.b.mu.Lock()
	p.b.params.RegistrationRate = 1000
	p.b.mu.Unlock()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	primary := l.Addr().(*net.TCPAddr).AddrPort()
	l.Close() // nobody is there, for now
	var all []*phone.Phone
	for i := range phones {
		all = append(all, p.returning(2001+i, "tcp", monitor, primary, p.b.tcp))
		p.must(all[i].Start(p.ctx))
		p.at(all[i], p.b, p.b.tcp)
	}
	p.talk(all[0], all[1], 2002)
	began := time.Now()
	if _, err := p.a.s.ListenTCP(primary, netip.AddrPort{}); err != nil {
		t.Fatal(err)
	}
	for i, ph := range all[2:] {
		p.at(ph, p.a, primary)
		if i == 0 && time.Since(began) < monitor {
			t.Errorf("back after %v", time.Since(began))
		}
	}
	if took := time.Since(began); took < monitor+time.Second {
		t.Errorf("%d phones were back after %v, four a second are allowed", phones-2, took)
	}
	if p.a.s.Figures().Held == 0 {
		t.Error("nobody was told to wait")
	}
	for _, ph := range all[:2] {
		if st := ph.State(); st.Server != p.b.tcp.String() || st.Call(phone.Connected) == nil {
			t.Errorf("left its server in a call: %s", ph.Summary())
		}
	}
	p.must(all[0].Hangup())
	p.at(all[0], p.a, primary)
	p.at(all[1], p.a, primary)
	p.b.eventually("nobody left at the backup", func() bool { return p.b.s.Figures().Registered == 0 })
	p.b.idle()
}
