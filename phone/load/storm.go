package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/phone"
)

// sampleEvery is how often the phones are looked at; when each came back it knows itself.
const sampleEvery = 200 * time.Millisecond

// StormOptions describe a loss of a server that thousands of phones notice at once.
type StormOptions struct {
	// Populations are the kinds of phones: SCCP phones, SIP phones. Phone.Servers lists the
	// server that will be lost first and its backups behind it. CallRate is not used.
	Populations []Options
	// Elsewhere are phones of servers that stay. They call each other at their CallRate from the loss until all are back.
	Elsewhere []Options
	// Talking pairs of each population are in a call when the server is lost; they must
	// keep it, and come to the backup when it ends. Talk is how long they go on.
	Talking int
	Talk    time.Duration
	// Lose takes the server away: kills it, freezes it, cuts it off.
	Lose func() error
	// Limit is how long the phones are waited for; 0 means two minutes.
	Limit time.Duration
	// Settle is how long the phones may take to have their spare connections before
	// that; 0 means a minute.
	Settle time.Duration
	// Progress, if not nil, gets a line every five seconds.
	Progress io.Writer
}

// Storm brings phones into service, takes their server away and measures how they come back. The result says what was
// measured, and Check whether it is enough; err says why nothing could be.
func Storm(ctx context.Context, o StormOptions) (*StormResult, error) {
	if o.Lose == nil {
		return nil, errors.New("nothing is said about how the server is lost")
	}
	o.Limit, o.Settle = orTime(o.Limit, 2*time.Minute), orTime(o.Settle, time.Minute)
	s := &storm{o: o, left: map[*phone.Phone]string{}}
	defer s.close()
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	calling := s.callElsewhere(ctx)
	defer calling()
	lost := time.Now()
	if err := o.Lose(); err != nil {
		return nil, fmt.Errorf("the server could not be taken away: %w", err)
	}
	talked := make(chan struct{})
	go func() {
		defer close(talked)
		s.talk(ctx)
	}()
	s.watch(ctx, lost)
	<-talked
	calling()
	s.collect()
	return &s.result, ctx.Err()
}

func orTime(d, standard time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return standard
}

type storm struct {
	o       StormOptions
	runners []*runner
	others  []*runner // phones elsewhere
	idle    []*phone.Phone
	pairs   [][2]*phone.Phone
	left    map[*phone.Phone]string // the server that each was with
	result  StormResult
}

func (s *storm) close() {
	for _, r := range slices.Concat(s.runners, s.others) {
		r.close()
	}
}

// callElsewhere lets the phones of the other servers call until the function that it returns is called. That waits for the calls that are up.
func (s *storm) callElsewhere(ctx context.Context) (end func()) {
	waiting, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, r := range s.others {
		all.Go(func() { r.callPairs(ctx, waiting, -1) })
	}
	return sync.OnceFunc(func() {
		cancel()
		all.Wait()
	})
}

// prepare registers the phones, waits for their spare connections and lets pairs call each other.
func (s *storm) prepare(ctx context.Context) error {
	var all sync.WaitGroup
	for i, o := range slices.Concat(s.o.Populations, s.o.Elsewhere) {
		lost := i < len(s.o.Populations)
		if lost {
			o.CallRate = 0
		}
		if err := o.check(); err != nil {
			return err
		}
		if lost && o.Count < 2*s.o.Talking {
			return fmt.Errorf("%d phones cannot be %d pairs", o.Count, s.o.Talking)
		}
		r := &runner{o: o, sum: newSummary()}
		if lost {
			s.runners = append(s.runners, r)
		} else {
			s.others = append(s.others, r)
		}
		if err := r.make(); err != nil {
			return err
		}
		all.Go(func() { r.register(ctx) })
	}
	all.Wait()
	for _, r := range slices.Concat(s.runners, s.others) {
		if err := r.sum.failure(); err != nil {
			return fmt.Errorf("%w; the first: %s", err, strings.Join(r.sum.Errors, "; "))
		}
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	talking := map[*phone.Phone]bool{}
	for _, r := range s.runners {
		home := r.atHome() // on a busy machine one may be at its backup already
		if len(home) < 2*s.o.Talking {
			return fmt.Errorf("%d phones are at %s, and %d are to talk", len(home), r.o.Phone.Servers[0], 2*s.o.Talking)
		}
		for pair := range s.o.Talking {
			i, j := home[2*pair], home[2*pair+1]
			a, b := r.phones[i], r.phones[j]
			if err := s.connect(ctx, a, b, r.number(j), !r.o.NoMedia); err != nil {
				return err
			}
			s.pairs = append(s.pairs, [2]*phone.Phone{a, b})
			talking[a], talking[b] = true, true
		}
	}
	for _, r := range s.runners {
		for _, p := range r.phones {
			server, _, ok := p.Home()
			talks := talking[p]
			switch {
			case ok && server == r.o.Phone.Servers[0]:
				s.left[p] = server
				if !talks {
					s.idle = append(s.idle, p)
				}
			case talks:
				return fmt.Errorf("%s talks at %q and not at %s, which will be taken away", p.Name(), server, r.o.Phone.Servers[0])
			}
		}
	}
	s.result.Phones, s.result.Idle = len(s.left), len(s.idle)
	return nil
}

// atHome lists the phones that are at their first server, by index.
func (r *runner) atHome() (home []int) {
	for i, p := range r.phones {
		if server, _, ok := p.Home(); ok && server == r.o.Phone.Servers[0] {
			home = append(home, i)
		}
	}
	return home
}

// settle waits until every SCCP phone that has a backup has its spare connection there.
func (s *storm) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.Settle)
	defer cancel()
	for _, r := range s.runners {
		if r.o.Phone.Protocol != phone.SCCP || len(r.o.Phone.Servers) < 2 || phone.Profiles[r.o.Phone.Model].NoStandby {
			continue
		}
		for _, p := range r.phones {
			if err := p.WaitFor(ctx, "a spare connection", func(st *phone.State) bool { return st.Standby != "" }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *storm) connect(ctx context.Context, a, b *phone.Phone, number string, media bool) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := a.Dial(ctx, number); err != nil {
		return err
	}
	for _, p := range []*phone.Phone{a, b} { // the called one answers by itself
		if _, err := p.WaitCall(ctx, phone.Connected); err != nil {
			return err
		}
		if media {
			if err := p.WaitFor(ctx, "audio", func(st *phone.State) bool {
				c := st.Call(phone.Connected)
				return c != nil && c.Media().Received > 0
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// watch looks until every idle phone is with another server, or the limit is over.
func (s *storm) watch(ctx context.Context, lost time.Time) {
	waiting := slices.Clone(s.idle)
	told := lost
	for end := lost.Add(s.o.Limit); len(waiting) > 0 && time.Now().Before(end); {
		waiting = slices.DeleteFunc(waiting, func(p *phone.Phone) bool {
			server, since, ok := p.Home()
			if !ok || server == s.left[p] || since.Before(lost) {
				return false
			}
			s.result.Back = append(s.result.Back, since.Sub(lost))
			n := p.Repeated() // before the phone begins to ask whether the lost server answers again
			s.result.Repeated = max(s.result.Repeated, n)
			s.result.RepeatedAll += n
			return true
		})
		if s.o.Progress != nil && time.Since(told) >= 5*time.Second {
			told = time.Now()
			fmt.Fprintf(s.o.Progress, "after %v: %d of %d are back\n", time.Since(lost).Round(time.Second), len(s.result.Back), len(s.idle))
		}
		if !sleepUntil(ctx, time.Now().Add(sampleEvery)) {
			break
		}
	}
	s.result.NotBack = len(waiting)
	for _, p := range waiting[:min(len(waiting), maxErrors)] {
		st := p.State()
		s.result.Examples = append(s.result.Examples, fmt.Sprintf("%s is %s at %q: %s", p.Name(), st.Registration, st.Server, st.Reason))
	}
	slices.Sort(s.result.Back)
}

// talk lets the calls go on, sees whether they do, ends them and waits for their phones.
func (s *storm) talk(ctx context.Context) {
	sleepUntil(ctx, time.Now().Add(orTime(s.o.Talk, 5*time.Second)))
	ctx, cancel := context.WithTimeout(ctx, s.o.Limit)
	defer cancel()
	for _, pair := range s.pairs {
		if s.speaking(ctx, pair) {
			s.result.Kept++
		} else {
			s.result.Broken++
		}
		for _, p := range pair {
			_ = p.Hangup()
		}
	}
	for _, pair := range s.pairs {
		for _, p := range pair {
			if p.WaitFor(ctx, "another server", func(st *phone.State) bool {
				return st.Registration == phone.Registered && st.Server != s.left[p] && len(st.Calls) == 0
			}) == nil {
				s.result.Freed++
			}
		}
	}
}

// speaking says that both ends still show their call, and still hear something where there is audio at all.
func (s *storm) speaking(ctx context.Context, pair [2]*phone.Phone) bool {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for _, p := range pair {
		st := p.State()
		c := st.Call(phone.Connected)
		if c == nil {
			return false
		}
		heard := c.Media()
		if !heard.Receiving {
			continue // signalling alone
		}
		if p.WaitFor(ctx, "audio that goes on", func(st *phone.State) bool {
			now := st.Call(phone.Connected)
			return now != nil && now.Media().Received > heard.Received
		}) != nil {
			return false
		}
	}
	return true
}

func (s *storm) collect() {
	for _, r := range s.others {
		s.result.Made += r.sum.Made
		s.result.Failed += r.sum.Failed
		s.result.SetUp = max(s.result.SetUp, r.sum.Answer(99))
		s.result.SlowestUp = max(s.result.SlowestUp, r.sum.Answer(100))
		s.result.Examples = append(s.result.Examples, r.sum.Errors...)
	}
	for _, r := range s.runners {
		r.collect()
		s.result.Violations += r.sum.Violations
		s.result.Examples = append(s.result.Examples, r.sum.Examples...)
		for _, p := range r.phones {
			s.result.Refused += p.State().PutOff
		}
	}
	s.result.Examples = s.result.Examples[:min(len(s.result.Examples), maxErrors)]
}
