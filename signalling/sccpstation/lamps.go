package sccpstation

import (
	"tandem/call/signal"
	"tandem/wire/sccp"
)

// showMessages lights the message lamp while any line has messages, and the envelope of each line that has (sccp.md 4.11).
// What is sent is the state, never a change. Ports without a lamp hear it in the dial tone.
func (st *station) showMessages() {
	if st.traits.noLamp {
		return
	}
	any := false
	for i := range st.lines {
		l := &st.lines[i]
		has := l.messages > 0
		any = any || has
		if has != l.envelope {
			l.envelope = has
			st.messageLamp(i+1, has)
		}
	}
	st.messageLamp(0, any)
}

func (st *station) messageLamp(instance int, on bool) {
	m := &st.x.lamp
	*m = sccp.SetLamp{Stimulus: sccp.StimulusVoiceMail, Instance: uint32(instance), Mode: sccp.LampOff}
	if on {
		m.Mode = sccp.LampOn
	}
	st.send(m)
}

// lamp is a busy lamp: a line that the device watches, at a button or from one of the phone's own lists.
type lamp struct {
	st          *station
	index       uint32 // of the button, or the transaction of a list
	list        bool
	number      string
	label       string
	status      sccp.BLFStatus
	cancel      func()
	incarnation uint64
}

// maxLists bounds the numbers that one phone watches from its lists.
const maxLists = 64

// Command implements signal.Port; a watcher gets none.
func (l *lamp) Command(signal.HalfCallID, signal.Command) {}

// LineChanged implements signal.Port: the lamp is computed from all calls, the most important wins.
func (l *lamp) LineChanged(s signal.LineState) {
	status := sccp.BLFIdle
	if s.DoNotDisturb {
		status = sccp.BLFDoNotDisturb
	}
	for _, c := range s.Calls {
		switch {
		case c.State == signal.LineRingingIn:
			status = sccp.BLFAlerting
		case c.State != signal.LineIdle && status != sccp.BLFAlerting:
			status = sccp.BLFInUse
		}
	}
	st := l.st
	st.lock()
	defer st.release()
	if st.incarnation != l.incarnation || st.sess == nil || l.status == status {
		return
	}
	l.status = status
	if st.reg.done {
		l.show()
	}
}

func (l *lamp) show() {
	if l.list {
		l.st.send(&sccp.Notification{TransactionID: l.index, Feature: sccp.SubscriptionBLF, Status: l.status})
		return
	}
	l.st.send(&sccp.FeatureStatRes{Index: l.index, Type: sccp.ButtonBLFSpeedDial, Status: uint32(l.status), Label: l.label})
}

// watchLamps begins to watch the lines behind the busy-lamp buttons.
func (st *station) watchLamps() {
	st.unwatchButtons()
	for _, b := range st.buttons() {
		if b.Type != sccp.ButtonBLFSpeedDial {
			continue
		}
		for _, s := range st.dev.SpeedDials {
			if s.Index == int(b.Instance) {
				st.lamps = append(st.lamps, &lamp{st: st, index: uint32(b.Instance), number: string(s.Number),
					label: sccp.Plain(s.Text()), incarnation: st.incarnation})
			}
		}
	}
	st.watch(st.lamps)
}

// watch asks for the states. It is not done here, because the first state may be told at once and wants the lock.
func (st *station) watch(lamps []*lamp) {
	if len(lamps) == 0 {
		return
	}
	lamps = append([]*lamp(nil), lamps...)
	st.srv.work.Add(1) // the session that asks has not ended
	go func() {
		defer st.srv.work.Done()
		for _, l := range lamps {
			ref, ok := st.srv.Directory.LineOf(st.name, l.number)
			if !ok {
				continue
			}
			cancel := st.srv.Exchange.Watch(ref, l)
			st.lock()
			if st.incarnation == l.incarnation && st.sess != nil && l.cancel == nil {
				l.cancel, cancel = cancel, nil
			}
			st.unlock()
			if cancel != nil {
				cancel()
			}
		}
	}()
}

func (st *station) unwatchButtons() {
	for _, l := range st.lamps {
		if l.cancel != nil {
			l.cancel()
		}
		l.incarnation = 0
	}
	st.lamps = nil
}

func (st *station) unwatchLamps() {
	st.unwatchButtons()
	for _, l := range st.lists {
		if l.cancel != nil {
			l.cancel()
		}
		l.incarnation = 0
	}
	st.lists = nil
}

// sendLamp answers for a busy-lamp button.
func (st *station) sendLamp(index uint32) {
	for _, l := range st.lamps {
		if l.index == index {
			l.show()
			return
		}
	}
	r := sccp.FeatureStatRes{Index: index, Type: sccp.ButtonBLFSpeedDial, Status: uint32(sccp.BLFUnknown)}
	for _, s := range st.dev.SpeedDials {
		if uint32(s.Index) == index {
			r.Label = sccp.Plain(s.Text())
		}
	}
	st.send(&r)
}

// subscriptionStatReq watches a number for one of the phone's lists, or stops to (a timer of 0).
func (st *station) subscriptionStatReq(m *sccp.SubscriptionStatReq) {
	res := sccp.SubscriptionStatRes{TransactionID: m.TransactionID, Feature: m.Feature, Timer: m.Timer}
	for i, l := range st.lists {
		if l.index == m.TransactionID {
			if l.cancel != nil {
				l.cancel()
			}
			l.incarnation = 0
			st.lists = append(st.lists[:i], st.lists[i+1:]...)
			break
		}
	}
	number := dialable(m.Number)
	_, known := st.srv.Directory.LineOf(st.name, number)
	switch {
	case m.Timer == 0:
		st.send(&res)
		return
	case !known || m.Feature != sccp.SubscriptionBLF:
		res.Cause = sccp.SubscriptionRouteFail
	case len(st.lists) >= maxLists:
		res.Cause = sccp.SubscriptionThrottle
	}
	st.send(&res)
	if res.Cause != sccp.SubscriptionOK {
		return
	}
	l := &lamp{st: st, index: m.TransactionID, list: true, number: number, incarnation: st.incarnation}
	st.lists = append(st.lists, l)
	st.watch([]*lamp{l})
}
