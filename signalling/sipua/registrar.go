package sipua

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/registration"
	"tandem/telephony"
	"tandem/wire/sip"
)

// binding is one Contact of a REGISTER, understood.
type binding struct {
	uri      sip.URI
	instance string
	expires  time.Duration
}

// register answers a REGISTER (RFC 3261 10.3).
func (s *Server) register(tx *sip.ServerTx, req *sip.Request) {
	dev := s.authenticate(tx, req)
	if dev == nil {
		return
	}
	source := tx.Flow().Remote()
	if dev.Protocol != telephony.ProtocolSIP {
		f := fault.New(fault.DeviceProtocolMismatch, "device", dev.Name, "address", source.String(), "found", "SIP", "configured", string(dev.Protocol))
		s.o.Alarms.Event(f, dev.Name)
		s.say(dev.Name, string(f.Code), "%s %s", f.Message, f.Reason)
		_ = tx.Reply(403)
		return
	}
	number := userOf(req.To().Address)
	line := lineOf(dev, number)
	if line == 0 {
		s.say(dev.Name, string(fault.DeviceUnknown), "REGISTER for %q from %s: the phone has no line with this number", number, source)
		_ = tx.Reply(403)
		return
	}
	all, bindings, status := s.bindings(req)
	switch status {
	case 0:
	case 423:
		_ = tx.Reply(423, sip.NewHeader("Min-Expires", seconds(s.o.Parameters().RegistrationMinimum)))
		return
	default:
		_ = tx.Reply(status)
		return
	}
	if anew(bindings) && !s.admit(tx, dev) {
		return
	}
	st := s.stationOf(dev)
	status, contacts := st.bind(tx, req, dev, line, all, bindings)
	if status != 200 {
		_ = tx.Reply(status)
		return
	}
	headers := make([]sip.Header, 0, len(contacts)+1)
	now := s.o.Now()
	for i := range contacts {
		c := &contacts[i]
		h := &sip.Contact{Address: c.uri}
		left := max(int64(c.expires.Sub(now).Round(time.Second)/time.Second), 1)
		h.Params = append(h.Params, sip.Param{K: "expires", V: strconv.FormatInt(left, 10)})
		headers = append(headers, h)
	}
	headers = append(headers, sip.NewHeader("Date", now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")))
	_ = tx.Reply(200, headers...)
}

// lineOf finds the instance of a device's line by its number, 0 if it has none such.
func lineOf(dev *registration.Device, number string) int {
	for i := range dev.Lines {
		if dev.Lines[i].Ref.Number == number && number != "" {
			return i + 1
		}
	}
	return 0
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// bindings reads the Contacts of a REGISTER. all is the wildcard that takes everything out. status is what to refuse the
// request with, 0 if it is well.
func (s *Server) bindings(req *sip.Request) (all bool, list []binding, status int) {
	p := s.o.Parameters()
	general, stated := sip.Expires(req)
	contacts := sip.Contacts(req)
	for _, c := range contacts {
		if c.Address.Wildcard {
			if len(contacts) != 1 || !stated || general != 0 {
				return false, nil, 400 // RFC 3261 10.3 step 6
			}
			return true, nil, 0
		}
		wish := p.RegistrationDefault
		if stated {
			wish = time.Duration(general) * time.Second
		}
		if v, ok := sip.Lookup(c.Params, "expires"); ok {
			if n, err := strconv.ParseUint(strings.TrimSpace(v), 10, 32); err == nil {
				wish = time.Duration(n) * time.Second
			}
		}
		if wish > 0 && wish < p.RegistrationMinimum {
			return false, nil, 423
		}
		list = append(list, binding{uri: c.Address, expires: min(wish, p.RegistrationMaximum),
			instance: sip.Unquote(sip.ParamValue(c.Params, "+sip.instance"))})
	}
	return false, list, 0
}

// bind enters, refreshes and takes out contacts, and returns those of the line.
func (st *station) bind(tx *sip.ServerTx, req *sip.Request, dev *registration.Device, line int, all bool, list []binding) (int, []contact) {
	s := st.s
	now := s.o.Now()
	callID, cseq := sip.CallIDOf(req), req.CSeq().SeqNo
	st.mu.Lock()
	if st.closed {
		st.mu.Unlock()
		return 503, nil
	}
	for i := range st.contacts { // all or nothing, before anything is changed
		if c := &st.contacts[i]; c.line == line && c.callID == callID && c.cseq >= cseq {
			st.mu.Unlock()
			return 500, nil
		}
	}
	before := len(st.contacts)
	st.dev = dev
	if before == 0 {
		st.fingerprint, st.restart, st.caps = dev.Fingerprint, false, nil
	}
	flow := contactFlow(tx, req)
	var afters []func()
	if all {
		afters = append(afters, st.drop(func(c *contact) bool { return c.line == line }))
	}
	for _, b := range list {
		if b.expires == 0 {
			afters = append(afters, st.drop(func(c *contact) bool { return c.line == line && c.sameAs(&b, callID) }))
			continue
		}
		// What is kept for hours must not keep the message from which it came.
		st.put(contact{line: line, uri: sip.OwnURI(b.uri), flow: flow(b.uri), instance: strings.Clone(b.instance), callID: strings.Clone(callID),
			cseq: cseq, expires: now.Add(b.expires), since: now, agent: strings.Clone(sip.HeaderValue(req, "User-Agent"))}, &b)
	}
	if len(st.contacts) > 0 {
		s.o.Capacity.Enter(st.name, dev.Product.Weight())
	} else {
		s.o.Capacity.Leave(st.name)
	}
	var attach *signal.Attachment
	if n := len(st.contacts); n > 0 {
		known := false
		for i := range st.contacts {
			known = known || st.contacts[i].flow.Remote() == st.attached
		}
		if st.incarnation == 0 || !known {
			st.incarnation = s.incarnation.Add(1)
			st.attached = st.contacts[n-1].flow.Remote()
			a := st.attachment(n - 1)
			attach = &a
		}
	}
	st.schedule(now)
	after := len(st.contacts)
	var own []contact
	for _, c := range st.contacts {
		if c.line == line {
			own = append(own, c)
		}
	}
	st.mu.Unlock()
	for _, f := range afters {
		f()
	}
	if attach != nil {
		s.o.Exchange.Attach(*attach, st)
	}
	st.closeStale()
	st.tellRegistration(before, after, attach, req, tx.Flow())
	return 200, own
}

// tellRegistration writes the device's story.
func (st *station) tellRegistration(before, after int, attach *signal.Attachment, req *sip.Request, f sip.Flow) {
	switch {
	case before == 0 && after > 0:
		st.s.say(st.name, "", "registered from %s (%s)", f, sip.HeaderValue(req, "User-Agent"))
	case before > 0 && after == 0:
		st.s.say(st.name, string(fault.DeviceUnregistered), "unregistered from %s", f)
	case attach != nil:
		st.s.say(st.name, "", "registered again, now from %s", f)
	}
}

// lost tells that the registration ran out.
func (st *station) lost() {
	f := fault.New(fault.DeviceLost, "device", st.name, "address", "its last address", "why", "It did not refresh its registration in time")
	st.s.say(st.name, string(f.Code), "its registration ran out")
	st.s.o.Alarms.Event(f, st.name)
}

// sameAs says that a binding means this contact: the same device instance, the same registration dialog, or the same URI
// (RFC 5626 6, R-37, Q-54).
func (c *contact) sameAs(b *binding, callID string) bool {
	if c.instance != "" && b.instance != "" {
		return c.instance == b.instance
	}
	return c.callID == callID || sameURI(&c.uri, &b.uri)
}

func sameURI(a, b *sip.URI) bool {
	return a.User == b.User && strings.EqualFold(a.Host, b.Host) && a.Port == b.Port &&
		strings.EqualFold(sip.ParamValue(a.UriParams, "transport"), sip.ParamValue(b.UriParams, "transport"))
}

// put enters a contact in the place of the one that it replaces; beyond the limit the oldest gives way (R-37 d). Called
// with mu held.
func (st *station) put(c contact, b *binding) {
	placed := false
	kept := st.contacts[:0]
	var freed []sip.Flow
	oldest, count := -1, 0
	for i := range st.contacts {
		old := st.contacts[i]
		if old.line == c.line && old.sameAs(b, c.callID) {
			if old.flow != c.flow {
				freed = append(freed, old.flow)
			}
			c.since = old.since
			placed = true
			continue
		}
		kept = append(kept, old)
		if old.line == c.line {
			count++
			if oldest < 0 || old.since.Before(kept[oldest].since) {
				oldest = len(kept) - 1
			}
		}
	}
	if limit := st.s.o.Parameters().MaximumContacts; !placed && limit > 0 && count >= limit {
		freed = append(freed, kept[oldest].flow)
		kept = append(kept[:oldest], kept[oldest+1:]...)
		st.s.figures.contactsReplaced.Add(1)
	}
	st.contacts = append(kept, c)
	for _, f := range freed {
		st.unflow(f)
	}
	st.s.guard.know(c.flow.Remote(), st.name)
}

// contactFlow gives the flow for each contact of a REGISTER: the one over which it came, because that is what an address
// translator lets through (R-37 a). A phone that is not behind one, sends from a port that it does not listen on, and
// says so by a Via without rport, is reached where its Contact says.
func contactFlow(tx *sip.ServerTx, req *sip.Request) func(sip.URI) sip.Flow {
	f := tx.Flow()
	if f.Transport() != sip.UDP {
		return func(sip.URI) sip.Flow { return f }
	}
	via := req.Via()
	_, rport := sip.Lookup(via.Params, "rport")
	host, ok := sip.HostAddr(via.Host)
	plain := ok && !rport && host.Unmap() == f.Remote().Addr().Unmap()
	return func(u sip.URI) sip.Flow {
		t, known := sip.AddressTarget(&u)
		if plain && known && t.Address.Addr().Unmap() == f.Remote().Addr().Unmap() {
			return f.WithRemote(netip.AddrPortFrom(f.Remote().Addr(), t.Address.Port()))
		}
		return f
	}
}

// DeviceChanged is told that the configuration of a device has changed or that it was deleted. A phone that is no more
// is unregistered; one that learns of the change only by restarting is asked to, as soon as it is idle.
func (s *Server) DeviceChanged(name string) {
	st := s.station(name)
	if st == nil {
		return
	}
	dev, ok := s.o.Directory.Device(name)
	if !ok || dev.Protocol != telephony.ProtocolSIP {
		st.mu.Lock()
		had := len(st.contacts) > 0
		after := st.drop(func(*contact) bool { return true })
		subs := st.takeSubscriptions()
		idle := len(st.legs) == 0
		st.schedule(s.o.Now())
		st.mu.Unlock()
		after()
		if idle {
			s.mu.Lock()
			delete(s.stations, name)
			s.mu.Unlock()
		}
		for _, sub := range subs {
			sub.end("deactivated")
		}
		st.closeStale()
		if had {
			s.say(name, string(fault.DeviceUnregistered), "unregistered: it is not configured any more")
		}
		return
	}
	st.mu.Lock()
	st.dev = dev
	gone := st.drop(func(c *contact) bool { return c.line > len(dev.Lines) })
	changed := dev.Fingerprint != st.fingerprint && len(st.contacts) > 0
	st.fingerprint = dev.Fingerprint
	st.restart = st.restart || changed
	now := st.restart && len(st.legs) == 0
	st.mu.Unlock()
	gone()
	if now {
		st.checkSync()
	}
}
