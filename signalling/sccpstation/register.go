package sccpstation

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sccp"
)

// autoRegisterTimeout bounds how long a phone waits for its entry in the configuration.
const autoRegisterTimeout = 10 * time.Second

// register answers a Register (sccp.md 4.1). The newest Register of a name wins; the address of a phone never
// identifies it.
func (n *session) register(m *sccp.Register) {
	p := n.srv.Parameters()
	if !n.inTurn(m.Name, &p) {
		n.srv.figures.rejected.Add(1)
		f := fault.New(fault.RegistrationPaced, "device", m.Name, "seconds", wholeSeconds(p.TokenWait), "why", "Too many phones register at this moment")
		n.srv.Story.Say(m.Name, string(f.Code), f.Message+" "+f.Reason)
		n.out.add(&sccp.RegisterReject{Text: "Server busy, try again"}, n.codec)
		n.ending = errEnd
		return
	}
	dev, f, text := n.admit(m, &p)
	if f != nil {
		n.srv.figures.rejected.Add(1)
		n.srv.report(m.Name, f)
		n.out.add(&sccp.RegisterReject{Text: text}, n.codec)
		n.ending = errEnd
		return
	}
	offered := min(m.Version, max(p.MaximumVersion, sccp.MinVersion))
	if dev.Product.MaximumVersion > 0 {
		offered = min(offered, sccp.Version(min(dev.Product.MaximumVersion, int(sccp.MaxVersion))))
	}
	if m.DeviceType == sccp.DeviceATA186 || m.DeviceType == sccp.DeviceATA188 {
		offered = m.Version // Negotiate knows what its number means
	}
	n.bind(m, dev, sccp.Negotiate(m.DeviceType, offered), &p)
}

// admit decides whether a device may register. A refusal has its fault and the words for the phone's display.
func (n *session) admit(m *sccp.Register, p *Parameters) (*registration.Device, *fault.Error, string) {
	if !validName(m.Name) {
		return nil, fault.New(fault.SCCPFrameInvalid, "device", "A device", "address", n.remote,
			"problem", fmt.Sprintf("%q is no device name", m.Name)), "Invalid device name"
	}
	dev, ok := n.srv.Directory.Device(m.Name)
	if !ok {
		ctx, cancel := context.WithTimeout(context.Background(), autoRegisterTimeout)
		defer cancel()
		var err error
		if dev, err = n.srv.Directory.AutoRegister(ctx, m.Name, uint32(m.DeviceType), telephony.ProtocolSCCP); err != nil || dev == nil {
			f := fault.Wrap(err, fault.DeviceUnknown, "device", m.Name, "address", n.remote)
			var why *fault.Error
			if errors.As(err, &why) {
				n.srv.Story.Say(m.Name, string(why.Code), "Auto-registration: "+why.Message+" "+why.Reason)
			}
			return nil, f, "Device not configured"
		}
		n.srv.Story.Say(m.Name, "", "Was entered in the configuration by auto-registration.")
	}
	if dev.Protocol != telephony.ProtocolSCCP {
		return nil, fault.New(fault.DeviceProtocolMismatch, "device", m.Name, "address", n.remote, "found", "SCCP",
			"configured", dev.Protocol), "Configured for another protocol"
	}
	if st := n.srv.known(m.Name); st == nil && int(n.srv.figures.registered.Load()) >= p.MaximumDevices {
		return nil, fault.New(fault.RegistrationLimit, "device", m.Name, "address", n.remote, "count", p.MaximumDevices), "Server is full"
	}
	if !n.srv.Capacity.Enter(m.Name, dev.Product.Weight()) {
		used, capacity := n.srv.Capacity.Used()
		return nil, fault.New(fault.ServerCapacityReached, "device", m.Name, "address", n.remote, "weight", dev.Product.Weight(),
			"used", used, "capacity", capacity), "Server is full"
	}
	return dev, nil, ""
}

// validName accepts what a device name can be: 1 to 15 printable characters without blanks.
func validName(name string) bool {
	if name == "" || len(name) > 15 {
		return false
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return false
		}
	}
	return true
}

// bind makes this the device's connection.
func (n *session) bind(m *sccp.Register, dev *registration.Device, v sccp.Version, p *Parameters) {
	if n.st != nil && n.st.name != m.Name {
		n.st.lost(n) // one connection, another device: the first is gone
	}
	var st *station
	for {
		st = n.srv.station(m.Name)
		st.lock()
		if !st.forgotten {
			break
		}
		st.unlock()
	}
	defer st.unlock()
	again := st.sess == n
	if old := st.sess; old != nil && !again {
		st.unbind()
		old.out.replaced.Store(true)
		old.conn.Close()
		n.srv.report(m.Name, fault.New(fault.DeviceReplaced, "device", m.Name, "address", n.remote, "previous", old.remote))
	}
	n.noStandby()
	n.st, n.device, n.version = st, m.DeviceType, v
	n.codec = sccp.Codec{Version: v, Charset: sccp.CharsetFor(m.Features, pageOf(dev.UserLocale))}
	n.takes = takenBy(m.DeviceType, v)
	n.began = n.srv.Now()
	n.deadline.Store(n.began.Add(p.RegisterWithin).UnixNano())
	st.bound(n, m, dev, again)

	ack := sccp.NewRegisterAck(v, seconds(p.KeepAlive), seconds(p.StandbyKeepAlive), dateTemplate(dev.DateFormat))
	st.send(ack)
	st.send(&sccp.CapabilitiesReq{})
	n.srv.Story.Say(m.Name, "", fmt.Sprintf("Registers from %v as %v, load %q, offering version %d; version %d is spoken.",
		n.remote, m.DeviceType, m.FirmwareLoad, m.Version, v))
	if inside := m.IP; inside.IsValid() && !inside.IsUnspecified() && n.remote.Addr().Is4() && inside != n.remote.Addr() {
		n.srv.report(m.Name, fault.New(fault.SCCPAddressRewritten, "device", m.Name, "address", n.remote.Addr(), "inside", inside))
	}
	if want := dev.Product.DeviceType; want != 0 && want != int(m.DeviceType) {
		if other := telephony.ProductByDeviceType(int(m.DeviceType)); other == nil || other.DeviceType != want {
			n.srv.Story.Say(m.Name, "", fmt.Sprintf("Is a %v, but configured as %s.", m.DeviceType, dev.Product.Name))
		}
	}
}

// progress is how far a registration is (sccp.md 4.1).
type progress struct {
	capabilities bool // step 6
	buttons      bool // step 7
	last         bool // step 13 or 14, whichever the model ends with
	done         bool
}

// bound begins a registration; the station's lock is held. again says that it came over the connection that stands, which
// keeps its calls.
func (st *station) bound(n *session, m *sccp.Register, dev *registration.Device, again bool) {
	st.sess, st.dev, st.load = n, dev, m.FirmwareLoad
	st.traits = traitsOf(m.DeviceType, n.version)
	st.restart, st.moved, st.streams = restartNone, false, m.ActiveStreams > 0
	st.computeMasks()
	switch {
	case !again:
		st.srv.Capacity.Enter(st.name, dev.Product.Weight()) // again: the connection that it replaced took it out
		st.srv.figures.registered.Add(1)
		st.srv.registering.Add(1)
	case st.reg.done:
		st.srv.registering.Add(1)
	}
	st.reg = progress{}
	st.resize(len(dev.Lines))
	if again {
		st.reshow = true
		return
	}
	st.incarnation = st.srv.nextIncarnation()
	st.hookOff, st.focus, st.tone = false, nil, toneState{}
	st.reshow = m.ActiveStreams > 0
	if m.ActiveStreams == 0 {
		st.endLeft()
	}
}

// asked notes that a question of the dialogue was answered: the registration goes on.
func (st *station) asked() {
	if !st.reg.done {
		st.advance()
	}
}

// advance ends the registration when the phone has asked what it needs. Models differ in what they ask last, so
// quiet is an end as well.
func (st *station) advance() {
	r := &st.reg
	stop(&st.settle)
	if r.done || !r.capabilities || !r.buttons {
		return
	}
	if r.last {
		st.registered()
		return
	}
	st.settle = st.after(st.srv.Parameters().SettleAfter, func() {
		if !st.reg.done && st.sess != nil {
			st.registered()
		}
	})
}

// awaited names what a registration waits for.
func (st *station) awaited() string {
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case !st.reg.capabilities:
		return "its list of codecs"
	case !st.reg.buttons:
		return "its request for the buttons"
	}
	return "the end of its requests"
}

// registered completes the registration: the device can call and be called, and shows its idle screen (step 15).
func (st *station) registered() {
	st.reg.done = true
	n := st.sess
	st.srv.registering.Add(-1)
	n.deadline.Store(0)
	st.attach()
	st.srv.Story.Say(st.name, "", fmt.Sprintf("Registered from %v.", n.remote))
	st.showIdle()
	if n.takes.flash {
		st.send(&sccp.SetHookFlashDetect{})
	}
	st.showMessages()
	if st.undisturbed() {
		st.showDoNotDisturb()
	}
	st.watchLamps()
	if st.reshow {
		st.reshow = false
		st.returned()
	}
}

// attach tells call processing where the device is and what it can do.
func (st *station) attach() {
	n := st.sess
	st.srv.Exchange.Attach(signal.Attachment{
		Device: st.name, Protocol: "SCCP", Incarnation: st.incarnation, Address: n.remote, Since: n.began,
		Capabilities: st.caps, Load: st.load, Idle: !st.streams && !st.talking(),
	}, st)
	st.attached = true
}

func (st *station) capabilitiesRes(m *sccp.CapabilitiesRes)       { st.can(m.Audio) }
func (st *station) updateCapabilities(m *sccp.UpdateCapabilities) { st.can(m.Audio) }

// can notes the phone's codecs.
func (st *station) can(audio []sccp.Capability) {
	st.caps, st.payloads, st.events = capabilitiesOf(audio, st.sess.version)
	st.reg.capabilities = true
	if !st.reg.done {
		st.advance()
		return
	}
	st.attach()
	for _, c := range st.calls {
		if c.id != 0 {
			st.srv.Exchange.Tell(c.id, signal.DeviceMoved{Capabilities: st.caps})
		}
	}
}

func (st *station) availableLines(*sccp.RegisterAvailableLines) {
	st.reg.last = true
	st.asked()
}

// unregister ends the registration from the phone's side; it is put off while somebody talks (sccp.md 4.2).
func (st *station) unregister(m *sccp.UnregisterReq) {
	n := st.sess
	if st.talking() {
		st.send(&sccp.UnregisterAck{Status: sccp.UnregisterNAK})
		return
	}
	st.send(&sccp.UnregisterAck{Status: sccp.UnregisterOK})
	why := "it leaves"
	if m.Reason == sccp.UnregisterPowerSave {
		why = "it saves power" // no failure
	}
	st.srv.Story.Say(st.name, string(fault.DeviceUnregistered), "Unregistered: "+why+".")
	st.unbind()
	n.st = nil
	n.deadline.Store(0)
}

// seconds is a duration as messages carry it: whole seconds, at least one.
func seconds(d time.Duration) uint32 { return uint32(max(d/time.Second, 1)) }

// address is where the phone's signalling comes from.
func (st *station) address() netip.Addr {
	if st.sess == nil {
		return netip.Addr{}
	}
	return st.sess.remote.Addr()
}
