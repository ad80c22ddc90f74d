package runner

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tandem/bus"
	"tandem/call"
	"tandem/call/line"
	"tandem/call/signal"
	"tandem/fault"
	"tandem/registration"
)

// Directory is the live configuration as call processing needs it. Its methods are called from many goroutines and must
// not block; each call may see a newer state than the one before.
type Directory interface {
	call.Configuration
	// Profile resolves a line of a device for a new half-call.
	Profile(device string, instance int) (call.Profile, bool)
	// Line describes a line. Registered of the appearances is filled in by the caller; the slice is the caller's own.
	Line(ref signal.LineRef) (line.Info, bool)
	// Lines lists the lines of a device by instance, from 1.
	Lines(device string) []signal.LineRef
}

// Observer is shown every step of every machine, for traces. It must not block.
type Observer interface{ Handled(Step) }

// Step is one input of a machine and what came of it.
type Step struct {
	At            time.Time
	Machine       signal.Address
	Call          signal.CallID
	Device        string
	Before, After string
	Input         any
	Effects       []signal.Effect
	Known         bool
}

// Options are what an Exchange is made with.
type Options struct {
	Node      signal.NodeID
	Directory Directory
	// Facts receives what is to be recorded. It must not block.
	Facts func(signal.Fact)
	// ForwardAll keeps the forwarding of a line for good. It may take its time.
	ForwardAll func(device string, line signal.LineRef, destination string) error
	// DoNotDisturb keeps for good whether a device wants calls. It may take its time.
	DoNotDisturb func(device string, on bool) error
	// Registered is told of registrations that begin or end, for views and stories; may be nil.
	Registered func(r registration.Registration, present bool)
	// Alarm is told of faults that ended a call and of overload; over says that a standing one has ended. It must not
	// block; may be nil.
	Alarm    func(f *fault.Error, over bool)
	Observer Observer     // may be nil
	Log      *slog.Logger // nil: slog.Default
	// Signalled is told of every signal of a call that leaves for another server, by its name. It must not block; may be nil.
	Signalled func(call signal.CallID, to signal.NodeID, name string)
	// FirstCall is the number of the first call; the caller sees to it that none is used twice.
	FirstCall uint32
	// Link joins this server with the others of its cluster; nil: it stands alone.
	Link *Link
	// Audit is how often servers compare their lists of registrations; 0: every 30 seconds.
	Audit time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Exchange is call processing of one server. It implements signal.Exchange.
type Exchange struct {
	node       signal.NodeID
	directory  Directory
	env        *callEnv
	link       *Link // nil: this server stands alone
	facts      func(signal.Fact)
	forwardAll func(device string, line signal.LineRef, destination string) error
	disturb    func(device string, on bool) error
	registered func(r registration.Registration, present bool)
	alarm      func(f *fault.Error, over bool)
	observer   Observer
	signalled  func(signal.CallID, signal.NodeID, string)
	log        *slog.Logger
	now        func() time.Time

	halves   shards[signal.HalfCallID]
	lines    shards[signal.LineRef]
	nextHalf atomic.Uint64
	nextCall atomic.Uint32
	tokens   atomic.Uint32 // where the next line owner begins with its tokens

	mu       sync.RWMutex
	devices  *registration.Table
	ports    map[string]signal.Port
	watchers map[signal.LineRef]map[*watcher]struct{}
	told     map[signal.LineRef]signal.NodeID                       // which owner knows that the line is watched here
	watching map[signal.LineRef]map[signal.NodeID]struct{}          // which other servers watch a line that is owned here
	incoming map[signal.NodeID][]registration.Registration          // lists of which the last part has not come
	gone     map[signal.NodeID]map[string]registration.Registration // by device, what servers said before they were lost

	cluster *cluster

	load         load
	workers      *workers
	stopped      sync.Once
	ending       chan struct{}
	audited      chan struct{} // is closed when the audit of registrations has ended
	closed       atomic.Bool
	misplaced    atomic.Uint64
	panics       atomic.Uint64
	overflows    atomic.Uint64
	lostMessages atomic.Uint64
}

// tokenSpace is how many calls a line owner can offer before its tokens are those of the next owner that is made.
const tokenSpace = 1 << 12

// New makes an exchange. It needs no start: it works while it has calls.
func New(o Options) *Exchange {
	x := &Exchange{
		node: o.Node, directory: o.Directory, facts: o.Facts, forwardAll: o.ForwardAll, disturb: o.DoNotDisturb, registered: o.Registered,
		alarm: o.Alarm, observer: o.Observer, signalled: o.Signalled, log: o.Log, now: o.Now, devices: registration.NewTable(),
		ports: make(map[string]signal.Port), watchers: make(map[signal.LineRef]map[*watcher]struct{}), link: o.Link,
		told: make(map[signal.LineRef]signal.NodeID), watching: make(map[signal.LineRef]map[signal.NodeID]struct{}),
		incoming: make(map[signal.NodeID][]registration.Registration), gone: make(map[signal.NodeID]map[string]registration.Registration),
		ending: make(chan struct{}), audited: make(chan struct{}),
	}
	x.env = &callEnv{x.directory, x}
	if x.log == nil {
		x.log = slog.Default()
	}
	if x.alarm == nil {
		x.alarm = func(*fault.Error, bool) {}
	}
	if x.now == nil {
		x.now = time.Now
	}
	x.nextCall.Store(o.FirstCall)
	x.workers = newWorkers()
	x.halves.init()
	x.lines.init()
	// A server that starts again uses no identifier of before: it makes fewer than 65,536 half-calls a second.
	seconds := uint64(max(x.now().Unix(), 0))
	x.nextHalf.Store(seconds << 16)
	x.tokens.Store(uint32(seconds << 12))
	if x.link == nil {
		close(x.audited)
		return x
	}
	if o.Audit == 0 {
		o.Audit = registrationAudit
	}
	x.cluster = newCluster()
	go x.auditRegistrations(o.Audit)
	x.link.join(x)
	return x
}

// Originate implements signal.Exchange.
func (x *Exchange) Originate(o signal.Origin, port signal.Port) (signal.HalfCallID, error) {
	if x.closed.Load() || x.load.refuses(x) {
		return 0, signal.ErrOverloaded
	}
	p, ok := x.directory.Profile(o.Device, o.Instance)
	if !ok {
		return 0, signal.ErrUnknownDevice
	}
	p.Capabilities, p.Record.Address = o.Capabilities, o.Address
	p.Node, p.OffersWhenAsked = x.node, o.OffersWhenAsked
	id := x.newHalf()
	h := call.New(id, signal.CallID{Manager: x.node, Call: x.nextCall.Add(1)}, p)
	x.halves.put(id, newCell(x, halfMachine{h, port}))
	x.enter(p.Line, id)
	return id, nil
}

func (x *Exchange) newHalf() signal.HalfCallID {
	return signal.NewHalfCallID(x.node, x.nextHalf.Add(1))
}

// arrival is an input with the time at which it came, to measure how far call processing is behind.
type arrival struct {
	input any
	at    time.Time
}

// Tell implements signal.Exchange.
func (x *Exchange) Tell(id signal.HalfCallID, e signal.Event) {
	c, ok := x.halves.get(id)
	if !ok {
		return
	}
	switch e.(type) {
	case signal.Dial, signal.Seize, signal.Pickup:
		c.post(arrival{e, x.now()})
	default:
		c.post(e)
	}
}

// Attach implements signal.Exchange.
func (x *Exchange) Attach(a signal.Attachment, port signal.Port) {
	r := registration.Registration{Attachment: a, Node: x.node}
	x.mu.Lock()
	r.Version = x.devices.Tick(x.now())
	accepted, _ := x.devices.Put(r)
	if accepted {
		x.ports[a.Device] = port
		x.toAll(bus.Registered{Attachment: a, Version: r.Version})
	}
	x.mu.Unlock()
	if !accepted {
		return
	}
	if x.registered != nil {
		x.registered(r, true)
	}
	if x.link != nil {
		x.heard([]registration.Registration{r}, nil)
	}
	for _, l := range x.directory.Lines(a.Device) {
		if !l.IsZero() {
			x.refresh(l)
		}
	}
}

// Detach implements signal.Exchange.
func (x *Exchange) Detach(device string, incarnation uint64) {
	x.mu.Lock()
	r, _ := x.devices.At(device, x.node)
	removed := x.devices.Remove(device, x.node, incarnation)
	if removed {
		delete(x.ports, device)
		x.toAll(bus.Unregistered{Device: device, Incarnation: incarnation})
	}
	x.mu.Unlock()
	if !removed {
		return
	}
	if x.registered != nil {
		x.registered(r, false)
	}
	x.moved([]string{device})
}

// ForwardAll implements signal.Exchange.
func (x *Exchange) ForwardAll(device string, l signal.LineRef, destination string, result func(error)) {
	x.keep(func() error {
		if x.forwardAll == nil {
			return errors.New("forwarding cannot be kept on this server")
		}
		return x.forwardAll(device, l, destination)
	}, func() []signal.LineRef { return []signal.LineRef{l} }, result)
}

// DoNotDisturb implements signal.Exchange.
func (x *Exchange) DoNotDisturb(device string, on bool, result func(error)) {
	x.keep(func() error {
		if x.disturb == nil {
			return errors.New("do not disturb cannot be kept on this server")
		}
		return x.disturb(device, on)
	}, func() []signal.LineRef { return x.directory.Lines(device) }, result)
}

// keep has a user's setting kept, tells the devices of the lines that it is about, and then the result.
func (x *Exchange) keep(setting func() error, about func() []signal.LineRef, result func(error)) {
	x.workers.active.Add(1)
	go func() {
		defer x.workers.active.Add(-1)
		err := setting()
		if err == nil {
			for _, l := range about() {
				x.refresh(l)
			}
		}
		if result != nil {
			result(err)
		}
	}()
}

// Report implements signal.Exchange.
func (x *Exchange) Report(f signal.Fact) { x.fact(f) }

// Refresh has the devices of these lines told again, after a change of configuration. Of a cluster every server is told of
// the change, and the owner of a line acts.
func (x *Exchange) Refresh(lines ...signal.LineRef) {
	for _, l := range lines {
		if x.here(x.owner(l)) {
			x.refreshHere(l)
		}
	}
}

// Registrations lists the devices that are registered at this server.
func (x *Exchange) Registrations() []registration.Registration {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.devices.Of(x.node)
}

// Registration returns the registration of a device, at whatever server.
func (x *Exchange) Registration(device string) (registration.Registration, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.devices.Get(device)
}

// Figures are counts of the exchange at one moment.
type Figures struct {
	Registered int
	HalfCalls  int
	Misplaced  uint64 // inputs that had no place in the state they met
	Panics     uint64 // faults that ended a call
	Overflows  uint64 // calls ended because their mailbox was full
	Refused    uint64 // calls refused because of overload
	Lost       uint64 // messages of or to other servers that were not understood or could not be sent
}

// Figures counts.
func (x *Exchange) Figures() Figures {
	x.mu.RLock()
	n := x.devices.LenAt(x.node)
	x.mu.RUnlock()
	return Figures{Registered: n, HalfCalls: x.halves.len(), Misplaced: x.misplaced.Load(), Panics: x.panics.Load(),
		Overflows: x.overflows.Load(), Refused: x.load.refused.Load(),
		Lost: x.lostMessages.Load()}
}

// closeLimit bounds how long Close waits for the calls to end.
const closeLimit = 5 * time.Second

// Close refuses new calls and ends those that are up, so that their records are closed and the other servers know. It returns when nothing
// works any more, at the latest after five seconds.
func (x *Exchange) Close() {
	x.closed.Store(true)
	told := map[*cell]bool{}
	for end := time.Now().Add(closeLimit); ; time.Sleep(time.Millisecond) {
		left := x.halves.all()
		for _, c := range left { // among them those that were made while it was closed
			if !told[c] {
				told[c] = true
				c.post(signal.HangUp{Cause: signal.CauseTemporaryFailure})
			}
		}
		if len(left) == 0 && x.workers.active.Load() == 0 || time.Now().After(end) {
			break
		}
	}
	for _, c := range x.halves.all() {
		x.forget(c)
	}
	x.stopped.Do(func() {
		if x.link != nil {
			x.link.leave(x)
			x.mu.Lock()
			x.toAll(bus.Leaving{})
			x.mu.Unlock()
		}
		close(x.ending)
		<-x.audited
		x.workers.end()
	})
}
