package sip

import (
	"slices"
	"strings"
)

// What the parser returns shares the text of its message. Who keeps a part for long gives it memory of its own, else the
// whole message stays: a kilobyte for each call or registration that only needs a tag and an address.

// texts are strings that shall be copied together, in one allocation.
type texts []*string

func (t texts) own() {
	n := 0
	for _, p := range t {
		n += len(*p)
	}
	if n == 0 {
		return
	}
	var b strings.Builder
	b.Grow(n)
	for _, p := range t {
		b.WriteString(*p)
	}
	all := b.String()
	for _, p := range t {
		n := len(*p)
		*p, all = all[:n], all[n:]
	}
}

// uri adds the texts of a URI, whose parameters are copied. The opaque part of a URI that is not of SIP stays shared.
func (t texts) uri(u *URI) texts {
	t = append(t, &u.User, &u.Password, &u.Host)
	if u.Scheme != "sip" && u.Scheme != "sips" {
		t = append(t, &u.Scheme)
	}
	return t.params(&u.UriParams).params(&u.Headers)
}

func (t texts) params(ps *Params) texts {
	if len(*ps) == 0 {
		*ps = nil
		return t
	}
	*ps = slices.Clone(*ps)
	for i := range *ps {
		t = append(t, &(*ps)[i].K, &(*ps)[i].V)
	}
	return t
}

func (t texts) address(a *Address) texts {
	return append(t, &a.DisplayName).uri(&a.URI).params(&a.Params)
}

// OwnURI returns a URI that shares no text with the message from which it came.
func OwnURI(u URI) URI {
	var few [16]*string
	texts(few[:0]).uri(&u).own()
	return u
}

// own lets go of the message that made the dialog. It is called before anybody else knows the dialog.
func (d *Dialog) own() {
	var few [32]*string
	t := append(texts(few[:0]), &d.callID, &d.localTag, &d.remoteTag).address(&d.localAddr).address(&d.remoteAddr)
	for i := range d.routes {
		t = t.uri(&d.routes[i])
	}
	t.own()
}

// sameURI says that two URIs read the same.
func sameURI(a, b *URI) bool {
	return a.User == b.User && a.Host == b.Host && a.Port == b.Port && a.Scheme == b.Scheme && a.Password == b.Password &&
		a.Wildcard == b.Wildcard && a.Raw() == b.Raw() && slices.Equal(a.UriParams, b.UriParams) && slices.Equal(a.Headers, b.Headers)
}
