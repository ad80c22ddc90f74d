// Package userstate keeps what users change from their phones and pages, apart from what administrators configure: the
// forwarding of all calls, do not disturb, message lamps. It has one path, in fair weather and foul: the server that takes a
// change journals it, has the other servers journal it, lays it over the configuration, and whichever server is the publisher
// folds it in as soon as it can. So a user's change works on every server with the publisher up or down, and all servers end
// with the same (the design, section 2; T-18).
//
// Each setting of a line or device is a register that the last writer wins, by the stamp of a hybrid clock; the configuration
// keeps the stamp of what was folded in, and administrative changes get one too (confdb, ADR 5). What does not live
// here: whether a destination may be reached (node asks the dial plan), and what calls do with a setting (call/line).
package userstate
