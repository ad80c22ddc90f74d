// Package load runs test phones by the thousand: it registers them, lets pairs of
// them call each other at a rate, and reports what was made, what failed and how
// long it took. It knows no protocol; phones come from package phone.
package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"time"

	"tandem/phone"
	"tandem/phone/audio"
)

// Options describe a run.
type Options struct {
	// Phone is the pattern of all phones; Name, Lines and Sound are filled in.
	Phone phone.Config
	// Name and Number are patterns with one verb for an integer, such as
	// "SEP00000000%04d" and "%d"; the first phone gets First.
	Name, Number string
	First        int
	// Called are the servers of every second phone, those that are called; nil: those of Phone.
	Called []string
	// Password of SIP phones; each phone's user and login is its number.
	Password string
	// Count phones are made; pairs of neighbours call each other.
	Count int
	// RegisterRate is registrations a second, 0 means 200.
	RegisterRate float64
	// CallRate is calls a second over all; 0 means registration only.
	CallRate float64
	// Talk is how long a call lasts, Ring how long the called phone lets it ring.
	Talk, Ring time.Duration
	// Duration is how long calls are made; 0 makes one call with each pair.
	Duration time.Duration
	// Stay is how long the phones stay in service afterwards; then the report says how they
	// came through losses of their servers.
	Stay time.Duration
	// Mix is the share of each kind of call.
	Mix Mix
	// NoMedia leaves the audio out; CheckAudio fails calls that do not hear the
	// other's tone.
	NoMedia, CheckAudio bool
	// Progress, if not nil, gets a line every five seconds.
	Progress io.Writer
	// Spread uses this many source addresses after Phone.Local, one phone after
	// another; 0 means one.
	Spread int
}

// Mix are weights of kinds of calls; all zero means plain calls only.
type Mix struct {
	// Plain: answered, talked, hung up by the caller. Callee: hung up by the called
	// phone. Hold: with hold and resume. Abandon: given up while it rings. EnBloc:
	// the number at once.
	Plain, Callee, Hold, Abandon, EnBloc int
}

// kind is one kind of call.
type kind uint8

const (
	plainCall kind = iota
	calleeEnds
	holdCall
	abandonCall
	enBlocCall
)

func (m Mix) pick() kind {
	weights := []int{m.Plain, m.Callee, m.Hold, m.Abandon, m.EnBloc}
	total := 0
	for _, w := range weights {
		total += max(w, 0)
	}
	if total == 0 {
		return plainCall
	}
	at := rand.IntN(total)
	for k, w := range weights {
		if at -= max(w, 0); at < 0 {
			return kind(k)
		}
	}
	return plainCall
}

// callTimeout bounds every step of a call.
const callTimeout = 20 * time.Second

// checkPattern makes sure that a pattern has one verb for an integer and nothing
// else to fill in.
func checkPattern(what, pattern string) error {
	text := fmt.Sprintf(pattern, 1234)
	if strings.Contains(text, "%!") || text == fmt.Sprintf(pattern, 1235) {
		return fmt.Errorf("%s %q: it needs one place for the phone's number, such as %%d or %%06X", what, pattern)
	}
	return nil
}

func (o *Options) check() error {
	if o.Count < 1 || o.Count > 100_000 {
		return fmt.Errorf("%d phones: 1 to 100 000 can be made", o.Count)
	}
	if err := checkPattern("name", o.Name); err != nil {
		return err
	}
	if err := checkPattern("number", o.Number); err != nil {
		return err
	}
	if o.RegisterRate <= 0 {
		o.RegisterRate = 200
	}
	if o.Talk <= 0 {
		o.Talk = 2 * time.Second
	}
	if o.CallRate > 0 && o.Count < 2 {
		return errors.New("calls need two phones")
	}
	return nil
}

// Run makes the phones, registers them, lets them call and writes a summary to out.
// It returns the summary too; err says why the run could not be made, or that
// registrations or calls failed.
func Run(ctx context.Context, o Options, out io.Writer) (*Summary, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	r := &runner{o: o, sum: newSummary()}
	defer r.close()
	if err := r.make(); err != nil {
		return nil, err
	}
	stop := r.progress(ctx)
	r.register(ctx)
	if o.CallRate > 0 && ctx.Err() == nil {
		r.calls(ctx)
	}
	if o.Stay > 0 && ctx.Err() == nil {
		if err := r.stay(ctx, o.Stay, out); err != nil {
			stop()
			return r.sum, err
		}
	}
	stop()
	r.collect()
	if _, err := io.WriteString(out, r.sum.String()); err != nil {
		return r.sum, err
	}
	return r.sum, r.sum.failure()
}

type runner struct {
	o      Options
	engine *audio.Engine
	phones []*phone.Phone
	sum    *Summary
	inUse  []bool // callers by pair; guarded by mu
	mu     sync.Mutex
}

func (r *runner) number(i int) string { return fmt.Sprintf(r.o.Number, r.o.First+i) }

func (r *runner) make() error {
	r.engine = audio.NewEngine()
	r.engine.Stride = max(1, r.o.Count/100) // the more phones, the rarer each listens
	r.engine.Stride = min(r.engine.Stride, 8)
	local := r.o.Phone.Local
	for i := range r.o.Count {
		cfg := r.o.Phone
		cfg.Name = fmt.Sprintf(r.o.Name, r.o.First+i)
		cfg.Engine = r.engine
		cfg.Sound = audio.Sound{Tone: audio.IdentityTone(i)}
		cfg.Habits.NoMedia = r.o.NoMedia
		cfg.Trace = -1
		if local.IsValid() {
			cfg.Local = advance(local, i%max(r.o.Spread, 1))
		}
		if i%2 == 1 {
			cfg.AutoAnswer = max(r.o.Ring, time.Millisecond)
			if r.o.Called != nil {
				cfg.Servers = r.o.Called
			}
		}
		if cfg.Protocol == phone.SIP {
			cfg.Lines = []phone.LineConfig{{User: r.number(i), Password: r.o.Password}}
		}
		p, err := phone.New(cfg)
		if err != nil {
			return err
		}
		r.phones = append(r.phones, p)
	}
	r.inUse = make([]bool, r.o.Count/2)
	return nil
}

// advance is the address n after another.
func advance(a netip.Addr, n int) netip.Addr {
	for range n {
		a = a.Next()
	}
	return a
}

func (r *runner) close() {
	var all sync.WaitGroup
	slots := make(chan struct{}, 200)
	for _, p := range r.phones {
		all.Add(1)
		slots <- struct{}{}
		go func() {
			defer all.Done()
			p.Close()
			<-slots
		}()
	}
	all.Wait()
	if r.engine != nil {
		r.engine.Close()
	}
}

// register brings all phones into service at the rate asked for.
func (r *runner) register(ctx context.Context) {
	var all sync.WaitGroup
	begin := time.Now()
	for i, p := range r.phones {
		if !sleepUntil(ctx, begin.Add(time.Duration(float64(i)/r.o.RegisterRate*float64(time.Second)))) {
			break
		}
		all.Add(1)
		go func() {
			defer all.Done()
			ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
			defer cancel()
			start := time.Now()
			r.sum.registered(p.Start(ctx), start)
		}()
	}
	all.Wait()
	r.sum.registrationTook(time.Since(begin))
}

func sleepUntil(ctx context.Context, at time.Time) bool {
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// calls starts calls at the rate asked for until the time is over.
func (r *runner) calls(ctx context.Context) {
	if r.o.Duration == 0 {
		r.callPairs(ctx, ctx, r.o.Count/2)
		return
	}
	waiting, cancel := context.WithTimeout(ctx, r.o.Duration)
	defer cancel()
	r.callPairs(ctx, waiting, -1)
}

// callPairs starts so many calls, without an end if that is negative, while waiting lasts. Then it waits for those that are up, as long
// as ctx lasts.
func (r *runner) callPairs(ctx, waiting context.Context, most int) {
	var all sync.WaitGroup
	begin := time.Now()
	pairs := r.o.Count / 2
	for n := 0; n != most; n++ {
		at := begin.Add(time.Duration(float64(n) / r.o.CallRate * float64(time.Second)))
		if !sleepUntil(waiting, at) {
			break
		}
		pair := r.take(n % pairs)
		if pair < 0 {
			r.sum.skip() // every phone is in a call: the rate is too high for the count
			continue
		}
		all.Add(1)
		go func() {
			defer all.Done()
			r.call(ctx, pair)
			r.mu.Lock()
			r.inUse[pair] = false
			r.mu.Unlock()
		}()
	}
	all.Wait()
	r.sum.callsTook(time.Since(begin))
}

// take reserves a free pair, from the given one on.
func (r *runner) take(from int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.inUse {
		pair := (from + i) % len(r.inUse)
		if !r.inUse[pair] {
			r.inUse[pair] = true
			return pair
		}
	}
	return -1
}

// call makes one call between the two phones of a pair.
func (r *runner) call(ctx context.Context, pair int) {
	a, b := r.phones[2*pair], r.phones[2*pair+1]
	k := r.o.Mix.pick()
	err := r.oneCall(ctx, a, b, 2*pair, k)
	if err != nil && ctx.Err() != nil {
		return // the run was ended, not the call's fault
	}
	r.sum.called(err)
	if err != nil {
		// Leave the pair usable.
		_, _ = a.Hangup(), b.Hangup()
		clear, cancel := context.WithTimeout(ctx, callTimeout)
		_, _ = a.WaitIdle(clear), b.WaitIdle(clear)
		cancel()
	}
}

func (r *runner) oneCall(ctx context.Context, a, b *phone.Phone, index int, k kind) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout+r.o.Talk+r.o.Ring)
	defer cancel()
	if err := idle(ctx, a, b); err != nil {
		return err
	}
	start := time.Now()
	dial := a.Dial
	if k == enBlocCall {
		dial = func(_ context.Context, n string) error { return a.DialEnBloc(n) }
	}
	if err := dial(ctx, r.number(index+1)); err != nil {
		return err
	}
	dialed := time.Now()
	if k == enBlocCall || a.State().Version == 0 {
		dialed = start
	}
	c, err := a.WaitCall(ctx, phone.RingingOut, phone.Connected, phone.Busy, phone.Congested, phone.InvalidNumber)
	if err != nil {
		return err
	}
	if c.State != phone.RingingOut && c.State != phone.Connected {
		return fmt.Errorf("%s: the call was %s %s", a.Name(), c.State, c.Cause)
	}
	r.sum.delayed(time.Since(dialed))
	if k == abandonCall {
		if err := a.Hangup(); err != nil {
			return err
		}
		return idle(ctx, a, b)
	}
	if _, err = a.WaitCall(ctx, phone.Connected); err != nil {
		return err
	}
	r.sum.answered(time.Since(start))
	if err := r.talk(ctx, a, b, index, k); err != nil {
		return err
	}
	last := a
	if k == calleeEnds {
		last = b
	}
	if err := last.Hangup(); err != nil {
		return err
	}
	return idle(ctx, a, b)
}

func (r *runner) talk(ctx context.Context, a, b *phone.Phone, index int, k kind) error {
	half := r.o.Talk
	if k == holdCall {
		half /= 2
	}
	if !sleepUntil(ctx, time.Now().Add(half)) {
		return ctx.Err()
	}
	if err := r.listen(ctx, a, b, index); err != nil {
		return err
	}
	if k != holdCall {
		return nil
	}
	if err := a.Hold(); err != nil {
		return err
	}
	if _, err := a.WaitCall(ctx, phone.OnHold); err != nil {
		return err
	}
	if err := a.Resume(); err != nil {
		return err
	}
	if _, err := a.WaitCall(ctx, phone.Connected); err != nil {
		return err
	}
	if !sleepUntil(ctx, time.Now().Add(half)) {
		return ctx.Err()
	}
	return r.listen(ctx, a, b, index)
}

// listen checks that both hear the other's tone.
func (r *runner) listen(ctx context.Context, a, b *phone.Phone, index int) error {
	if !r.o.CheckAudio || r.o.NoMedia {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := a.WaitHears(ctx, audio.IdentityTone(index+1), time.Millisecond); err != nil {
		return err
	}
	return b.WaitHears(ctx, audio.IdentityTone(index), time.Millisecond)
}

func idle(ctx context.Context, phones ...*phone.Phone) error {
	for _, p := range phones {
		if err := p.WaitIdle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// progress writes a line every five seconds until the function it returns is called.
func (r *runner) progress(ctx context.Context) (stop func()) {
	if r.o.Progress == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for sleepUntil(ctx, time.Now().Add(5*time.Second)) {
			fmt.Fprintln(r.o.Progress, r.sum.Line())
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// collect sums what the phones counted.
func (r *runner) collect() {
	for _, p := range r.phones {
		s := p.State()
		r.sum.phone(s)
	}
}
