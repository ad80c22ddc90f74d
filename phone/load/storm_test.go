package load

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"tandem/phone"
)

func TestT12_ReportOfAStorm(t *testing.T) {
	back := func(n int, d time.Duration) (list []time.Duration) {
		for range n {
			list = append(list, d)
		}
		return list
	}
	for _, c := range []struct {
		name   string
		result StormResult
		says   []string // of Check; none: all is well
	}{
		{"all at once", StormResult{Idle: 100, Back: back(100, time.Second), Kept: 2, Freed: 4}, nil},
		{"the last five within a minute", StormResult{Idle: 100, Back: append(back(95, 30*time.Second), back(5, time.Minute)...)}, nil},
		{"six late", StormResult{Idle: 100, Back: append(back(94, time.Second), back(6, 31*time.Second)...)}, []string{"94.0 %"}},
		{"one later than a minute", StormResult{Idle: 100, Back: append(back(99, time.Second), 61*time.Second)}, []string{"99.00 %"}},
		{"one missing", StormResult{Idle: 100, Back: back(99, time.Second), NotBack: 1}, []string{"99.00 %"}},
		{"a call broken", StormResult{Idle: 1, Back: back(1, 0), Kept: 1, Broken: 1, Freed: 4}, []string{"1 of 2 calls"}},
		{"a phone caught in its call", StormResult{Idle: 1, Back: back(1, 0), Kept: 1, Freed: 1}, []string{"1 of 2 phones"}},
		{"a phone that repeats", StormResult{Repeated: 3}, []string{"3 messages again"}},
		{"a call elsewhere failed", StormResult{Made: 5, Failed: 1}, []string{"1 of 6 calls elsewhere"}},
		{"a call elsewhere was slow", StormResult{Made: 5, SlowestUp: 2 * time.Second}, []string{"2s to be set up"}},
	} {
		err := c.result.Check()
		if (err == nil) != (c.says == nil) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, says := range c.says {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if !strings.Contains(c.result.String(), "Back in service") {
			t.Errorf("%s: %s", c.name, c.result.String())
		}
	}
}

func TestStormNeedsALoss(t *testing.T) {
	if _, err := Storm(context.Background(), StormOptions{}); err == nil {
		t.Error("a storm without a loss")
	}
}

// Phones that stay in service tell how they came through the loss of their server.
func TestPhonesThatStay(t *testing.T) {
	first, at := newRedirector(t)
	_, backup := newRedirector(t)
	o := options(at)
	o.CallRate, o.Stay, o.Count = 0, 3*time.Second, 10
	o.Phone.Servers = append(o.Phone.Servers, backup.String())
	o.Phone.Habits = phone.Habits{KeepAlive: 100 * time.Millisecond, AnswerTimeout: 200 * time.Millisecond}
	time.AfterFunc(time.Second, first.end)
	var out bytes.Buffer
	if _, err := Run(context.Background(), o, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "10 came back to another server") || !strings.Contains(out.String(), "0 still") {
		t.Error(out.String())
	}
}
