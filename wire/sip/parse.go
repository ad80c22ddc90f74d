package sip

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// Bounds of what the parser takes.
const (
	// MaxMessage is the largest message in bytes, headers and body.
	MaxMessage = 65535
	// maxHeaders is the largest number of header values in a message.
	maxHeaders = 256
	// maxParams is the largest number of parameters of one value.
	maxParams = 64
)

// ParseError says what is wrong with a message. Status is the response a request deserves; a
// message that is no request, or lacks what a response needs, is dropped instead.
type ParseError struct {
	Status int
	Reason string
}

// Error implements error.
func (e *ParseError) Error() string { return e.Reason }

func malformed(format string, args ...any) error {
	return &ParseError{Status: 400, Reason: fmt.Sprintf(format, args...)}
}

// ErrNotSIP is returned for data that holds no SIP message at all.
var ErrNotSIP = errors.New("not a SIP message")

// Parse parses a whole message, as a datagram holds it or as the stream reader framed it. Bytes
// after the body are ignored (RFC 3261 18.3). The result shares no memory with data. Along with an
// error the message may still be returned, as far as it was understood, so that it can be answered:
// the errors of a request are *[ParseError].
//
// Every header that RFC 3261 gives a structure is parsed; a list becomes several headers; compact
// and unusually written names of known headers are replaced by the usual ones; all others are kept
// as they came.
func Parse(data []byte) (Message, error) {
	if len(data) > MaxMessage {
		return nil, &ParseError{Status: 513, Reason: "message too large"}
	}
	head, body, complete := cutHead(data)
	if len(head) == 0 {
		return nil, ErrNotSIP
	}
	p := parser{text: string(head)}
	line := p.nextLine()
	msg, err := p.startLine(line)
	if msg == nil {
		return nil, err
	}
	if e := p.headers(); err == nil {
		err = e
	}
	if e := p.body(body); err == nil {
		err = e
	}
	if err == nil && !complete {
		err = malformed("header section does not end")
	}
	return msg, err
}

// cutHead splits at the empty line. head holds whole lines without the empty one.
func cutHead(data []byte) (head, body []byte, complete bool) {
	if i := bytes.Index(data, []byte("\r\n\r\n")); i >= 0 {
		return data[:i+2], data[i+4:], true
	}
	if i := bytes.Index(data, []byte("\n\n")); i >= 0 {
		return data[:i+1], data[i+2:], true
	}
	return data, nil, false
}

// block holds in one allocation what nearly every message needs.
type block struct {
	via     Via
	from    From
	to      To
	contact Contact
	cseq    CSeq
	callID  CallID
	maxFwd  MaxForwards
	length  ContentLength
	ctype   ContentType
	kvs     [5]Param
}

type parser struct {
	text string // header section
	pos  int
	req  *Request
	res  *Response
	*block
	used   [kindCount]bool
	kvUsed int
	count  int
	length int // Content-Length, -1 if absent
}

// nextLine returns the next line without its end, unfolded. ok is false at the end of the text.
func (p *parser) nextLine() string {
	if p.pos >= len(p.text) {
		return ""
	}
	line := p.rawLine()
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		line = strings.TrimRight(line, " \t") + " " + strings.TrimLeft(p.rawLine(), " \t")
	}
	return line
}

func (p *parser) rawLine() string {
	rest := p.text[p.pos:]
	i := strings.IndexByte(rest, '\n')
	if i < 0 {
		p.pos = len(p.text)
		return strings.TrimSuffix(rest, "\r")
	}
	p.pos += i + 1
	return strings.TrimSuffix(rest[:i], "\r")
}

func (p *parser) startLine(line string) (Message, error) {
	p.block = new(block)
	p.length = -1
	if strings.HasPrefix(line, "SIP/") {
		version, rest, _ := strings.Cut(line, " ")
		code, reason, _ := strings.Cut(rest, " ")
		status := 0
		if len(code) == 3 {
			status = atoi(code)
		}
		if !strings.EqualFold(version, "SIP/2.0") || status < 100 || status > 699 {
			return nil, ErrNotSIP
		}
		p.res = gosip.NewResponse(status, reason)
		return p.res, nil
	}
	i, j := strings.IndexByte(line, ' '), strings.LastIndexByte(strings.TrimRight(line, " \t"), ' ')
	if i <= 0 || j <= i || len(line) < j+5 || !strings.EqualFold(line[j+1:j+5], "SIP/") || !isToken(line[:i]) {
		return nil, ErrNotSIP
	}
	version, uri := line[j+1:], line[i+1:j]
	p.req = gosip.NewRequest(Method(line[:i]), URI{})
	p.req.SipVersion = "SIP/2.0"
	if v := strings.TrimRight(version, " \t"); !strings.EqualFold(v, "SIP/2.0") {
		return p.req, &ParseError{Status: 505, Reason: "version is not SIP/2.0"}
	} else if v != version {
		return p.req, malformed("blanks after the request line")
	}
	if err := p.uri(uri, &p.req.Recipient); err != nil {
		return p.req, malformed("Request-URI: %s", err)
	}
	if len(p.req.Recipient.Headers) > 0 {
		return p.req, malformed("Request-URI has header parameters") // RFC 4475 3.1.2.11
	}
	return p.req, nil
}

func (p *parser) add(h Header) error {
	if p.count++; p.count > maxHeaders {
		return malformed("more than %d headers", maxHeaders)
	}
	if p.req != nil {
		p.req.AppendHeader(h)
	} else {
		p.res.AppendHeader(h)
	}
	return nil
}

// headers parses all lines. It goes on after an error, because a request that is refused must
// still be answered to the right Via.
func (p *parser) headers() error {
	var first error
	for p.pos < len(p.text) {
		line := p.nextLine()
		if line == "" {
			continue
		}
		if err := p.header(line); err != nil && first == nil {
			first = err
		}
		if p.count > maxHeaders {
			break
		}
	}
	return first
}

func (p *parser) header(line string) error {
	i := strings.IndexByte(line, ':')
	if i <= 0 {
		return malformed("header line without a name")
	}
	name := strings.TrimRight(line[:i], " \t")
	if !isToken(name) {
		return malformed("header name is no token")
	}
	if strings.IndexByte(line, '\r') >= 0 {
		return malformed("carriage return inside %s", name)
	}
	value := trim(line[i+1:])
	f, known := lookupField(name)
	if !known {
		return p.add(gosip.NewHeader(name, value))
	}
	// A header of which there must be one is refused when it repeats, even with the same value
	// (RFC 4475 3.3.8 and 3.3.9).
	if f.single {
		if p.used[f.kind] && f.kind != kindOther {
			return malformed("more than one %s", f.name)
		}
		if f.kind == kindOther && p.has(f.name) {
			return malformed("more than one %s", f.name)
		}
	}
	err := p.value(f, value)
	p.used[f.kind] = true
	if err != nil {
		return malformed("%s: %s", f.name, err)
	}
	return nil
}

func (p *parser) has(name string) bool {
	var hs []Header
	if p.req != nil {
		hs = p.req.Headers()
	} else {
		hs = p.res.Headers()
	}
	for _, h := range hs {
		if h.Name() == name {
			return true
		}
	}
	return false
}

func (p *parser) body(data []byte) error {
	n := len(data)
	if p.length >= 0 {
		if p.length > n {
			return malformed("Content-Length is larger than the message")
		}
		n = p.length
	}
	if n == 0 {
		return nil
	}
	body := bytes.Clone(data[:n])
	// With a body there is always a Content-Length header; the one that is written in the end is made from the body.
	if p.length < 0 {
		p.block.length = ContentLength(n)
		if p.req != nil {
			p.req.AppendHeader(&p.block.length)
		} else {
			p.res.AppendHeader(&p.block.length)
		}
	}
	if p.req != nil {
		p.req.SetBody(body)
	} else {
		p.res.SetBody(body)
	}
	return nil
}

// params takes room for n parameters, from the common block as long as it lasts.
func (p *parser) params(n int) Params {
	if n > maxParams {
		n = maxParams
	}
	if p.kvUsed+n <= len(p.kvs) {
		s := p.kvs[p.kvUsed : p.kvUsed : p.kvUsed+n]
		p.kvUsed += n
		return Params(s)
	}
	return make(Params, 0, n)
}

func atoi(s string) int {
	if s == "" || len(s) > 9 {
		return -1
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// tokenChar marks the characters of a token (RFC 3261 25.1).
var tokenChar = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~" {
		t[c] = true
	}
	return
}()

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !tokenChar[s[i]] {
			return false
		}
	}
	return s != ""
}

func trim(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
