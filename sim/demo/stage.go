package demo

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tandem/admin/client"
	"tandem/phone"
	"tandem/phone/audio"
	"tandem/sim/lab"
	"tandem/sim/peer"
)

// stepLimit bounds each step of a scene.
const stepLimit = 5 * time.Second

// actor is a person with a telephone.
type actor struct {
	telephone
	name, number, device string
	place                int // from 1: gives the sound by which the actor is known
}

func (a *actor) tone() int { return 40 * a.place }

// stage is where scenes are played.
type stage struct {
	ctx    context.Context
	server *lab.Server
	print  *printer
	actors []*actor
	engine *audio.Engine
	limit  time.Duration // bounds each step; 0 means stepLimit

	results []result
}

// result is a scene that was played.
type result struct {
	title   string
	checks  int
	wrong   int
	records int
	began   time.Time
	took    time.Duration
}

// enter brings the actors on, each with a telephone in service.
func (s *stage) enter(program, directory string) error {
	s.engine = audio.NewEngine()
	people := []struct{ name, number, device, kind, model, user, password string }{
		{"Ada", "3001", "SIP3001", "SIP test phone", "", "ada", "ada-says-hello"},
		{"Ben", "3002", "SIP3002", "SIP test phone", "", "ben", "ben-says-hello"},
		{"Cleo", "3003", "SEP02000000C003", "Cisco 7960", "7960", "", ""},
		{"Dan", "3004", "SEP02000000D004", "Cisco 7961", "7961", "", ""},
	}
	s.print.section("Four phones register")
	for i, p := range people {
		a := &actor{name: p.name, number: p.number, device: p.device, place: i + 1}
		say := audio.Sound{Tone: audio.IdentityTone(a.tone())}
		config := phone.Config{Name: p.device, Engine: s.engine, Sound: say, Local: loopback}
		var err error
		switch {
		case p.model != "":
			config.Protocol, config.Model, config.TFTP = phone.SCCP, p.model, s.server.Address("tftp")
			a.telephone, err = newOurs(config, p.kind, true)
		case program == baresip && i == 0:
			home := filepath.Join(directory, program)
			if err = os.Mkdir(home, 0o700); err != nil {
				return err
			}
			var b *peer.Baresip
			b, err = peer.StartBaresip(s.ctx, peer.BaresipOptions{Directory: home, Number: p.number, User: p.user, Password: p.password,
				Server: s.server.Address("sip"), Say: say.Tone})
			if err == nil {
				a.telephone = &programPhone{Baresip: b, server: s.server.Address("sip")}
			}
		default:
			config.Protocol, config.Servers = phone.SIP, []string{s.server.Address("sip")}
			config.Lines = []phone.LineConfig{{User: p.number, Display: p.name, AuthUser: p.user, Password: p.password}}
			a.telephone, err = newOurs(config, p.kind, false)
		}
		if err != nil {
			return err
		}
		s.actors = append(s.actors, a)
		began := time.Now()
		ctx, cancel := context.WithTimeout(s.ctx, 2*stepLimit)
		how, err := a.Register(ctx)
		cancel()
		if err != nil {
			return fmt.Errorf("%s's phone %s does not come into service: %w", a.name, a.device, err)
		}
		s.print.registered(a, how, time.Since(began))
	}
	return nil
}

func newOurs(c phone.Config, kind string, tftp bool) (telephone, error) {
	p, err := phone.New(c)
	if err != nil {
		return nil, err
	}
	return ours{p, kind, tftp}, nil
}

// close takes the phones away.
func (s *stage) close() {
	for _, a := range s.actors {
		a.Close()
	}
	if s.engine != nil {
		s.engine.Close()
	}
}

// farewell tells what the phones had to complain about, and returns how much was wrong in all.
func (s *stage) farewell() (wrong int) {
	for _, r := range s.results {
		wrong += r.wrong
	}
	var complaints []string
	for _, a := range s.actors {
		for _, c := range a.Complaints() {
			complaints = append(complaints, a.name+"'s phone: "+c)
		}
	}
	s.print.complaints(complaints)
	return wrong + len(complaints)
}

// bounded is the context of one step.
func (s *stage) bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, cmp.Or(s.limit, stepLimit))
}

// take is one playing of a scene.
type take struct {
	*stage
	result
	failed bool
}

// step does a part of a scene and shows how it went. After a part that failed the others are left out: they would only fail too.
func (t *take) step(what string, do func(ctx context.Context) error) {
	if t.failed {
		return
	}
	ctx, cancel := t.bounded()
	defer cancel()
	err := do(ctx)
	t.checks++
	if err != nil {
		t.wrong++
		t.failed = true
	}
	t.print.check(what, err)
}

// play plays one scene, shows its picture and its records, and cleans up.
func (s *stage) play(number int, sc scene) {
	t := &take{stage: s, result: result{title: sc.title, began: time.Now()}}
	s.print.scene(number, sc.title, sc.about)
	sc.play(t, s.actors[0], s.actors[1], s.actors[2], s.actors[3])
	for _, a := range s.actors {
		if t.failed {
			_ = a.Hangup()
		}
		t.idle(a)
	}
	t.records(sc)
	t.took = time.Since(t.began)
	s.results = append(s.results, t.result)
}

// idle waits until an actor has no call.
func (t *take) idle(a *actor) {
	ctx, cancel := t.bounded()
	defer cancel()
	if err := a.WaitIdle(ctx); err != nil {
		t.checks++
		t.wrong++
		t.print.check(a.name+"'s phone is idle again", err)
	}
}

// records draws the calls of the scene and holds their records to what is expected.
func (t *take) records(sc scene) {
	ctx, cancel := context.WithTimeout(t.ctx, stepLimit)
	defer cancel()
	records, err := t.server.Records(ctx, client.RecordQuery{Since: t.began}, len(sc.records))
	slices.SortStableFunc(records, func(a, b client.Record) int { return a.Began.Compare(b.Began) })
	t.result.records = len(records)
	var calls []string
	for _, r := range records {
		if !slices.Contains(calls, r.Call) {
			calls = append(calls, r.Call)
		}
	}
	for _, call := range calls {
		story, ladder, e := t.server.Story(ctx, call)
		if e != nil {
			t.print.check("The server draws call "+call, e)
			t.checks, t.wrong = t.checks+1, t.wrong+1
			continue
		}
		t.print.ladder(ladder, story.Server, t.actors)
	}
	t.checks++
	if err == nil {
		err = judge(records, sc.records)
	}
	if err != nil {
		t.wrong++
	}
	t.print.records(records, err)
}

// expectation of a call record. A number of "" is not looked at.
type expectation struct {
	calling, called, final string
	redirected             string // who sent it on
	answered               bool
	cause                  int
	transferred            bool
}

func (e expectation) String() string {
	text := e.calling + " to " + e.called
	if e.final != e.called {
		text += " at " + e.final
	}
	if e.redirected != "" {
		text += " by " + e.redirected
	}
	if !e.answered {
		text += ", not answered"
	}
	return fmt.Sprintf("%s, cause %d", text, e.cause)
}

func (e expectation) met(r client.Record) bool {
	same := func(want, have string) bool { return want == "" || want == have }
	return same(e.calling, r.Calling) && same(e.called, r.OriginalCalled) && same(e.final, r.FinalCalled) &&
		same(e.redirected, r.LastRedirect) && e.answered == (r.Answered != nil) && (e.cause == anyCause || e.cause == r.Cause) && (!e.transferred || r.Transferred)
}

// judge compares records with what is expected; their order does not matter.
func judge(records []client.Record, want []expectation) error {
	left := slices.Clone(records)
	var missing []string
	for _, e := range want {
		if i := slices.IndexFunc(left, e.met); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			missing = append(missing, e.String())
		}
	}
	switch {
	case len(missing) > 0:
		return fmt.Errorf("there is no record of %s", strings.Join(missing, "; nor of "))
	case len(left) > 0:
		return fmt.Errorf("there are %d records that nobody expected", len(left))
	}
	return nil
}
