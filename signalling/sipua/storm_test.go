package sipua

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"tandem/phone"
	"tandem/phone/load"
)

// T-12 in small: two hundred SIP phones, half over TCP, half over UDP, lose their server at once. The backup lets them in at
// its rate; none is refused for good.
func TestT12_StormOfPhones(t *testing.T) {
	const each, pairs = 100, 2
	p := newPair(t, nil)
	for _, r := range []*rig{p.a, p.b} {
		r.office.mu.Lock()
		r.common = "secret"
		r.office.mu.Unlock()
	}
	p.b.mu.Lock()
	p.b.params.RegistrationRate = 60
	p.b.mu.Unlock()
	population := func(first int, transport string, a, b netip.AddrPort) load.Options {
		for i := range each {
			number := strconv.Itoa(first + i)
			for _, r := range []*rig{p.a, p.b} {
				r.phone(number, number)
			}
		}
		return load.Options{
			Phone: phone.Config{Protocol: phone.SIP, Transport: transport, Servers: []string{a.String(), b.String()}, Retry: 200 * time.Millisecond,
				Monitor: time.Hour, Habits: phone.Habits{KeepAlive: time.Second, AnswerTimeout: 5 * time.Second}},
			Name: "SEP%012X", Number: "%d", First: first, Password: "secret", Count: each, RegisterRate: 500,
		}
	}
	result, err := load.Storm(p.ctx, load.StormOptions{
		Populations: []load.Options{population(2000, "tcp", p.a.tcp, p.b.tcp), population(3000, "udp", p.a.udp, p.b.udp)},
		Talking:     pairs, Talk: time.Second,
		Lose: p.a.s.Close,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Check(); err != nil {
		t.Errorf("%v\n%v", err, result)
	}
	if result.Phones != 2*each || result.Kept != 2*pairs || result.Refused == 0 {
		t.Errorf("%v", result)
	}
	p.b.idle()
}
