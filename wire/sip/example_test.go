package sip_test

import (
	"fmt"
	"net/netip"

	"tandem/wire/sip"
)

// party is the least that an adapter needs: it answers every INVITE and tells what happens.
type party struct {
	ep   *sip.Endpoint
	name string
	said chan string
}

// OnRequest gets requests outside dialogs.
func (p *party) OnRequest(tx *sip.ServerTx, req *sip.Request) {
	if req.Method != sip.INVITE {
		_ = tx.Reply(405)
		return
	}
	d, err := p.ep.Incoming(tx, sip.LocalContact(tx.Flow(), p.name), p)
	if err != nil {
		return // answered already
	}
	_ = d.Ring(180, nil, false)
	_ = d.Answer([]byte("v=0\r\n"))
}

func (p *party) OnCancel(*sip.ServerTx)          {}
func (p *party) OnFlowClosed(sip.Flow, error)    {}
func (p *party) OnRefreshDue(*sip.Dialog)        {}
func (p *party) OnDialogLost(*sip.Dialog, error) {}

func (p *party) OnDialogRequest(_ *sip.Dialog, _ *sip.ServerTx, req *sip.Request) {
	p.said <- p.name + " got " + string(req.Method)
}
func (p *party) OnDialogAck(*sip.Dialog, *sip.Request)        { p.said <- p.name + " got ACK" }
func (p *party) OnDialogCancel(*sip.Dialog, *sip.ServerTx)    {}
func (p *party) OnCallFailed(*sip.Call, *sip.Response, error) {}

func (p *party) OnProgress(_ *sip.Call, _ *sip.Dialog, res *sip.Response) {
	p.said <- fmt.Sprint(p.name, " got ", res.StatusCode)
}

func (p *party) OnAnswer(_ *sip.Call, d *sip.Dialog, res *sip.Response) {
	p.said <- fmt.Sprint(p.name, " got ", res.StatusCode)
	_ = d.Ack(nil)
	_ = d.Bye("")
}

// Two endpoints call each other over UDP.
func Example() {
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	said := make(chan string, 10)
	start := func(name string) (*party, netip.AddrPort) {
		p := &party{name: name, said: said}
		p.ep, _ = sip.NewEndpoint(sip.Config{}, sip.Options{}, p)
		at, _ := p.ep.ListenUDP(loopback, netip.AddrPort{})
		return p, at
	}
	alice, here := start("alice")
	bob, there := start("bob")
	defer alice.ep.Close()
	defer bob.ep.Close()

	_, err := alice.ep.Invite(sip.Invitation{
		URI:    sip.AddrURI("bob", there),
		From:   sip.Address{URI: sip.AddrURI("alice", here)},
		To:     sip.Address{URI: sip.AddrURI("bob", there)},
		Target: sip.At(sip.UDP, there),
		Body:   []byte("v=0\r\n"),
	}, alice)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 4 {
		fmt.Println(<-said)
	}
	// Output:
	// alice got 180
	// alice got 200
	// bob got ACK
	// bob got BYE
}
