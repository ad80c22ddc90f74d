package phone

import "context"

// preserve keeps the calls whose audio goes on although the server is lost, until the user has ended them (sccp.md 4.3). The
// phone says nothing to anybody about it: at the next server it registers idle.
func (d *station) preserve(ctx context.Context) {
	p := d.p
	p.mu.Lock()
	p.stopTimer(d.keepAlive)
	p.stopTimer(d.deadline)
	d.flows = nil
	kept := p.featuresOff()
	for reference, c := range d.calls {
		if !c.outlives() {
			delete(d.calls, reference)
			delete(d.live, reference)
		}
	}
	d.conn.Close() // a server that only hangs shall not think that the phone is there
	p.broadcast()
	p.mu.Unlock()
	if kept {
		p.await(ctx, func(s *State) bool { return len(s.Calls) == 0 })
	}
	p.mu.Lock()
	p.featuresOn()
	p.mu.Unlock()
}

// pressAlone is what the user can still do without a server.
func (d *station) pressAlone(b press) error {
	s := &d.p.state
	switch b.kind {
	case pressHangup, pressOnHook, pressSpeaker:
	case pressSoftKey:
		if !sameKey(b.text, "EndCall") {
			return ErrFeaturesOff
		}
	case pressDigit:
		if c := d.calls[d.active]; c != nil && c.State == Connected && len(b.text) == 1 {
			d.keyTone(c, b.text[0])
			return nil
		}
		return ErrFeaturesOff
	default:
		return ErrFeaturesOff
	}
	c := d.calls[d.active]
	if b.call != "" {
		c = d.byID(b.call)
	} else if c == nil {
		c = s.Active()
	}
	if c == nil {
		return ErrNoCall
	}
	delete(d.calls, c.Reference)
	delete(d.live, c.Reference)
	if d.active == c.Reference {
		d.active = 0
		d.handset, s.OffHook, s.Speaker = false, false, false
	}
	d.p.endCall(c, "ended here without a server")
	return nil
}
