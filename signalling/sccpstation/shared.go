package sccpstation

import (
	"tandem/call/signal"
	"tandem/wire/sccp"
)

// LineChanged implements signal.Port: forwarding, messages, and what other appearances of a line do.
func (st *station) LineChanged(s signal.LineState) {
	st.lock()
	defer st.release()
	l := st.line(s.Instance)
	if l == nil {
		return
	}
	if ref, ok := st.dev.Line(s.Instance); !ok || ref.Ref != s.Line {
		return // a line that the phone no longer has
	}
	forwarded, messages, disturb := l.forwardAll != s.ForwardAll, l.messages != s.Messages, l.disturb != s.DoNotDisturb
	l.forwardAll, l.messages, l.disturb = s.ForwardAll, s.Messages, s.DoNotDisturb
	l.remote = l.remote[:0]
	for _, call := range s.Calls {
		if call.Device != st.name && (call.State != signal.LineRingingIn && call.State != signal.LineIdle) {
			l.remote = append(l.remote, call)
		}
	}
	if st.sess == nil {
		return
	}
	st.tellForward(s.Instance)
	if disturb && st.reg.done {
		st.showDoNotDisturb()
	}
	if forwarded || disturb {
		st.showIdle()
	}
	if messages && st.reg.done {
		st.showMessages()
	}
	st.syncRemote(s.Instance)
}

// tellForward sends the forwarding of a line to a phone that has asked for it before and knows another one.
func (st *station) tellForward(instance int) {
	if l := st.line(instance); l != nil && l.asked && l.told != l.forwardAll {
		st.sendForward(instance)
	}
}

func (st *station) sendForward(instance int) {
	m := sccp.ForwardStatRes{Line: uint32(instance)}
	if l := st.line(instance); l != nil {
		if l.told = l.forwardAll; l.told != "" {
			m.Active, m.All = 1, sccp.Forward{Active: 1, Number: l.told}
		}
	}
	st.send(&m)
}

// syncRemote shows the calls of other appearances as the line knows them (sccp.md 4.10): every change with its full state,
// for a phone that missed one would stay wrong.
func (st *station) syncRemote(line int) {
	l := st.line(line)
	if l == nil || !st.reg.done {
		return
	}
	for i := len(st.calls) - 1; i >= 0; i-- {
		c := st.calls[i]
		if c.line != line || c.state != sRemote && c.state != sRemoteHeld {
			continue
		}
		if !containsHalf(l.remote, c.elsewhere) {
			st.remoteGone(c)
		}
	}
	for _, r := range l.remote {
		st.showRemote(line, r)
	}
}

func containsHalf(calls []signal.LineCall, id signal.HalfCallID) bool {
	for i := range calls {
		if calls[i].Half == id {
			return true
		}
	}
	return false
}

func (st *station) showRemote(line int, r signal.LineCall) {
	var c *call
	for _, other := range st.calls {
		if other.elsewhere == r.Half {
			c = other
			break
		}
	}
	if c == nil && st.ringsHere(line, r.Call) {
		return // its end comes in a moment: one update, not two
	}
	want := sRemote
	if r.State == signal.LineHeld {
		want = sRemoteHeld
	}
	switch {
	case c == nil:
		if c = st.newCall(line, 0); c == nil {
			return
		}
		c.elsewhere = r.Half
	case c.id != 0:
		return // being retrieved
	case c.state == want && c.remote == r.Remote:
		return
	}
	c.state, c.remote, c.inbound = want, r.Remote, !r.Initiator
	shown, keys, prompt := sccp.CallStateCallRemoteMultiline, sccp.KeysRemoteInUse, sccp.LabelInUseRemote
	if want == sRemoteHeld {
		shown, keys, prompt = sccp.CallStateHold, sccp.KeysOnHold, sccp.LabelHold
	}
	c.callState(shown)
	c.showInfo()
	st.lamp(line)
	c.prompt(st.label(prompt))
	c.keys(keys)
	if st.newest(sRingIn) == nil {
		st.ringer(nil, sccp.RingOff, sccp.RingNormal)
	}
	if a := st.active(); a != nil {
		st.showCall(a) // what the user does stays in front
	} else if st.focus == nil {
		st.focus = c
	}
}

// ringsHere says that a call still rings on this phone, or was picked up here and not granted.
func (st *station) ringsHere(line int, id signal.CallID) bool {
	for _, c := range st.calls {
		if c.line == line && c.global == id && (c.state == sRingIn || c.state == sAnswering) && !c.lost {
			return true
		}
	}
	return false
}

// remoteGone takes a call of another appearance off the display.
func (st *station) remoteGone(c *call) {
	line := c.line
	inFront := st.focus == nil || st.focus == c
	c.state = sIdle
	st.lamp(line)
	st.x.clearPrompt = sccp.ClearPromptStatus{LineInstance: uint32(line), CallReference: c.ref}
	st.sendFor(c, &st.x.clearPrompt)
	c.callState(sccp.CallStateOnHook)
	st.drop(c)
	if !inFront || st.active() != nil {
		return
	}
	if next := st.next(nil); next != nil {
		st.showCall(next)
		return
	}
	st.selectIdle()
	st.speaker(false)
	st.ringer(nil, sccp.RingOff, sccp.RingNormal)
	if st.traits.timeAfter {
		st.sendTime()
	}
}
