package sipua

import (
	"net/netip"
	"strings"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// partyAddress is how a party stands in From and in the identity headers: callable at this server. A party whose number
// is withheld is anonymous (RFC 3323 4.1).
func (l *leg) partyAddress(p signal.Party, local netip.AddrPort) sip.Address {
	if p.Number == "" {
		name := p.Name
		if name == "" {
			name = "Anonymous"
		}
		return sip.Address{DisplayName: sip.Quote(name), URI: sip.URI{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}}
	}
	a := sip.Address{URI: sip.AddrURI(sip.Escape(p.Number), withoutPort(local))}
	if p.Name != "" {
		a.DisplayName = sip.Quote(p.Name)
	}
	return a
}

func withoutPort(a netip.AddrPort) netip.AddrPort {
	if a.Port() == 5060 {
		return netip.AddrPortFrom(a.Addr(), 0)
	}
	return a
}

// identity are the headers that name the other party to the phone: P-Asserted-Identity (RFC 3325), and Remote-Party-ID
// for the phones that were made for it. role is the other party's: "calling" or "called". Called with mu held.
func (l *leg) identity(role string) []sip.Header {
	if l.party.Number == "" && l.party.Name == "" {
		if role == "calling" {
			return []sip.Header{sip.PrivacyHeader("id")}
		}
		return nil
	}
	if l.party.Number == "" {
		return []sip.Header{sip.PrivacyHeader("id")}
	}
	a := l.partyAddress(l.party, netip.AddrPortFrom(l.addr, l.port()))
	h := []sip.Header{sip.AssertedIdentity(a)}
	if l.st.remotePartyID() {
		h = append(h, sip.RemotePartyID(sip.PartyIdentity{Address: a, Party: role, Screen: "yes", Privacy: "off"}))
	}
	return h
}

// port is ours on the flow to the phone, 0 before there is one.
func (l *leg) port() uint16 {
	if f, ok := l.flow(); ok {
		return f.Local().Port()
	}
	return 0
}

// remotePartyID says that the phone is of the makers of Remote-Party-ID.
func (st *station) remotePartyID() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.dev.Product.Family != "" || strings.HasPrefix(string(st.dev.Product.Name), "Cisco")
}

// news are the identity headers if the phone has not heard of the present party yet. Called with mu held.
func (l *leg) news() []sip.Header {
	if !l.partyDirty {
		return nil
	}
	l.partyDirty = false
	return l.identity("called")
}

// sendParty tells the phone its new party by UPDATE. Called with mu held.
func (l *leg) sendParty() { l.updateParty(l.d) }

func (l *leg) updateParty(d *sip.Dialog) {
	h := l.news()
	if len(h) == 0 {
		return
	}
	req := d.NewRequest(sip.UPDATE)
	for _, x := range h {
		req.AppendHeader(x)
	}
	if _, err := d.Send(req, (*partyUpdate)(l)); err == nil && d == l.d {
		l.sending = true
	}
}

// partyUpdate takes the answer to an UPDATE about the party. Nothing depends on it.
type partyUpdate leg

// OnResponse implements sip.ResponseHandler.
func (u *partyUpdate) OnResponse(_ *sip.ClientTx, res *sip.Response) {
	if res.StatusCode >= 200 {
		u.done(res.StatusCode)
	}
}

// OnFailure implements sip.ResponseHandler.
func (u *partyUpdate) OnFailure(*sip.ClientTx, error) { u.done(408) }

func (u *partyUpdate) done(status int) {
	l := (*leg)(u)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sending = false
	if status == 405 || status == 501 {
		l.updates = false
	}
	l.pump()
}

// diversions are where the call has been on its way (RFC 5806): the last first, and the first if that was another.
func diversions(r signal.Redirection, local netip.AddrPort) []sip.Header {
	if r.Hops == 0 {
		return nil
	}
	out := appendDiversion(nil, r.Last, r.LastReason, local, 1)
	if r.Hops > 1 {
		out = appendDiversion(out, r.Original, r.OriginalReason, local, r.Hops-1)
	}
	return out
}

func appendDiversion(h []sip.Header, p signal.Party, why signal.RedirectReason, local netip.AddrPort, count int) []sip.Header {
	p = p.Presented()
	if p.Number == "" {
		return h
	}
	d := sip.Diversion{Address: sip.Address{URI: sip.AddrURI(sip.Escape(p.Number), withoutPort(local))}, Reason: diversionReason(why), Counter: count,
		Privacy: "off", Screen: "yes"}
	if p.Name != "" {
		d.DisplayName = sip.Quote(p.Name)
	}
	return append(h, d.Header())
}

// diversionReason is the reason in the words of RFC 5806.
func diversionReason(r signal.RedirectReason) string {
	switch r {
	case signal.RedirectBusy:
		return "user-busy"
	case signal.RedirectNoAnswer:
		return "no-answer"
	case signal.RedirectUnregistered:
		return "unavailable"
	case signal.RedirectUnconditional:
		return "unconditional"
	case signal.RedirectDeflection:
		return "deflection"
	}
	return "unknown"
}
