package phone

import (
	"fmt"
	"time"

	"tandem/media/codec"
	"tandem/wire/sccp"
)

// registerAck begins the session (sccp.md 1.3, 4.1).
func (d *station) registerAck(m *sccp.RegisterAck) {
	if d.acked {
		d.p.violation("RegisterAck came twice")
		return
	}
	d.acked, d.ack = true, m
	most := min(d.profile.Offer, sccp.Version(22))
	if d.profile.Device == sccp.DeviceATA186 || most < 3 {
		most = 3
	}
	if m.Version > most || m.Version < 1 {
		d.p.violation("RegisterAck: version %d, offered were %d", m.Version, d.profile.Offer)
	}
	if m.KeepAlive < 1 {
		d.p.violation("RegisterAck: keep-alive interval of %d s", m.KeepAlive)
	}
	if m.SecondaryKeepAlive < 1 {
		d.p.violation("RegisterAck: secondary keep-alive interval of %d s", m.SecondaryKeepAlive)
	}
	d.standbyFor = time.Duration(max(m.SecondaryKeepAlive, 1)) * time.Second
	d.codec = sccp.NewCodec(min(max(m.Version, sccp.MinVersion), sccp.MaxVersion))
	if d.profile.Features.UTF8() {
		d.codec.Charset = sccp.UTF8
	}
	d.p.state.Version = int(m.Version)
	d.startKeepAlive()
	d.expectWithin("CapabilitiesReq", d.answerTime())
}

func (d *station) startKeepAlive() {
	interval := time.Duration(max(d.ack.KeepAlive, 1)) * time.Second
	if h := d.p.cfg.Habits.KeepAlive; h > 0 {
		interval = h
	}
	conn := d.conn
	var beat func()
	beat = func() {
		if d.conn != conn || d.p.vanish && d.p.cancel == nil {
			return
		}
		if d.missed >= lostAfter-1 {
			// The answers to two are missing and the third is due: three intervals of silence (sccp.md 1.5).
			d.last = "KeepaliveTO"
			d.p.note("no answer for %d keep-alives", lostAfter)
			_ = conn.SetReadDeadline(time.Unix(1, 0))
			return
		}
		d.missed++
		d.send(&sccp.KeepAlive{})
		d.keepAlive = d.p.after(interval, beat)
	}
	d.keepAlive = d.p.after(interval, beat)
}

// capabilitiesReq is answered with the codecs; then the questions begin.
func (d *station) capabilitiesReq() {
	if !d.acked {
		d.p.violation("CapabilitiesReq before RegisterAck")
		return
	}
	if d.profile.Paths {
		d.send(&sccp.HeadsetStatus{Mode: sccp.SwitchOff})
	}
	var audio []sccp.Capability
	for _, c := range d.p.cfg.Codecs {
		if payload, ok := payloadOf(c); ok {
			audio = append(audio, sccp.Capability{Payload: payload, MaxFrames: 40})
		}
	}
	if d.profile.Capabilities == 0 || d.codec.Version < 11 {
		body := 4 + 16*len(audio) // real phones stop after the last entry
		d.sendShort(&sccp.CapabilitiesRes{Audio: audio}, body)
	} else {
		d.send(&sccp.UpdateCapabilities{Form: d.profile.Capabilities, Audio: audio})
	}
	if d.begun {
		return
	}
	d.begun = true
	d.ask(d.profile.Order)
	d.advance()
}

// ask queues questions in order. Those about keys depend on the template: a model
// that waits for answers asks the rest when the template has come.
func (d *station) ask(order []question) {
	for i, q := range order {
		if q != askButtons {
			d.askOne(q)
			continue
		}
		d.queue(&sccp.ButtonTemplateReq{}, expected{id: sccp.IDButtonTemplateRes})
		if !d.profile.Pipelined {
			d.rest = order[i+1:]
			return
		}
	}
}

func (d *station) queue(m sccp.Message, answer expected) {
	d.steps = append(d.steps, request{m, answer})
}

func (d *station) askOne(q question) {
	switch q {
	case askSoftKeys:
		if d.profile.SoftKeys {
			d.queue(&sccp.SoftKeyTemplateReq{}, expected{id: sccp.IDSoftKeyTemplateRes})
		}
	case askSoftKeySets:
		if d.profile.SoftKeys {
			d.queue(&sccp.SoftKeySetReq{}, expected{id: sccp.IDSoftKeySetRes})
		}
	case askConfig:
		d.queue(&sccp.ConfigStatReq{}, expected{id: sccp.IDConfigStatRes})
	case askLines:
		for _, n := range d.instances(sccp.ButtonLine) {
			d.queue(&sccp.LineStatReq{Line: n}, expected{sccp.IDLineStatRes, n})
		}
	case askForwards:
		for _, n := range d.instances(sccp.ButtonLine) {
			d.queue(&sccp.ForwardStatReq{Line: n}, expected{sccp.IDForwardStatRes, n})
		}
	case askSpeedDials:
		for _, n := range d.instances(sccp.ButtonSpeedDial) {
			d.queue(&sccp.SpeedDialStatReq{SpeedDial: n}, expected{sccp.IDSpeedDialStatRes, n})
		}
	case askFeatures:
		for _, b := range d.buttons {
			if b.Type == sccp.ButtonFeature || b.Type == sccp.ButtonBLFSpeedDial {
				d.queue(&sccp.FeatureStatReq{Index: uint32(b.Instance), Capabilities: 1}, expected{sccp.IDFeatureStatRes, uint32(b.Instance)})
			}
		}
	case askServices:
		for _, n := range d.instances(sccp.ButtonServiceURL) {
			d.queue(&sccp.ServiceURLStatReq{Index: n}, expected{sccp.IDServiceURLStatRes, n})
		}
	case tellAvailableLines:
		if d.profile.AvailableLines >= 0 {
			d.queue(&sccp.RegisterAvailableLines{Lines: uint32(d.profile.AvailableLines)}, expected{})
		}
	case tellPaths:
		if d.profile.Paths && d.codec.Version >= 11 {
			d.queue(&sccp.MediaPathCapability{Path: sccp.PathHandset, Capabilities: 1}, expected{})
			d.queue(&sccp.AccessoryStatus{Path: sccp.PathHandset, Event: sccp.SwitchOff}, expected{})
		}
	case askTime:
		d.queue(&sccp.TimeDateReq{}, expected{id: sccp.IDTimeDateRes})
	case askVersion:
		d.queue(&sccp.VersionReq{}, expected{id: sccp.IDVersionRes})
	case askServers:
		d.queue(&sccp.ServerReq{}, expected{id: sccp.IDServerRes})
	}
}

// instances lists the keys of one type that the model can show.
func (d *station) instances(t sccp.ButtonType) []uint32 {
	if d.profile.Pipelined && len(d.buttons) == 0 {
		if t == sccp.ButtonLine {
			return []uint32{1} // asked before the template is known
		}
		return nil
	}
	var out []uint32
	for _, b := range d.buttons {
		if b.Type == t {
			out = append(out, uint32(b.Instance))
		}
	}
	return out
}

// advance sends the next question, or all if the model does not wait.
func (d *station) advance() {
	for len(d.waiting) == 0 || d.profile.Pipelined {
		if len(d.steps) == 0 {
			if d.rest != nil && len(d.waiting) == 0 {
				rest := d.rest
				d.rest = nil
				d.ask(rest)
				continue
			}
			break
		}
		step := d.steps[0]
		d.steps = d.steps[1:]
		if step.answer.id != 0 {
			d.waiting[step.answer] = struct{}{}
			d.expectWithin(fmt.Sprintf("the answer to %v (%v)", step.message.ID(), step.answer.instance), d.answerTime())
		}
		d.send(step.message)
	}
	if len(d.waiting) == 0 && len(d.steps) == 0 && d.rest == nil && d.p.state.Registration == Registering && d.begun {
		d.complete()
	}
}

// answered marks a question as answered; false if nobody asked.
func (d *station) answered(id sccp.MessageID, instance uint32) bool {
	key := expected{id, instance}
	if _, ok := d.waiting[key]; !ok {
		return false
	}
	delete(d.waiting, key)
	return true
}

// complete: every question is answered, the phone is in service.
func (d *station) complete() {
	d.p.stopTimer(d.deadline)
	d.deadline = nil
	s := &d.p.state
	s.Registration, s.Reason = Registered, ""
	s.Registrations++
	s.Since = time.Now()
	d.served = true
	d.last = "Initialized"
	if len(d.instances(sccp.ButtonLine)) == 0 {
		d.p.violation("the button template has no line 1: the phone is unusable")
	}
	conn := d.conn
	// The idle screen follows registration (sccp.md 4.1, 15).
	d.p.after(5*time.Second, func() {
		if d.conn != conn || len(d.calls) > 0 || s.Registration != Registered {
			return
		}
		if d.profile.Display && !d.idleShown {
			d.p.violation("no idle prompt within 5 s of registration (4.1, 15)")
		}
		if d.profile.SoftKeys && !d.selectedIdle {
			d.p.violation("no soft-key set for the idle phone within 5 s of registration (4.1, 9 and 15)")
		}
	})
	if d.profile.Token == sipuraToken {
		d.refreshToken(conn)
	}
}

// refreshToken repeats the token request in service, as SPA5xx do.
func (d *station) refreshToken(conn interface{ Close() error }) {
	d.p.after(15*time.Minute, func() {
		if d.conn == conn && d.p.state.Registration == Registered {
			d.sendToken()
			d.refreshToken(conn)
		}
	})
}

func (d *station) sendToken() {
	d.send(&sccp.SPCPRegisterTokenReq{Name: d.p.cfg.Name, Instance: 1, IP: d.local, DeviceType: d.profile.Device, MaxStreams: 2})
}

// payloadOf is the SCCP number of a codec.
func payloadOf(c *codec.Codec) (sccp.Payload, bool) {
	switch c {
	case codec.MuLaw:
		return sccp.PayloadG711ULaw64k, true
	case codec.ALaw:
		return sccp.PayloadG711ALaw64k, true
	case codec.G722:
		return sccp.PayloadG722At64k, true
	}
	return 0, false
}

// codecOf is the codec of an SCCP number among those of the phone; nil if it is not.
func (d *station) codecOf(payload sccp.Payload) *codec.Codec {
	for _, c := range d.p.cfg.Codecs {
		if n, ok := payloadOf(c); ok && n == payload {
			return c
		}
	}
	return nil
}
