package phone

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"tandem/wire/sip"
)

// sipPhone is the SIP side of a phone. Its fields are guarded by Phone.mu.
type sipPhone struct {
	p         *Phone
	ep        *sip.Endpoint
	transport sip.Transport
	local     netip.Addr
	sipHome        // the phone's server
	gone      bool // it is lost; calls go on without it
	lines     []*sipLine
	legs      map[*Call]*leg
	watching  map[*sip.Dialog]string // subscriptions: the number, empty for messages
	dialing   string                 // digits of a call that is off hook
	next      int                    // numbers the calls
	silent    bool                   // the phone has vanished
	served    bool                   // the server took a registration
	again     chan struct{}          // wakes run: read the configuration again
	restart   bool
}

// sipLine is one registration.
type sipLine struct {
	config     LineConfig
	instance   int
	callID     string
	tag        string
	sequence   uint32
	registered bool
	answered   bool // the REGISTER under way
	told       bool // the server said when to come again
	patience   *time.Timer
	expires    time.Duration
	refresh    *time.Timer
	done       chan struct{} // closed when an unregistration is answered
}

func newSIP(p *Phone) driver {
	return &sipPhone{p: p, legs: map[*Call]*leg{}, watching: map[*sip.Dialog]string{}, again: make(chan struct{}, 1)}
}

// userAgent is how the phone names itself.
const userAgent = "Tandem-Phone"

const (
	allowed   = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY, MESSAGE"
	supported = "replaces, 100rel, timer"
)

// run keeps the phone registered with the best server that it can reach until ctx ends or the phone is to restart.
func (d *sipPhone) run(ctx context.Context) {
	n := min(len(d.p.cfg.Servers), maxServers)
	for at, failed := 0, 0; ctx.Err() == nil; {
		if failed >= n { // nobody takes the phone: from the beginning, after a pause
			at, failed = 0, 0
			d.p.pause(ctx, d.p.cfg.Retry)
			continue
		}
		if err := d.open(ctx, at); err != nil {
			d.p.update(func(s *State) { s.Registration, s.Reason = Lost, err.Error() })
			at, failed = (at+1)%n, failed+1
			continue
		}
		helpers, end := context.WithCancel(ctx)
		var both sync.WaitGroup
		if n > 1 {
			both.Go(func() { d.keepAlive(helpers) })
		}
		if at > 0 {
			both.Go(func() { d.comeBack(helpers) })
		}
		select {
		case <-ctx.Done():
		case <-d.again:
		}
		end()
		both.Wait()
		d.close()
		if d.restart {
			return
		}
		if d.served {
			failed = 0
		}
		at, failed = (d.at+1)%n, failed+1
	}
}

// open makes the endpoint and begins to register.
func (d *sipPhone) open(ctx context.Context, at int) error {
	p := d.p
	var ok bool
	if d.transport, ok = sip.ParseTransport(orDefault(p.cfg.Transport, "udp")); !ok {
		return fmt.Errorf("transport %q", p.cfg.Transport)
	}
	home, err := d.homeAt(ctx, at)
	if err != nil {
		return err
	}
	d.local = p.cfg.Local
	if !d.local.IsValid() {
		// The address from which the system would send there.
		c, err := net.Dial("udp", home.server.String())
		if err != nil {
			return err
		}
		d.local = c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
		c.Close()
	}
	cfg := sip.Config{Workers: 1, Source: p.cfg.Local}
	if p.trace.limit > 0 {
		cfg.Trace = func(sent bool, _ sip.Flow, message []byte) { d.trace(sent, message) }
	}
	if d.transport == sip.TLS {
		if cfg.TLSClient = p.cfg.TLS; cfg.TLSClient == nil {
			cfg.TLSClient = &tls.Config{ServerName: home.name}
		}
	}
	ep, err := sip.NewEndpoint(cfg, sip.Options{Allow: allowed, Supported: supported, UserAgent: userAgent, Server: userAgent}, d)
	if err != nil {
		return err
	}
	if d.transport == sip.UDP {
		if _, err := ep.ListenUDP(netip.AddrPortFrom(d.local, 0), netip.AddrPort{}); err != nil {
			ep.Close()
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	d.ep, d.sipHome, d.gone, d.served = ep, home, false, false
	select {
	case <-d.again: // of the server before
	default:
	}
	s := &p.state
	s.Registration, s.Server = Registering, d.server.String()
	s.Connections++
	s.Lines, s.Buttons, d.lines = nil, nil, nil
	for i, c := range p.cfg.Lines {
		if c.AuthUser == "" {
			c.AuthUser = c.User
		}
		l := &sipLine{config: c, instance: i + 1, callID: ep.NewCallID(), tag: ep.NewTag()}
		d.lines = append(d.lines, l)
		s.Lines = append(s.Lines, Line{Instance: i + 1, Number: c.User, Name: c.Display, Label: c.User})
		d.register(l)
	}
	for i, n := range p.cfg.Watch {
		s.Buttons = append(s.Buttons, Button{Position: len(d.lines) + i + 1, Instance: i + 1, Kind: "busy lamp", Number: n, Label: n})
	}
	d.showKeys()
	p.broadcast()
	return nil
}

func orDefault(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

func resolve(ctx context.Context, address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("port %q is no number", port)
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return netip.AddrPort{}, err
		}
		if len(found) == 0 {
			return netip.AddrPort{}, fmt.Errorf("%s has no address", host)
		}
		ip = found[0]
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), nil
}

// close leaves: calls end, registrations are taken back, the endpoint goes.
func (d *sipPhone) close() {
	p := d.p
	p.mu.Lock()
	ep := d.ep
	vanish := p.vanish
	d.silent = vanish
	for _, l := range d.lines {
		p.stopTimer(l.refresh)
		p.stopTimer(l.patience)
	}
	var waits []chan struct{}
	if !vanish {
		for _, x := range d.legs {
			d.hangLeg(x)
		}
		for _, l := range d.lines {
			if l.registered && !d.gone {
				l.done = make(chan struct{})
				waits = append(waits, l.done)
				d.sendRegister(l, 0)
			}
		}
	}
	p.mu.Unlock()
	limit := time.NewTimer(leaveTimeout)
	defer limit.Stop()
	for _, w := range waits {
		select {
		case <-w:
		case <-limit.C:
		}
	}
	if vanish && d.transport != sip.UDP {
		// The connection stays open, so that the server sees no FIN.
		p.mu.Lock()
		p.orphans = append(p.orphans, ep)
		p.mu.Unlock()
	} else {
		ep.Close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endAllCalls("phone stopped")
	d.legs, d.watching = map[*Call]*leg{}, map[*sip.Dialog]string{}
	p.state.Registration, p.state.Server = Lost, ""
	p.state.Tone, p.state.Ringer, p.state.SoftKeys = "", "off", nil
	if d.restart {
		p.state.Resets++
	}
	p.broadcast()
}

// trace writes the first line of a message, and its description.
func (d *sipPhone) trace(sent bool, message []byte) {
	text := string(message)
	d.p.trace.add(sent, sipName(text), func() string { return text })
}

// sipName is the method or the status of a message.
func sipName(text string) string {
	line, _, _ := strings.Cut(text, "\r\n")
	if status, ok := strings.CutPrefix(line, "SIP/2.0 "); ok {
		return status
	}
	method, _, _ := strings.Cut(line, " ")
	return method
}

// address is the URI of a user at the phone's server.
func (d *sipPhone) address(user string) sip.URI { return d.sipHome.address(d.transport, user) }

func (d *sipPhone) from(l *sipLine) sip.Address {
	return sip.Address{DisplayName: sip.Quote(l.config.Display), URI: d.address(l.config.User)}
}

func (d *sipPhone) credentials(l *sipLine) sip.Credentials {
	return sip.AnyRealm{User: l.config.AuthUser, Password: l.config.Password}
}

// wish is the registration time that a line asks for, in seconds.
func (d *sipPhone) wish(l *sipLine) int {
	expires := d.p.cfg.Expires
	if l.expires > 0 {
		expires = l.expires
	}
	if expires <= 0 {
		expires = time.Hour
	}
	return int(expires / time.Second)
}

// register sends REGISTER for a line and arranges for its refresh.
func (d *sipPhone) register(l *sipLine) {
	d.sendRegister(l, d.wish(l))
	if len(d.p.cfg.Servers) < 2 {
		return
	}
	// With another server to go to the phone does not wait for the end of the transaction.
	d.p.stopTimer(l.patience)
	ep := d.ep
	l.patience = d.p.after(d.answerTime(), func() {
		if d.ep == ep && !l.answered {
			d.serverLost("no answer to REGISTER")
		}
	})
}

func (d *sipPhone) sendRegister(l *sipLine, expires int) {
	l.answered = false
	if err := d.registerAt(&d.sipHome, l, expires, &registration{d, l, d.at, expires}); err != nil {
		d.notRegistered(l, err.Error(), d.p.cfg.Retry)
	}
}

// registration takes the answer to a REGISTER.
type registration struct {
	d       *sipPhone
	l       *sipLine
	at      int // server that was asked
	expires int
}

func (r *registration) OnResponse(tx *sip.ClientTx, res *sip.Response) {
	if res.StatusCode < 200 {
		return
	}
	p := r.d.p
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.broadcast()
	l := r.l
	l.sequence, l.answered = max(l.sequence, tx.Request().CSeq().SeqNo), true
	if r.at != r.d.at || r.d.gone && r.expires > 0 {
		return // the phone has left this server
	}
	if r.expires == 0 {
		l.registered = false
		if l.done != nil {
			close(l.done)
			l.done = nil
		}
		return
	}
	switch {
	case res.StatusCode < 300:
		r.d.registered(l, granted(res, r.expires))
	case res.StatusCode == 423:
		least, err := strconv.Atoi(sip.HeaderValue(res, "Min-Expires"))
		if err != nil || least <= r.expires {
			p.violation("423 with Min-Expires %q for %d s", sip.HeaderValue(res, "Min-Expires"), r.expires)
			r.d.notRegistered(l, "423", p.cfg.Retry)
			return
		}
		l.expires = time.Duration(least) * time.Second
		r.d.register(l)
	default:
		wait, later := p.cfg.Retry, false
		if n, err := strconv.Atoi(sip.HeaderValue(res, "Retry-After")); err == nil && n > 0 {
			wait, later = time.Duration(n)*time.Second, true
		}
		why := fmt.Sprintf("%d %s", res.StatusCode, res.Reason)
		if res.StatusCode == 503 && !later && len(p.cfg.Servers) > 1 {
			r.d.serverLost(why) // it will not take the phone (RFC 3261 21.5.4)
			return
		}
		// A server that says when to come again is waited for; any other may be one of several.
		if l.told = later; later {
			p.state.PutOff++
		}
		r.d.notRegistered(l, why, wait)
		p.state.Registration = Rejected
	}
}

func (r *registration) OnFailure(_ *sip.ClientTx, err error) {
	p := r.d.p
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.broadcast()
	if r.expires == 0 {
		if r.l.done != nil {
			close(r.l.done)
			r.l.done = nil
		}
		return
	}
	if r.at != r.d.at || r.d.gone {
		return
	}
	if len(p.cfg.Servers) > 1 {
		r.d.serverLost(err.Error())
		return
	}
	r.d.notRegistered(r.l, err.Error(), p.cfg.Retry)
}

// granted is the registration time that the server gave, in seconds.
func granted(res *sip.Response, asked int) int {
	for _, c := range sip.Contacts(res) {
		if v, ok := sip.Lookup(c.Params, "expires"); ok {
			if n, err := strconv.Atoi(v); err == nil && n > 0 {
				return n
			}
		}
	}
	if n, ok := sip.Expires(res); ok && n > 0 {
		return int(min(n, 1<<30))
	}
	return asked
}

func (d *sipPhone) registered(l *sipLine, seconds int) {
	s := &d.p.state
	first := !l.registered
	l.registered, d.served = true, true
	// Well before the end, spread over phones by the length of the time itself.
	d.p.stopTimer(l.refresh)
	ep := d.ep
	l.refresh = d.p.after(time.Duration(seconds)*time.Second*4/5, func() {
		if d.ep == ep && !d.silent {
			d.register(l)
		}
	})
	for _, other := range d.lines {
		if !other.registered {
			return
		}
	}
	if s.Registration != Registered {
		s.Registration, s.Reason = Registered, ""
		s.Registrations++
		s.Since = time.Now()
	}
	if first {
		d.subscribe(l)
	}
}

func (d *sipPhone) notRegistered(l *sipLine, why string, wait time.Duration) {
	l.registered = false
	s := &d.p.state
	if s.Registration != Rejected {
		s.Registration = Lost
	}
	s.Reason = why
	d.p.stopTimer(l.refresh)
	ep := d.ep
	l.refresh = d.p.after(wait, func() {
		if d.ep != ep || d.silent {
			return
		}
		if len(d.p.cfg.Servers) > 1 && !l.told {
			d.serverLost(why) // another server may take us
			return
		}
		l.told = false
		s.Registration = Registering
		d.register(l)
	})
}

// leaveServer wakes run: for the next server, or to read the configuration again.
func (d *sipPhone) leaveServer(restart bool) {
	d.restart = restart
	select {
	case d.again <- struct{}{}:
	default:
	}
}

// OnFlowClosed begins anew when the connection to the server is gone.
func (d *sipPhone) OnFlowClosed(f sip.Flow, why error) {
	p := d.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if f != d.target.Flow || d.silent {
		return
	}
	d.target.Flow = sip.Flow{}
	if len(p.cfg.Servers) > 1 {
		d.serverLost(fmt.Sprintf("connection ended: %v", why))
		p.broadcast()
		return
	}
	for _, l := range d.lines {
		if l.registered {
			d.notRegistered(l, fmt.Sprintf("connection ended: %v", why), min(p.cfg.Retry, time.Second))
		}
	}
	p.broadcast()
}

// line finds the line that a user part names; the first if none does.
func (d *sipPhone) line(user string) *sipLine {
	for _, l := range d.lines {
		if l.config.User == user {
			return l
		}
	}
	if len(d.lines) == 0 {
		return nil
	}
	return d.lines[0]
}

var errNoLine = errors.New("the phone has no line")
