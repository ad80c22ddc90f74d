// Package sccp turns bytes into messages of the Skinny Client Control Protocol and back, for both
// ends of a connection: the call manager and a phone.
//
// What lives here: framing (Reader, AppendFrame), one Go struct per message, the enumerations, the
// character sets, and, as data, everything that depends on the negotiated protocol version: which
// layout a message has (version.go), which message id carries it and which messages may leave at all
// (catalogue.go). Each message describes its fields once, in its layout method, which serves decoding
// and encoding alike, so the two cannot drift apart.
//
// What does not: connections, timers, calls, devices. A caller owns the socket and its deadlines. The
// package uses the standard library alone.
//
// To add a message: an id in messageid.go, a struct with its layout beside its family, a row in
// catalogue.go; if its layout depends on the version, a change in version.go. The tests take it up by
// themselves, except for the dissector's names of its fields (dissect/names.go).
//
// Sections cited as "sccp.md 2.4" are those of the project's protocol reference; R-n and T-n are
// numbered requirements.
package sccp
