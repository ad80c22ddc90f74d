package sip

import gosip "github.com/emiago/sipgo/sip"

// newRequest makes a request to a URI, which may be a Contact of somebody: what stands in that as headers has no place in a
// Request-URI (RFC 3261 19.1.1).
func newRequest(m Method, uri URI) *Request {
	uri.Headers = nil
	return gosip.NewRequest(m, uri)
}

// NewRequest makes a request outside a dialog (RFC 3261 8.1.1): From with a new tag, To, Call-ID
// and CSeq 1. Via and Max-Forwards come when it is sent. callID "" makes a new one.
func (s *Stack) NewRequest(m Method, uri URI, from, to Address, callID string) *Request {
	if callID == "" {
		callID = s.NewCallID()
	}
	req := newRequest(m, uri)
	from.Params, to.Params = from.Params.Clone(), to.Params.Clone()
	if ParamValue(from.Params, "tag") == "" {
		from.Params = append(from.Params, Param{K: "tag", V: s.NewTag()})
	}
	appendParties(req, from, to, CallID(callID), CSeq{SeqNo: 1, MethodName: m})
	return req
}

// appendParties adds what every request has: From, To, Call-ID and CSeq, in one piece of memory.
func appendParties(req *Request, from, to Address, id CallID, seq CSeq) {
	parts := &struct {
		from From
		to   To
		id   CallID
		seq  CSeq
	}{From{DisplayName: from.DisplayName, Address: from.URI, Params: from.Params},
		To{DisplayName: to.DisplayName, Address: to.URI, Params: to.Params}, id, seq}
	req.AppendHeader(&parts.from)
	req.AppendHeader(&parts.to)
	req.AppendHeader(&parts.id)
	req.AppendHeader(&parts.seq)
}

// ContactHeader makes a Contact of a URI.
func ContactHeader(uri URI) *Contact { return &Contact{Address: uri} }

// LocalContact is the Contact by which the other end of a flow reaches us, with the transport
// parameter where it is not UDP.
func LocalContact(f Flow, user string) *Contact {
	uri := AddrURI(user, f.Local())
	if t := f.Transport(); t == TCP || t == TLS {
		name := "tcp"
		if t == TLS {
			name = "tls"
		}
		uri.UriParams = Params{{K: "transport", V: name}}
	}
	return &Contact{Address: uri}
}
