// Package soak runs a whole server under load for a long time: thousands of phones of both kinds, calling, while memory,
// goroutines and call records are watched. Its tests run in `make soak` only.
package soak
