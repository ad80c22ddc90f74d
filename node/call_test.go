package node

import (
	"context"
	"net/netip"
	"os"
	"testing"
	"time"

	"tandem/confdb"
	"tandem/confdb/bulk"
	"tandem/media/codec"
	"tandem/phone"
	"tandem/phone/audio"
)

// site is a small site with two SIP and two SCCP phones, as tandem apply takes it.
func apply(t *testing.T, n *Node, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set, err := bulk.Decode(file, text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.store.Apply(context.Background(), set, confdb.Options{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
}

func loopback(t *testing.T) netip.Addr { return netip.MustParseAddr("127.0.0.1") }

// TestCallsBetweenAllPairs calls from every phone to every other through a whole server, with audio checked by content.
func TestCallsBetweenAllPairs(t *testing.T) {
	n, _ := standalone(t)
	apply(t, n, "testdata/site.yaml")
	l := n.Listening()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	engine := audio.NewEngine()
	t.Cleanup(engine.Close)
	type station struct {
		*phone.Phone
		number string
		tone   codec.Tone
	}
	var stations []station
	for i, c := range []phone.Config{
		{Protocol: phone.SIP, Name: "SIP2001", Servers: []string{l["sip"]}, Lines: []phone.LineConfig{{User: "2001", AuthUser: "alice", Password: "alice-secret"}}},
		{Protocol: phone.SIP, Name: "SIP2002", Servers: []string{l["sip"]}, Transport: "tcp", Lines: []phone.LineConfig{{User: "2002", AuthUser: "bob", Password: "bob-secret"}}},
		{Protocol: phone.SCCP, Name: "SEP0000AAAA2003", Servers: []string{l["sccp"]}, Model: "7960"},
		{Protocol: phone.SCCP, Name: "SEP0000AAAA2004", Servers: []string{l["sccp"]}, Model: "7961"},
	} {
		tone := audio.IdentityTone(i)
		c.Local, c.Engine, c.Sound = loopback(t), engine, audio.Sound{Tone: tone}
		p, err := phone.New(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		if err := p.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if err := p.WaitRegistered(ctx); err != nil {
			t.Fatalf("%s: %v\n%s", c.Name, err, p.Summary())
		}
		stations = append(stations, station{p, []string{"2001", "2002", "2003", "2004"}[i], tone})
	}
	for _, from := range stations {
		for _, to := range stations {
			if from.number == to.number {
				continue
			}
			t.Run(from.number+"-"+to.number, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
				defer cancel()
				must := func(what string, err error) {
					t.Helper()
					if err != nil {
						t.Fatalf("%s: %v\n%s\n%s", what, err, from.Summary(), to.Summary())
					}
				}
				must("dial", from.Dial(ctx, to.number))
				_, err := to.WaitCall(ctx, phone.RingingIn)
				must("ring", err)
				must("answer", to.Answer())
				_, err = from.WaitCall(ctx, phone.Connected)
				must("connect", err)
				must("hear", from.WaitHears(ctx, to.tone, 200*time.Millisecond))
				must("be heard", to.WaitHears(ctx, from.tone, 200*time.Millisecond))
				must("hang up", from.Hangup())
				must("caller idle", from.WaitIdle(ctx))
				must("called idle", to.WaitIdle(ctx))
			})
		}
	}
	for _, s := range stations {
		for _, v := range s.Violations() {
			t.Errorf("%s: %s", s.number, v)
		}
	}
}

// settle waits until call processing answers from the newest configuration.
func (n *Node) settle(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); n.live().Snapshot().Position() != n.store.Snapshot().Position(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the configuration does not come into force")
		}
	}
}
