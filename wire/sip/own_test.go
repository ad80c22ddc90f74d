package sip

import (
	"testing"
	"unsafe"
)

// TestOwnURI: the copy reads the same and lies outside the message.
func TestOwnURI(t *testing.T) {
	for _, text := range []string{"sip:2001@192.0.2.1:5070;transport=tcp;x?Subject=y", "sips:a:b@[2001:db8::1]", "sip:host", "tel:+1234;phone-context=x"} {
		raw := "REGISTER " + "sip:r" + " SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:u@x>;tag=1\r\nTo: <sip:u@x>\r\n" +
			"Call-ID: c\r\nCSeq: 1 REGISTER\r\nContact: <" + text + ">\r\n\r\n"
		m, err := Parse([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		u := Contacts(m)[0].Address
		own := OwnURI(u)
		if !sameURI(&u, &own) || URIString(&u) != URIString(&own) {
			t.Errorf("%s became %s", URIString(&u), URIString(&own))
		}
		if own.User != "" && unsafe.StringData(own.User) == unsafe.StringData(u.User) {
			t.Errorf("%s: the user shares the text of the message", text)
		}
		for i := range own.UriParams {
			if unsafe.StringData(own.UriParams[i].K) == unsafe.StringData(u.UriParams[i].K) {
				t.Errorf("%s: a parameter shares the text of the message", text)
			}
		}
	}
}
