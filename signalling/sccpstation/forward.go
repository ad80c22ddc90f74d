package sccpstation

import (
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/wire/sccp"
)

// Forwarding of all calls by key (sccp.md 4.13). The line is forwarded, not the phone: whatever is set here is seen at
// every appearance, through LineChanged.

// How long a user may take, and is told.
const (
	collectFirst = 15 * time.Second       // to the first digit
	confirmFor   = 700 * time.Millisecond // the confirmation tone
	failedFor    = 15 * time.Second       // a tone of a call that could not be made
)

// forwardAll cancels the forwarding of a line, or asks for a destination.
func forwardAll(st *station, c *call, p press) {
	line := st.lineOf(c, p)
	l, ok := st.dev.Line(line)
	if !ok {
		st.refuse(p.what)
		return
	}
	if st.line(line).forwardAll != "" {
		st.forward(nil, l.Ref, "")
		return
	}
	if !st.clearWay(nil) {
		return
	}
	made := st.newCall(line, 0)
	if made == nil {
		st.refuse(p.what)
		return
	}
	made.state = sCollecting
	st.showSeized(made)
	made.startTone(sccp.ToneInsideDial)
	made.timer = st.after(collectFirst, func() { st.clearShown(made) })
}

func collectDigit(st *station, c *call, p press) {
	c.stopTone()
	if p.digit == '#' && c.digits != "" {
		collectEnd(st, c, p)
		return
	}
	if c.digits == "" {
		c.keys(sccp.KeysDigits)
	}
	if len(c.digits) < maxDigits {
		c.digits += digit(p.digit)
	}
	if st.srv.Directory.NumberComplete(st.name, c.digits) {
		collectEnd(st, c, press{})
		return
	}
	st.awaitDigit(c)
}

func (st *station) awaitDigit(c *call) {
	stop(&c.timer)
	c.timer = st.after(st.srv.Parameters().CollectWait, func() {
		if c.state == sCollecting {
			collectEnd(st, c, press{})
		}
	})
}

func collectBackspace(st *station, c *call, p press) {
	if c.digits == "" {
		st.refuse(p.what)
		return
	}
	c.digits = c.digits[:len(c.digits)-1]
	st.x.backspace = sccp.BackSpaceRes{LineInstance: uint32(c.line), CallReference: c.ref}
	st.sendFor(c, &st.x.backspace)
	if c.digits != "" {
		st.awaitDigit(c)
		return
	}
	c.keys(c.offHookKeys())
	c.startTone(sccp.ToneInsideDial)
	stop(&c.timer)
	c.timer = st.after(collectFirst, func() { st.clearShown(c) })
}

func collectNumber(st *station, c *call, p press) {
	c.digits = p.number
	collectEnd(st, c, p)
}

func collectSpeedDial(st *station, c *call, p press) {
	if number, ok := st.speedDial(p.index); ok {
		c.digits = number
		collectEnd(st, c, p)
	}
}

func collectCancel(st *station, c *call, _ press) { st.clearShown(c) }

// collectEnd has the destination kept.
func collectEnd(st *station, c *call, p press) {
	l, ok := st.dev.Line(c.line)
	if !ok || c.digits == "" {
		st.clearShown(c)
		return
	}
	stop(&c.timer)
	c.stopTone()
	c.state = sFailed // only EndCall is left; the result decides what is shown
	st.forward(c, l.Ref, c.digits)
}

// forward has the forwarding of a line set or cleared; c shows what becomes of it, if anything does.
func (st *station) forward(c *call, line signal.LineRef, destination string) {
	st.srv.Exchange.ForwardAll(st.name, line, destination, func(err error) {
		st.lock()
		defer st.release()
		switch {
		case err == nil && destination == "":
			st.srv.Story.Say(st.name, "", "Cancelled the forwarding of "+line.Number+".")
		case err == nil:
			st.srv.Story.Say(st.name, "", "Forwarded all calls for "+line.Number+" to "+destination+".")
		default:
			code := ""
			if f, ok := err.(*fault.Error); ok {
				code = string(f.Code)
			}
			st.srv.Story.Say(st.name, code, "Could not forward "+line.Number+": "+err.Error())
			st.notice(st.label(sccp.LabelTempFail))
		}
		if c == nil || st.byReference(c.ref) != c {
			return
		}
		if err != nil {
			c.startTone(sccp.ToneReorder)
			c.timer = st.after(failedFor, func() { st.clearShown(c) })
			return
		}
		c.startTone(sccp.ToneConfirmation)
		c.timer = st.after(confirmFor, func() { st.clearShown(c) })
	})
}
