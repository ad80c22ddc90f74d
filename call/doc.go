// Package call decides what half-calls do. A half-call is one party's side of a call: it knows its device through
// events and commands, its peer through signals, and nothing else. Handle takes one input and the time, changes the
// half-call's state and returns the effects that the machinery is to perform, so that the same state and the same input
// always give the same result and a call can be replayed from its trace.
//
// The states and what may happen in each are in table.go, the exchange of offers and answers in the middle of a call in
// negotiation.go. What belongs to a number rather than to a half-call (ringing several phones, busy, forwarding) is in
// call/line.
package call
