package phone

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/phone/audio"
	"tandem/wire/sip"
)

// fakeRegistrar keeps registrations with digest and sends callers on to the phone's
// contact by 302, so that two phones talk to each other directly.
type fakeRegistrar struct {
	ep       *sip.Endpoint
	at       netip.AddrPort
	verifier *sip.Verifier

	mu       sync.Mutex
	contacts map[string]sip.URI
	refuse   int // status for the next REGISTERs
	expires  int
	gone     int // registrations taken back
	dialogs  map[string]*sip.Dialog
}

type anyPassword struct{}

func (anyPassword) HA1(user, realm string, a sip.Algorithm) (string, bool) {
	return sip.HA1(a, user, realm, "secret"), true
}

func newFakeRegistrar(t *testing.T) *fakeRegistrar {
	t.Helper()
	r := &fakeRegistrar{contacts: map[string]sip.URI{}, dialogs: map[string]*sip.Dialog{}, expires: 3600}
	var err error
	r.verifier, err = sip.NewVerifier("test", []byte("0123456789abcdef"), time.Minute, []sip.Algorithm{sip.SHA256, sip.MD5}, anyPassword{})
	if err != nil {
		t.Fatal(err)
	}
	if r.ep, err = sip.NewEndpoint(sip.Config{}, sip.Options{}, r); err != nil {
		t.Fatal(err)
	}
	if r.at, err = r.ep.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), netip.AddrPort{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.ep.Close() })
	return r
}

func (r *fakeRegistrar) OnCancel(*sip.ServerTx)       {}
func (r *fakeRegistrar) OnFlowClosed(sip.Flow, error) {}

func (r *fakeRegistrar) OnRequest(tx *sip.ServerTx, req *sip.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch req.Method {
	case sip.REGISTER:
		if r.refuse != 0 {
			_ = tx.Reply(r.refuse)
			r.refuse = 0
			return
		}
		if a := r.verifier.Check(req, false); a.Outcome != sip.Granted {
			res := tx.Response(401, "")
			r.verifier.Challenge(res, a.Outcome == sip.Stale)
			_ = tx.Respond(res)
			return
		}
		n, _ := sip.Expires(req)
		if n == 0 {
			r.gone++
			delete(r.contacts, req.To().Address.User)
			_ = tx.Reply(200)
			return
		}
		if n < 60 {
			_ = tx.Reply(423, sip.NewHeader("Min-Expires", "60"))
			return
		}
		r.contacts[req.To().Address.User] = req.Contact().Address
		_ = tx.Reply(200, sip.HeaderClone(req.Contact()), sip.NewHeader("Expires", fmt.Sprint(min(int(n), r.expires))))
	case sip.INVITE:
		to, ok := r.contacts[req.Recipient.User]
		if !ok {
			_ = tx.Reply(404)
			return
		}
		_ = tx.Reply(302, sip.ContactHeader(to))
	case sip.SUBSCRIBE:
		d, err := r.ep.Incoming(tx, sip.LocalContact(tx.Flow(), "server"), r)
		if err != nil {
			return
		}
		_ = d.Respond(tx, 200, nil, sip.NewHeader("Expires", "600"))
		event, _ := sip.ParseEvent(req)
		r.dialogs[event.Package] = d
	default:
		_ = tx.Reply(405)
	}
}

func (r *fakeRegistrar) OnDialogRequest(d *sip.Dialog, tx *sip.ServerTx, _ *sip.Request) {
	_ = tx.Reply(200)
}
func (r *fakeRegistrar) OnDialogAck(*sip.Dialog, *sip.Request)     {}
func (r *fakeRegistrar) OnDialogCancel(*sip.Dialog, *sip.ServerTx) {}
func (r *fakeRegistrar) OnRefreshDue(*sip.Dialog)                  {}
func (r *fakeRegistrar) OnDialogLost(*sip.Dialog, error)           {}

func newSIPPhone(t *testing.T, r *fakeRegistrar, number int, change func(*Config)) *Phone {
	t.Helper()
	cfg := Config{Protocol: SIP, Name: fmt.Sprintf("SEP00000000%04d", number), Servers: []string{r.at.String()}, Local: loopback,
		Lines: []LineConfig{{User: fmt.Sprint(number), Display: fmt.Sprintf("User %d", number), Password: "secret"}},
		Sound: audio.Sound{Tone: audio.IdentityTone(number)}, Retry: 50 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// hear waits until two phones hear each other's tone.
func hear(t *testing.T, a, b *Phone, na, nb int) {
	t.Helper()
	ctx := soon(t)
	must(t, a.WaitHears(ctx, audio.IdentityTone(nb), 200*time.Millisecond), a, b)
	must(t, b.WaitHears(ctx, audio.IdentityTone(na), 200*time.Millisecond), a, b)
}

func TestSIPCallHoldResumeDTMF(t *testing.T) {
	for _, c := range []struct {
		name   string
		habits Habits
	}{
		{"early offer", Habits{}}, {"delayed offer", Habits{DelayedOffer: true}}, {"reliable", Habits{Reliable: true}},
		{"null address", Habits{OldHold: true}}, {"inactive", Habits{HoldInactive: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newFakeRegistrar(t)
			habits := func(f *Config) { f.Habits = c.habits }
			a, b := newSIPPhone(t, r, 2001, habits), newSIPPhone(t, r, 2002, habits)
			ctx := soon(t)
			must(t, a.Start(ctx), a)
			must(t, b.Start(ctx), b)
			must(t, a.Dial(ctx, "2002"), a)
			in, err := b.WaitCall(ctx, RingingIn)
			must(t, err, a, b)
			if in.Remote != (Party{"User 2001", "2001"}) {
				t.Errorf("called by %v", in.Remote)
			}
			_, err = a.WaitCall(ctx, RingingOut)
			must(t, err, a, b)
			must(t, b.Answer(), b)
			hear(t, a, b, 2001, 2002)
			must(t, a.DTMF("15#"), a)
			must(t, b.WaitFor(ctx, "keys", func(s *State) bool { return s.Calls[0].Media().Digits == "15#" }), a, b)

			must(t, b.Hold(), b)
			_, err = b.WaitCall(ctx, OnHold)
			must(t, err, a, b)
			must(t, a.WaitFor(ctx, "silence", func(s *State) bool { _, ok := s.Calls[0].Hears(); return !ok }), a, b)
			must(t, b.WaitFor(ctx, "silence", func(s *State) bool { _, ok := s.Calls[0].Hears(); return !ok }), a, b)
			must(t, b.Resume(), b)
			hear(t, a, b, 2001, 2002)
			must(t, a.Hangup(), a)
			must(t, b.WaitIdle(ctx), b)
			sa := a.State()
			if m := sa.Last().Media(); m.Lost != 0 || m.Received < 20 || m.ReceiveCodec != "PCMU" {
				t.Errorf("audio %+v", m)
			}
		})
	}
}

func TestSIPCancelBusyRejectAndNotFound(t *testing.T) {
	r := newFakeRegistrar(t)
	a, b := newSIPPhone(t, r, 2001, nil), newSIPPhone(t, r, 2002, func(c *Config) { c.MaxCalls = 1 })
	ctx := soon(t)
	must(t, a.Start(ctx), a)
	must(t, b.Start(ctx), b)

	must(t, a.Dial(ctx, "9999"), a)
	_, err := a.WaitCall(ctx, InvalidNumber)
	must(t, err, a)
	must(t, a.Hangup(), a)

	must(t, a.Dial(ctx, "2002"), a)
	_, err = a.WaitCall(ctx, RingingOut)
	must(t, err, a, b)
	must(t, a.Hangup(), a)
	must(t, b.WaitIdle(ctx), b)
	if st := b.State(); st.Last().Cause != "not answered here" {
		t.Errorf("cause %q", st.Last().Cause)
	}

	must(t, a.Dial(ctx, "2002"), a)
	_, err = b.WaitCall(ctx, RingingIn)
	must(t, err, a, b)
	must(t, b.Hangup(), b)
	c, err := a.WaitCall(ctx, Congested)
	must(t, err, a, b)
	if !strings.HasPrefix(c.Cause, "603") {
		t.Errorf("cause %q", c.Cause)
	}
	must(t, a.Hangup(), a)

	third := newSIPPhone(t, r, 2003, nil)
	must(t, third.Start(ctx), third)
	must(t, third.Dial(ctx, "2002"), third)
	_, err = third.WaitCall(ctx, RingingOut)
	must(t, err, third)
	must(t, a.Redial(), a)
	_, err = a.WaitCall(ctx, Busy)
	must(t, err, a, b)
	if tone := a.State().Tone; tone != "LineBusy" {
		t.Errorf("tone %q", tone)
	}
}

func TestSIPTransfers(t *testing.T) {
	for _, kind := range []string{"blind", "consult", "while ringing"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := newFakeRegistrar(t)
			a, b, c := newSIPPhone(t, r, 2001, nil), newSIPPhone(t, r, 2002, nil), newSIPPhone(t, r, 2003, nil)
			ctx := soon(t)
			for _, p := range []*Phone{a, b, c} {
				must(t, p.Start(ctx), p)
			}
			must(t, a.Dial(ctx, "2002"), a)
			_, err := b.WaitCall(ctx, RingingIn)
			must(t, err, a, b)
			must(t, b.Answer(), b)
			hear(t, a, b, 2001, 2002)
			switch kind {
			case "blind":
				must(t, b.BlindTransfer(ctx, "2003"), b)
				_, err = c.WaitCall(ctx, RingingIn)
				must(t, err, a, b, c)
				must(t, c.Answer(), c)
			case "consult":
				must(t, b.StartTransfer(ctx, "2003"), b)
				_, err = c.WaitCall(ctx, RingingIn)
				must(t, err, a, b, c)
				must(t, c.Answer(), c)
				hear(t, b, c, 2002, 2003)
				must(t, b.Transfer(), b)
			case "while ringing":
				must(t, b.StartTransfer(ctx, "2003"), b)
				_, err = b.WaitCall(ctx, RingingOut)
				must(t, err, a, b, c)
				must(t, b.Transfer(), b)
				must(t, c.WaitFor(ctx, "the call of the other", func(s *State) bool {
					x := s.Call(RingingIn)
					return x != nil && x.Remote.Number == "2001"
				}), a, b, c)
				must(t, c.Answer(), c)
			}
			hear(t, a, c, 2001, 2003)
			must(t, b.WaitIdle(ctx), b)
			must(t, c.Hangup(), c)
			must(t, a.WaitFor(ctx, "the end of the call with 2003", func(s *State) bool { return s.Call(Connected) == nil }), a)
		})
	}
}

func TestSIPRegistration(t *testing.T) {
	r := newFakeRegistrar(t)
	r.mu.Lock()
	r.refuse = 503
	r.mu.Unlock()
	p := newSIPPhone(t, r, 2001, func(c *Config) { c.Expires = 30 * time.Second }) // 423 asks for 60
	ctx := soon(t)
	must(t, p.Start(ctx), p)
	p.Stop()
	r.mu.Lock()
	gone := r.gone
	r.mu.Unlock()
	if gone != 1 {
		t.Errorf("%d registrations taken back, want 1", gone)
	}
	must(t, p.Start(ctx), p)
	p.Vanish()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone != 1 {
		t.Error("a vanished phone said goodbye")
	}
}

func TestSIPWrongPassword(t *testing.T) {
	r := newFakeRegistrar(t)
	p := newSIPPhone(t, r, 2001, func(c *Config) { c.Lines[0].Password = "wrong" })
	go p.Start(soon(t))
	must(t, p.WaitFor(soon(t), "the rejection", func(s *State) bool {
		return s.Registration == Rejected && strings.HasPrefix(s.Reason, "401")
	}), p)
}

func TestSIPMessageWaitingAndBusyLamp(t *testing.T) {
	r := newFakeRegistrar(t)
	p := newSIPPhone(t, r, 2001, func(c *Config) { c.WatchMessages, c.Watch = true, []string{"2002"} })
	ctx := soon(t)
	must(t, p.Start(ctx), p)
	notify := func(event, kind, body string) {
		t.Helper()
		var d *sip.Dialog
		must(t, p.WaitFor(ctx, "a subscription", func(*State) bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			d = r.dialogs[event]
			return d != nil
		}), p)
		req := d.NewRequest(sip.NOTIFY)
		req.AppendHeader(sip.Event{Package: event}.Header())
		req.AppendHeader(sip.SubscriptionState{State: "active", Expires: 600}.Header())
		sip.SetBody(req, kind, []byte(body))
		if _, err := d.Send(req, quiet{}); err != nil {
			t.Fatal(err)
		}
	}
	notify("message-summary", "application/simple-message-summary", "Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n")
	must(t, p.WaitFor(ctx, "the lamp", func(s *State) bool { return s.MessageWaiting }), p)
	notify("message-summary", "application/simple-message-summary", "Messages-Waiting: no\r\n")
	must(t, p.WaitFor(ctx, "no lamp", func(s *State) bool { return !s.MessageWaiting }), p)
	for state, want := range map[string]int{"early": 4, "confirmed": 2, "terminated": 1} {
		notify("dialog", "application/dialog-info+xml", `<dialog-info><dialog id="1"><state>`+state+`</state></dialog></dialog-info>`)
		must(t, p.WaitFor(ctx, state, func(s *State) bool { return s.Buttons[0].Status == want }), p)
	}
}

func TestSIPForwardAllAndAutoAnswer(t *testing.T) {
	r := newFakeRegistrar(t)
	a, b := newSIPPhone(t, r, 2001, nil), newSIPPhone(t, r, 2002, nil)
	c := newSIPPhone(t, r, 2003, func(f *Config) { f.AutoAnswer = time.Millisecond })
	ctx := soon(t)
	for _, p := range []*Phone{a, b, c} {
		must(t, p.Start(ctx), p)
	}
	must(t, b.ForwardAll(ctx, "2003"), b)
	must(t, a.NewCall(), a)
	must(t, a.Keys("2002#"), a)
	hear(t, a, c, 2001, 2003)
	if n := len(b.State().Past); n != 0 {
		t.Errorf("the forwarding phone shows %d calls", n)
	}
	must(t, c.Hangup(), c)
	must(t, a.WaitIdle(ctx), a)
}
