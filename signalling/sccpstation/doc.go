// Package sccpstation is the adapter between SCCP phones (TCP 2000) and half-calls.
//
// A Server accepts connections; a session is one connection with its reader and its bounded write queue; a station is a
// device: its registration, its lines as the phone shows them, and its call plane, the table of what each key does in
// each state of a call (plane.go). Commands of half-calls become the sequences of messages of sccp.md 4.4 to 4.10 here,
// and keys become events. Media is opened one codec at a time and described to the half-call as a session of one stream.
//
// What does not live here: layouts and versions of messages (wire/sccp), digit analysis and what becomes of a call (call,
// dialplan), who is configured (the Directory that the composition supplies), call records.
package sccpstation
