// Package phone is a telephone without hardware, for administrators and for tests:
// an SCCP phone that behaves like a given Cisco model, or a SIP phone. It fetches
// its own configuration, registers, makes and takes calls, sends a sound and knows
// what it hears.
//
// A Phone is driven by actions (Dial, Answer, Hold …) and observed through its
// State. The subpackages read scripts (phone/script), draw a screen for people
// (phone/screen) and run thousands of phones (phone/load); audio is phone/audio.
// The SCCP phone judges the server by the protocol reference and by nothing that
// the server's own packages know.
package phone

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"tandem/media/codec"
	"tandem/phone/audio"
)

// Protocol is what a phone speaks.
type Protocol string

// Protocols.
const (
	SCCP Protocol = "sccp"
	SIP  Protocol = "sip"
)

// LineConfig is one line of a SIP phone. An SCCP phone learns its lines from the server.
type LineConfig struct {
	// User is the number or name that is registered.
	User string
	// Display is the name sent with calls.
	Display string
	// AuthUser and Password answer digest challenges; AuthUser empty means User.
	AuthUser, Password string
}

// Config describes a phone. Only Protocol, Name and a server (or TFTP) are needed.
type Config struct {
	Protocol Protocol
	// Name is the device name, such as SEP001122334455.
	Name string
	// Servers are "host:port" (port by default 2000 or 5060) in order of priority: primary,
	// secondary, tertiary.
	Servers []string
	// TFTP, "host:port", is asked for the phone's own configuration, which then
	// gives protocol, servers and SIP lines. Fetch replaces it, for other ways.
	TFTP  string
	Fetch func(ctx context.Context, name string) ([]byte, error)
	// Monitor is how long a better server must be reachable before the phone goes back to
	// it; 0 means what its configuration file says, or 120 s.
	Monitor time.Duration
	// Model selects the SCCP profile: "7960", "7975", "6901"…; empty means "7960".
	Model string
	// Local is the source address; the zero value lets the system choose.
	Local netip.Addr
	// Lines of a SIP phone.
	Lines []LineConfig
	// Transport of SIP: "udp" (default), "tcp" or "tls"; TLS is used for the last.
	Transport string
	TLS       *tls.Config
	// WatchMessages subscribes to message waiting (SIP), Watch to the state of other
	// numbers, which appear as busy-lamp buttons (SIP).
	WatchMessages bool
	Watch         []string
	// MaxCalls is how many calls a SIP phone takes at once; 0 means 4.
	MaxCalls int
	// Expires is the SIP registration time asked for; 0 means an hour.
	Expires time.Duration
	// Sound is sent in calls; silence by default.
	Sound audio.Sound
	// Codecs in order of preference; empty means mu-law, A-law, G.722.
	Codecs []*codec.Codec
	// Engine is shared by phones of one process; nil makes one for this phone.
	Engine *audio.Engine
	// AutoAnswer answers calls after this time; 0 never.
	AutoAnswer time.Duration
	// Retry is the pause before the next attempt to register; 0 means 5 s.
	Retry time.Duration
	// Trace is how many messages are kept; 0 means 1000, negative none.
	Trace int
	// Lenient records violations of the server but never closes the connection for
	// them, as a real phone would.
	Lenient bool
	// Habits are departures that some real phones show.
	Habits Habits
}

// Habits are odd ways of real phones which a server must live with. They come on
// top of those of the model.
type Habits struct {
	// AckDelay waits before each acknowledgement of a media request.
	AckDelay time.Duration
	// NoAcks never acknowledges media; DoubleAcks does it twice.
	NoAcks, DoubleAcks bool
	// AckWithoutParty leaves out the party id, AckWithoutCall the call reference.
	AckWithoutParty, AckWithoutCall bool
	// Segment writes this many bytes at a time to the connection; 0 whole messages.
	Segment int
	// KeepAlive overrides the interval that the server asks for (SCCP) or that the phone
	// has by itself (SIP, 120 s), StandbyKeepAlive that of spare connections (SCCP).
	KeepAlive, StandbyKeepAlive time.Duration
	// AnswerTimeout is how long the phone waits for each answer in registration; 0
	// means 10 s. Probe is how often it tries a server that it cannot reach, to have a
	// spare connection or to go back; 0 means 10 s.
	AnswerTimeout, Probe time.Duration
	// NoMedia answers media requests but sends no audio and opens no ports; for
	// load tests of signalling alone.
	NoMedia bool
	// DelayedOffer sends INVITE without a session description (SIP).
	DelayedOffer bool
	// Reliable asks for reliable provisional answers (SIP 100rel).
	Reliable bool
	// HoldInactive holds with inactive instead of sendonly (SIP).
	HoldInactive bool
	// OldHold puts 0.0.0.0 into the description on hold instead of sendonly (SIP).
	OldHold bool
}

// driver is one protocol. Its methods return when the message is sent.
type driver interface {
	// run connects and stays in service until ctx ends, then leaves politely unless
	// the phone vanishes.
	run(ctx context.Context)
	press(b press) error
}

// pressKind says what the user does.
type pressKind uint8

const (
	pressOffHook pressKind = iota // lift the handset
	pressOnHook                   // put it back
	pressSpeaker                  // the loudspeaker key
	pressDigit
	pressEnBloc
	pressSoftKey
	pressLine
	pressSpeedDial
	pressAnswer
	pressHangup
	pressHold
	pressResume
	pressTransfer
	pressRedial
	pressForwardAll
	pressNewCall
	pressMessages
	pressHookFlash
)

// press is one action of the user.
type press struct {
	kind   pressKind
	text   string // digits, key name or number
	number int    // line or speed dial
	call   string // ID of the call meant, empty for the one in front
	force  bool   // a soft key even if it is not offered
}

// Phone is one telephone. Make it with New; its methods are safe for concurrent use.
type Phone struct {
	cfg    Config
	engine *audio.Engine
	own    bool

	mu          sync.Mutex
	changed     chan struct{}
	state       State
	trace       traceLog
	driver      driver
	cancel      context.CancelFunc
	done        chan struct{}
	closed      bool
	vanish      bool
	fileMonitor time.Duration // monitor time of the configuration file
	dialed      string        // last number, for redial of SIP phones
	timers      map[*time.Timer]struct{}
	orphans     []interface{ Close() error } // connections of a life that vanished
}

// Errors of the actions.
var (
	// ErrNotRegistered: the phone is not in service.
	ErrNotRegistered = errors.New("the phone is not registered")
	// ErrNoCall: there is no call that the action could mean.
	ErrNoCall = errors.New("there is no such call")
	// ErrNotOffered: the soft key is not shown now.
	ErrNotOffered = errors.New("the soft key is not offered")
	// ErrClosed: the phone was closed.
	ErrClosed = errors.New("the phone is closed")
)

// New makes a phone; nothing happens on the network before Start.
func New(cfg Config) (*Phone, error) {
	cfg.Protocol = Protocol(strings.ToLower(string(cfg.Protocol)))
	if cfg.Protocol != SCCP && cfg.Protocol != SIP && !(cfg.Protocol == "" && cfg.provisioned()) {
		return nil, fmt.Errorf("protocol %q: it is sccp or sip", cfg.Protocol)
	}
	if cfg.Name == "" {
		return nil, errors.New("the phone has no device name")
	}
	if len(cfg.Servers) == 0 && !cfg.provisioned() {
		return nil, fmt.Errorf("phone %s: neither a server nor a TFTP server is given", cfg.Name)
	}
	if cfg.Protocol == SCCP {
		if cfg.Model == "" {
			cfg.Model = "7960"
		}
		if _, ok := Profiles[cfg.Model]; !ok {
			return nil, fmt.Errorf("phone %s: no profile for model %q", cfg.Name, cfg.Model)
		}
	}
	if len(cfg.Codecs) == 0 {
		cfg.Codecs = codec.All()
	}
	if cfg.MaxCalls <= 0 {
		cfg.MaxCalls = 4
	}
	if cfg.Protocol == SIP && len(cfg.Lines) == 0 && !cfg.provisioned() {
		cfg.Lines = []LineConfig{{User: cfg.Name}}
	}
	if cfg.Retry <= 0 {
		cfg.Retry = 5 * time.Second
	}
	if cfg.Trace == 0 {
		cfg.Trace = 1000
	}
	p := &Phone{cfg: cfg, engine: cfg.Engine, changed: make(chan struct{}), timers: map[*time.Timer]struct{}{}}
	p.trace.limit = cfg.Trace
	p.state = State{Registration: Idle, Ringer: "off", Lamps: map[string]string{}}
	if p.engine == nil {
		p.engine, p.own = audio.NewEngine(), true
	}
	return p, nil
}

// Name is the device name.
func (p *Phone) Name() string { return p.cfg.Name }

// protocol is what the phone speaks now; a new configuration can change it.
func (p *Phone) protocol() Protocol {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg.Protocol
}

func (p *Phone) dialsEnBloc() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg.Protocol == SCCP && Profiles[p.cfg.Model].EnBloc
}

// Start lets the phone come into service and returns when it is registered or ctx
// ends. The phone itself lives until Close; after an error it keeps trying.
func (p *Phone) Start(ctx context.Context) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return ErrClosed
	}
	if p.cancel == nil {
		life, cancel := context.WithCancel(context.Background())
		p.cancel, p.done, p.vanish = cancel, make(chan struct{}), false
		go p.live(life, p.done)
	}
	p.mu.Unlock()
	return p.WaitRegistered(ctx)
}

// live is the phone's life between Start and Stop.
func (p *Phone) live(ctx context.Context, done chan struct{}) {
	defer close(done)
	for ctx.Err() == nil {
		if err := p.provision(ctx); err != nil {
			p.update(func(s *State) { s.Registration, s.Reason = Lost, err.Error() })
			p.pause(ctx, p.cfg.Retry)
			continue
		}
		var d driver
		if p.cfg.Protocol == SIP {
			d = newSIP(p)
		} else {
			d = newSCCP(p)
		}
		p.mu.Lock()
		p.driver = d
		p.mu.Unlock()
		d.run(ctx) // returns when the phone shall read its configuration again
	}
	p.mu.Lock()
	p.driver = nil
	p.state.Registration, p.state.Server, p.state.Standby = Idle, "", ""
	p.endAllCalls("phone stopped")
	p.broadcast()
	p.mu.Unlock()
}

// Stop takes the phone out of service politely; Start brings it back.
func (p *Phone) Stop() { p.stop(false) }

// Vanish takes the phone out of service without a word, as a lost radio link or a
// pulled cable does: the server gets no FIN. The connection stays open, unread,
// until Close. Start brings the phone back from another port.
func (p *Phone) Vanish() { p.stop(true) }

func (p *Phone) stop(vanish bool) {
	p.mu.Lock()
	cancel, done := p.cancel, p.done
	p.cancel, p.vanish = nil, vanish
	p.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

// Close stops the phone for good and frees its ports.
func (p *Phone) Close() {
	p.mu.Lock()
	already := p.closed
	p.closed = true
	p.mu.Unlock()
	p.Stop()
	if already {
		return
	}
	p.mu.Lock()
	for t := range p.timers {
		t.Stop()
	}
	orphans := p.orphans
	p.orphans = nil
	p.broadcast()
	p.mu.Unlock()
	for _, c := range orphans {
		_ = c.Close()
	}
	if p.own {
		p.engine.Close()
	}
}

// pause waits; false when ctx ended first.
func (p *Phone) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// State is a copy of what can be observed now.
func (p *Phone) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state.clone()
}

// Violations are the departures of the server from what the model expects.
func (p *Phone) Violations() []string { return p.State().Violations }

// update changes the state under the lock and wakes those who wait.
func (p *Phone) update(change func(*State)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.state)
	p.broadcast()
}

// broadcast wakes those who wait; the caller holds p.mu.
func (p *Phone) broadcast() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// after runs f under the lock later, unless the phone is closed before. The caller
// holds p.mu, so that the timer is known before it can fire.
func (p *Phone) after(d time.Duration, f func()) *time.Timer {
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.timers, t)
		if !p.closed {
			f()
			p.broadcast()
		}
	})
	p.timers[t] = struct{}{}
	return t
}

// stopTimer ends what after began; the caller holds p.mu.
func (p *Phone) stopTimer(t *time.Timer) {
	if t != nil {
		t.Stop()
		delete(p.timers, t)
	}
}

// violation records a departure; the caller holds p.mu.
func (p *Phone) violation(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.note("VIOLATION: %s", text)
	if len(p.state.Violations) < maxViolations {
		p.state.Violations = append(p.state.Violations, text)
	}
}

// endCall moves a call to the past; the caller holds p.mu.
func (p *Phone) endCall(c *Call, cause string) {
	for i, other := range p.state.Calls {
		if other == c {
			p.state.Calls = append(p.state.Calls[:i:i], p.state.Calls[i+1:]...)
			break
		}
	}
	if p.state.Focus == c.ID {
		p.state.Focus = ""
	}
	c.Finished = time.Now()
	c.State = Ended
	if c.Cause == "" {
		c.Cause = cause
	}
	if c.media != nil {
		c.media.close()
		p.state.Strays += c.media.before.Stray
	}
	if p.state.Past = append(p.state.Past, c); len(p.state.Past) > maxPast {
		p.state.Past = p.state.Past[1:]
	}
}

func (p *Phone) endAllCalls(cause string) {
	for len(p.state.Calls) > 0 {
		p.endCall(p.state.Calls[0], cause)
	}
}

// newMedia is the audio of a call; the caller holds p.mu.
func (p *Phone) newMedia(local netip.Addr) *media {
	return &media{engine: p.engine, local: local}
}
