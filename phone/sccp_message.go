package phone

import (
	"fmt"
	"time"

	"tandem/wire/sccp"
)

// receive judges and handles one message; the caller holds Phone.mu. An error
// means that a real phone of this model closes the connection.
func (d *station) receive(f sccp.Frame) error {
	fatal := d.judge(f)
	if fatal != nil {
		d.p.violation("%v", fatal)
		if !d.p.cfg.Lenient {
			return fatal
		}
	}
	m, err := d.codec.DecodeFrame(f)
	if err != nil {
		d.p.violation("%v", err)
		if d.p.cfg.Lenient {
			return nil
		}
		return err
	}
	d.trace(false, m)
	if !d.acked && !beforeAck(m) {
		d.p.violation("%v before RegisterAck", m.ID())
	}
	d.follow(m)
	return d.handle(m)
}

// beforeAck are the messages that may come before RegisterAck.
func beforeAck(m sccp.Message) bool {
	switch m.(type) {
	case *sccp.RegisterAck, *sccp.RegisterReject, *sccp.KeepAliveAck, *sccp.SPCPRegisterTokenAck,
		*sccp.SPCPRegisterTokenReject, *sccp.RegisterTokenAck, *sccp.RegisterTokenReject, *sccp.UnregisterAck:
		return true
	}
	return false
}

func (d *station) handle(m sccp.Message) error {
	s := &d.p.state
	switch m := m.(type) {
	case *sccp.RegisterAck:
		d.registerAck(m)
	case *sccp.RegisterReject:
		s.Registration, s.Reason = Rejected, readable(m.Text)
	case *sccp.SPCPRegisterTokenAck, *sccp.RegisterTokenAck:
		if !d.acked {
			d.sendRegister()
		} else if d.profile.Token == sipuraToken {
			// In service the phone answers with an alarm and a full Register.
			d.sendAlarm()
		}
	case *sccp.SPCPRegisterTokenReject:
		d.tokenRejected(m.Wait)
	case *sccp.RegisterTokenReject:
		d.tokenRejected(m.Wait)
	case *sccp.KeepAliveAck:
		d.missed = 0
		s.KeepAlives++
	case *sccp.UnregisterAck:
		select {
		case d.unregister <- m.Status:
		default:
		}
		d.unregistered(m.Status)
	case *sccp.CapabilitiesReq:
		d.capabilitiesReq()
	case *sccp.Reset:
		d.resetBy(m)
	case *sccp.ButtonTemplateRes, *sccp.SoftKeyTemplateRes, *sccp.SoftKeySetRes, *sccp.ConfigStatRes, *sccp.LineStatRes,
		*sccp.ForwardStatRes, *sccp.SpeedDialStatRes, *sccp.FeatureStatRes, *sccp.ServiceURLStatRes, *sccp.TimeDateRes,
		*sccp.VersionRes, *sccp.ServerRes:
		d.configure(m)
		d.advance()
	default:
		return d.handleCall(m)
	}
	return nil
}

func (d *station) tokenRejected(wait uint32) {
	if wait == 0 {
		d.p.violation("token refused without a time to wait (R-5)")
		wait = 1
	}
	d.p.note("token refused, next attempt in %d s", wait)
	if d.acked {
		return
	}
	conn := d.conn
	d.expectWithin("the token", time.Duration(wait)*time.Second+answerTimeout)
	d.p.after(time.Duration(wait)*time.Second, func() {
		if d.conn == conn && !d.acked {
			d.sendToken()
		}
	})
}

// resetBy: type 1 boots, 2 and 3 read the configuration again; never during a call
// (sccp.md 4.2).
func (d *station) resetBy(m *sccp.Reset) {
	if m.Type < sccp.ResetDevice || m.Type > sccp.ResetApplyConfig {
		d.p.violation("Reset of unknown type %d", m.Type)
	}
	d.p.note("reset by the server: %v", m.Type)
	d.last = "CM-reset-TCP"
	if d.busy() {
		d.restartDue = true
		return
	}
	d.restartNow()
}

// busy reports whether the phone takes part in a call. Others' calls on a shared
// line do not count.
func (d *station) busy() bool {
	for _, c := range d.calls {
		if c.State != RemoteInUse && c.State != RemoteOnHold {
			return true
		}
	}
	return false
}

func (d *station) restartNow() {
	d.restart, d.restartDue = true, false
	d.send(&sccp.UnregisterReq{})
	conn := d.conn
	d.p.after(leaveTimeout, func() {
		if d.conn == conn && d.restart {
			_ = conn.SetReadDeadline(time.Unix(1, 0))
		}
	})
}

func (d *station) unregistered(status sccp.UnregisterStatus) {
	if !d.restart {
		return
	}
	if status == sccp.UnregisterNAK {
		// The server says that a call is up; ask again later.
		d.restart = false
		conn := d.conn
		d.p.after(2*time.Second, func() {
			if d.conn == conn {
				d.restartNow()
			}
		})
		return
	}
	_ = d.conn.SetReadDeadline(time.Unix(1, 0))
}

// configure takes the answers of the registration dialogue, which the server may
// also send later, unasked, when something changed.
func (d *station) configure(m sccp.Message) {
	s := &d.p.state
	asked := func(instance uint32) {
		if !d.answered(m.ID(), instance) && s.Registration == Registering {
			d.p.violation("%v (%d) without a question", m.ID(), instance)
		}
	}
	switch m := m.(type) {
	case *sccp.ButtonTemplateRes:
		d.buttonTemplate(m)
		if int(m.Offset)+len(m.Buttons) >= int(m.Total) {
			asked(0)
		}
	case *sccp.SoftKeyTemplateRes:
		d.template = append(d.template[:min(len(d.template), int(m.Offset))], m.Keys...)
		if len(d.template) >= int(m.Total) {
			asked(0)
		}
	case *sccp.SoftKeySetRes:
		d.sets = append(d.sets[:min(len(d.sets), int(m.Offset))], m.Sets...)
		if len(d.sets) >= int(m.Total) {
			asked(0)
			d.checkSets()
		}
	case *sccp.ConfigStatRes:
		asked(0)
		if m.DeviceName != d.p.cfg.Name {
			d.p.violation("ConfigStatRes is for %q", m.DeviceName)
		}
		if lines := len(d.instances(sccp.ButtonLine)); d.buttons != nil && int(m.Lines) != lines {
			d.p.violation("ConfigStatRes counts %d lines, the template has %d (4.1)", m.Lines, lines)
		}
		if n := len(d.instances(sccp.ButtonSpeedDial)); d.buttons != nil && int(m.SpeedDials) != n {
			d.p.violation("ConfigStatRes counts %d speed dials, the template has %d (4.1)", m.SpeedDials, n)
		}
	case *sccp.LineStatRes:
		asked(m.Line)
		if l := s.Line(int(m.Line)); l != nil {
			l.Number, l.Name, l.Label = m.Number, m.DisplayName, readable(m.Label)
		} else if m.Line != 0 {
			s.Lines = append(s.Lines, Line{Instance: int(m.Line), Number: m.Number, Name: m.DisplayName, Label: readable(m.Label)})
		}
		d.labelButton("line", int(m.Line), m.Number, m.Label)
	case *sccp.ForwardStatRes:
		asked(m.Line)
		d.forwarded(m)
	case *sccp.SpeedDialStatRes:
		asked(m.SpeedDial)
		d.labelButton("speed dial", int(m.SpeedDial), m.Number, m.Label)
	case *sccp.FeatureStatRes:
		asked(m.Index)
		d.featureStatus(m)
	case *sccp.ServiceURLStatRes:
		asked(m.Index)
		d.labelButton("service", int(m.Index), m.URL, m.Label)
	case *sccp.TimeDateRes:
		d.answered(sccp.IDTimeDateRes, 0)
		s.Clock = time.Date(int(m.Year), time.Month(m.Month), int(m.Day), int(m.Hour), int(m.Minute), int(m.Second), 0, time.UTC)
		if m.Month < 1 || m.Month > 12 || m.Day < 1 || m.Day > 31 || m.Hour > 23 || m.Minute > 59 || int(s.Clock.Weekday()) != int(m.DayOfWeek) {
			d.p.violation("TimeDateRes is no date: %+v", *m)
		}
	default:
		asked(0)
	}
}

// buttonKinds names the types of keys.
var buttonKinds = map[sccp.ButtonType]string{
	sccp.ButtonLine: "line", sccp.ButtonSpeedDial: "speed dial", sccp.ButtonServiceURL: "service",
	sccp.ButtonFeature: "feature", sccp.ButtonBLFSpeedDial: "busy lamp",
}

func (d *station) buttonTemplate(m *sccp.ButtonTemplateRes) {
	if m.Offset == 0 {
		d.buttons, d.p.state.Buttons = nil, nil
	}
	seen := map[sccp.Button]bool{}
	for i, b := range m.Buttons {
		position := int(m.Offset) + i + 1
		if b.Type == sccp.ButtonUndefined || b.Type == sccp.ButtonUnused {
			d.buttons = append(d.buttons, b)
			continue
		}
		if b.Instance == 0 && b.Type == sccp.ButtonLine {
			d.p.violation("button %d has instance 0 (R-18)", position)
		}
		if (b.Type == sccp.ButtonLine || b.Type == sccp.ButtonSpeedDial) && seen[b] {
			d.p.violation("button %d repeats %v %d (R-18)", position, b.Type, b.Instance)
		}
		seen[b] = true
		d.buttons = append(d.buttons, b)
		kind, ok := buttonKinds[b.Type]
		if !ok {
			kind = b.Type.String()
		}
		d.p.state.Buttons = append(d.p.state.Buttons, Button{Position: position, Instance: int(b.Instance), Kind: kind})
	}
	for n := 1; seen[sccp.Button{Instance: uint8(n), Type: sccp.ButtonLine}]; n++ {
		delete(seen, sccp.Button{Instance: uint8(n), Type: sccp.ButtonLine})
	}
	for b := range seen {
		if b.Type == sccp.ButtonLine {
			d.p.violation("line instances of the template have a gap before %d (R-18)", b.Instance)
		}
	}
}

func (d *station) labelButton(kind string, instance int, number, label string) {
	for i := range d.p.state.Buttons {
		b := &d.p.state.Buttons[i]
		if b.Kind == kind && b.Instance == instance {
			b.Number, b.Label = number, readable(label)
		}
	}
}

func (d *station) featureStatus(m *sccp.FeatureStatRes) {
	for i := range d.p.state.Buttons {
		b := &d.p.state.Buttons[i]
		if (b.Kind == "feature" || b.Kind == "busy lamp") && b.Instance == int(m.Index) {
			b.Status, b.Label = int(m.Status), readable(m.Label)
			return
		}
	}
	d.p.violation("FeatureStatRes for key %d, which the template does not have", m.Index)
}

func (d *station) forwarded(m *sccp.ForwardStatRes) {
	l := d.p.state.Line(int(m.Line))
	if l == nil {
		if d.p.state.Registration == Registered {
			d.p.violation("ForwardStatRes for line %d, which the phone does not have", m.Line)
		}
		d.p.state.Lines = append(d.p.state.Lines, Line{Instance: int(m.Line)})
		l = d.p.state.Line(int(m.Line))
	}
	target := func(f sccp.Forward) string {
		if f.Active == 0 {
			return ""
		}
		if f.Number == "" {
			d.p.violation("ForwardStatRes: active forwarding of line %d without a number", m.Line)
		}
		return f.Number
	}
	l.ForwardAll, l.ForwardBusy, l.ForwardNoAnswer = target(m.All), target(m.Busy), target(m.NoAnswer)
	if any := m.All.Active != 0 || m.Busy.Active != 0 || m.NoAnswer.Active != 0; any != (m.Active != 0) {
		d.p.violation("ForwardStatRes: line %d is said to be forwarded (%d) against its own targets", m.Line, m.Active)
	}
}

// checkSets verifies that every key of every set is in the template.
func (d *station) checkSets() {
	for n, set := range d.sets {
		for i, position := range set.Template {
			if position != 0 && int(position) > len(d.template) {
				d.p.violation("soft-key set %d, key %d: position %d of a template with %d", n, i+1, position, len(d.template))
			}
		}
	}
}

// keysOf are the names of a set's keys under a mask.
func (d *station) keysOf(set sccp.SoftKeySet, mask uint32) []string {
	if int(set) >= len(d.sets) {
		return nil
	}
	var out []string
	for i, position := range d.sets[set].Template {
		if position == 0 || int(position) > len(d.template) || mask&(1<<i) == 0 {
			continue
		}
		out = append(out, d.template[position-1].Event.String())
	}
	return out
}

// eventOf finds the event of a soft key by name, from the template of the server.
func (d *station) eventOf(name string) (sccp.SoftKeyCode, error) {
	for _, k := range d.template {
		if sameKey(k.Event.String(), name) || sameKey(readable(k.Label), name) {
			return k.Event, nil
		}
	}
	return 0, fmt.Errorf("the template of soft keys has no %q: %w", name, ErrNotOffered)
}
