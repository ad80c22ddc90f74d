package phone

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"tandem/wire/sip"
)

// defaultSIPKeepAlive is timerKeepAliveExpires of Cisco loads: how often a phone makes sure of its server.
const defaultSIPKeepAlive = 120 * time.Second

// sipHome is a server of the list, as requests reach it.
type sipHome struct {
	at     int // place in the list, from 0
	server netip.AddrPort
	name   string // host as configured
	target sip.Target
}

// homeAt resolves a server of the list.
func (d *sipPhone) homeAt(ctx context.Context, at int) (sipHome, error) {
	address := withPort(d.p.cfg.Servers[at], strconv.Itoa(int(d.transport.DefaultPort())))
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return sipHome{}, err
	}
	h := sipHome{at: at, name: host}
	if h.server, err = resolve(ctx, address); err != nil {
		return sipHome{}, err
	}
	h.target = sip.At(d.transport, h.server)
	h.target.ServerName = host
	return h, nil
}

// address is the URI of a user at a server.
func (h *sipHome) address(t sip.Transport, user string) sip.URI {
	u := sip.AddrURI(user, h.server)
	if _, ok := sip.HostAddr(h.name); !ok {
		u.Host = h.name
	}
	if h.server.Port() == t.DefaultPort() {
		u.Port = 0
	}
	return u
}

// result takes one final answer; a request without one is an error.
type result chan *sip.Response

func (r result) OnResponse(_ *sip.ClientTx, res *sip.Response) {
	if res.StatusCode >= 200 {
		select {
		case r <- res:
		default:
		}
	}
}

func (r result) OnFailure(*sip.ClientTx, error) {
	select {
	case r <- nil:
	default:
	}
}

// wait returns the answer, nil if there is none in time.
func (r result) wait(ctx context.Context, within time.Duration) *sip.Response {
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case res := <-r:
		return res
	case <-t.C:
	case <-ctx.Done():
	}
	return nil
}

func (d *sipPhone) answerTime() time.Duration {
	if t := d.p.cfg.Habits.AnswerTimeout; t > 0 {
		return t
	}
	return answerTimeout
}

// answers asks a server whether it is there (OPTIONS).
func (d *sipPhone) answers(ctx context.Context, h *sipHome) bool {
	d.p.mu.Lock()
	if len(d.lines) == 0 {
		d.p.mu.Unlock()
		return false
	}
	ep := d.ep
	self := sip.Address{URI: h.address(d.transport, d.lines[0].config.User)}
	d.p.mu.Unlock()
	req := ep.NewRequest(sip.OPTIONS, h.address(d.transport, ""), self, self, ep.NewCallID())
	req.From().Params = sip.Params{{K: "tag", V: ep.NewTag()}}
	answer := make(result, 1)
	if _, err := ep.Request(req, h.target, nil, answer); err != nil {
		return false
	}
	return answer.wait(ctx, d.answerTime()) != nil
}

// keepAlive makes sure of the server now and then, where there is another one to go to.
func (d *sipPhone) keepAlive(ctx context.Context) {
	every := d.p.cfg.Habits.KeepAlive
	if every <= 0 {
		every = defaultSIPKeepAlive
	}
	for d.p.pause(ctx, every) {
		d.p.mu.Lock()
		home, lost := d.sipHome, d.gone
		d.p.mu.Unlock()
		if lost || d.answers(ctx, &home) || ctx.Err() != nil {
			continue
		}
		d.p.mu.Lock()
		if d.at == home.at {
			d.serverLost("no answer to a keep-alive")
			d.p.broadcast()
		}
		d.p.mu.Unlock()
	}
}

// serverLost leaves the server for the next one: at once when the phone is idle, else when its calls have ended, whose audio
// goes on. The caller holds Phone.mu.
func (d *sipPhone) serverLost(why string) {
	if d.gone || d.silent {
		return
	}
	d.gone = true
	s := &d.p.state
	for _, l := range d.lines {
		l.registered = false
		d.p.stopTimer(l.refresh)
	}
	s.Registration, s.Reason = Lost, why
	d.p.note("server lost: %s", why)
	for c, x := range d.legs {
		if !c.outlives() {
			d.endLeg(x, "server lost")
		}
	}
	if d.p.featuresOff() {
		for c := range d.legs {
			if c.State == OnHold {
				c.SoftKeys = []string{"Resume", "EndCall"}
			}
		}
		s.SoftKeys = s.Active().SoftKeys
		return
	}
	d.leaveServer(false)
}

// alone ends the wait for calls that go on without their server. The caller holds Phone.mu.
func (d *sipPhone) alone() {
	if d.gone && len(d.legs) == 0 {
		d.p.featuresOn()
		d.leaveServer(false)
	}
}

// comeBack watches the servers before the phone's own. To one that answers for the monitor time without a break the phone
// goes back as soon as it is idle: it registers there and, when that is done, leaves the other.
func (d *sipPhone) comeBack(ctx context.Context) {
	for d.p.pause(ctx, d.p.cfg.Habits.probe()) {
		d.p.mu.Lock()
		at := d.at
		d.p.mu.Unlock()
		for better := range at {
			if home, err := d.homeAt(ctx, better); err == nil && d.returnTo(ctx, home) {
				break
			}
		}
	}
}

// returnTo watches one better server and reports whether the phone went there.
func (d *sipPhone) returnTo(ctx context.Context, home sipHome) bool {
	for wait := d.p.monitorTime(); ; {
		for due := time.Now().Add(wait); ; {
			if !d.answers(ctx, &home) {
				return false
			}
			left := time.Until(due)
			if left <= 0 {
				break
			}
			if !d.p.pause(ctx, min(left, d.p.cfg.Habits.probe())) {
				return false
			}
		}
		idle := func(s *State) bool { return s.Registration == Registered && len(d.legs) == 0 }
		if !d.p.await(ctx, idle) {
			return false
		}
		res := d.tryHome(ctx, &home)
		switch {
		case res == nil:
			return false
		case res.StatusCode < 300:
			d.settle(home, granted(res, d.wish(d.lines[0])))
			return true
		}
		after, err := strconv.Atoi(sip.HeaderValue(res, "Retry-After"))
		if err != nil || after <= 0 {
			return false // it does not want the phone: the watch begins anew
		}
		d.p.update(func(s *State) {
			s.PutOff++
			d.p.note("%s says %d, come again in %d s", home.server, res.StatusCode, after)
		})
		wait = time.Duration(after) * time.Second
	}
}

// tryHome registers the first line at a better server; the answer is nil if there is none.
func (d *sipPhone) tryHome(ctx context.Context, home *sipHome) *sip.Response {
	answer := make(result, 1)
	d.p.mu.Lock()
	err := d.registerAt(home, d.lines[0], d.wish(d.lines[0]), answer)
	d.p.mu.Unlock()
	if err != nil {
		return nil
	}
	return answer.wait(ctx, d.answerTime())
}

// settle makes a server at which the first line is registered the phone's own, and leaves the one before.
func (d *sipPhone) settle(home sipHome, seconds int) {
	p := d.p
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.broadcast()
	if d.gone || d.silent {
		return
	}
	old := d.sipHome
	d.sipHome = home
	p.note("going back to %s", home.server)
	for _, l := range d.lines {
		_ = d.registerAt(&old, l, 0, quiet{})
	}
	p.state.Server = home.server.String()
	p.state.Registrations++
	p.state.Since = time.Now()
	d.registered(d.lines[0], seconds)
	for _, l := range d.lines[1:] {
		d.register(l)
	}
}

// registerAt sends REGISTER for a line to a server. The caller holds Phone.mu.
func (d *sipPhone) registerAt(home *sipHome, l *sipLine, expires int, answer sip.ResponseHandler) error {
	flow, err := d.ep.FlowTo(home.target)
	if err != nil {
		return err
	}
	home.target.Flow = flow
	self := sip.Address{DisplayName: sip.Quote(l.config.Display), URI: home.address(d.transport, l.config.User)}
	req := d.ep.NewRequest(sip.REGISTER, home.address(d.transport, ""), self, sip.Address{URI: self.URI}, l.callID)
	req.From().Params = sip.Params{{K: "tag", V: l.tag}}
	l.sequence++
	req.CSeq().SeqNo = l.sequence
	req.AppendHeader(sip.LocalContact(flow, l.config.User))
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(expires)))
	req.AppendHeader(sip.NewHeader("Allow", allowed))
	_, err = d.ep.Request(req, home.target, d.credentials(l), answer)
	return err
}

// resumeAtBackup asks the next server to resume a call whose server is lost. It does not know the call and says so, by 481,
// which ends the call (RFC 3261 12.2.1.2). The caller holds Phone.mu.
func (d *sipPhone) resumeAtBackup(x *leg) error {
	if x.dialog == nil || len(d.p.cfg.Servers) < 2 {
		return ErrFeaturesOff
	}
	home, err := d.homeAt(context.Background(), (d.at+1)%len(d.p.cfg.Servers))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrFeaturesOff, err)
	}
	x.held = false
	body, err := d.makeOffer(x)
	x.held = true
	if err != nil {
		return err
	}
	req := x.dialog.NewRequest(sip.INVITE)
	x.afterLoss++
	req.CSeq().SeqNo = 1<<20 + x.afterLoss // behind all that the dialog has sent
	sip.SetBody(req, "application/sdp", body)
	_, err = d.ep.Request(req, home.target, d.credentials(x.line), &strayResume{x})
	return err
}

// strayResume takes the backup's answer to a call that it does not know.
type strayResume struct{ x *leg }

func (r *strayResume) OnResponse(_ *sip.ClientTx, res *sip.Response) {
	defer r.x.lock()()
	if res.StatusCode < 300 || r.x.ended {
		return
	}
	r.x.d.p.note("resume at the backup: %d %s", res.StatusCode, res.Reason)
	if res.StatusCode == 481 || res.StatusCode == 408 {
		r.x.d.endLeg(r.x, fmt.Sprintf("%d %s", res.StatusCode, res.Reason))
	}
}

func (r *strayResume) OnFailure(_ *sip.ClientTx, err error) {
	defer r.x.lock()()
	r.x.d.p.note("resume at the backup: %v", err)
}
