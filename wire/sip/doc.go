// Package sip turns bytes into SIP messages, transactions and dialogs, for user agents of both
// roles, registrars and back-to-back user agents. It knows no calls, no configuration and no
// directory numbers; it does not resolve names (targets are addresses), and it is no proxy.
//
// # Layers
//
// Messages: [Parse] and [Append] convert between bytes and the message types, which are those of
// the sipgo module; [Policy] checks what RFC 3261 wants checked. Header types that RFC 3261 lacks
// are read and written by functions beside their definition ([SessionExpires], [Replaces],
// [PartyIdentity], [Diversion], [ReferTarget], …).
//
// [Stack]: sockets, connections and transactions. Every message of one Call-ID is handled by the
// same worker in the order of arrival, timers included; callbacks must not block. A [ServerTx] or
// [ClientTx] may be used from any goroutine. A [Flow] is the way to a peer and is what a registrar
// keeps.
//
// [Endpoint]: dialogs on a Stack. It routes requests inside dialogs to their [Dialog], keeps CSeq,
// route set and remote target, repeats reliable provisional responses, answers glare, runs session
// timers, acknowledges and ends surplus forks. What it needs to know it asks of a [Core] (requests
// outside dialogs), a [DialogUser] (events of a dialog) and a [CallUser] (answers to an INVITE).
//
// # A registrar and answering party
//
//	ep, err := sip.NewEndpoint(sip.Config{Policy: …}, sip.Options{…}, core)
//	addr, err := ep.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), netip.AddrPort{})
//
//	func (c *core) OnRequest(tx *sip.ServerTx, req *sip.Request) {
//		switch req.Method {
//		case sip.REGISTER:
//			c.keep(req.Contact(), tx.Flow()) // requests for the phone go over this flow
//			tx.Reply(200, req.Contact())
//		case sip.INVITE:
//			d, err := c.ep.Incoming(tx, sip.LocalContact(tx.Flow(), "2002"), c)
//			d.Ring(180, nil, false)
//			d.Answer(sdp)
//		}
//	}
//
// # A calling party
//
//	call, err := ep.Invite(sip.Invitation{URI: uri, From: …, To: …, Target: sip.Over(flow), Body: sdp}, user)
//	…
//	call.Cancel("") // until OnAnswer came
//
// The example in this package runs both against each other.
package sip
