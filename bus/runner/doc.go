// Package runner hosts the machines of call processing on one server: half-calls and line owners. It gives each a
// mailbox, feeds it one input at a time in the order of arrival, performs the effects that it returns, runs its timers,
// and contains its panics so that a fault ends one call and not the server.
//
// A machine costs a goroutine only while it has something to do. Mailboxes are bounded: a machine that is sent more than
// it can take is ended, because a call whose inputs are lost is worse than one that is over. Nothing here knows a
// protocol; adapters reach calls through signal.Exchange.
package runner
