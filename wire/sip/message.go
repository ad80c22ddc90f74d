package sip

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"

	gosip "github.com/emiago/sipgo/sip"
)

// The message types are those of the sipgo module, so that its helpers and other programs built
// on it stay usable. They are filled by the parser of this package and written by [Append].
type (
	// Message is a request or a response.
	Message = gosip.Message
	// Request is a SIP request (RFC 3261 7.1).
	Request = gosip.Request
	// Response is a SIP response (RFC 3261 7.2).
	Response = gosip.Response
	// URI is a sip, sips, tel or other URI (RFC 3261 19.1). An IPv6 host keeps its brackets.
	URI = gosip.Uri
	// Header is one header field value; a field with a list of values becomes several Headers.
	Header = gosip.Header
	// Params are parameters in their order. Quoted values keep their quotes.
	Params = gosip.HeaderParams
	// Param is one parameter.
	Param = gosip.HeaderKV
	// Method is a request method.
	Method = gosip.RequestMethod

	// Via is a Via header value; an IPv6 host is held without brackets.
	Via = gosip.ViaHeader
	// From is a From header.
	From = gosip.FromHeader
	// To is a To header.
	To = gosip.ToHeader
	// Contact is a Contact header value.
	Contact = gosip.ContactHeader
	// CSeq is a CSeq header.
	CSeq = gosip.CSeqHeader
	// CallID is a Call-ID header.
	CallID = gosip.CallIDHeader
	// Route is a Route header value.
	Route = gosip.RouteHeader
	// RecordRoute is a Record-Route header value.
	RecordRoute = gosip.RecordRouteHeader
	// MaxForwards is a Max-Forwards header.
	MaxForwards = gosip.MaxForwardsHeader
	// ContentType is a Content-Type header.
	ContentType = gosip.ContentTypeHeader
	// ContentLength is a Content-Length header.
	ContentLength = gosip.ContentLengthHeader
)

// Methods that this package treats by name.
const (
	INVITE    Method = "INVITE"
	ACK       Method = "ACK"
	CANCEL    Method = "CANCEL"
	BYE       Method = "BYE"
	REGISTER  Method = "REGISTER"
	OPTIONS   Method = "OPTIONS"
	SUBSCRIBE Method = "SUBSCRIBE"
	NOTIFY    Method = "NOTIFY"
	REFER     Method = "REFER"
	INFO      Method = "INFO"
	MESSAGE   Method = "MESSAGE"
	PRACK     Method = "PRACK"
	UPDATE    Method = "UPDATE"
	PUBLISH   Method = "PUBLISH"
)

// reasons are the default reason phrases (RFC 3261 21 and the RFCs that added codes).
var reasons = map[int]string{
	100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
	199: "Early Dialog Terminated", 200: "OK", 202: "Accepted", 204: "No Notification",
	300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy",
	380: "Alternative Service", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
	403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
	407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
	412: "Conditional Request Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Long",
	415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 417: "Unknown Resource-Priority",
	420: "Bad Extension", 421: "Extension Required", 422: "Session Interval Too Small",
	423: "Interval Too Brief", 428: "Use Identity Header", 429: "Provide Referrer Identity",
	433: "Anonymity Disallowed", 439: "First Hop Lacks Outbound Support", 469: "Bad Info Package",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
	483: "Too Many Hops", 484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here",
	487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending",
	493: "Undecipherable", 494: "Security Agreement Required", 500: "Server Internal Error",
	501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Server Time-out",
	505: "Version Not Supported", 513: "Message Too Large", 580: "Precondition Failure",
	600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}

// ReasonPhrase returns the usual phrase for a status code, for unknown codes that of its class.
func ReasonPhrase(status int) string {
	if r := reasons[status]; r != "" {
		return r
	}
	return reasons[status/100*100]
}

// NewHeader makes a header that this package has no type for. CR and LF in the value become
// spaces, so that no text taken from another leg can start a header of its own.
func NewHeader(name, value string) Header {
	if strings.ContainsAny(value, "\r\n") {
		value = strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
	}
	return gosip.NewHeader(name, value)
}

// NewResponse makes a response to req as RFC 3261 8.2.6 says: Via, From, To, Call-ID and CSeq
// copied, Record-Route too where the response creates or refreshes a dialog. localTag is put into
// To when the request had no To tag; pass "" for a 100. reason may be empty.
func NewResponse(req *Request, status int, reason, localTag string) *Response {
	if reason == "" {
		reason = ReasonPhrase(status)
	}
	res := gosip.NewResponse(status, reason)
	dialog := status > 100 && status < 300 && len(req.Headers()) > 0 && makesDialog(req.Method)
	for _, h := range req.Headers() {
		switch h := h.(type) {
		case *Via, *From, *CSeq, *CallID:
			res.AppendHeader(h)
		case *To:
			if localTag != "" && ParamValue(h.Params, "tag") == "" {
				to := *h
				to.Params = append(append(make(Params, 0, len(h.Params)+1), h.Params...), Param{K: "tag", V: localTag})
				res.AppendHeader(&to)
			} else {
				res.AppendHeader(h)
			}
		case *RecordRoute:
			if dialog {
				res.AppendHeader(h)
			}
		default:
			if status == 100 && strings.EqualFold(h.Name(), "Timestamp") {
				res.AppendHeader(h)
			}
		}
	}
	return res
}

func makesDialog(m Method) bool {
	return m == INVITE || m == SUBSCRIBE || m == REFER || m == NOTIFY || m == UPDATE
}

// SetBody puts a body with its Content-Type into a message, replacing both. An empty body removes
// the type.
func SetBody(m Message, contentType string, body []byte) {
	type editor interface {
		RemoveHeader(string) bool
	}
	m.(editor).RemoveHeader("Content-Type")
	if len(body) == 0 {
		if len(m.Body()) > 0 {
			m.SetBody(nil)
		}
		return
	}
	parts := &struct {
		kind   ContentType
		length ContentLength
	}{ContentType(contentType), ContentLength(len(body))}
	m.AppendHeader(&parts.kind)
	if firstOf[*ContentLength](headersOf(m)) == nil {
		m.AppendHeader(&parts.length)
	}
	m.SetBody(body)
}

// firstOf returns the first header of a type, nil if there is none. The methods of the sipgo module that look for one turn
// the names of all headers into lower case where there is none.
func firstOf[H Header](hs []Header) (none H) {
	for _, h := range hs {
		if found, ok := h.(H); ok {
			return found
		}
	}
	return none
}

// HeaderValue returns the value of the first header of that name (any case), "" if there is none.
func HeaderValue(m Message, name string) string {
	for _, h := range headersOf(m) {
		if strings.EqualFold(h.Name(), name) {
			return h.Value()
		}
	}
	return ""
}

// HasHeader reports whether a header of that name (any case) is present.
func HasHeader(m Message, name string) bool {
	for _, h := range headersOf(m) {
		if strings.EqualFold(h.Name(), name) {
			return true
		}
	}
	return false
}

// HeaderValues returns the values of all headers of that name in order; comma lists of headers
// without a type of their own are not split, see [ListValues].
func HeaderValues(m Message, name string) []string {
	var out []string
	for _, h := range headersOf(m) {
		if strings.EqualFold(h.Name(), name) {
			out = append(out, h.Value())
		}
	}
	return out
}

// ListValues returns the elements of all headers of that name, split at commas outside quotes and
// angle brackets, trimmed, without empty ones.
func ListValues(m Message, name string) []string {
	var out []string
	for _, h := range headersOf(m) {
		if strings.EqualFold(h.Name(), name) {
			out = splitList(out, h.Value())
		}
	}
	return out
}

// HasToken reports whether a list header (Supported, Require, Allow, …) holds a token, in any case.
func HasToken(m Message, name, token string) bool {
	for _, h := range headersOf(m) {
		if !strings.EqualFold(h.Name(), name) {
			continue
		}
		for rest := h.Value(); rest != ""; {
			var part string
			part, rest, _ = strings.Cut(rest, ",")
			if strings.EqualFold(trim(part), token) {
				return true
			}
		}
	}
	return false
}

// Contacts returns all Contact values in order.
func Contacts(m Message) []*Contact {
	var out []*Contact
	for _, h := range headersOf(m) {
		if c, ok := h.(*Contact); ok {
			out = append(out, c)
		}
	}
	return out
}

// Vias returns all Via values, topmost first.
func Vias(m Message) []*Via {
	var out []*Via
	for _, h := range headersOf(m) {
		if v, ok := h.(*Via); ok {
			out = append(out, v)
		}
	}
	return out
}

func headersOf(m Message) []Header {
	switch m := m.(type) {
	case *Request:
		return m.Headers()
	case *Response:
		return m.Headers()
	}
	return nil
}

// ParamValue returns the value of a parameter, its name compared in any case; "" if it is missing
// or has none.
func ParamValue(p Params, name string) string {
	v, _ := Lookup(p, name)
	return v
}

// Lookup is [ParamValue] that also tells whether the parameter is there.
func Lookup(p Params, name string) (string, bool) {
	for i := range p {
		if strings.EqualFold(p[i].K, name) {
			return p[i].V, true
		}
	}
	return "", false
}

// FromTag returns the tag of From, "" if there is none.
func FromTag(m Message) string {
	if f := m.From(); f != nil {
		return ParamValue(f.Params, "tag")
	}
	return ""
}

// ToTag returns the tag of To, "" if there is none.
func ToTag(m Message) string {
	if t := m.To(); t != nil {
		return ParamValue(t.Params, "tag")
	}
	return ""
}

// CallIDOf returns the Call-ID, "" if there is none.
func CallIDOf(m Message) string {
	if c := m.CallID(); c != nil {
		return string(*c)
	}
	return ""
}

// Expires returns the Expires header in seconds. Values beyond 32 bits count as the largest
// (RFC 4475 3.1.2.4); a malformed one as absent.
func Expires(m Message) (seconds uint32, ok bool) {
	return parseDelta(HeaderValue(m, "Expires"))
}

func parseDelta(s string) (uint32, bool) {
	s = trim(s)
	if s == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if errors.Is(err, strconv.ErrRange) {
		return 1<<32 - 1, true
	}
	return uint32(n), err == nil
}

// Quote writes text as a quoted-string without its outer quotes, the form in which From, To and
// Contact hold a display name: backslash and quote escaped, control characters dropped.
func Quote(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r == '"' || r == '\\' || r < 0x20 || r == 0x7f }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Unquote undoes [Quote]; it also takes off outer quotes if both are there.
func Unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// HostAddr returns the host of a URI as an address if it is one.
func HostAddr(host string) (netip.Addr, bool) {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	a, err := netip.ParseAddr(host)
	return a, err == nil
}

// lastText is the text of the address that was written last: nearly always our own, which stands in every message.
var lastText atomic.Pointer[addressText]

type addressText struct {
	address netip.Addr
	text    string
}

func addrText(a netip.Addr) string {
	if t := lastText.Load(); t != nil && t.address == a {
		return t.text
	}
	t := &addressText{a, a.String()}
	lastText.Store(t)
	return t.text
}

// AddrURI makes a URI of an address, with brackets for IPv6. Port 0 leaves the port out.
func AddrURI(user string, at netip.AddrPort) URI {
	host := addrText(at.Addr().Unmap().WithZone(""))
	if at.Addr().Unmap().Is6() {
		host = "[" + host + "]"
	}
	return URI{Scheme: "sip", User: user, Host: host, Port: int(at.Port())}
}
