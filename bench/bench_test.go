package main

import (
	"strings"
	"testing"
	"time"

	"tandem/confdb/bulk"
)

func TestStatistics(t *testing.T) {
	o, err := readStatistics([]byte("StartTime;SuccessfulCall(C);FailedCall(C);Retransmissions(C)\nx;1;0;0\nx;4000;3;17\n"))
	if err != nil || o.good != 4000 || o.failed != 3 || o.retransmitted != 17 {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := readStatistics([]byte("StartTime\n")); err == nil {
		t.Error("statistics without a line are taken")
	}
	for _, c := range []struct {
		o    outcome
		want bool
	}{
		{outcome{}, false}, {outcome{good: 1000}, true}, {outcome{good: 999, failed: 1}, false}, {outcome{good: 9999, failed: 1}, true},
		{outcome{good: 1000, retransmitted: 10}, false}, {outcome{good: 1000, retransmitted: 9}, true},
	} {
		if c.o.clean() != c.want {
			t.Errorf("%+v clean: %v", c.o, !c.want)
		}
	}
}

// The search ends between the last rate that is borne and the first that is not.
func TestSearch(t *testing.T) {
	tried := 0
	best, rate, err := search(100, 3, func(rate int) (outcome, error) {
		tried++
		o := outcome{good: rate, took: time.Second}
		if rate > 777 {
			o.failed = rate
		}
		return o, nil
	})
	if err != nil || rate < 650 || rate > 777 || best != float64(rate) || tried > 12 {
		t.Errorf("best %v at %d after %d tries, %v", best, rate, tried, err)
	}
}

func TestMedianAndQuantile(t *testing.T) {
	if m := median([]float64{9, 1, 5}); m != 5 {
		t.Errorf("median %v", m)
	}
	values := make([]float64, 100)
	for i := range values {
		values[i] = float64(i)
	}
	if a, b := quantile(values, 0.5), quantile(values, 0.99); a != 50 || b != 99 {
		t.Errorf("quantiles %v, %v", a, b)
	}
}

// The site is one that a server takes.
func TestSite(t *testing.T) {
	for _, n := range [][2]int{{0, 0}, {3, 0}, {0, 3}, {3, 3}} {
		set, err := bulk.Decode("site", site(n[0], n[1]))
		if err != nil || len(set.Items) == 0 {
			t.Errorf("%v: %v\n%s", n, err, site(n[0], n[1]))
		}
	}
	if text := string(site(2, 1)); strings.Count(text, "protocol: SIP") != 2 || strings.Count(text, "protocol: SCCP") != 1 {
		t.Errorf("%s", text)
	}
}
