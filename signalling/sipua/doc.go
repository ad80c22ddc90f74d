// Package sipua joins SIP phones to call processing: it is the registrar with which they register, and it turns each
// dialog with a phone into the events and commands of one half-call.
//
// What lives here: digest authentication and what protects it, contacts and the flows over which they are reached, the
// two ways of a call (an INVITE that a phone sends, and those that we send to its contacts), offers and answers in both
// directions, transfer (REFER, Replaces), identities, keys, subscriptions to message waiting and to dialogs, and the table
// between SIP statuses and causes of calls.
//
// What does not: transactions, dialogs, session timers and digest arithmetic (wire/sip), session descriptions as text
// (wire/sdp), decisions about calls (call), routing, codecs (media/session). A leg knows its half-call and nothing of the
// other one; whatever crosses is in the vocabulary of call/signal, so that nothing of one dialog shows in another.
//
// # Locks
//
// Each leg has one lock. It may be held while methods of wire/sip and of signal.Exchange are called: neither calls back.
// The lock of a station is taken under a leg's, never the other way round.
package sipua
