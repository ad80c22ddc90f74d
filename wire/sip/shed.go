package sip

import (
	"bytes"
	"strconv"
)

// shed answers a request that starts something new with 503 and Retry-After from its raw lines
// (T-23): no parsing, no state. It reports whether the message was dealt with; responses, ACK,
// CANCEL and requests inside a dialog are not, because they end work that exists.
func (s *Stack) shed(data []byte, f Flow, retryAfter int) bool {
	i := bytes.IndexByte(data, ' ')
	if i <= 0 || bytes.HasPrefix(data, []byte("SIP/")) {
		return false
	}
	switch string(data[:i]) {
	case "ACK", "CANCEL", "BYE", "PRACK", "UPDATE", "INFO", "NOTIFY":
		return false
	}
	head, _, complete := cutHead(data)
	to, ok := rawHeader(head, "to", "t")
	if !complete || !ok || hasTag(to) {
		return false
	}
	b := make([]byte, 0, 512)
	b = append(b, "SIP/2.0 503 Service Unavailable\r\n"...)
	first, vias := true, 0
	for len(head) > 0 {
		line := head
		if j := bytes.IndexByte(head, '\n'); j >= 0 {
			line, head = head[:j], head[j+1:]
		} else {
			head = nil
		}
		line = bytes.TrimRight(line, "\r \t")
		if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
			if len(line) > 0 {
				return false // folded lines are rare: leave them to the parser
			}
			continue
		}
		j := bytes.IndexByte(line, ':')
		if first || j <= 0 {
			first = false
			continue
		}
		fd, known := lookupField(string(bytes.TrimRight(line[:j], " \t")))
		if !known {
			continue
		}
		switch fd.kind {
		case kindVia:
			if vias++; vias == 1 && bytes.IndexByte(line, ',') < 0 {
				line = stampRaw(line, f)
			}
			b = append(append(b, line...), "\r\n"...)
		case kindFrom, kindCallID, kindCSeq:
			b = append(append(b, line...), "\r\n"...)
		case kindTo:
			b = append(append(b, line...), ";tag="+busyTag...)
			b = append(b, "\r\n"...)
		}
	}
	if vias == 0 {
		return false
	}
	b = append(b, "Retry-After: "...)
	b = strconv.AppendInt(b, int64(retryAfter), 10)
	b = append(b, "\r\nContent-Length: 0\r\n\r\n"...)
	s.count.shed.Add(1)
	_ = s.write(b, f)
	return true
}

// stampRaw adds received and rport to a raw Via line.
func stampRaw(line []byte, f Flow) []byte {
	out := bytes.Clone(line)
	if k := bytes.Index(out, []byte(";rport")); k >= 0 && (k+6 == len(out) || out[k+6] == ';') {
		tail := string(out[k+6:])
		out = append(out[:k], ";rport="...)
		out = strconv.AppendInt(out, int64(f.remote.Port()), 10)
		out = append(out, tail...)
	}
	out = append(out, ";received="...)
	return f.remote.Addr().WithZone("").AppendTo(out)
}

func hasTag(to []byte) bool {
	i := bytes.LastIndexByte(to, '>')
	return bytes.Contains(bytes.ToLower(bytes.ReplaceAll(to[i+1:], []byte(" "), nil)), []byte(";tag="))
}
