package sccpstation

import (
	"net/netip"

	"tandem/telephony"
	"tandem/wire/sccp"
)

// Answers to the questions of registration. None depends on another, and each is given in every version, an empty one where
// there is nothing (R-15, sccp.md 4.1).

func (st *station) configStatReq(*sccp.ConfigStatReq) {
	lines, speedDials := 0, 0
	for _, b := range st.buttons() {
		switch b.Type {
		case sccp.ButtonLine:
			lines++
		case sccp.ButtonSpeedDial:
			speedDials++
		}
	}
	st.send(&sccp.ConfigStatRes{DeviceName: st.name, Instance: 1, UserName: st.dev.Owner, ServerName: st.srv.Name,
		Lines: uint32(lines), SpeedDials: uint32(speedDials)})
}

func (st *station) lineStatReq(m *sccp.LineStatReq) { st.sendLine(m.Line) }

func (st *station) sendLine(n uint32) {
	r := sccp.LineStatRes{Line: n}
	if l, ok := st.dev.Line(int(min(n, 1<<16))); ok {
		r.Number, r.DisplayName, r.Options = l.Ref.Number, sccp.Plain(l.Display), sccp.ShowAll
		if r.Label = sccp.Plain(l.Label); r.Label == "" {
			r.Label = l.Ref.Number
		}
	}
	st.send(&r)
}

func (st *station) forwardStatReq(m *sccp.ForwardStatReq) {
	if l := st.line(int(min(m.Line, 1<<16))); l != nil {
		l.asked = true
		st.sendForward(int(m.Line))
		return
	}
	st.send(&sccp.ForwardStatRes{Line: m.Line})
}

// speedDialStatReq answers in the old form, which every model takes.
func (st *station) speedDialStatReq(m *sccp.SpeedDialStatReq) { st.sendSpeedDial(m.SpeedDial) }

func (st *station) sendSpeedDial(n uint32) {
	r := sccp.SpeedDialStatRes{SpeedDial: n}
	for _, s := range st.dev.SpeedDials {
		if uint32(s.Index) == n {
			r.Number, r.Label = string(s.Number), sccp.Plain(s.Text())
		}
	}
	st.send(&r)
}

// featureStatReq answers for busy lamps and feature buttons.
func (st *station) featureStatReq(m *sccp.FeatureStatReq) {
	r := sccp.FeatureStatRes{Index: m.Index, Type: sccp.ButtonFeature}
	for i, b := range st.buttons() {
		if uint32(b.Instance) != m.Index || b.Type != sccp.ButtonBLFSpeedDial && b.Type != sccp.ButtonFeature {
			continue
		}
		r.Type = b.Type
		if i < len(st.dev.Buttons) {
			r.Label = sccp.Plain(st.dev.Buttons[i].Label)
		}
		if b.Type == sccp.ButtonBLFSpeedDial {
			st.sendLamp(m.Index)
			return
		}
		break
	}
	st.send(&r)
}

func (st *station) serviceURLStatReq(m *sccp.ServiceURLStatReq) {
	r := sccp.ServiceURLStatRes{Index: m.Index}
	if n := int(min(m.Index, 1<<16)); n >= 1 && n <= len(st.dev.ServiceURLs) {
		s := st.dev.ServiceURLs[n-1]
		r.URL, r.Label = s.URL, sccp.Plain(s.Label)
	}
	st.send(&r)
}

func (st *station) versionReq(*sccp.VersionReq) { st.send(&sccp.VersionRes{Load: st.dev.Load}) }

func (st *station) serverReq(*sccp.ServerReq) {
	var r sccp.ServerRes
	list := st.srv.Servers(st.name)
	if len(list) == 0 {
		list = []ServerEntry{{Name: st.srv.Name, Address: st.sess.local}}
	}
	for i, s := range list[:min(len(list), sccp.ServersPerList)] {
		ip := s.Address.Addr().Unmap()
		if ip.Is6() && st.sess.version < 17 {
			ip = netip.Addr{}
		}
		r.Servers[i] = sccp.Server{Name: s.Name, Port: uint32(s.Address.Port()), IP: ip}
	}
	st.send(&r)
}

// timeDateReq ends the dialogue of most models (sccp.md 4.1, step 14).
func (st *station) timeDateReq(*sccp.TimeDateReq) {
	st.sendTime()
	st.reg.last = true
	if st.reg.done {
		st.showIdle() // for models that say early that they are through
	}
}

// sendTime gives the time in the device's zone: phones apply no zone to it.
func (st *station) sendTime() {
	now := st.srv.Now()
	if st.dev.Zone != nil {
		now = now.In(st.dev.Zone)
	}
	st.send(sccp.NewTimeDate(now))
}

func (st *station) callCountReq(*sccp.CallCountReq) {
	r := sccp.CallCountResp{ConfiguredLines: uint32(len(st.dev.Lines)), StartingLine: 1}
	for _, l := range st.dev.Lines[:min(len(st.dev.Lines), sccp.LinesPerCallCount)] {
		r.Lines = append(r.Lines, sccp.LineCalls{MaxCalls: uint16(l.MaxCalls), BusyTrigger: uint16(l.BusyTrigger)})
	}
	st.send(&r)
}

// buttons is the button template as it goes over the wire: lines, speed dials and services are numbered from 1 within their
// kind, from the top, over the phone and its add-on modules alike. Busy lamps are speed dials that show something and
// share their numbers; feature buttons take the numbers that are left, for both are asked for with the same message.
func (st *station) buttons() []sccp.Button {
	out := make([]sccp.Button, 0, max(len(st.dev.Buttons), 1))
	lines, dials, urls := uint8(0), uint8(0), uint8(0)
	var lamps [256]bool
	for _, b := range st.dev.Buttons {
		t := sccp.ButtonType(b.Kind.Code())
		switch b.Kind {
		case telephony.ButtonLine:
			if int(lines) >= len(st.dev.Lines) {
				out = append(out, sccp.Button{Type: sccp.ButtonUndefined})
				continue
			}
			lines++
			out = append(out, sccp.Button{Instance: lines, Type: t})
		case telephony.ButtonSpeedDial, telephony.ButtonBLF:
			dials++
			lamps[dials] = b.Kind == telephony.ButtonBLF
			out = append(out, sccp.Button{Instance: dials, Type: t})
		case telephony.ButtonServiceURL:
			urls++
			out = append(out, sccp.Button{Instance: urls, Type: t})
		case telephony.ButtonNone:
			out = append(out, sccp.Button{Type: sccp.ButtonUndefined})
		case telephony.ButtonPrivacy:
			out = append(out, sccp.Button{Type: t}) // numbered below
		default:
			out = append(out, sccp.Button{Instance: 1, Type: t})
		}
	}
	if lines == 0 && len(st.dev.Lines) > 0 {
		// Without its first line a phone is unusable (sccp.md 4.1).
		out = append([]sccp.Button{{Instance: 1, Type: sccp.ButtonLine}}, out...)
	}
	next := uint8(1)
	for i := range out {
		if out[i].Type == sccp.ButtonFeature && out[i].Instance == 0 {
			for lamps[next] {
				next++
			}
			out[i].Instance = next
			next++
		}
	}
	return out
}

func (st *station) buttonTemplateReq(*sccp.ButtonTemplateReq) {
	all := st.buttons()
	total := uint32(len(all))
	for at := 0; ; at += sccp.ButtonsPerTemplate {
		part := all[at:min(len(all), at+sccp.ButtonsPerTemplate)]
		st.send(&sccp.ButtonTemplateRes{Offset: uint32(at), Total: total, Buttons: part})
		if at+sccp.ButtonsPerTemplate >= len(all) {
			break
		}
	}
	st.reg.buttons = true
}
