package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"tandem/fault"
	"tandem/service/alarm"
	"tandem/service/counter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal records what services do.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := strings.Join(j.lines, ", ")
	j.lines = nil
	return text
}

// plain is a service that starts and stops at once.
func (j *journal) plain(name Name, needs ...Name) Definition {
	return Definition{Name: name, Needs: needs, Activated: true, Start: func(h *Host) error {
		j.add("+%s", name)
		h.OnStop(func(context.Context) error { j.add("-%s", name); return nil })
		h.Go("loop", func(ctx context.Context) error { <-ctx.Done(); return nil })
		return nil
	}}
}

func manager(t *testing.T, definitions ...Definition) (*Manager, *alarm.Board) {
	t.Helper()
	board := alarm.New(alarm.Options{})
	m, err := NewManager(Options{Alarms: board}, definitions...)
	if err != nil {
		t.Fatal(err)
	}
	return m, board
}

func shutdown(t *testing.T, m *Manager) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := m.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

func wantState(t *testing.T, m *Manager, name Name, want State) Status {
	t.Helper()
	s, err := m.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	if s.State != want {
		t.Errorf("%s is %s (%v), want %s", name, s.State, s.Fault, want)
	}
	return s
}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestOrderOfStartAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		m, _ := manager(t, j.plain(CallManager, DatabaseLayerMonitor, CDRInsert), j.plain(CDRInsert, DatabaseLayerMonitor), j.plain(DatabaseLayerMonitor))
		if r := m.Ready(); r.ExitStatus() != 1 {
			t.Errorf("before the start: %+v", r)
		}
		m.StartAll()
		if r := m.WaitReady(t.Context()); r.ExitStatus() != 0 {
			t.Errorf("%+v", r)
		}
		if got := j.take(); got != "+Database Layer Monitor, +CDR Insert, +CallManager" {
			t.Errorf("started %s", got)
		}
		shutdown(t, m)
		if got := j.take(); got != "-CallManager, -CDR Insert, -Database Layer Monitor" {
			t.Errorf("stopped %s", got)
		}
	})
}

func TestDefinitionsThatMakeNoSense(t *testing.T) {
	j := &journal{}
	for name, definitions := range map[string][]Definition{
		"twice":    {j.plain(Web), j.plain(Web)},
		"circle":   {j.plain(Web, TFTP), j.plain(TFTP, Web)},
		"unknown":  {j.plain(Web, TFTP)},
		"no Start": {{Name: Web}},
	} {
		if _, err := NewManager(Options{}, definitions...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestStopStartRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		always := j.plain(Web)
		always.Always = true
		m, _ := manager(t, j.plain(TFTP), always)
		m.StartAll()
		ctx := t.Context()
		m.WaitReady(ctx)
		j.take()
		if err := m.Stop(ctx, TFTP); err != nil {
			t.Error(err)
		}
		wantState(t, m, TFTP, Stopped)
		if r := m.Ready(); r.ExitStatus() != 3 || !slices.Equal(r.Down, []Name{TFTP}) {
			t.Errorf("with a stopped service: %+v", r)
		}
		if err := m.Start(ctx, TFTP); err != nil {
			t.Error(err)
		}
		if err := m.Start(ctx, TFTP); err != nil {
			t.Errorf("starting what runs: %v", err)
		}
		if err := m.Restart(ctx, TFTP); err != nil {
			t.Error(err)
		}
		if err := m.Restart(ctx, Web); err != nil {
			t.Error(err)
		}
		if got := j.take(); got != "-TFTP, +TFTP, -TFTP, +TFTP, -Web, +Web" {
			t.Error(got)
		}
		wantFault(t, m.Stop(ctx, Web), fault.ServiceAlwaysOn)
		wantFault(t, m.Deactivate(ctx, Web), fault.ServiceAlwaysOn)
		wantFault(t, m.Stop(ctx, "Coffee"), fault.ServiceUnknown)
		shutdown(t, m)
	})
}

func TestActivationIsKept(t *testing.T) {
	store := FileStore{filepath.Join(t.TempDir(), "services.json")}
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		definitions := []Definition{j.plain(DatabaseLayerMonitor), j.plain(CallManager, DatabaseLayerMonitor), j.plain(TFTP)}
		m, err := NewManager(Options{Store: store}, definitions...)
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		m.StartAll()
		m.WaitReady(ctx)
		wantFault(t, m.Deactivate(ctx, DatabaseLayerMonitor), fault.ServiceNeededBy)
		if err := m.Deactivate(ctx, CallManager); err != nil {
			t.Fatal(err)
		}
		if err := m.Deactivate(ctx, DatabaseLayerMonitor); err != nil {
			t.Fatal(err)
		}
		wantState(t, m, CallManager, Inactive)
		wantFault(t, m.Start(ctx, CallManager), fault.ServiceNotActivated)
		wantFault(t, m.Restart(ctx, CallManager), fault.ServiceNotActivated)
		wantFault(t, m.Activate(ctx, CallManager), fault.ServiceNeeds)
		if r := m.Ready(); r.ExitStatus() != 0 {
			t.Errorf("inactive services count: %+v", r)
		}
		recovery := Recovery{Restart: true, After: 3 * time.Second, Count: 2, Window: time.Hour}
		if err := m.SetRecovery(TFTP, recovery); err != nil {
			t.Fatal(err)
		}
		shutdown(t, m)
		j.take()

		m, err = NewManager(Options{Store: store}, definitions...)
		if err != nil {
			t.Fatal(err)
		}
		m.StartAll()
		m.WaitReady(ctx)
		if got := j.take(); got != "+TFTP" {
			t.Errorf("after the restart: %s", got)
		}
		if got := wantState(t, m, TFTP, Running).Recovery; got != recovery {
			t.Errorf("recovery %+v", got)
		}
		if err := m.Activate(ctx, DatabaseLayerMonitor); err != nil {
			t.Error(err)
		}
		wantState(t, m, DatabaseLayerMonitor, Running)
		shutdown(t, m)
	})
}

type brokenStore struct{}

func (brokenStore) Load() (map[Name]Settings, error) { return nil, nil }
func (brokenStore) Save(map[Name]Settings) error     { return errors.New("no space left on device") }

func TestT20_ActivationThatCannotBeStoredChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		m, err := NewManager(Options{Store: brokenStore{}}, j.plain(TFTP))
		if err != nil {
			t.Fatal(err)
		}
		m.StartAll()
		m.WaitReady(t.Context())
		wantFault(t, m.Deactivate(t.Context(), TFTP), fault.SettingsNotSaved)
		wantState(t, m, TFTP, Running)
		shutdown(t, m)
	})
}

// A service whose port another program holds stays down with an alarm that names the port, the others run, and it comes up
// by itself when the port is free.
func TestPortTaken(t *testing.T) {
	other, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := other.LocalAddr().String()
	_, port, _ := net.SplitHostPort(address)
	j := &journal{}
	m, board := manager(t, j.plain(Web), Definition{Name: TFTP, Activated: true, Start: func(h *Host) error {
		conn, err := net.ListenPacket("udp4", address)
		if err != nil {
			return PortFault(err, TFTP, "udp4", address)
		}
		h.OnStop(func(context.Context) error { return conn.Close() })
		return nil
	}})
	m.StartAll()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r := m.WaitReady(ctx)
	if r.ExitStatus() != 3 || !slices.Equal(r.Down, []Name{TFTP}) || len(r.Alarms) != 1 {
		t.Errorf("%+v", r)
	}
	status := wantState(t, m, TFTP, Failed)
	if status.Next.IsZero() || !strings.Contains(status.Fault.Message, port+"/udp of 127.0.0.1") {
		t.Errorf("%+v", status)
	}
	wantState(t, m, Web, Running)
	if a := board.Standing(); len(a) != 1 || a[0].Code != fault.PortTaken || a[0].Subject != "TFTP" {
		t.Errorf("%+v", a)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	for m.Ready().ExitStatus() != 0 && ctx.Err() == nil {
		m.mu.Lock()
		change := m.change
		m.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			t.Fatal("it does not come up although its port is free")
		}
	}
	if a := board.Standing(); len(a) != 0 {
		t.Errorf("alarms stand: %+v", a)
	}
	shutdown(t, m)
}

func TestPortsAreTriedWithLongerAndLongerPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var attempts []time.Duration
		m, board := manager(t, Definition{Name: TFTP, Activated: true, Start: func(*Host) error {
			attempts = append(attempts, time.Since(begin))
			return fault.New(fault.PortNotPermitted, "service", "TFTP", "port", "69/udp", "address", "0.0.0.0")
		}})
		m.StartAll()
		<-time.After(100 * time.Second)
		synctest.Wait()
		seconds := []time.Duration{0, 1, 3, 7, 15, 31, 61, 91}
		for i := range seconds {
			seconds[i] *= time.Second
		}
		if !slices.Equal(attempts, seconds) {
			t.Errorf("attempts at %v, want %v", attempts, seconds)
		}
		if a := board.Standing(); len(a) != 1 || a[0].Count != len(seconds) {
			t.Errorf("%+v", a)
		}
		if r := m.Ready(); r.ExitStatus() != 3 {
			t.Errorf("while it is tried again: %+v", r)
		}
		// An administrator does not have to wait.
		err := m.Start(t.Context(), TFTP)
		wantFault(t, err, fault.PortNotPermitted)
		shutdown(t, m)
		if a := board.Standing(); len(a) != 0 {
			t.Errorf("a stopped service has alarms: %+v", a)
		}
	})
}

func TestFailuresAreRestartedByTheRecoverySetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var starts []time.Duration
		var host *Host
		m, board := manager(t, Definition{
			Name: TFTP, Activated: true,
			Recovery: Recovery{Restart: true, After: 2 * time.Second, Count: 2, Window: time.Minute},
			Start: func(h *Host) error {
				starts = append(starts, time.Since(begin))
				host = h
				return nil
			},
		})
		m.StartAll()
		m.WaitReady(t.Context())
		for range 3 {
			host.Fail(errors.New("disk on fire"))
			host.Fail(errors.New("a second time"))
			<-time.After(2 * time.Second)
			synctest.Wait()
		}
		if want := []time.Duration{0, 2 * time.Second, 4 * time.Second}; !slices.Equal(starts, want) {
			t.Errorf("starts at %v, want %v", starts, want)
		}
		s := wantState(t, m, TFTP, Failed)
		if s.Restarts != 2 || !s.Next.IsZero() || s.Fault.Code != fault.ServiceGivenUp || !strings.Contains(s.Fault.Reason, "disk on fire") {
			t.Errorf("%+v", s)
		}
		if a := board.Standing(); len(a) != 1 || a[0].Code != fault.ServiceGivenUp {
			t.Errorf("%+v", a)
		}
		if err := m.Start(t.Context(), TFTP); err != nil {
			t.Fatal(err)
		}
		if a := board.Standing(); len(a) != 0 {
			t.Errorf("%+v", a)
		}
		// Failures further apart than the window are each the first.
		for range 5 {
			<-time.After(2 * time.Minute)
			host.Fail(errors.New("again"))
			synctest.Wait()
			<-time.After(3 * time.Second)
			synctest.Wait()
			wantState(t, m, TFTP, Running)
		}
		if err := m.SetRecovery(TFTP, Recovery{}); err != nil {
			t.Fatal(err)
		}
		host.Fail(errors.New("and now it stays down"))
		<-time.After(time.Hour)
		if s := wantState(t, m, TFTP, Failed); s.Fault.Code != fault.ServiceFailed || !s.Next.IsZero() {
			t.Errorf("%+v", s)
		}
		shutdown(t, m)
	})
}

func TestPanicsAreContained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := alarm.New(alarm.Options{})
		figures := counter.New()
		var story []string
		var host *Host
		starts := 0
		m, err := NewManager(Options{
			Alarms: board, Panics: figures.Counter("panics", "contained", "service"),
			Story: func(subject string, code fault.Code, sentence string) {
				story = append(story, subject+" "+string(code)+" "+sentence)
			},
		}, Definition{Name: CallManager, Activated: true, Start: func(h *Host) error {
			starts++
			host = h
			switch starts {
			case 1:
				var none []string
				h.Log().Info(none[starts])
			case 2:
				h.Go("listener", func(context.Context) error { panic("in the loop") })
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		m.StartAll()
		<-time.After(10 * time.Second)
		synctest.Wait()
		wantState(t, m, CallManager, Running)
		if starts != 3 {
			t.Errorf("%d starts", starts)
		}
		if !host.Guard("SEP001122334455", func() { panic("one call") }) || host.Guard("SEP001122334455", func() {}) {
			t.Error("Guard does not tell whether there was a panic")
		}
		s := wantState(t, m, CallManager, Running)
		if s.Panics != 3 || s.Restarts != 2 {
			t.Errorf("%+v", s)
		}
		if n, err := figures.Value("panics", "CallManager"); n != 3 || err != nil {
			t.Errorf("counted %v %v", n, err)
		}
		want := "SEP001122334455 TDM-SVC-0005 What it was doing was ended by a defect of the program."
		if len(story) != 3 || story[2] != want {
			t.Errorf("%q", story)
		}
		if past := board.History(); !slices.ContainsFunc(past, func(a alarm.Alarm) bool {
			return a.Code == fault.ServicePanic && strings.Contains(a.Reason, "one call")
		}) {
			t.Errorf("no event of the panic: %+v", past)
		}
		shutdown(t, m)
	})
}

func TestServiceThatNeedsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		broken := true
		database := j.plain(DatabaseLayerMonitor)
		start := database.Start
		database.Start = func(h *Host) error {
			if broken {
				return errors.New("corrupt")
			}
			return start(h)
		}
		database.Recovery = Recovery{Count: 1} // never restarted by itself
		m, _ := manager(t, database, j.plain(CallManager, DatabaseLayerMonitor), j.plain(Web))
		m.StartAll()
		if r := m.WaitReady(t.Context()); r.ExitStatus() != 3 || !slices.Equal(r.Down, []Name{DatabaseLayerMonitor, CallManager}) {
			t.Errorf("%+v", r)
		}
		if s := wantState(t, m, CallManager, Failed); s.Fault.Code != fault.ServiceNeeds {
			t.Errorf("%+v", s)
		}
		if got := j.take(); got != "+Web" {
			t.Error(got)
		}
		broken = false
		if err := m.Start(t.Context(), DatabaseLayerMonitor); err != nil {
			t.Fatal(err)
		}
		if r := m.WaitReady(t.Context()); r.ExitStatus() != 0 {
			t.Errorf("%+v", r)
		}
		// The loss of what it needed does not end calls.
		if err := m.Stop(t.Context(), DatabaseLayerMonitor); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantState(t, m, CallManager, Running)
		shutdown(t, m)
	})
}

func TestSlowStartAndStuckStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		starts := 0
		m, board := manager(t, Definition{
			Name: TFTP, Activated: true, StartWithin: 5 * time.Second, StopWithin: 3 * time.Second,
			Start: func(h *Host) error {
				starts++
				if starts == 1 {
					<-h.Context().Done() // hangs until it is given up
					return h.Context().Err()
				}
				h.Go("stubborn", func(context.Context) error { <-release; return nil })
				return nil
			},
		})
		m.StartAll()
		<-time.After(4 * time.Second)
		if r := m.Ready(); r.ExitStatus() != 1 {
			t.Errorf("while it starts: %+v", r)
		}
		<-time.After(time.Second + time.Millisecond)
		synctest.Wait()
		if s := wantState(t, m, TFTP, Failed); !strings.Contains(s.Fault.Reason, "did not start within 5s") {
			t.Errorf("%+v", s)
		}
		<-time.After(time.Second)
		synctest.Wait()
		wantState(t, m, TFTP, Running)

		begin := time.Now()
		wantFault(t, m.Stop(t.Context(), TFTP), fault.ServiceStuck)
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("gave up after %v", took)
		}
		if a := board.Standing(); len(a) != 1 || a[0].Code != fault.ServiceStuck {
			t.Errorf("%+v", a)
		}
		close(release)
		synctest.Wait()
		wantState(t, m, TFTP, Stopped)
		if a := board.Standing(); len(a) != 0 {
			t.Errorf("%+v", a)
		}
		if starts != 2 {
			t.Errorf("%d starts: a second run began beside the first", starts)
		}
		shutdown(t, m)
	})
}

func TestStopDuringStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := manager(t, Definition{Name: TFTP, Activated: true, Start: func(h *Host) error {
			<-h.Context().Done()
			return h.Context().Err()
		}})
		begin := time.Now()
		m.StartAll()
		synctest.Wait()
		if err := m.Stop(t.Context(), TFTP); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("took %v", took)
		}
		shutdown(t, m)
	})
}

func TestShutdownGivesUpAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		m, _ := manager(t, Definition{Name: TFTP, Activated: true, StopWithin: time.Hour, Start: func(h *Host) error {
			h.Go("stubborn", func(context.Context) error { <-release; return nil })
			return nil
		}})
		m.StartAll()
		m.WaitReady(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := m.Shutdown(ctx); err == nil || !strings.Contains(err.Error(), "TFTP") {
			t.Errorf("%v", err)
		}
		close(release)
		shutdown(t, m)
	})
}

// TestServiceIsBuiltAnew: a service that works with what another made is started anew when that one was, each once and in order, and goes on
// until then; others stay.
func TestServiceIsBuiltAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		keeps := func(d Definition) Definition { d.Keeps = true; return d }
		m, _ := manager(t, j.plain("database"), keeps(j.plain("records", "database")), keeps(j.plain("calls", "database", "records")),
			j.plain("web", "database"))
		m.StartAll()
		synctest.Wait()
		j.take()
		for range 3 {
			if err := m.Restart(t.Context(), "database"); err != nil {
				t.Fatal(err)
			}
			if r := m.WaitReady(t.Context()); r.ExitStatus() != 0 {
				t.Errorf("%+v", r)
			}
			synctest.Wait()
			got := strings.Split(j.take(), ", ")
			if len(got) != 6 || got[0] != "-database" || got[1] != "+database" || slices.Index(got, "+records") > slices.Index(got, "+calls") || slices.Contains(got, "-web") {
				t.Errorf("what was stopped and started: %v", got)
			}
		}
		shutdown(t, m)
	})
}

// TestStopOfAStartUnderWay: what a start that is given up registers after its end began is undone all the same.
func TestStopOfAStartUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		m, _ := manager(t, Definition{Name: "slow", Activated: true, StartWithin: time.Second, Start: func(h *Host) error {
			h.OnStop(func(context.Context) error { j.add("first"); return nil })
			<-h.Context().Done()
			time.Sleep(100 * time.Millisecond) // until the stop has begun
			port := make(chan struct{})
			h.OnStop(func(context.Context) error { j.add("second"); close(port); return nil })
			h.Go("listener", func(context.Context) error { <-port; return nil })
			return h.Context().Err()
		}})
		m.StartAll()
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if got := j.take(); got != "first, second" {
			t.Errorf("undone: %q", got)
		}
		shutdown(t, m)
	})
}
