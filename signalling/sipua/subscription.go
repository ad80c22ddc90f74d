package sipua

import (
	"sync"
	"time"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// Packages of events that phones can subscribe to.
const (
	packageMessages = "message-summary" // RFC 3842
	packageDialog   = "dialog"          // RFC 4235
)

// maxNotifyFailures is how many NOTIFYs in a row may come to nothing before a subscription counts as dead: a slow phone
// is not given up for one.
const maxNotifyFailures = 4

// subscription is a phone that wants to hear of a line. It is the Port that watches the line, and the user of the
// dialog. At most one NOTIFY is under way; what changes meanwhile goes into the next one, as it then is.
type subscription struct {
	s      *Server
	st     *station
	d      *sip.Dialog
	pkg    string
	id     string // of the Event header
	number string // as the phone named it
	line   signal.LineRef
	cancel func() // ends the watching
	host   string // ours, as it stands in URIs
	began  time.Time

	mu       sync.Mutex
	state    signal.LineState
	have     bool // a state has come
	expires  time.Time
	timer    *time.Timer
	version  uint32
	sent     string // body that the phone heard last
	open     map[signal.HalfCallID]bool
	sending  bool
	dirty    bool
	due      bool // a NOTIFY is owed even if nothing changed (RFC 6665 4.2.1.2)
	failures int
	ended    bool
}

// subscribe takes a SUBSCRIBE outside dialogs.
func (s *Server) subscribe(tx *sip.ServerTx, req *sip.Request) {
	dev := s.authenticate(tx, req)
	if dev == nil {
		return
	}
	e, ok := sip.ParseEvent(req)
	if !ok || e.Package != packageMessages && e.Package != packageDialog {
		_ = tx.Reply(489, sip.AllowEvents(packageMessages, packageDialog))
		return
	}
	wish, status := s.subscriptionTime(req)
	if status != 0 {
		_ = tx.Reply(status, sip.NewHeader("Min-Expires", seconds(s.o.Parameters().SubscriptionMinimum)))
		return
	}
	number := userOf(req.Recipient)
	var line signal.LineRef
	if e.Package == packageMessages {
		own := max(lineOf(dev, number), 1)
		l, has := dev.Line(own)
		if !has {
			_ = tx.Reply(404)
			return
		}
		number, line = l.Ref.Number, l.Ref
	} else if line, ok = s.o.Directory.LineOf(dev.Name, number); !ok {
		_ = tx.Reply(404)
		return
	}
	st := s.stationOf(dev)
	f := tx.Flow()
	sub := &subscription{s: s, st: st, pkg: e.Package, id: e.ID, number: number, line: line, host: hostOf(f), began: s.o.Now(),
		open: make(map[signal.HalfCallID]bool), due: true}
	d, err := s.ep.Incoming(tx, sip.LocalContact(f, number), sub)
	if err != nil {
		return
	}
	sub.d = d
	_ = d.Respond(tx, 200, nil, sip.NewHeader("Expires", seconds(wish)))
	st.subscribed(sub)
	sub.mu.Lock()
	sub.extend(wish)
	sub.mu.Unlock()
	cancel := s.o.Exchange.Watch(line, sub)
	sub.mu.Lock()
	sub.cancel = cancel
	ended := sub.ended
	sub.mu.Unlock()
	if ended {
		cancel()
	}
}

// hostOf is our address on a flow as it stands in URIs.
func hostOf(f sip.Flow) string {
	u := sip.AddrURI("", withoutPort(f.Local()))
	s := u.Host
	if u.Port > 0 {
		s += ":" + itoa(uint32(u.Port))
	}
	return s
}

// subscriptionTime reads how long a subscription shall hold; 423 for less than the minimum. 0 asks for the state once.
func (s *Server) subscriptionTime(req *sip.Request) (time.Duration, int) {
	p := s.o.Parameters()
	n, stated := sip.Expires(req)
	wish := time.Duration(n) * time.Second
	switch {
	case !stated:
		wish = p.SubscriptionDefault
	case n > 0 && wish < p.SubscriptionMinimum:
		return 0, 423
	}
	return min(wish, p.SubscriptionMaximum), 0
}

// subscribed enters a subscription; beyond the limit the oldest of the phone ends.
func (st *station) subscribed(sub *subscription) {
	st.mu.Lock()
	if st.subs == nil {
		st.subs = make(map[*subscription]struct{})
	}
	st.subs[sub] = struct{}{}
	var oldest *subscription
	if limit := st.s.o.Parameters().MaximumSubscriptions; limit > 0 && len(st.subs) > limit {
		for other := range st.subs {
			if oldest == nil || other.began.Before(oldest.began) {
				oldest = other
			}
		}
		delete(st.subs, oldest) // now, so that another one that comes does not choose it as well
	}
	st.mu.Unlock()
	st.s.figures.subscriptions.Add(1)
	if oldest != nil {
		oldest.end("probation")
	}
}

// takeSubscriptions returns all subscriptions of the phone. Called with mu held.
func (st *station) takeSubscriptions() []*subscription {
	list := make([]*subscription, 0, len(st.subs))
	for sub := range st.subs {
		list = append(list, sub)
	}
	return list
}

// extend sets the end of the subscription; 0 makes the next NOTIFY the last one. Called with mu held.
func (sub *subscription) extend(wish time.Duration) {
	sub.expires = sub.s.o.Now().Add(wish)
	sub.due = true
	if wish == 0 {
		return
	}
	grace := wish + sub.s.o.Parameters().SubscriptionGrace
	if sub.timer == nil {
		sub.timer = time.AfterFunc(grace, func() { sub.end("timeout") })
	} else {
		sub.timer.Reset(grace)
	}
}

// Command implements signal.Port; no half-call commands a subscription.
func (sub *subscription) Command(signal.HalfCallID, signal.Command) {}

// LineChanged implements signal.Port.
func (sub *subscription) LineChanged(state signal.LineState) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	sub.state, sub.have = state, true
	sub.pump()
}

// pump sends a NOTIFY if there is something to tell and none is under way. Called with mu held.
func (sub *subscription) pump() {
	if sub.ended || !sub.have {
		return
	}
	if sub.sending {
		sub.dirty = true
		return
	}
	left := int(sub.expires.Sub(sub.s.o.Now()).Round(time.Second) / time.Second)
	last := left <= 0 && sub.timer == nil || sub.expires.Equal(time.Time{})
	content := sub.content()
	if content == sub.sent && !sub.due {
		return
	}
	state := sip.SubscriptionState{State: "active", Expires: max(left, 0)}
	if last {
		state = sip.SubscriptionState{State: "terminated", Reason: "timeout", Expires: -1}
	}
	sub.sent, sub.due = content, false
	sub.notify(state, true)
	if last {
		sub.finish()
	}
}

// notify sends one NOTIFY. Called with mu held.
func (sub *subscription) notify(state sip.SubscriptionState, body bool) {
	req := sub.d.NewRequest(sip.NOTIFY)
	req.AppendHeader(sip.Event{Package: sub.pkg, ID: sub.id}.Header())
	req.AppendHeader(state.Header())
	if body {
		kind, text := sub.body()
		sip.SetBody(req, kind, text)
	}
	if _, err := sub.d.Send(req, sub); err == nil {
		sub.sending = true
	}
}

// OnResponse implements sip.ResponseHandler.
func (sub *subscription) OnResponse(_ *sip.ClientTx, res *sip.Response) {
	if res.StatusCode < 200 {
		return
	}
	sub.answered(res.StatusCode)
}

// OnFailure implements sip.ResponseHandler.
func (sub *subscription) OnFailure(*sip.ClientTx, error) { sub.answered(408) }

func (sub *subscription) answered(status int) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	sub.sending = false
	switch {
	case status < 300:
		sub.failures = 0
	case status == 481 || status == 489 || status == 404 || status == 405 || status == 410 || status == 501:
		sub.drop() // the phone does not know it (any more)
		return
	default:
		sub.failures++
		if sub.failures >= maxNotifyFailures {
			sub.drop()
			return
		}
		if !sub.ended {
			sub.due = true // what it missed comes with the next change or refresh
		}
		sub.dirty = false
		return
	}
	if sub.dirty {
		sub.dirty = false
		sub.pump()
	}
}

// OnDialogRequest implements sip.DialogUser: a refresh, or the end.
func (sub *subscription) OnDialogRequest(d *sip.Dialog, tx *sip.ServerTx, req *sip.Request) {
	if req.Method != sip.SUBSCRIBE {
		_ = tx.Reply(405)
		return
	}
	if e, ok := sip.ParseEvent(req); !ok || e.Package != sub.pkg || e.ID != sub.id {
		_ = d.Respond(tx, 489, nil, sip.AllowEvents(packageMessages, packageDialog))
		return
	}
	wish, status := sub.s.subscriptionTime(req)
	if status != 0 {
		_ = d.Respond(tx, status, nil, sip.NewHeader("Min-Expires", seconds(sub.s.o.Parameters().SubscriptionMinimum)))
		return
	}
	_ = d.Respond(tx, 200, nil, sip.NewHeader("Expires", seconds(wish)))
	if wish == 0 {
		sub.end("timeout")
		return
	}
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if sub.ended {
		return
	}
	sub.extend(wish)
	sub.pump()
}

// OnDialogAck implements sip.DialogUser.
func (sub *subscription) OnDialogAck(*sip.Dialog, *sip.Request) {}

// OnDialogCancel implements sip.DialogUser.
func (sub *subscription) OnDialogCancel(*sip.Dialog, *sip.ServerTx) {}

// OnRefreshDue implements sip.DialogUser.
func (sub *subscription) OnRefreshDue(*sip.Dialog) {}

// OnDialogLost implements sip.DialogUser.
func (sub *subscription) OnDialogLost(*sip.Dialog, error) { sub.stop() }

// end tells the phone that the subscription is over, and why (RFC 6665 4.1.3).
func (sub *subscription) end(reason string) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if sub.ended {
		return
	}
	sub.notify(sip.SubscriptionState{State: "terminated", Reason: reason, Expires: -1}, sub.have)
	sub.finish()
}

// stop ends the subscription without a word.
func (sub *subscription) stop() {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if !sub.ended {
		sub.drop()
	}
}

// drop ends the subscription and its dialog. Called with mu held.
func (sub *subscription) drop() {
	sub.finish()
	sub.d.Close()
}

// finish ends the watching; the dialog stays until its last NOTIFY is answered. Called with mu held.
func (sub *subscription) finish() {
	if sub.ended {
		return
	}
	sub.ended = true
	if sub.timer != nil {
		sub.timer.Stop()
	}
	sub.st.mu.Lock()
	delete(sub.st.subs, sub)
	sub.st.mu.Unlock()
	sub.s.figures.subscriptions.Add(-1)
	if sub.cancel != nil {
		sub.cancel()
	}
}
