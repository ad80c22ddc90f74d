package sip

import "testing"

// A Contact may carry headers; a request to it may not.
func TestRequestURIHasNoHeaders(t *testing.T) {
	a, _, err := ParseAddress("<sip:alice@192.0.2.1:5060?Replaces=x%3Bto-tag%3Dy&Subject=hello>")
	if err != nil || len(a.URI.Headers) != 2 {
		t.Fatalf("%+v, %v", a, err)
	}
	r := newRequest(INVITE, a.URI)
	if len(r.Recipient.Headers) != 0 || r.Recipient.String() != "sip:alice@192.0.2.1:5060" {
		t.Errorf("the Request-URI is %s", r.Recipient.String())
	}
	if len(a.URI.Headers) != 2 {
		t.Error("the address lost its headers")
	}
}
