package sipua

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/fault"
	"tandem/registration"
	"tandem/wire/sip"
)

// T-12: in a storm a phone is told when to come, and then it is let in; who is registered is not asked to wait.
func TestT12_StormOfRegistrationsIsPaced(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	r := newRig(t, func(o *Options, p *Parameters) { o.Now, p.RegistrationRate = clock, 2 })
	var phones []*ua
	for i := range 8 {
		name, number := "p"+strconv.Itoa(i), strconv.Itoa(2000+i)
		r.phone(name, number)
		phones = append(phones, r.ua(name, number))
	}
	waits := make([]int, len(phones))
	for i, a := range phones {
		res := a.register(3600)
		if res.StatusCode == 200 {
			continue
		}
		var err error
		if waits[i], err = strconv.Atoi(sip.HeaderValue(res, "Retry-After")); res.StatusCode != 503 || err != nil || waits[i] < 1 || waits[i] > 4 {
			t.Fatalf("phone %d: %s", i, sip.String(res))
		}
	}
	if waits[0] != 0 || waits[7] < waits[2] || r.s.Figures().Held == 0 {
		t.Fatalf("waits %v, %d held", waits, r.s.Figures().Held)
	}
	if res := phones[0].register(3600); res.StatusCode != 200 {
		t.Errorf("a refresh in the storm: %d", res.StatusCode)
	}
	for i, a := range phones {
		if waits[i] == 0 {
			continue
		}
		mu.Lock()
		now = now.Add(time.Duration(waits[i]) * time.Second)
		mu.Unlock()
		if res := a.register(3600); res.StatusCode != 200 {
			t.Errorf("phone %d came when it was told to: %d", i, res.StatusCode)
		}
	}
}

// T-15: phones that are registered at another server come back at the slower rate of fallback.
func TestT15_ReturnIsPaced(t *testing.T) {
	now := time.Now()
	r := newRig(t, func(o *Options, p *Parameters) {
		o.Now = func() time.Time { return now }
		o.Name, o.Where = "cm1", func(string) (string, bool) { return "cm2", true }
		p.FallbackRate = 1
	})
	held := 0
	for i := range fallbackBurst + 3 {
		name, number := "p"+strconv.Itoa(i), strconv.Itoa(2000+i)
		r.phone(name, number)
		if r.ua(name, number).register(3600).StatusCode == 503 {
			held++
		}
	}
	if held != 3 {
		t.Errorf("%d of %d were told to wait", held, fallbackBurst+3)
	}
}

// C-190: what does not fit is refused without a time, so that the phone turns to its next server; who leaves makes room.
func TestFullServerSendsPhonesOn(t *testing.T) {
	c := registration.NewSharedRoom(func() int { return 3 })
	r := newRig(t, func(o *Options, _ *Parameters) { o.Capacity = c })
	r.phone("light", "2001")
	r.phone("heavy", "2002")
	r.change("heavy", func(d *registration.Device) { d.Product.DeviceWeight = 3 })
	light, heavy := r.ua("light", "2001").registered(), r.ua("heavy", "2002")
	res := heavy.register(3600)
	if res.StatusCode != 503 || sip.HeaderValue(res, "Retry-After") != "" {
		t.Fatalf("a full server says %s", sip.String(res))
	}
	r.mu.Lock()
	story := strings.Join(r.story, "\n")
	r.mu.Unlock()
	if !strings.Contains(story, string(fault.ServerCapacityReached)) {
		t.Errorf("its story says nothing:\n%s", story)
	}
	if res := light.register(3600); res.StatusCode != 200 {
		t.Errorf("a refresh at a full server: %d", res.StatusCode)
	}
	if res := light.register(0); res.StatusCode != 200 {
		t.Errorf("leaving: %d", res.StatusCode)
	}
	if used, _ := c.Used(); used != 0 {
		t.Errorf("%d are used by nobody", used)
	}
	if res := heavy.register(3600); res.StatusCode != 200 {
		t.Errorf("with room it is refused: %d", res.StatusCode)
	}
	if used, _ := c.Used(); used != 3 {
		t.Errorf("%d are used", used)
	}
}
