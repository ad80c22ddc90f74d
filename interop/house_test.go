package interop

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/admin/client"
	"tandem/media/codec"
	"tandem/phone"
	"tandem/phone/audio"
	"tandem/sim/lab"
	"tandem/sim/peer"
)

func TestMain(m *testing.M) {
	lab.Serve()
	code := m.Run()
	if house.server != nil {
		if err := house.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		house.engine.Close()
	}
	os.Exit(code)
}

// house is the server that most tests share; each test has phones of its own in it.
var house struct {
	once   sync.Once
	server *lab.Server
	engine *audio.Engine
	err    error
}

// step bounds what takes well below a second on a machine that is not busy with other things.
const step = 15 * time.Second

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// server returns the shared server.
func server(t testing.TB) *lab.Server {
	t.Helper()
	house.once.Do(func() {
		house.engine = audio.NewEngine()
		house.server, house.err = lab.Start(context.Background(), lab.Options{Site: site(40, 20)})
	})
	if house.err != nil {
		t.Fatal(house.err)
	}
	return house.server
}

// Numbers of the site: SIP phones from 5001, SCCP phones from 6001. Odd SCCP phones are 7960s, even ones 7975s.
const (
	firstSIP  = 5001
	firstSCCP = 6001
)

func sipDevice(n int) string             { return fmt.Sprintf("SIP%d", n) }
func sccpDevice(n int) string            { return fmt.Sprintf("SEP02000000%04d", n) }
func user(n int) string                  { return fmt.Sprintf("u%d", n) }
func password(n int) string              { return fmt.Sprintf("secret-of-%d", n) }
func number(n int) string                { return fmt.Sprint(n) }
func tone(n int) codec.Tone              { return audio.IdentityTone(37 * (n % 1000)) }
func sound(n int) audio.Sound            { return audio.Sound{Tone: tone(n)} }
func model(n int) (m string)             { return [2]string{"7975", "7960"}[n%2] }
func sipURI(s *lab.Server, n int) string { return fmt.Sprintf("sip:%d@%s", n, s.Address("sip")) }

// site is a site file with so many phones of each kind.
func site(sip, sccp int) []byte {
	var b strings.Builder
	b.WriteString(`
callManagerGroups:
  - {name: Default, members: [cm1]}
regions:
  - name: House
    maximumCodec: {House: G711}
locations:
  - name: House
dateTimeGroups:
  - {name: House, timeZone: Europe/Lisbon}
devicePools:
  - {name: House, callManagerGroup: Default, region: House, location: House, dateTimeGroup: House}
partitions:
  - name: house
callingSearchSpaces:
  - {name: all, partitions: [house]}
`)
	b.WriteString("users:\n")
	for n := firstSIP; n < firstSIP+sip; n++ {
		fmt.Fprintf(&b, "  - {userId: %s, lastName: Number %d, digestPassword: %s, devices: [%s]}\n", user(n), n, password(n), sipDevice(n))
	}
	b.WriteString("directoryNumbers:\n")
	for n := firstSIP; n < firstSIP+sip; n++ {
		fmt.Fprintf(&b, "  - {pattern: \"%d\", partition: house, display: Number %d}\n", n, n)
	}
	for n := firstSCCP; n < firstSCCP+sccp; n++ {
		fmt.Fprintf(&b, "  - {pattern: \"%d\", partition: house, display: Number %d}\n", n, n)
	}
	b.WriteString("phones:\n")
	for n := firstSIP; n < firstSIP+sip; n++ {
		fmt.Fprintf(&b, "  - {name: %s, protocol: SIP, product: Generic SIP phone, devicePool: House, callingSearchSpace: all, digestUser: %s, "+
			"lines: [{directoryNumber: \"%d\", partition: house}]}\n", sipDevice(n), user(n), n)
	}
	for n := firstSCCP; n < firstSCCP+sccp; n++ {
		fmt.Fprintf(&b, "  - {name: %s, protocol: SCCP, product: Cisco %s, devicePool: House, callingSearchSpace: all, "+
			"lines: [{directoryNumber: \"%d\", partition: house}]}\n", sccpDevice(n), model(n), n)
	}
	return []byte(b.String())
}

// sccpPhone is a registered SCCP test phone, strict as its model. What it complains about fails the test at its end.
func sccpPhone(t testing.TB, s *lab.Server, n int, change ...func(*phone.Config)) *phone.Phone {
	t.Helper()
	return startPhone(t, phone.Config{Protocol: phone.SCCP, Name: sccpDevice(n), Model: model(n), Servers: []string{s.Address("sccp")}, Sound: sound(n)}, change)
}

// sipPhone is a registered SIP test phone.
func sipPhone(t testing.TB, s *lab.Server, n int, change ...func(*phone.Config)) *phone.Phone {
	t.Helper()
	return startPhone(t, phone.Config{Protocol: phone.SIP, Name: sipDevice(n), Servers: []string{s.Address("sip")}, Sound: sound(n),
		Lines: []phone.LineConfig{{User: number(n), Display: "Number " + number(n), AuthUser: user(n), Password: password(n)}}}, change)
}

func startPhone(t testing.TB, c phone.Config, change []func(*phone.Config)) *phone.Phone {
	t.Helper()
	c.Engine, c.Local = house.engine, netip.MustParseAddr(lab.Loopback)
	for _, f := range change {
		f(&c)
	}
	p, err := phone.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, v := range p.Violations() {
			t.Errorf("%s complains: %s", p.Name(), v)
		}
		if t.Failed() {
			for _, e := range p.Trace() {
				t.Logf("%s %v", p.Name(), e)
			}
		}
		p.Close()
	})
	if err := p.Start(within(t, step)); err != nil {
		t.Fatal(err)
	}
	return p
}

// baresip is a registered baresip.
func baresip(t testing.TB, s *lab.Server, n int, change ...func(*peer.BaresipOptions)) *peer.Baresip {
	t.Helper()
	o := peer.BaresipOptions{Directory: t.TempDir(), Number: number(n), User: user(n), Password: password(n), Server: s.Address("sip"), Say: tone(n)}
	for _, f := range change {
		f(&o)
	}
	b, err := peer.StartBaresip(within(t, 2*step), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.Close()
		if t.Failed() {
			t.Logf("baresip %d:\n%s", n, b.Output())
		}
	})
	if _, err := b.WaitEvent(within(t, step), 0, "REGISTER_OK"); err != nil {
		t.Fatal(err)
	}
	return b
}

// linphone is a registered linphone.
func linphone(t testing.TB, s *lab.Server, n int) *peer.Linphone {
	t.Helper()
	l, err := peer.StartLinphone(within(t, 4*step), peer.LinphoneOptions{Directory: t.TempDir(), Number: number(n), User: user(n),
		Password: password(n), Server: s.Address("sip"), Realm: "StandAloneCluster", Say: tone(n)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		if t.Failed() {
			t.Logf("linphone %d:\n%s", n, l.Output())
		}
	})
	if err := l.WaitRegistered(within(t, 2*step)); err != nil {
		t.Fatal(err)
	}
	return l
}

// must fails the test with what was tried.
func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// hearFor is how long a tone is heard before it counts.
const hearFor = 300 * time.Millisecond

func hears(t testing.TB, p *phone.Phone, from int) {
	t.Helper()
	must(t, fmt.Sprintf("%s hears %d", p.Name(), from), p.WaitHears(within(t, step), tone(from), hearFor))
}

func rings(t testing.TB, p *phone.Phone) *phone.Call {
	t.Helper()
	must(t, p.Name()+" rings and shows from whom", p.WaitFor(within(t, step), "the calling party", func(st *phone.State) bool {
		return slices.ContainsFunc(st.Calls, func(c *phone.Call) bool { return c.State == phone.RingingIn && c.Remote.Number != "" })
	}))
	c, err := p.WaitCall(within(t, step), phone.RingingIn)
	must(t, p.Name()+" rings", err)
	return c
}

func connected(t testing.TB, p *phone.Phone) *phone.Call {
	t.Helper()
	c, err := p.WaitCall(within(t, step), phone.Connected)
	must(t, p.Name()+" is connected", err)
	return c
}

func idle(t testing.TB, phones ...*phone.Phone) {
	t.Helper()
	for _, p := range phones {
		must(t, p.Name()+" is idle", p.WaitIdle(within(t, step)))
	}
}

// silent waits until a phone with a call has heard nothing for half a second.
func silent(t testing.TB, p *phone.Phone) {
	t.Helper()
	must(t, p.Name()+" hears nothing", p.WaitFor(within(t, step), "silence", func(s *phone.State) bool {
		c := s.Call(phone.Connected, phone.OnHold)
		if c == nil {
			return false
		}
		now, any := c.Hears()
		return !any || now.Sound == codec.Silence && now.Length > 500*time.Millisecond
	}))
}

// recordQuery asks for all records.
func recordQuery() client.RecordQuery { return client.RecordQuery{Limit: 10000} }
