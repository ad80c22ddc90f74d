package sip

import (
	"strconv"
	"strings"
	"time"
)

// SessionExpires is a Session-Expires header (RFC 4028 4).
type SessionExpires struct {
	Seconds uint32
	// Refresher is "uac", "uas" or "" as it stands in the header: roles of the request that carries it
	// or is answered, not of the dialog.
	Refresher string
}

// ParseSessionExpires reads the header; ok is false without one that can be read.
func ParseSessionExpires(m Message) (se SessionExpires, ok bool) {
	value, params, _ := strings.Cut(HeaderValue(m, "Session-Expires"), ";")
	n, ok := parseDelta(value)
	if !ok {
		return SessionExpires{}, false
	}
	se.Seconds = n
	for _, p := range strings.Split(params, ";") {
		if k, v, _ := strings.Cut(p, "="); strings.EqualFold(trim(k), "refresher") {
			if v = strings.ToLower(trim(v)); v == "uac" || v == "uas" {
				se.Refresher = v
			}
		}
	}
	return se, true
}

// Header makes the header.
func (se SessionExpires) Header() Header {
	v := strconv.FormatUint(uint64(se.Seconds), 10)
	if se.Refresher != "" {
		v += ";refresher=" + se.Refresher
	}
	return NewHeader("Session-Expires", v)
}

// ParseMinSE reads Min-SE in seconds.
func ParseMinSE(m Message) (seconds uint32, ok bool) {
	v, _, _ := strings.Cut(HeaderValue(m, "Min-SE"), ";")
	return parseDelta(v)
}

// MinSE makes a Min-SE header.
func MinSE(seconds uint32) Header {
	return NewHeader("Min-SE", strconv.FormatUint(uint64(seconds), 10))
}

// session is the session timer of a dialog. Who refreshes is kept as us or them and put into
// uac or uas anew for each request.
type session struct {
	interval time.Duration // 0: none
	least    uint32        // the largest Min-SE that we have seen
	weDo     bool
	lenient  bool // the other end set it unasked: never end the call over it
	deadline time.Time
	timer    dialogTimer
}

// offerSession adds the session headers to a request of ours. Called with d.mu held.
func (d *Dialog) offerSession(req *Request) {
	s := &d.session
	interval := s.interval
	if interval == 0 {
		interval = d.ep.opt.SessionInterval
	}
	if interval == 0 {
		return
	}
	se := SessionExpires{Seconds: max(uint32(interval/time.Second), s.least)}
	if s.interval != 0 { // a timer runs: whoever does it goes on doing it
		se.Refresher = "uas"
		if s.weDo {
			se.Refresher = "uac"
		}
	}
	req.AppendHeader(se.Header())
	if s.least > 90 {
		req.AppendHeader(MinSE(s.least))
	}
}

// sessionAnswered takes what a 2xx to our INVITE or UPDATE says. Called with d.mu held.
func (d *Dialog) sessionAnswered(req *Request, res *Response) {
	asked := HasHeader(req, "Session-Expires")
	se, ok := ParseSessionExpires(res)
	if !ok || se.Seconds == 0 {
		if asked {
			d.stopSession() // the other end knows no session timers
		}
		return
	}
	d.session.lenient = !asked
	d.startSession(time.Duration(se.Seconds)*time.Second, se.Refresher != "uas" || !asked)
}

// checkSession answers 422 if a request asks for less than we accept. It reports whether it did.
func (d *Dialog) checkSession(tx *ServerTx, req *Request) bool {
	se, ok := ParseSessionExpires(req)
	if !ok || time.Duration(se.Seconds)*time.Second >= d.ep.opt.MinSE || !HasToken(req, "Supported", "timer") {
		return false
	}
	_ = tx.Reply(422, MinSE(uint32(d.ep.opt.MinSE/time.Second)))
	return true
}

// answerSession adds the session headers to our 2xx and starts the timer. Called with d.mu held.
func (d *Dialog) answerSession(req *Request, res *Response) {
	se, asked := ParseSessionExpires(req)
	can := HasToken(req, "Supported", "timer") || HasToken(req, "Require", "timer")
	interval := time.Duration(se.Seconds) * time.Second
	switch {
	case asked:
		interval = max(interval, d.ep.opt.MinSE)
		if ours := d.ep.opt.SessionInterval; ours >= d.ep.opt.MinSE && interval > ours && d.fitsMinSE(req, ours) {
			interval = ours
		}
	case can && d.ep.opt.SessionInterval > 0:
		interval = d.ep.opt.SessionInterval
		if least, ok := ParseMinSE(req); ok {
			interval = max(interval, time.Duration(least)*time.Second)
		}
	default:
		d.stopSession()
		return
	}
	weDo := true // if the other end cannot, we do
	if can && se.Refresher == "uac" {
		weDo = false
	}
	se.Refresher = "uas"
	if !weDo {
		se.Refresher = "uac"
	}
	se.Seconds = uint32(interval / time.Second)
	res.AppendHeader(se.Header())
	if can {
		res.AppendHeader(NewHeader("Require", "timer"))
	}
	d.session.lenient = false
	d.startSession(interval, weDo)
}

func (d *Dialog) fitsMinSE(req *Request, interval time.Duration) bool {
	least, ok := ParseMinSE(req)
	return !ok || time.Duration(least)*time.Second <= interval
}

// startSession (re)starts the timer: our refresh at half of the interval; the end, if nothing came,
// before the interval is over by the lesser of 32 s and a third (RFC 4028 10).
func (d *Dialog) startSession(interval time.Duration, weDo bool) {
	s := &d.session
	s.interval, s.weDo = interval, weDo
	s.deadline = now().Add(interval - min(32*time.Second, interval/3))
	d.setTimer(&s.timer, d.sessionWait(), (*Dialog).sessionTick)
}

func (d *Dialog) sessionWait() time.Duration {
	if d.session.weDo {
		if half := d.session.interval / 2; half < d.session.deadlineIn() {
			return half
		}
	}
	return d.session.deadlineIn()
}

func (s *session) deadlineIn() time.Duration { return max(s.deadline.Sub(now()), 0) }

func (d *Dialog) stopSession() {
	d.session.interval = 0
	d.stopTimer(&d.session.timer)
}

// sessionTick is the timer: time to refresh, or time to give up.
func (d *Dialog) sessionTick() {
	d.mu.Lock()
	if d.state == DialogEnded || d.session.interval == 0 {
		d.mu.Unlock()
		return
	}
	if d.session.deadlineIn() > 0 {
		d.setTimer(&d.session.timer, d.session.deadlineIn(), (*Dialog).sessionTick)
		d.mu.Unlock()
		d.user.OnRefreshDue(d)
		return
	}
	if d.session.lenient {
		d.setTimer(&d.session.timer, d.session.interval/2, (*Dialog).sessionTick)
		d.session.deadline = now().Add(d.session.interval)
		d.mu.Unlock()
		d.user.OnRefreshDue(d)
		return
	}
	d.mu.Unlock()
	_ = d.Bye(`SIP;cause=408;text="session expired"`)
	d.user.OnDialogLost(d, ErrSessionExpired)
}

// Refresh refreshes the session (RFC 4028 7.4): by UPDATE if the other end allows it, which leaves
// the media alone, otherwise by a re-INVITE with body, the session description that is in force.
// Failures end the dialog only if it is gone at the other end or the time runs out.
func (d *Dialog) Refresh(contentType string, body []byte) error {
	d.mu.Lock()
	update := d.peerUpdates
	busy := d.inviteOut != nil || d.inviteIn != nil
	d.mu.Unlock()
	if busy { // the INVITE under way is a refresh itself
		return nil
	}
	if update {
		_, err := d.Send(d.NewRequest(UPDATE), (*refresh)(d))
		return err
	}
	req := d.NewRequest(INVITE)
	SetBody(req, contentType, body)
	_, err := d.Send(req, (*refresh)(d))
	return err
}

// refresh takes the answer to a refresh.
type refresh Dialog

func (r *refresh) OnResponse(tx *ClientTx, res *Response) {
	d := (*Dialog)(r)
	switch {
	case res.StatusCode < 200:
	case res.StatusCode < 300:
		if tx.Request().Method == INVITE {
			_ = d.Ack(nil)
		}
	case res.StatusCode == 481 || res.StatusCode == 408:
		r.lost()
	case res.StatusCode == 491:
		d.AfterGlare(func() { d.user.OnRefreshDue(d) })
	case tx.Request().Method == UPDATE && (res.StatusCode == 405 || res.StatusCode == 501):
		d.mu.Lock()
		d.peerUpdates = false
		d.mu.Unlock()
		d.user.OnRefreshDue(d)
	}
}

func (r *refresh) OnFailure(*ClientTx, error) { r.lost() }

// lost ends the dialog unless a BYE did so meanwhile (R-29 e).
func (r *refresh) lost() {
	d := (*Dialog)(r)
	if d.Bye(`SIP;cause=408;text="refresh failed"`) == nil {
		d.user.OnDialogLost(d, ErrSessionExpired)
	}
}
