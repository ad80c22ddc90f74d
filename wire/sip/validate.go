package sip

import (
	"strconv"
	"strings"
)

// Policy says which requests a stack takes. The zero value takes every method, no extension that a
// peer requires, and every body up to [MaxMessage].
type Policy struct {
	// Allow lists the methods that get through; others are answered 405 when RFC 3261 or one of its
	// extensions defines them and 501 otherwise. Empty means all.
	Allow []Method
	// Supported are the option tags a request may Require (RFC 3261 8.2.2.3).
	Supported []string
	// Bodies are the media types that an INVITE may carry without marking its body optional, lower
	// case, for instance "application/sdp"; a type ending in "/" stands for all of its kind. Empty
	// means all.
	Bodies []string
	// MaxBody is the largest body in bytes; larger ones are answered 413. 0 means [MaxMessage].
	MaxBody int
}

// Reject is the answer that validation asks for.
type Reject struct {
	Status int
	Reason string
	// Headers go into the response (Allow, Unsupported, Accept).
	Headers []Header
}

var knownMethods = []Method{INVITE, ACK, CANCEL, BYE, REGISTER, OPTIONS, SUBSCRIBE, NOTIFY, REFER, INFO, MESSAGE, PRACK, UPDATE, PUBLISH}

// CheckRequest applies RFC 3261 8.2.1 to 8.2.3 and 16.3 to a parsed request, in the order in which
// a sender can use the answers best. It returns nil for a request that may go on. Requests of a
// dialog (To tag) are not refused for Max-Forwards.
func (p *Policy) CheckRequest(req *Request) *Reject {
	if r := checkStructure(req); r != nil {
		return r
	}
	if req.Method == ACK || req.Method == CANCEL {
		return nil // neither has a final response of its own that could tell more
	}
	if r := p.checkMethod(req); r != nil {
		return r
	}
	switch req.Recipient.Scheme {
	case "sip", "sips", "tel":
	default:
		return &Reject{Status: 416}
	}
	if m := firstOf[*MaxForwards](req.Headers()); m != nil && *m == 0 && ToTag(req) == "" && req.Method != REGISTER && req.Method != OPTIONS {
		return &Reject{Status: 483}
	}
	if r := p.checkRequire(req); r != nil {
		return r
	}
	return p.checkBody(req)
}

// checkStructure looks for the headers that every request needs and for contradictions.
func checkStructure(req *Request) *Reject {
	cseq := req.CSeq()
	switch {
	case req.Via() == nil, req.From() == nil, req.To() == nil, req.CallID() == nil, cseq == nil:
		return &Reject{Status: 400, Reason: "Missing Required Header Field"}
	case req.Via().ProtocolVersion != "2.0":
		return &Reject{Status: 400, Reason: "Via Version Is Not 2.0"}
	case cseq.MethodName != req.Method:
		return &Reject{Status: 400, Reason: "CSeq Method Does Not Match"}
	}
	return nil
}

func (p *Policy) checkMethod(req *Request) *Reject {
	if len(p.Allow) == 0 {
		return nil
	}
	for _, m := range p.Allow {
		if m == req.Method {
			return nil
		}
	}
	r := &Reject{Status: 501, Headers: []Header{p.AllowHeader()}}
	for _, m := range knownMethods {
		if m == req.Method {
			r.Status = 405
		}
	}
	return r
}

// AllowHeader returns the Allow header of the policy.
func (p *Policy) AllowHeader() Header {
	names := make([]string, len(p.Allow))
	for i, m := range p.Allow {
		names[i] = string(m)
	}
	return NewHeader("Allow", strings.Join(names, ", "))
}

func (p *Policy) checkRequire(req *Request) *Reject {
	var bad []string
	for _, name := range [...]string{"Require", "Proxy-Require"} {
		if !HasHeader(req, name) {
			continue
		}
		for _, tag := range ListValues(req, name) {
			if !containsFold(p.Supported, tag) {
				bad = append(bad, tag)
			}
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &Reject{Status: 420, Headers: []Header{NewHeader("Unsupported", strings.Join(bad, ", "))}}
}

func (p *Policy) checkBody(req *Request) *Reject {
	if p.MaxBody > 0 && len(req.Body()) > p.MaxBody {
		return &Reject{Status: 413}
	}
	if req.Method != INVITE || len(p.Bodies) == 0 {
		return nil
	}
	accept := func() []Header { return []Header{NewHeader("Accept", strings.Join(p.Bodies, ", "))} }
	if len(req.Body()) > 0 && !p.takes(MediaType(req)) && !optionalBody(req) {
		return &Reject{Status: 415, Headers: accept()}
	}
	if enc := HeaderValue(req, "Content-Encoding"); enc != "" && !strings.EqualFold(trim(enc), "identity") {
		return &Reject{Status: 415, Headers: append(accept(), NewHeader("Accept-Encoding", "identity"))}
	}
	if !p.acceptable(req) {
		return &Reject{Status: 406}
	}
	return nil
}

func (p *Policy) takes(mediaType string) bool {
	for _, b := range p.Bodies {
		if b == mediaType || strings.HasSuffix(b, "/") && strings.HasPrefix(mediaType, b) {
			return true
		}
	}
	return false
}

func optionalBody(req *Request) bool {
	v := strings.ToLower(HeaderValue(req, "Content-Disposition"))
	return strings.Contains(strings.ReplaceAll(v, " ", ""), "handling=optional")
}

// acceptable reports whether the Accept header of an INVITE, if there is one, takes session
// descriptions (RFC 4475 3.3.15).
func (p *Policy) acceptable(req *Request) bool {
	if !HasHeader(req, "Accept") {
		return true
	}
	ranges := ListValues(req, "Accept")
	for _, r := range ranges {
		t, _, _ := strings.Cut(r, ";")
		switch strings.ToLower(trim(t)) {
		case "*/*", "application/*", "application/sdp":
			return true
		}
	}
	return len(ranges) == 0
}

// MediaType returns the media type of the body in lower case without parameters,
// "application/sdp" if there is a body but no Content-Type (RFC 3261 7.4.1 expects one; old phones
// leave it out).
func MediaType(m Message) string {
	ct := firstOf[*ContentType](headersOf(m))
	if ct == nil {
		return "application/sdp"
	}
	t, _, _ := strings.Cut(string(*ct), ";")
	return strings.ToLower(trim(t))
}

// CheckResponse reports whether a response has what matching needs.
func CheckResponse(res *Response) bool {
	return res.Via() != nil && res.CSeq() != nil && res.CallID() != nil && res.From() != nil && res.To() != nil
}

func containsFold(list []string, s string) bool {
	for _, v := range list {
		if strings.EqualFold(v, s) {
			return true
		}
	}
	return false
}

// response makes the answer of a rejection.
func (r *Reject) response(req *Request, tag string) *Response {
	res := NewResponse(req, r.Status, r.Reason, tag)
	for _, h := range r.Headers {
		res.AppendHeader(h)
	}
	return res
}

// RetryAfter makes a Retry-After header of whole seconds, at least 1.
func RetryAfter(seconds int) Header {
	return NewHeader("Retry-After", strconv.Itoa(max(seconds, 1)))
}
