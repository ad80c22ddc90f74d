package service

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/fault"
	"tandem/service/alarm"
	"tandem/service/counter"
)

// Definition describes a service to the Manager.
type Definition struct {
	Name      Name
	About     string   // its job, one line
	Needs     []Name   // services that run before this one starts. Their loss later does not stop it.
	Keeps     bool     // it works with what these made: when one of them was started anew, so is it
	Always    bool     // it cannot be deactivated or stopped, only restarted
	Activated bool     // whether it is activated on a server that was never asked; Always implies it
	Recovery  Recovery // what happens after a failure if nothing else was chosen; zero for DefaultRecovery

	// Start brings the service up and returns nil once it accepts work. It may be called again after a failure or a stop.
	Start func(*Host) error

	StartWithin time.Duration // deadline of Start, default 30 s
	StopWithin  time.Duration // deadline of a stop, default 10 s
}

// Options are what a Manager works with. Only Log and Alarms matter in production beside Store; all may be nil.
type Options struct {
	Log    *slog.Logger
	Alarms *alarm.Board
	Panics *counter.Counter // contained panics, by service
	Story  func(subject string, code fault.Code, sentence string)
	Store  Store            // nil: settings are kept in memory only
	Now    func() time.Time // nil for time.Now
}

// Manager supervises the services of one server. Its methods may be called from any goroutine.
type Manager struct {
	opts  Options
	order []*unit // services after those which they need

	mu      sync.Mutex
	units   map[Name]*unit
	change  chan struct{} // closed and replaced at every change of a state or a wish
	running bool          // StartAll was called
	saving  sync.Mutex    // one change of settings at a time
}

// unit is one service and the goroutine that owns its runs. Its fields are guarded by Manager.mu.
type unit struct {
	def      Definition
	settings Settings

	want     bool // it shall run
	quit     bool // the goroutine shall end when the service is down
	state    State
	since    time.Time
	fault    *fault.Error
	next     time.Time // earliest time of the next attempt
	gaveUp   bool      // no further attempt until somebody starts it
	restarts int
	runs     int          // how often it came up
	built    map[Name]int // runs of those that it needs, when it was started
	panics   int
	raised   []fault.Code // alarms about it that stand

	failures []time.Time // within the window of its recovery setting
	backoff  time.Duration
	ended    chan struct{}
}

// NewManager checks the definitions, loads the settings and returns a manager that has started nothing.
func NewManager(opts Options, definitions ...Definition) (*Manager, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	m := &Manager{opts: opts, units: map[Name]*unit{}, change: make(chan struct{})}
	var saved map[Name]Settings
	if opts.Store != nil {
		var err error
		if saved, err = opts.Store.Load(); err != nil {
			return nil, fmt.Errorf("loading the settings of the services: %w", err)
		}
	}
	for _, d := range definitions {
		if m.units[d.Name] != nil {
			return nil, fmt.Errorf("service %s is defined twice", d.Name)
		}
		if d.Start == nil {
			return nil, fmt.Errorf("service %s cannot start", d.Name)
		}
		d.StartWithin = cmp.Or(d.StartWithin, 30*time.Second)
		d.StopWithin = cmp.Or(d.StopWithin, 10*time.Second)
		if d.Recovery == (Recovery{}) {
			d.Recovery = DefaultRecovery
		}
		settings, ok := saved[d.Name]
		if !ok {
			settings = Settings{Activated: d.Activated, Recovery: d.Recovery}
		}
		settings.Activated = settings.Activated || d.Always
		u := &unit{def: d, settings: settings, since: opts.Now(), ended: make(chan struct{})}
		if settings.Activated {
			u.state = Stopped
		}
		m.units[d.Name] = u
	}
	for _, d := range definitions {
		if err := m.place(m.units[d.Name], nil); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// place appends u to the order after everything that it needs.
func (m *Manager) place(u *unit, path []string) error {
	if slices.Contains(m.order, u) {
		return nil
	}
	name := string(u.def.Name)
	if slices.Contains(path, name) {
		return fmt.Errorf("services need one another in a circle: %s", strings.Join(append(path, name), ", "))
	}
	for _, need := range u.def.Needs {
		n := m.units[need]
		if n == nil {
			return fmt.Errorf("service %s needs %s, which is not defined", name, need)
		}
		if err := m.place(n, append(path, name)); err != nil {
			return err
		}
	}
	m.order = append(m.order, u)
	return nil
}

// StartAll starts every activated service, each when what it needs is running, and returns at once. It is called once.
func (m *Manager) StartAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = true
	for _, u := range m.order {
		if u.settings.Activated {
			u.want = true
			m.set(u, Starting, nil)
		}
		go m.supervise(u)
	}
	m.changed()
}

// Shutdown stops all services, those first which nothing else needs, and waits for them. When ctx ends it gives up waiting.
func (m *Manager) Shutdown(ctx context.Context) error {
	m.mu.Lock()
	if !m.running {
		m.mu.Unlock()
		return nil
	}
	m.mu.Unlock()
	var busy []string
	for _, u := range slices.Backward(m.order) {
		m.mu.Lock()
		u.want, u.quit = false, true
		m.changed()
		m.mu.Unlock()
		select {
		case <-u.ended:
		case <-ctx.Done():
			busy = append(busy, string(u.def.Name))
		}
	}
	if busy != nil {
		return fmt.Errorf("still busy: %s: %w", strings.Join(busy, ", "), ctx.Err())
	}
	return nil
}

// Start starts an activated service and waits until it runs or has failed; the error is then the fault. A service that had
// been given up begins anew.
func (m *Manager) Start(ctx context.Context, name Name) error {
	m.mu.Lock()
	u, err := m.find(name)
	if err == nil && !u.settings.Activated {
		err = fault.New(fault.ServiceNotActivated, "service", string(name))
	}
	if err == nil {
		m.wish(u)
	}
	m.mu.Unlock()
	if err != nil {
		return err
	}
	return m.await(ctx, u, Running)
}

// Stop stops a service and waits for its end. It stays activated, and starts again with the server.
func (m *Manager) Stop(ctx context.Context, name Name) error {
	return m.end(ctx, name, "stopped", Stopped)
}

// Restart stops a service and starts it again.
func (m *Manager) Restart(ctx context.Context, name Name) error {
	m.mu.Lock()
	u, err := m.find(name)
	if err == nil && !u.settings.Activated {
		err = fault.New(fault.ServiceNotActivated, "service", string(name))
	}
	if err == nil {
		u.want = false
		m.changed()
	}
	m.mu.Unlock()
	if err != nil {
		return err
	}
	if err := m.await(ctx, u, Stopped); err != nil {
		return err
	}
	return m.Start(ctx, name)
}

// Activate lets a service start now and with the server from now on, and waits as Start does.
func (m *Manager) Activate(ctx context.Context, name Name) error {
	err := m.configure(name, func(u *unit, s *Settings) error {
		for _, need := range u.def.Needs {
			if !m.units[need].settings.Activated {
				return fault.New(fault.ServiceNeeds, "service", string(name), "needed", string(need))
			}
		}
		s.Activated = true
		return nil
	})
	if err != nil {
		return err
	}
	return m.Start(ctx, name)
}

// Deactivate stops a service and keeps it from starting with the server. It is refused while an activated service needs it.
func (m *Manager) Deactivate(ctx context.Context, name Name) error {
	err := m.configure(name, func(u *unit, s *Settings) error {
		if u.def.Always {
			return fault.New(fault.ServiceAlwaysOn, "service", string(name), "operation", "deactivated")
		}
		var users []string
		for _, other := range m.order {
			if other.settings.Activated && slices.Contains(other.def.Needs, name) {
				users = append(users, string(other.def.Name))
			}
		}
		if users != nil {
			return fault.New(fault.ServiceNeededBy, "service", string(name), "users", strings.Join(users, ", "))
		}
		s.Activated = false
		return nil
	})
	if err != nil {
		return err
	}
	return m.end(ctx, name, "deactivated", Inactive)
}

// SetRecovery changes what happens when the service fails.
func (m *Manager) SetRecovery(name Name, r Recovery) error {
	return m.configure(name, func(_ *unit, s *Settings) error {
		s.Recovery = r
		return nil
	})
}

// configure changes the settings of one service: stored first, then in force.
func (m *Manager) configure(name Name, edit func(*unit, *Settings) error) error {
	m.saving.Lock()
	defer m.saving.Unlock()
	m.mu.Lock()
	u, err := m.find(name)
	if err != nil {
		m.mu.Unlock()
		return err
	}
	settings := u.settings
	err = edit(u, &settings)
	all := make(map[Name]Settings, len(m.units))
	for n, other := range m.units {
		all[n] = other.settings
	}
	m.mu.Unlock()
	if err != nil || settings == u.settings {
		return err
	}
	all[name] = settings
	if m.opts.Store != nil {
		if err := m.opts.Store.Save(all); err != nil {
			return fault.Wrap(err, fault.SettingsNotSaved, "service", string(name))
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	u.settings = settings
	m.changed()
	return nil
}

func (m *Manager) end(ctx context.Context, name Name, operation string, want State) error {
	m.mu.Lock()
	u, err := m.find(name)
	if err == nil && u.def.Always {
		err = fault.New(fault.ServiceAlwaysOn, "service", string(name), "operation", operation)
	}
	if err != nil {
		m.mu.Unlock()
		return err
	}
	u.want = false
	m.changed()
	m.mu.Unlock()
	return m.await(ctx, u, want)
}

// List returns the status of every service in the order in which they start.
func (m *Manager) List() []Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]Status, 0, len(m.order))
	for _, u := range m.order {
		list = append(list, u.status())
	}
	return list
}

// Get returns the status of one service.
func (m *Manager) Get(name Name) (Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.find(name)
	if err != nil {
		return Status{}, err
	}
	return u.status(), nil
}

func (u *unit) status() Status {
	s := Status{
		Name: u.def.Name, About: u.def.About, Activated: u.settings.Activated, Always: u.def.Always,
		State: u.state, Since: u.since, Restarts: u.restarts, Panics: u.panics, Recovery: u.settings.Recovery,
		Needs: slices.Clone(u.def.Needs), Fault: u.fault,
	}
	if u.state == Failed && !u.gaveUp {
		s.Next = u.next
	}
	return s
}

func (m *Manager) find(name Name) (*unit, error) {
	if u := m.units[name]; u != nil {
		return u, nil
	}
	known := make([]string, len(m.order))
	for i, u := range m.order {
		known[i] = string(u.def.Name)
	}
	return nil, fault.New(fault.ServiceUnknown, "service", string(name), "known", strings.Join(known, ", "))
}

// wish says that u shall run, as if it had never failed. The lock is held.
func (m *Manager) wish(u *unit) {
	u.want = true
	u.gaveUp, u.failures, u.backoff, u.next = false, nil, 0, time.Time{}
	if u.state != Running && u.state != Stopping {
		m.set(u, Starting, nil)
	}
	m.changed()
}

// set changes the state of u. The lock is held.
func (m *Manager) set(u *unit, state State, f *fault.Error) {
	if u.state != state {
		u.state, u.since = state, m.opts.Now()
		m.opts.Log.Info("service", "service", string(u.def.Name), "state", state.String())
	}
	u.fault = f
	m.changed()
}

// changed wakes everybody who waits for a change. The lock is held.
func (m *Manager) changed() {
	close(m.change)
	m.change = make(chan struct{})
}

// await waits until u is in the state want, or has failed for good or for now.
func (m *Manager) await(ctx context.Context, u *unit, want State) error {
	for {
		m.mu.Lock()
		state, f, change := u.state, u.fault, m.change
		m.mu.Unlock()
		if state == want {
			return nil
		}
		if state == Failed && f != nil && (want == Running || f.Code == fault.ServiceStuck) {
			return f
		}
		select {
		case <-change:
		case <-ctx.Done():
			return fmt.Errorf("%s is %s: %w", u.def.Name, state, ctx.Err())
		}
	}
}
