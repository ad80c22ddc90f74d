package sccpstation

import (
	"testing"
	"time"

	"tandem/phone"
	"tandem/phone/load"
)

// T-12 in small: two hundred phones lose their server at once and are with the other one; calls that were up go on. The
// measurement is the same that ten thousand phones are given.
func TestT12_StormOfPhones(t *testing.T) {
	const phones, pairs = 200, 2
	h := newHomes(t, 2, nil)
	for i := range phones {
		h.add(h.sites[0].mac(i), "7975", "2"+digits(i))
	}
	result, err := load.Storm(h.sites[0].ctx, load.StormOptions{
		Populations: []load.Options{{
			Phone: phone.Config{Protocol: phone.SCCP, Model: "7975", Servers: []string{h.lines[0].address, h.lines[1].address},
				Retry: 200 * time.Millisecond, Monitor: time.Hour},
			Name: "SEP%012X", Number: "2%03d", Count: phones, RegisterRate: 500,
		}},
		Talking: pairs, Talk: time.Second,
		Lose: func() error {
			h.lines[0].sever()
			h.sites[0].srv.Close()
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Check(); err != nil || result.Violations != 0 {
		t.Errorf("%v\n%v", err, result)
	}
	if result.Phones != phones || result.Idle != phones-2*pairs || result.Kept != pairs || len(result.Back) != result.Idle {
		t.Errorf("%v", result)
	}
	backup := h.sites[1]
	if n := len(backup.srv.Phones()); n > phones {
		t.Errorf("%d phones of %d are at the backup", n, phones)
	}
	backup.eventually("no ghost", func() bool { return backup.x.Figures().HalfCalls == 0 })
}
