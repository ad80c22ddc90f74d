package registration

import (
	"fmt"
	"testing"
	"time"
)

func TestHome(t *testing.T) {
	group := []string{"cm1", "cm2", "cm3"}
	for _, c := range []struct {
		name     string
		group    []string
		here, at string
		want     Homing
	}{
		{"back to the primary", group, "cm1", "cm2", Welcome},
		{"from the tertiary to the secondary", group, "cm2", "cm3", Welcome},
		{"registered nowhere", group, "cm2", "", Welcome},
		{"registered here", group, "cm2", "cm2", Welcome},
		{"from the primary to the secondary", group, "cm2", "cm1", Elsewhere},
		{"from the secondary to the tertiary", group, "cm3", "cm2", Elsewhere},
		{"from a server outside the group", group, "cm3", "cm9", Welcome},
		{"to a server outside the group", group, "cm9", "cm2", Stranger},
		{"no group is known", nil, "cm9", "cm2", Welcome},
	} {
		if got := Home(c.group, c.here, c.at); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// T-15: thousands of phones that ask at once come at the rate, each at the first time it is told, and none is lost.
func TestT15_PaceSpreadsAReturn(t *testing.T) {
	var p Pace
	begin := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	const phones, rate, burst = 5000, 150, 10
	coming := map[int]int{} // second: phones
	latest := time.Duration(0)
	for i := range phones {
		at, asked := begin, 0
		for wait := time.Duration(1); wait > 0; asked++ {
			if wait = p.Ask(fmt.Sprint("SEP", i), at, rate, burst); wait > 0 {
				// As a phone is told it: whole seconds, upwards.
				at = at.Add((wait + time.Second - 1).Truncate(time.Second))
			}
		}
		if asked > 2 {
			t.Fatalf("phone %d had to ask %d times", i, asked)
		}
		coming[int(at.Sub(begin)/time.Second)]++
		latest = max(latest, at.Sub(begin))
	}
	for second, n := range coming {
		if n > rate+burst {
			t.Errorf("%d phones come in second %d", n, second)
		}
	}
	if latest < 10*time.Second || latest > 60*time.Second {
		t.Errorf("the last comes after %v", latest)
	}
	if n := p.Waiting(begin.Add(time.Hour)); n != 0 {
		t.Errorf("%d still wait", n)
	}
}

func TestPaceKeepsTheTimeOfWhoWaits(t *testing.T) {
	var p Pace
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	if p.Ask("a", now, 1, 1) != 0 {
		t.Fatal("the first has to wait")
	}
	if w := p.Ask("b", now, 1, 1); w != time.Second {
		t.Fatalf("the second waits %v", w)
	}
	if w := p.Ask("b", now.Add(400*time.Millisecond), 1, 1); w != 600*time.Millisecond {
		t.Fatalf("who asks too early waits %v", w)
	}
	// Others who ask meanwhile do not take the place.
	if w := p.Ask("c", now.Add(time.Second), 1, 1); w != time.Second {
		t.Fatalf("the third waits %v", w)
	}
	if w := p.Ask("b", now.Add(time.Second), 1, 1); w != 0 {
		t.Fatalf("at its time the second waits %v", w)
	}
}

func TestPaceForgetsWhoDoesNotCome(t *testing.T) {
	var p Pace
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for i := range 10 {
		p.Ask(fmt.Sprint(i), now, 1, 1)
	}
	if n := p.Waiting(now); n != 9 {
		t.Fatalf("%d wait", n)
	}
	if n := p.Waiting(now.Add(slotLife + 20*time.Second)); n != 0 {
		t.Fatalf("%d wait for ever", n)
	}
}

func TestCapacity(t *testing.T) {
	var c Capacity
	for i, step := range []struct {
		do   string
		w    int
		want bool
		used int
	}{
		{"+a", 2, true, 2}, {"+b", 2, true, 4}, {"+c", 2, false, 4}, {"+c", 1, true, 5}, {"+d", 1, false, 5},
		{"+a", 3, true, 6}, // registered before its product got heavier
		{"-a", 0, true, 3}, {"-a", 0, true, 3}, {"+d", 0, true, 4}, {"-b", 0, true, 2},
	} {
		ok := true
		if step.do[0] == '+' {
			ok = c.Enter(step.do[1:], step.w, 5)
		} else {
			c.Leave(step.do[1:])
		}
		if ok != step.want || c.Used() != step.used {
			t.Errorf("step %d %s: %v, %d used; want %v, %d", i, step.do, ok, c.Used(), step.want, step.used)
		}
	}
}
