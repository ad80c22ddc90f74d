package sip

import (
	"bytes"
	"strings"
	"time"
)

// A worker that is this far behind has more than it can bear (T-23): its oldest message has waited for so long, and so many
// wait. New work is refused then, unparsed, so that what is left of the processor completes the calls that were let in:
// first what has cost nothing yet, and only when that does not help what already carries credentials. REGISTERs are counted apart: thousands
// of phones that lost their server come at once (T-12), and each can come a little later, while a caller who is refused has no call. So many
// of them wait and no more, and calls are not refused because of them.
const (
	lateFirst    = 40 * time.Millisecond
	lateProven   = 160 * time.Millisecond
	behindFirst  = 64
	behindProven = 256
	// lateRetry is how long who is refused shall wait, in seconds; a REGISTER up to twice as long, so that not all come again at once.
	lateRetry = 5
)

// busyTag is the To tag of refusals that leave no state. No tag of ours looks like it.
const busyTag = "busy"

// late says whether the worker is behind by a time, and this number of messages waits.
func (sh *shard) late(by time.Duration, waiting, messages int64) bool {
	if waiting < messages {
		return false
	}
	came := sh.current.Load()
	return came != 0 && time.Duration(now().UnixNano()-came) >= by
}

// refuses says whether the worker is too late for a request that begins something.
func (sh *shard) refuses(method string, proven bool) bool {
	all, registers := sh.behind.Load(), sh.registers.Load()
	switch {
	case method == "REGISTER":
		return sh.late(lateFirst, registers, behindFirst) || sh.late(lateProven, all, behindProven)
	case method == "INVITE" && !proven:
		return sh.late(lateFirst, all-registers, behindFirst)
	}
	return sh.late(lateProven, all-registers, behindProven)
}

// refuseLate refuses a request that begins something when its worker is late. It costs little: nothing is parsed but what
// tells new work from a repeat of work that was let in. It reports whether the message was dealt with.
func (s *Stack) refuseLate(data []byte, f Flow) bool {
	method, rest, ok := bytes.Cut(data, []byte(" "))
	if !ok {
		return false
	}
	switch string(method) {
	case "INVITE", "REGISTER", "SUBSCRIBE", "OPTIONS", "REFER", "MESSAGE", "PUBLISH":
	case "ACK": // of a refusal: there is nothing that it could belong to
		return s.count.shed.Load() > 0 && bytes.Contains(rest, []byte(";tag="+busyTag+"\r\n"))
	default:
		return false
	}
	behind := false
	for _, sh := range s.shards {
		behind = behind || sh.behind.Load() >= behindFirst
	}
	if !behind {
		return false
	}
	head, _, complete := cutHead(data)
	id, ok := rawHeader(head, "call-id", "i")
	if !complete || !ok {
		return false
	}
	sh := s.shardOf(string(bytes.TrimSpace(id)))
	proven := bytes.Contains(head, []byte("\nAuthorization:")) || bytes.Contains(head, []byte("\nProxy-Authorization:"))
	if !sh.refuses(string(method), proven) {
		return false
	}
	if sh.knows(head, string(method)) {
		return false
	}
	retry := lateRetry
	if string(method) == "REGISTER" {
		retry += int(now().UnixMilli() % (lateRetry + 1))
	}
	if !s.shed(data, f, retry) {
		return false
	}
	if at, last := now().UnixNano(), s.toldLate.Load(); s.cfg.Late != nil && at-last >= int64(time.Second) && s.toldLate.CompareAndSwap(last, at) {
		s.cfg.Late(time.Duration(at - sh.current.Load()))
	}
	return true
}

// knows says whether a request repeats one that has a transaction. A Via that cannot be read in passing counts as known:
// the parser decides.
func (sh *shard) knows(head []byte, method string) bool {
	via, ok := rawHeader(head, "via", "v")
	if !ok || bytes.IndexByte(via, ',') >= 0 || bytes.IndexByte(via, '[') >= 0 {
		return true
	}
	_, at, ok := strings.Cut(strings.TrimSpace(string(via)), " ")
	if !ok {
		return true
	}
	sentBy, params, _ := strings.Cut(at, ";")
	var branch string
	for p := range strings.SplitSeq(params, ";") {
		if name, value, ok := strings.Cut(p, "="); ok && strings.EqualFold(strings.TrimSpace(name), "branch") {
			branch = strings.TrimSpace(value)
		}
	}
	if len(branch) <= len(branchCookie) || !strings.EqualFold(branch[:len(branchCookie)], branchCookie) {
		return true // RFC 2543: the key takes more
	}
	host, port, ok := strings.Cut(strings.TrimSpace(sentBy), ":")
	if !ok {
		port = "0"
	}
	key := branch + "|" + host + ":" + port + "|" + method
	sh.mu.Lock()
	defer sh.mu.Unlock()
	_, known := sh.server[key]
	return known
}
