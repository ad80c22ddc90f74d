package soak

import (
	"context"
	"os"
	"testing"
	"time"

	"tandem/phone/load"
	"tandem/sim/lab"
)

// storm starts three servers as processes. cm2 is killed under so many phones, half SCCP, half SIP; some of them talk. They come to cm3, where
// others go on calling each other, and the publisher.
func storm(t *testing.T, ctx context.Context, phones, talking, elsewhere int, calls float64, talk time.Duration) *load.StormResult {
	t.Helper()
	crowd := lab.Crowd{Groups: []lab.CrowdGroup{{Members: []string{"cm2", "cm3", "cm1"}, SCCP: phones / 2, SIP: phones / 2},
		{Members: []string{"cm3", "cm1"}, SCCP: elsewhere / 2, SIP: elsewhere / 2}}}
	c, err := lab.StartCluster(ctx, lab.ClusterOptions{Servers: 3, Child: true, Wrap: lab.Pinned(0), Site: crowd.Site()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			t.Log(c.Output())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	back, err := lab.LeaveFirstCore()
	if err != nil {
		t.Fatal(err)
	}
	defer back()
	o := load.StormOptions{Populations: crowd.Phones(c, 0, 6*time.Second), Elsewhere: crowd.Phones(c, 1, 0), Talking: talking, Talk: talk,
		Limit: 75 * time.Second, Lose: func() error { return c.Kill(1) }, Progress: os.Stderr}
	for i := range o.Populations {
		o.Populations[i].NoMedia = talking == 0
	}
	for i := range o.Elsewhere {
		e := &o.Elsewhere[i]
		e.NoMedia, e.CallRate, e.Talk = true, calls/float64(len(o.Elsewhere)), time.Second
	}
	result, err := load.Storm(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", result)
	if err := result.Check(); err != nil {
		t.Error(err)
	}
	if result.Phones < phones*99/100 || result.Violations != 0 || result.Made == 0 {
		t.Errorf("%d phones, %d violations, %d calls elsewhere", result.Phones, result.Violations, result.Made)
	}
	return result
}

// T-12 with servers that are processes: six hundred phones lose theirs by a kill.
func TestT12_SixHundredPhonesLoseTheirServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	storm(t, ctx, 600, 3, 12, 4, 2*time.Second)
}
