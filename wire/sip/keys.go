package sip

import (
	"strconv"
	"strings"
)

// branchCookie begins the branch of every RFC 3261 transaction (8.1.1.7).
const branchCookie = "z9hG4bK"

// serverKey appends the key of the server transaction that a request belongs to (RFC 3261 17.2.3).
// An ACK has that of its INVITE; so has, with asInvite, a CANCEL.
func serverKey(b []byte, req *Request, asInvite bool) []byte {
	via := req.Via()
	method := req.Method
	if method == ACK || asInvite {
		method = INVITE
	}
	branch := ParamValue(via.Params, "branch")
	if len(branch) > len(branchCookie) && strings.EqualFold(branch[:len(branchCookie)], branchCookie) {
		b = append(b, branch...)
		b = append(b, '|')
		b = append(b, via.Host...)
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(via.Port), 10)
		b = append(b, '|')
		return append(b, method...)
	}
	// RFC 2543 peers: the whole top Via, Call-ID, CSeq number, From tag and Request-URI.
	b = append(b, "2543|"...)
	b = append(b, method...)
	b = append(b, '|')
	b = append(b, via.Host...)
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(via.Port), 10)
	b = append(b, '|')
	b = append(b, branch...)
	b = append(b, '|')
	b = append(b, CallIDOf(req)...)
	b = append(b, '|')
	b = strconv.AppendUint(b, uint64(req.CSeq().SeqNo), 10)
	b = append(b, '|')
	b = append(b, FromTag(req)...)
	b = append(b, '|')
	return AppendURI(b, &req.Recipient)
}

// clientKey appends the key of the client transaction of a response (RFC 3261 17.1.3).
func clientKey(b []byte, branch string, method Method) []byte {
	b = append(b, branch...)
	b = append(b, '|')
	return append(b, method...)
}

// ackKey appends what the ACK of a 2xx has in common with that 2xx: dialog and CSeq number.
func ackKey(b []byte, m Message) []byte {
	b = append(b, CallIDOf(m)...)
	b = append(b, '|')
	b = append(b, FromTag(m)...)
	b = append(b, '|')
	b = append(b, ToTag(m)...)
	b = append(b, '|')
	return strconv.AppendUint(b, uint64(m.CSeq().SeqNo), 10)
}
