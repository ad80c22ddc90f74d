package sip

import (
	"strconv"
	"strings"
)

// Event is an Event header (RFC 6665 8.2.1).
type Event struct {
	Package string // lower case, for instance "message-summary" or "dialog"
	ID      string
	Params  Params // all parameters
}

// ParseEvent reads the header; ok is false without a package.
func ParseEvent(m Message) (e Event, ok bool) {
	name, rest, _ := strings.Cut(HeaderValue(m, "Event"), ";")
	e.Package = strings.ToLower(trim(name))
	for _, p := range strings.Split(rest, ";") {
		k, v, _ := strings.Cut(p, "=")
		if k = trim(k); k != "" && len(e.Params) < maxParams {
			e.Params = append(e.Params, Param{K: k, V: trim(v)})
		}
	}
	e.ID = ParamValue(e.Params, "id")
	return e, isToken(e.Package)
}

// Header makes the header.
func (e Event) Header() Header {
	v := e.Package
	if e.ID != "" {
		v += ";id=" + e.ID
	}
	return NewHeader("Event", v)
}

// SubscriptionState is a Subscription-State header (RFC 6665 8.2.3).
type SubscriptionState struct {
	State      string // "active", "pending" or "terminated"
	Reason     string // why it is terminated
	Expires    int    // seconds left, -1 if not said
	RetryAfter int    // seconds, 0 if not said
}

// ParseSubscriptionState reads the header; ok is false without a state.
func ParseSubscriptionState(m Message) (s SubscriptionState, ok bool) {
	state, rest, _ := strings.Cut(HeaderValue(m, "Subscription-State"), ";")
	s = SubscriptionState{State: strings.ToLower(trim(state)), Expires: -1}
	for _, p := range strings.Split(rest, ";") {
		k, v, _ := strings.Cut(p, "=")
		v = trim(v)
		switch strings.ToLower(trim(k)) {
		case "reason":
			s.Reason = v
		case "expires":
			s.Expires = atoi(v)
		case "retry-after":
			s.RetryAfter = max(atoi(v), 0)
		}
	}
	return s, isToken(s.State)
}

// Header makes the header.
func (s SubscriptionState) Header() Header {
	v := s.State
	if s.Reason != "" {
		v += ";reason=" + s.Reason
	}
	if s.Expires >= 0 && s.State != "terminated" {
		v += ";expires=" + strconv.Itoa(s.Expires)
	}
	if s.RetryAfter > 0 {
		v += ";retry-after=" + strconv.Itoa(s.RetryAfter)
	}
	return NewHeader("Subscription-State", v)
}

// AllowEvents makes an Allow-Events header.
func AllowEvents(packages ...string) Header {
	return NewHeader("Allow-Events", strings.Join(packages, ", "))
}
