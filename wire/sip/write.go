package sip

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
)

// Append writes a message in wire form to b and returns the extended slice. Content-Length is
// always written and always that of the body; CR and LF never pass from a value into the output.
func Append(b []byte, m Message) []byte {
	switch m := m.(type) {
	case *Request:
		b = append(b, m.Method...)
		b = append(b, ' ')
		b = AppendURI(b, &m.Recipient)
		b = append(b, " SIP/2.0\r\n"...)
		b = appendHeaders(b, m.Headers(), m.CompactHeaders)
		b = appendLength(b, len(m.Body()), m.CompactHeaders)
		return append(b, m.Body()...)
	case *Response:
		b = append(b, "SIP/2.0 "...)
		b = strconv.AppendInt(b, int64(m.StatusCode), 10)
		b = append(b, ' ')
		b = appendClean(b, m.Reason)
		b = append(b, "\r\n"...)
		b = appendHeaders(b, m.Headers(), m.CompactHeaders)
		b = appendLength(b, len(m.Body()), m.CompactHeaders)
		return append(b, m.Body()...)
	}
	return b
}

// buffers are scratch for wire.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// wire returns a message in wire form in a slice of exactly its size, for what is kept.
func wire(m Message) []byte {
	scratch := buffers.Get().(*[]byte)
	b := Append((*scratch)[:0], m)
	out := bytes.Clone(b)
	if cap(b) <= 16384 { // a rare large one is not worth keeping
		*scratch = b
	}
	buffers.Put(scratch)
	return out
}

// String returns a message in wire form.
func String(m Message) string { return string(Append(nil, m)) }

func appendLength(b []byte, n int, compact bool) []byte {
	if compact {
		b = append(b, "l: "...)
	} else {
		b = append(b, "Content-Length: "...)
	}
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, "\r\n\r\n"...)
}

func appendHeaders(b []byte, hs []Header, compact bool) []byte {
	for _, h := range hs {
		if _, ok := h.(*ContentLength); ok {
			continue
		}
		name := h.Name()
		if compact {
			if c := compactOf[name]; c != "" {
				name = c
			}
		}
		b = append(b, name...)
		b = append(b, ": "...)
		b = appendValue(b, h)
		b = append(b, "\r\n"...)
	}
	return b
}

// compactOf is the short form of each name that has one (RFC 3261 7.3.3 and later ones).
var compactOf = func() map[string]string {
	m := make(map[string]string)
	for short, f := range fields {
		if len(short) == 1 {
			m[f.name] = short
		}
	}
	return m
}()

func appendValue(b []byte, h Header) []byte {
	switch h := h.(type) {
	case *Via:
		b = append(b, h.ProtocolName...)
		b = append(b, '/')
		b = append(b, h.ProtocolVersion...)
		b = append(b, '/')
		b = append(b, h.Transport...)
		b = append(b, ' ')
		b = appendHost(b, h.Host, h.Port)
		return appendParams(b, ';', h.Params, true)
	case *From:
		return appendNameAddr(b, h.DisplayName, &h.Address, h.Params)
	case *To:
		return appendNameAddr(b, h.DisplayName, &h.Address, h.Params)
	case *Contact:
		if h.Address.Wildcard {
			return append(b, '*')
		}
		return appendNameAddr(b, h.DisplayName, &h.Address, h.Params)
	case *Route:
		return appendNameAddr(b, "", &h.Address, nil)
	case *RecordRoute:
		return appendNameAddr(b, "", &h.Address, nil)
	case *CSeq:
		b = strconv.AppendUint(b, uint64(h.SeqNo), 10)
		b = append(b, ' ')
		return append(b, h.MethodName...)
	case *CallID:
		return appendClean(b, string(*h))
	case *MaxForwards:
		return strconv.AppendUint(b, uint64(*h), 10)
	default:
		return appendClean(b, h.Value())
	}
}

func appendNameAddr(b []byte, display string, uri *URI, params Params) []byte {
	if display != "" {
		b = append(b, '"')
		b = appendClean(b, display)
		b = append(b, `" `...)
	}
	b = append(b, '<')
	b = AppendURI(b, uri)
	b = append(b, '>')
	return appendParams(b, ';', params, true)
}

// AppendURI writes a URI.
func AppendURI(b []byte, u *URI) []byte {
	if u.Wildcard {
		return append(b, '*')
	}
	scheme := u.Scheme
	if scheme == "" {
		scheme = "sip"
	}
	b = append(b, scheme...)
	b = append(b, ':')
	if raw := u.Raw(); raw != "" {
		return appendClean(b, raw)
	}
	if u.User != "" {
		b = appendClean(b, u.User)
		if u.Password != "" {
			b = append(b, ':')
			b = appendClean(b, u.Password)
		}
		b = append(b, '@')
	}
	b = appendHost(b, u.Host, u.Port)
	b = appendParams(b, ';', u.UriParams, true)
	if len(u.Headers) > 0 {
		b = append(b, '?')
		b = appendParams(b, '&', u.Headers, false)
	}
	return b
}

// URIString returns a URI in wire form.
func URIString(u *URI) string { return string(AppendURI(nil, u)) }

func appendHost(b []byte, host string, port int) []byte {
	if strings.IndexByte(host, ':') >= 0 && host[0] != '[' {
		b = append(b, '[')
		b = append(b, host...)
		b = append(b, ']')
	} else {
		b = append(b, host...)
	}
	if port > 0 {
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(port), 10)
	}
	return b
}

func appendParams(b []byte, sep byte, ps Params, leading bool) []byte {
	for i := range ps {
		if leading || i > 0 {
			b = append(b, sep)
		}
		b = appendClean(b, ps[i].K)
		if ps[i].V != "" {
			b = append(b, '=')
			b = appendClean(b, ps[i].V)
		}
	}
	return b
}

// appendClean appends s with CR and LF turned into spaces.
func appendClean(b []byte, s string) []byte {
	n := len(b)
	b = append(b, s...)
	if strings.IndexByte(s, '\r') < 0 && strings.IndexByte(s, '\n') < 0 {
		return b
	}
	for i := n; i < len(b); i++ {
		if b[i] == '\r' || b[i] == '\n' {
			b[i] = ' '
		}
	}
	return b
}
