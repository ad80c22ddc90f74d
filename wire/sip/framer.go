package sip

import (
	"bytes"
	"errors"
)

var errFrame = errors.New("stream holds no SIP message")

// frame looks for a message at the beginning of a stream's bytes (RFC 3261 18.3, RFC 5626 4.4.1).
// skip is the number of bytes of line ends before it; ping tells that among them was a keep-alive
// that wants an answer. n is the length of the message, 0 while it is incomplete. An error means
// that the stream cannot be followed any further; n then is the part that may be answered.
func frame(b []byte) (skip, n int, ping bool, err error) {
	for skip < len(b) && (b[skip] == '\r' || b[skip] == '\n') {
		skip++
	}
	ping = bytes.Contains(b[:skip], []byte("\r\n\r\n"))
	b = b[skip:]
	if len(b) == 0 {
		return skip, 0, ping, nil
	}
	head, _, complete := cutHead(b)
	if !complete {
		if len(b) > MaxMessage || !startsLikeSIP(b) {
			return skip, 0, ping, errFrame
		}
		return skip, 0, ping, nil
	}
	if !startsLikeSIP(b) {
		return skip, 0, ping, errFrame
	}
	headLen := len(head) + 2
	if !bytes.HasSuffix(b[:headLen], []byte("\r\n")) {
		headLen--
	}
	length, ok := scanLength(head)
	if !ok || headLen+length > MaxMessage {
		return skip, headLen, ping, errFrame
	}
	if len(b) < headLen+length {
		return skip, 0, ping, nil
	}
	return skip, headLen + length, ping, nil
}

// startsLikeSIP rejects at once what cannot become a start line: binary data, HTTP.
func startsLikeSIP(b []byte) bool {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		if len(b) > 4096 {
			return false
		}
		i = len(b)
	} else if !bytes.Contains(b[:i], []byte("SIP/")) && !bytes.Contains(b[:i], []byte("sip/")) {
		return false
	}
	for _, c := range b[:min(i, 16)] {
		if c < ' ' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

// scanLength finds Content-Length in the raw header lines. Without one, or with one that is no
// number, a stream has no next message.
func scanLength(head []byte) (int, bool) {
	v, ok := rawHeader(head, "content-length", "l")
	if !ok {
		return 0, false
	}
	n, ok := number(string(v), MaxMessage)
	return int(n), ok
}

// rawHeader returns the value of a header in unparsed lines by its lower-case name and short name.
func rawHeader(head []byte, name, short string) ([]byte, bool) {
	for len(head) > 0 {
		line := head
		if i := bytes.IndexByte(head, '\n'); i >= 0 {
			line, head = head[:i], head[i+1:]
		} else {
			head = nil
		}
		i := bytes.IndexByte(line, ':')
		if i <= 0 {
			continue
		}
		key := bytes.TrimRight(line[:i], " \t")
		if len(key) == len(name) && equalFoldASCII(key, name) || short != "" && len(key) == len(short) && equalFoldASCII(key, short) {
			v := line[i+1:]
			for len(head) > 0 && (head[0] == ' ' || head[0] == '\t') { // folded
				more := head
				if j := bytes.IndexByte(head, '\n'); j >= 0 {
					more, head = head[:j], head[j+1:]
				} else {
					head = nil
				}
				v = append(bytes.TrimRight(bytes.Clone(v), "\r \t"), ' ')
				v = append(v, bytes.TrimSpace(more)...)
			}
			return bytes.TrimSpace(v), true
		}
	}
	return nil, false
}

func equalFoldASCII(b []byte, lower string) bool {
	for i := range b {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
