package load

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What is expected of a storm (T-12).
const (
	StormShare = 95               // per cent of the phones that are back …
	StormMost  = 30 * time.Second // … within this
	StormAll   = 60 * time.Second // all of them
	StormSetUp = 2 * time.Second  // a call between phones that are not concerned is set up meanwhile
	StormAgain = 3                // messages that a phone sends its new server again, fewer are right
)

// StormResult is what came of it.
type StormResult struct {
	// Phones that were with the server when it was lost, of which Idle had no call. Those that a busy machine had driven to a backup before are
	// not counted.
	Phones, Idle int
	// Back are the times, from the loss, after which idle phones were in service at another server, in order;
	// NotBack counts those that were not within the limit.
	Back    []time.Duration
	NotBack int
	// Kept and Broken count the calls that were up; Freed the phones of those that were with another server after
	// the end of their call.
	Kept, Broken, Freed int
	// Repeated is the most messages that one idle phone sent its new server again, RepeatedAll the sum.
	Repeated, RepeatedAll int64
	// Calls that were made elsewhere meanwhile, those that failed, and from the first digit to the answer at the 99th percentile and at worst.
	Made, Failed     int
	SetUp, SlowestUp time.Duration
	// Refused counts times that a server put a phone off.
	Refused int
	// Violations counts departures of the servers from what the phones' models expect; Examples are the first.
	Violations int
	Examples   []string
}

// Within is how many of the idle phones were back within a time, in per cent.
func (r *StormResult) Within(d time.Duration) float64 {
	if r.Idle == 0 {
		return 100
	}
	n, _ := slices.BinarySearchFunc(r.Back, d, func(a, b time.Duration) int {
		if a <= b {
			return -1
		}
		return 1
	})
	return 100 * float64(n) / float64(r.Idle)
}

// Percentile is the time after which a share of those that came back, in per cent, was back.
func (r *StormResult) Percentile(percent float64) time.Duration { return percentile(r.Back, percent) }

// Check holds the result to T-12.
func (r *StormResult) Check() error {
	var wrong []error
	if share := r.Within(StormMost); share < StormShare {
		wrong = append(wrong, fmt.Errorf("%.1f %% of the phones were back within %v, %d %% are right", share, StormMost, StormShare))
	}
	if share := r.Within(StormAll); share < 100 {
		wrong = append(wrong, fmt.Errorf("%.2f %% of the phones were back within %v, all are right", share, StormAll))
	}
	if r.Broken > 0 {
		wrong = append(wrong, fmt.Errorf("%d of %d calls did not outlive the loss", r.Broken, r.Kept+r.Broken))
	}
	if n := 2 * (r.Kept + r.Broken); r.Freed < n {
		wrong = append(wrong, fmt.Errorf("%d of %d phones that talked came to the backup", r.Freed, n))
	}
	if r.Repeated >= StormAgain {
		wrong = append(wrong, fmt.Errorf("a phone sent %d messages again, fewer than %d are right", r.Repeated, StormAgain))
	}
	if r.Failed > 0 {
		wrong = append(wrong, fmt.Errorf("%d of %d calls elsewhere failed", r.Failed, r.Made+r.Failed))
	}
	if r.SlowestUp >= StormSetUp {
		wrong = append(wrong, fmt.Errorf("a call elsewhere took %v to be set up, less than %v is right", r.SlowestUp, StormSetUp))
	}
	return errors.Join(wrong...)
}

// String is the report.
func (r *StormResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Phones that lost it %d, of which %d were idle\n", r.Phones, r.Idle)
	fmt.Fprintf(&b, "Back in service     %d, not %d; p50 %v, p95 %v, last %v\n", len(r.Back), r.NotBack,
		r.Percentile(50).Round(time.Millisecond), r.Percentile(95).Round(time.Millisecond), r.Percentile(100).Round(time.Millisecond))
	fmt.Fprintf(&b, "Within %v         %.2f %%; within %v %.2f %%\n", StormMost, r.Within(StormMost), StormAll, r.Within(StormAll))
	fmt.Fprintf(&b, "Calls kept          %d of %d, %d of their phones came after them\n", r.Kept, r.Kept+r.Broken, r.Freed)
	fmt.Fprintf(&b, "Sent again          %d in all, at most %d by one phone\n", r.RepeatedAll, r.Repeated)
	if r.Made+r.Failed > 0 {
		fmt.Fprintf(&b, "Calls elsewhere     %d made, %d failed, set up in p99 %v, slowest %v\n", r.Made, r.Failed,
			r.SetUp.Round(time.Millisecond), r.SlowestUp.Round(time.Millisecond))
	}
	fmt.Fprintf(&b, "Put off by servers  %d times\n", r.Refused)
	fmt.Fprintf(&b, "Violations          %d\n", r.Violations)
	for _, e := range r.Examples {
		fmt.Fprintf(&b, "  %s\n", e)
	}
	return b.String()
}
