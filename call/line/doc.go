// Package line decides what belongs to a number rather than to one call: which appearances a call is offered to, who of
// several that answer gets it, when the line is busy, and where its calls are forwarded. Every line has one owner in the
// cluster; the half-calls at its appearances report to it what they do.
//
// Like package call it decides only: a signal or timer and the time come in, effects go out.
package line
