package load

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/phone"
	"tandem/wire/sip"
)

// redirector registers everybody and sends callers on to the phone itself.
type redirector struct {
	mu       sync.Mutex
	contacts map[string]sip.URI
	deaf     string // a number that is never found
	end      func() // takes it away
}

func (r *redirector) OnCancel(*sip.ServerTx)       {}
func (r *redirector) OnFlowClosed(sip.Flow, error) {}
func (r *redirector) OnRequest(tx *sip.ServerTx, req *sip.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch req.Method {
	case sip.REGISTER:
		r.contacts[req.To().Address.User] = req.Contact().Address
		_ = tx.Reply(200, sip.HeaderClone(req.Contact()))
	case sip.INVITE:
		to, ok := r.contacts[req.Recipient.User]
		if !ok || req.Recipient.User == r.deaf {
			_ = tx.Reply(404)
			return
		}
		_ = tx.Reply(302, sip.ContactHeader(to))
	default:
		_ = tx.Reply(405)
	}
}

func newRedirector(t *testing.T) (*redirector, netip.AddrPort) {
	t.Helper()
	r := &redirector{contacts: map[string]sip.URI{}}
	ep, err := sip.NewEndpoint(sip.Config{}, sip.Options{}, r)
	if err != nil {
		t.Fatal(err)
	}
	r.end = func() { ep.Close() }
	t.Cleanup(r.end)
	at, err := ep.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	return r, at
}

func options(at netip.AddrPort) Options {
	return Options{
		Phone: phone.Config{Protocol: phone.SIP, Servers: []string{at.String()}, Local: netip.MustParseAddr("127.0.0.1")},
		Name:  "SEP%012X", Number: "%d", First: 2000, Count: 20, RegisterRate: 500, CallRate: 50,
		Talk: 600 * time.Millisecond, Mix: Mix{Plain: 2, Callee: 1, Hold: 1, Abandon: 1, EnBloc: 1}, CheckAudio: true,
	}
}

func TestLoad(t *testing.T) {
	_, at := newRedirector(t)
	var out bytes.Buffer
	o := options(at)
	o.Duration = time.Second
	o.Spread = 3
	sum, err := Run(context.Background(), o, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if sum.Registered != 20 || sum.Failed != 0 || sum.Made < 5 {
		t.Errorf("%s", out.String())
	}
	if sum.Delay(50) <= 0 || sum.Delay(50) > sum.Delay(99) || sum.Expected == 0 {
		t.Errorf("p50 %v p99 %v of %d packets", sum.Delay(50), sum.Delay(99), sum.Expected)
	}
	for _, want := range []string{"Phones registered   20, failed 0", "Calls made", "Post-dial delay", "Audio packets"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestLoadCountsFailures(t *testing.T) {
	r, at := newRedirector(t)
	r.mu.Lock()
	r.deaf = "2003"
	r.mu.Unlock()
	var out bytes.Buffer
	o := options(at)
	o.Count, o.Mix = 4, Mix{}
	sum, err := Run(context.Background(), o, &out) // one call with each pair
	if err == nil || sum.Made != 1 || sum.Failed != 1 || !strings.Contains(out.String(), "invalid number") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestOptions(t *testing.T) {
	for what, o := range map[string]Options{
		"1 to 100 000": {Count: 0, Name: "%d", Number: "%d"}, "name": {Count: 1, Name: "phone", Number: "%d"},
		"number": {Count: 1, Name: "%d", Number: "%d-%d"}, "calls need two": {Count: 1, Name: "%d", Number: "%d", CallRate: 1},
	} {
		if err := o.check(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestMix(t *testing.T) {
	seen := map[kind]int{}
	for range 1000 {
		seen[Mix{Hold: 1, Abandon: 3}.pick()]++
	}
	if len(seen) != 2 || seen[abandonCall] < seen[holdCall] {
		t.Errorf("picked %v", fmt.Sprint(seen))
	}
	if (Mix{}).pick() != plainCall {
		t.Error("an empty mix is not plain")
	}
}
