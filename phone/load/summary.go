package load

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/phone"
)

// maxSamples bounds the times that are kept for percentiles, maxErrors the failures
// that are told in words.
const (
	maxSamples = 1_000_000
	maxErrors  = 10
)

// Summary is what came of a run. Its methods are safe for concurrent use.
type Summary struct {
	mu sync.Mutex
	// Registered and NotRegistered count phones, RegistrationTime is how long all took.
	Registered, NotRegistered int
	RegistrationTime          time.Duration
	// Made and Failed count calls; Skipped those for which no phone was free.
	Made, Failed, Skipped int
	CallTime              time.Duration
	// Lost of Expected packets arrived not; Strays came to closed ports.
	Expected uint64
	Lost     int64
	Strays   uint64
	// Violations counts departures of the server from what the phones' models expect.
	Violations int
	// Errors are the first failures, Examples the first violations.
	Errors, Examples []string

	registration, delay, answer []time.Duration
}

func newSummary() *Summary { return &Summary{} }

func (s *Summary) registered(err error, start time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.NotRegistered++
		s.fail(err)
		return
	}
	s.Registered++
	s.registration = keep(s.registration, time.Since(start))
}

func (s *Summary) fail(err error) {
	if len(s.Errors) < maxErrors {
		s.Errors = append(s.Errors, err.Error())
	}
}

func keep(list []time.Duration, d time.Duration) []time.Duration {
	if len(list) < maxSamples {
		list = append(list, d)
	}
	return list
}

func (s *Summary) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *Summary) registrationTook(d time.Duration) { s.locked(func() { s.RegistrationTime = d }) }
func (s *Summary) callsTook(d time.Duration)        { s.locked(func() { s.CallTime = d }) }
func (s *Summary) skip()                            { s.locked(func() { s.Skipped++ }) }
func (s *Summary) delayed(d time.Duration)          { s.locked(func() { s.delay = keep(s.delay, d) }) }
func (s *Summary) answered(d time.Duration)         { s.locked(func() { s.answer = keep(s.answer, d) }) }

func (s *Summary) called(err error) {
	s.locked(func() {
		if err != nil {
			s.Failed++
			s.fail(err)
			return
		}
		s.Made++
	})
}

// phone adds the counts of one phone.
func (s *Summary) phone(st phone.State) {
	s.locked(func() {
		for _, c := range append(st.Past, st.Calls...) {
			m := c.Media()
			s.Expected += m.Expected
			s.Lost += m.Lost
		}
		s.Strays += st.Strays
		s.Violations += len(st.Violations)
		for _, v := range st.Violations {
			if len(s.Examples) < maxErrors && !slices.Contains(s.Examples, v) {
				s.Examples = append(s.Examples, v)
			}
		}
	})
}

// Delay is a percentile (0 to 100) of the post-dial delay: from the last digit until
// the caller is told that it rings.
func (s *Summary) Delay(percent float64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return percentile(s.delay, percent)
}

// Answer is a percentile of the time from the first digit until the caller is connected.
func (s *Summary) Answer(percent float64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return percentile(s.answer, percent)
}

// Registration is a percentile of the time a registration took.
func (s *Summary) Registration(percent float64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return percentile(s.registration, percent)
}

func percentile(list []time.Duration, percent float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	at := int(percent / 100 * float64(len(sorted)))
	return sorted[min(max(at, 0), len(sorted)-1)]
}

func (s *Summary) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.NotRegistered == 0 && s.Failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d registrations and %d of %d calls failed", s.NotRegistered, s.Registered+s.NotRegistered,
		s.Failed, s.Made+s.Failed)
}

// Line is the present state in one line.
func (s *Summary) Line() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("registered %d (failed %d), calls made %d, failed %d, delay p50 %v p99 %v", s.Registered, s.NotRegistered,
		s.Made, s.Failed, milliseconds(percentile(s.delay, 50)), milliseconds(percentile(s.delay, 99)))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// String is the report of the run.
func (s *Summary) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "Phones registered   %d, failed %d, in %v (p50 %s, p99 %s)\n", s.Registered, s.NotRegistered,
		s.RegistrationTime.Round(time.Millisecond), milliseconds(percentile(s.registration, 50)), milliseconds(percentile(s.registration, 99)))
	if s.Made+s.Failed+s.Skipped > 0 {
		fmt.Fprintf(&b, "Calls made          %d, failed %d, skipped %d, in %v\n", s.Made, s.Failed, s.Skipped, s.CallTime.Round(time.Millisecond))
		fmt.Fprintf(&b, "Post-dial delay     p50 %s, p99 %s\n", milliseconds(percentile(s.delay, 50)), milliseconds(percentile(s.delay, 99)))
		fmt.Fprintf(&b, "Dialling to answer  p50 %s, p99 %s\n", milliseconds(percentile(s.answer, 50)), milliseconds(percentile(s.answer, 99)))
	}
	if s.Expected > 0 {
		fmt.Fprintf(&b, "Audio packets       %d expected, %d lost (%.3f %%), %d to closed ports\n", s.Expected, s.Lost,
			100*float64(s.Lost)/float64(s.Expected), s.Strays)
	}
	fmt.Fprintf(&b, "Violations          %d\n", s.Violations)
	for _, e := range s.Examples {
		fmt.Fprintf(&b, "  %s\n", e)
	}
	for _, e := range s.Errors {
		fmt.Fprintf(&b, "Failure: %s\n", e)
	}
	return b.String()
}
