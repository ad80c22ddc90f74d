// Package signal holds the vocabulary of call processing: what devices tell their half-call (events), what a
// half-call tells its device (commands), what half-calls and lines tell each other (signals), what a decision asks
// the machinery to do (effects), and what is reported about calls (facts).
//
// It holds words only. The decisions that give and take them are in call and call/line; delivery, timers and
// goroutines are in bus/runner; protocols are in signalling/*.
package signal
