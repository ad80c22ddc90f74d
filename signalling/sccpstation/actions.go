package sccpstation

import (
	"errors"

	"tandem/call/signal"
	"tandem/wire/sccp"
)

// Actions of the call plane that begin, answer and end calls.

// lineOf chooses the line of a new call: the one that was named, that of the call in hand, the first.
func (st *station) lineOf(c *call, p press) int {
	if st.line(p.line) != nil {
		return p.line
	}
	if c != nil {
		return c.line
	}
	return 1
}

// clearWay makes the user free for another call: a connected one is held, one that is not answered is given up. It
// reports false when that cannot be now.
func (st *station) clearWay(except *call) bool {
	for i := len(st.calls) - 1; i >= 0; i-- { // backwards: what is ended may leave the list at once
		c := st.calls[i]
		if c == except || !c.engaged() {
			continue
		}
		switch c.state {
		case sConnected:
			st.holdCall(c)
		case sAnswering, sRetrieving:
			st.notice(st.label(sccp.LabelKeyIsNotActive))
			return false
		default:
			st.end(c)
		}
	}
	return true
}

// seize begins a call on a line and shows it (sccp.md 4.4, steps 2 to 6). The dial tone follows when the half-call asks for
// digits. It returns nil when there can be no call.
func (st *station) seize(line int, p press, consults *call) *call {
	l, ok := st.dev.Line(line)
	if !ok {
		st.refuse(p.what)
		return nil
	}
	if a := st.active(); a != nil && (a.state == sAnswering || a.state == sRetrieving) {
		st.refuse(p.what)
		return nil
	}
	ending := 0
	if a := st.active(); a != nil && a.line == line && a.state != sConnected {
		ending = 1 // it gives way
	}
	if l.MaxCalls > 0 && st.callsOn(line)-ending >= l.MaxCalls {
		st.notice(st.label(sccp.LabelLineInUse))
		return nil
	}
	if !st.clearWay(nil) {
		return nil
	}
	id, err := st.originate(line)
	c := st.newCall(line, id)
	if c == nil {
		if id != 0 {
			st.srv.Exchange.Tell(id, signal.HangUp{Cause: signal.CauseResourceUnavailable})
		}
		st.refuse(p.what)
		return nil
	}
	c.state, c.consults = sOffHook, consults
	st.showSeized(c)
	if err != nil {
		st.refusedSeizure(c, err)
		return nil
	}
	return c
}

// refusedSeizure lets the user hear that no call can be made now (T-23).
func (st *station) refusedSeizure(c *call, err error) {
	c.id = 0
	cause := signal.CauseTemporaryFailure
	text := st.label(sccp.LabelTempFail)
	if errors.Is(err, signal.ErrOverloaded) {
		cause, text = signal.CauseCongestion, st.label(sccp.LabelHighTrafficTryAgainLater)
	}
	st.srv.Story.Say(st.name, "", "Could not make a call: "+err.Error()+".")
	st.showFailed(c, cause, signal.ToneReorder)
	st.notice(text)
	c.timer = st.after(failedFor, func() { st.clearShown(c) })
}

func begin(st *station, c *call, p press) {
	if made := st.seize(st.lineOf(c, p), p, nil); made != nil {
		made.tell(signal.Seize{})
	}
}

func beginWithDigit(st *station, c *call, p press) {
	if made := st.seize(st.lineOf(c, p), p, nil); made != nil {
		made.tell(signal.Seize{})
		dialDigit(st, made, p)
	}
}

func beginWithNumber(st *station, c *call, p press) { st.beginWith(c, p, p.number) }

func beginWithSpeedDial(st *station, c *call, p press) {
	if number, ok := st.speedDial(p.index); ok {
		st.beginWith(c, p, number)
	}
}

func beginWithRedial(st *station, c *call, p press) {
	if number, ok := st.lastNumber(); ok {
		st.beginWith(c, p, number)
	}
}

// beginWith calls a number at once (sccp.md 4.5).
func (st *station) beginWith(c *call, p press, number string) {
	if made := st.seize(st.lineOf(c, p), p, nil); made != nil {
		st.dialWhole(made, number)
	}
}

// speedDial looks a speed dial up; without one the user is told.
func (st *station) speedDial(index int) (string, bool) {
	for _, s := range st.dev.SpeedDials {
		if s.Index == index && s.Number != "" {
			return string(s.Number), true
		}
	}
	st.notice(st.label(sccp.LabelNumberNotConfigured))
	return "", false
}

func (st *station) lastNumber() (string, bool) {
	if number := st.srv.LastNumbers.LastNumber(st.name); number != "" {
		return number, true
	}
	st.notice("No number to redial")
	return "", false
}

// lineKey begins a call on the line of the key. An off-hook call without digits gives way.
func lineKey(st *station, c *call, p press) {
	if st.line(p.line) == nil {
		st.refuse(p.what)
		return
	}
	if c != nil && c.state == sOffHook && c.line == p.line {
		return // the dial tone of this line is heard already
	}
	begin(st, c, p)
}

func hangUp(st *station, c *call, _ press) { st.end(c) }

// end ends a call from this side. The phone becomes idle when the half-call says so; nothing is waited for.
func (st *station) end(c *call) {
	if c.id == 0 {
		st.clearShown(c)
		return
	}
	c.ending = true
	c.stopTone()
	c.tell(signal.HangUp{Cause: signal.CauseNormalClearing})
}

// reject refuses a call that rings.
func reject(st *station, c *call, _ press) {
	c.ending = true
	st.ringerOff(c)
	c.tell(signal.Refuse{Cause: signal.CauseCallRejected})
}

// answer takes a call that rings (sccp.md 4.6, steps 8 to 10).
func answer(st *station, c *call, p press) {
	if !st.clearWay(c) {
		return
	}
	st.showAnswering(c)
	c.tell(signal.Pickup{})
}

// sendKey sends a digit to the other party.
func sendKey(st *station, c *call, p press) {
	if c.peerHolds {
		st.refuse(p.what)
		return
	}
	c.tell(signal.Key{Digit: p.digit, InBand: c.media.eventsBothWays(st)})
}
