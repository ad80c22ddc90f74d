package sipua

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"tandem/fault"
	"tandem/wire/sip"
)

// Bounds of what the guard remembers.
const (
	// maxSources bounds the addresses that are watched; when it is reached those without a failure are forgotten.
	maxSources = 1 << 16
	// unanswered is the number of challenges within the failure window that nobody behind an address answered rightly,
	// after which the address counts as flooding.
	unanswered = 5000
	// shed is how long a phone that sends too much shall wait, in seconds.
	shed = 5
)

// guard holds back who guesses passwords or floods. It implements sip.Guard.
type guard struct {
	s    *Server
	held atomic.Int32 // addresses that are held back now

	mu      sync.RWMutex
	sources map[netip.Addr]*source
	flows   map[netip.AddrPort]*pace // of registered contacts
}

// source is what one address did lately.
type source struct {
	since      time.Time // begin of the window
	failures   int
	challenges int
	until      time.Time // held back until then
}

// pace limits the messages of one phone (T-23a), or of several that share a flow: an adapter with many ports, a proxy.
type pace struct {
	device  string              // the first
	others  map[string]struct{} // nil while there are none
	limiter *rate.Limiter
	refused atomic.Uint32
	told    atomic.Int64 // when the administrator was told last, Unix seconds
}

// refusals is how many messages above the limit get one answer: the rest is dropped, because answering costs as well.
const refusals = 16

func newGuard(s *Server) *guard {
	return &guard{s: s, sources: make(map[netip.Addr]*source), flows: make(map[netip.AddrPort]*pace)}
}

// Admit implements sip.Guard.
func (g *guard) Admit(from netip.AddrPort, _ sip.Transport, _ int) sip.Verdict {
	g.mu.RLock()
	p := g.flows[from]
	var src *source
	if p == nil && g.held.Load() > 0 {
		src = g.sources[from.Addr()]
	}
	held := src != nil && !src.until.IsZero()
	g.mu.RUnlock()
	if p != nil {
		return g.pace(p, from)
	}
	if held && g.stillHeld(from.Addr()) {
		return sip.Verdict{Drop: true}
	}
	return sip.Verdict{}
}

// pace counts a message of a registered phone. A phone that sends too much is told to wait; one that does not care is no
// longer listened to, until it slows down.
func (g *guard) pace(p *pace, from netip.AddrPort) sip.Verdict {
	if p.limiter.Allow() {
		return sip.Verdict{}
	}
	g.s.figures.limited.Add(1)
	now := g.s.o.Now()
	if last := p.told.Load(); now.Unix()-last >= 60 && p.told.CompareAndSwap(last, now.Unix()) {
		f := fault.New(fault.SIPDeviceFlood, "device", p.device, "address", from.String(), "rate", int(p.limiter.Limit()))
		g.s.o.Alarms.Event(f, p.device)
		g.s.say(p.device, string(f.Code), "it sends more than %d messages a second and is slowed down", int(p.limiter.Limit()))
	}
	if p.refused.Add(1)%refusals == 1 {
		return sip.Verdict{RetryAfter: shed}
	}
	return sip.Verdict{Drop: true}
}

// AdmitConnection implements sip.Guard.
func (g *guard) AdmitConnection(from netip.AddrPort, _ sip.Transport) bool {
	return g.held.Load() == 0 || !g.stillHeld(from.Addr())
}

// Malformed implements sip.Guard.
func (g *guard) Malformed(from netip.AddrPort, t sip.Transport, why error) {
	g.s.o.Log.Debug("a message that is not SIP", "address", from.String(), "transport", t.String(), "problem", why)
}

// stillHeld says whether an address is held back, and lets it go when the time is over.
func (g *guard) stillHeld(a netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	src := g.sources[a]
	if src == nil || src.until.IsZero() {
		return false
	}
	if g.s.o.Now().Before(src.until) {
		return true
	}
	delete(g.sources, a)
	g.held.Add(-1)
	return false
}

// window returns the record of an address, begun anew when its time is over. Called with mu held.
func (g *guard) window(a netip.Addr, now time.Time) *source {
	src := g.sources[a]
	p := g.s.o.Parameters()
	if src == nil {
		if len(g.sources) >= maxSources {
			g.sweep(now, p.FailureWindow)
		}
		src = &source{since: now}
		g.sources[a] = src
	}
	if now.Sub(src.since) > p.FailureWindow && src.until.IsZero() {
		*src = source{since: now}
	}
	return src
}

// sweep forgets what is over; if that is not enough, all that are not held back. Called with mu held.
func (g *guard) sweep(now time.Time, window time.Duration) {
	for a, src := range g.sources {
		if src.until.IsZero() && now.Sub(src.since) > window {
			delete(g.sources, a)
		}
	}
	if len(g.sources) < maxSources {
		return
	}
	clear(g.sources)
	g.held.Store(0)
}

// failed counts wrong credentials from an address and holds it back when there are too many (T-5).
func (g *guard) failed(from netip.AddrPort) {
	p := g.s.o.Parameters()
	now := g.s.o.Now()
	g.mu.Lock()
	src := g.window(from.Addr(), now)
	src.failures++
	hold := src.until.IsZero() && src.failures >= p.FailedAttempts
	g.hold(src, hold, now, p)
	count := src.failures
	g.mu.Unlock()
	if hold {
		g.alarm(from, count, p)
	}
}

// challenged counts a request without credentials: the first half of every honest exchange, and all of a flood.
func (g *guard) challenged(from netip.AddrPort) {
	p := g.s.o.Parameters()
	now := g.s.o.Now()
	g.mu.Lock()
	src := g.window(from.Addr(), now)
	src.challenges++
	hold := src.until.IsZero() && src.challenges >= unanswered
	g.hold(src, hold, now, p)
	count := src.challenges
	g.mu.Unlock()
	if hold {
		g.alarm(from, count, p)
	}
}

func (g *guard) hold(src *source, hold bool, now time.Time, p Parameters) {
	if hold {
		src.until = now.Add(p.HoldBack)
		g.held.Add(1)
		g.s.figures.refusedSources.Add(1)
	}
}

func (g *guard) alarm(from netip.AddrPort, count int, p Parameters) {
	g.s.o.Alarms.Event(fault.New(fault.SIPSourceHeldBack, "address", from.Addr().String(), "count", count, "window", p.FailureWindow.String()),
		from.Addr().String())
}

// granted says that somebody behind the address knows a password.
func (g *guard) granted(from netip.AddrPort) {
	g.mu.RLock()
	src := g.sources[from.Addr()]
	clean := src == nil || src.challenges == 0
	g.mu.RUnlock()
	if clean {
		return
	}
	g.mu.Lock()
	if src := g.sources[from.Addr()]; src != nil {
		src.challenges = 0
	}
	g.mu.Unlock()
}

// know notes the flow of a registered phone: it stays open whatever others behind the same address do.
func (g *guard) know(from netip.AddrPort, device string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.flows[from]
	switch {
	case p == nil:
		p = &pace{device: device, limiter: g.s.limiter()}
		g.flows[from] = p
		return
	case p.device == device:
		return
	case p.others == nil:
		p.others = make(map[string]struct{})
	}
	if _, again := p.others[device]; !again {
		p.others[device] = struct{}{}
		p.scale(g.s.o.Parameters())
	}
}

// scale gives a flow that several phones share the limit of all of them.
func (p *pace) scale(set Parameters) {
	if set.RequestsPerSecond > 0 {
		p.limiter.SetLimit(rate.Limit(set.RequestsPerSecond * (1 + len(p.others))))
		p.limiter.SetBurst(set.RequestBurst * (1 + len(p.others)))
	}
}

// forget takes a phone off a flow.
func (g *guard) forget(from netip.AddrPort, device string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.flows[from]
	if p == nil {
		return
	}
	if _, shared := p.others[device]; shared {
		delete(p.others, device)
		p.scale(g.s.o.Parameters())
		return
	}
	if p.device != device {
		return
	}
	for other := range p.others {
		delete(p.others, other)
		p.device = other
		p.scale(g.s.o.Parameters())
		return
	}
	delete(g.flows, from)
}

// closed takes out a connection that has ended.
func (g *guard) closed(from netip.AddrPort) {
	g.mu.Lock()
	delete(g.flows, from)
	g.mu.Unlock()
}

// limiter makes the limit of a phone's messages.
func (s *Server) limiter() *rate.Limiter {
	p := s.o.Parameters()
	if p.RequestsPerSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(p.RequestsPerSecond), p.RequestBurst)
}

// late tells the administrator, at most once a minute, that new requests are refused because the server is behind (T-23).
func (s *Server) late(wait time.Duration) {
	now := s.o.Now().Unix()
	if last := s.toldLate.Load(); now-last >= 60 && s.toldLate.CompareAndSwap(last, now) {
		s.o.Alarms.Event(fault.New(fault.CallThrottled, "measure", "SIP messages wait "+wait.Round(time.Millisecond).String()), "SIP")
	}
}
