package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/fault"
	"tandem/service/alarm"
)

// Ports are tried again after one second, two, four and so on up to this.
const longestBackoff = 30 * time.Second

// supervise is the goroutine of one service. It ends when the service shall quit and is down.
func (m *Manager) supervise(u *unit) {
	defer close(u.ended)
	for m.awaitTurn(u) {
		m.mu.Lock()
		if u.state != Failed { // one that is tried again counts as down until it runs
			m.settle(u, Starting)
		}
		m.mu.Unlock()
		host := newHost(m, u.def.Name)
		err := m.bring(u, host)
		if err == nil {
			m.up(u)
			err = m.watch(u, host)
		}
		m.mu.Lock()
		if u.state == Running || !u.want {
			m.settle(u, Stopping)
		}
		m.mu.Unlock()
		m.takeDown(u, host)
		if err != nil {
			m.down(u, err)
		}
	}
}

// awaitTurn waits until u shall start; false means that it shall quit.
func (m *Manager) awaitTurn(u *unit) bool {
	for {
		m.mu.Lock()
		var until time.Duration = -1
		switch {
		case !u.want:
			state := Stopped
			if !u.settings.Activated {
				state = Inactive
			}
			m.settle(u, state)
			m.lower(u)
			if u.quit {
				m.mu.Unlock()
				return false
			}
		case u.gaveUp:
		default:
			missing, down := m.missing(u)
			until = u.next.Sub(m.opts.Now())
			switch {
			case missing != "" && down:
				if u.state != Failed || u.fault == nil || u.fault.Code != fault.ServiceNeeds {
					m.set(u, Failed, fault.New(fault.ServiceNeeds, "service", string(u.def.Name), "needed", string(missing)))
				}
				until = -1
			case missing != "":
				until = -1
				m.settle(u, Starting)
			case until <= 0:
				u.built = map[Name]int{}
				for _, need := range u.def.Needs {
					u.built[need] = m.units[need].runs
				}
				m.mu.Unlock()
				return true
			}
		}
		change := m.change
		m.mu.Unlock()
		if until < 0 {
			<-change
			continue
		}
		timer := time.NewTimer(until)
		select {
		case <-change:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// settle is set where nothing is to be told when the state is the same. The lock is held.
func (m *Manager) settle(u *unit, state State) {
	if u.state != state {
		m.set(u, state, nil)
	}
}

// missing returns the first service that u needs and that is not running; down tells that it is not on its way up either.
// The lock is held.
func (m *Manager) missing(u *unit) (name Name, down bool) {
	for _, need := range u.def.Needs {
		switch n := m.units[need]; {
		case n.state == Running && !m.stale(n):
		case n.state == Running, n.state == Starting, n.state == Stopping:
			return need, false
		default:
			return need, true
		}
	}
	return "", false
}

// stale says that a running service keeps what another made that has been started anew since. The lock is held.
func (m *Manager) stale(u *unit) bool {
	if !u.def.Keeps {
		return false
	}
	for _, need := range u.def.Needs {
		if n := m.units[need]; n.state == Running && (n.runs != u.built[need] || m.stale(n)) {
			return true
		}
	}
	return false
}

// relieved says that a service which failed for want of another will start now, because the other came up; it has not taken
// notice yet. The lock is held.
func (m *Manager) relieved(u *unit) bool {
	if u.state != Failed || u.fault == nil || u.fault.Code != fault.ServiceNeeds || !u.want || u.gaveUp {
		return false
	}
	_, down := m.missing(u)
	return !down
}

// bring runs the Start of the service, at most until its deadline or until it shall not run any more.
func (m *Manager) bring(u *unit, host *Host) error {
	result := make(chan error, 1)
	host.work.Go(func() {
		defer close(host.begun)
		err := errPanic
		host.Guard("start", func() { err = u.def.Start(host) })
		result <- err
	})
	deadline := time.NewTimer(u.def.StartWithin)
	defer deadline.Stop()
	for {
		m.mu.Lock()
		want, change := u.want, m.change
		m.mu.Unlock()
		if !want {
			host.cancel()
			return nil // watch sees it and returns
		}
		select {
		case err := <-result:
			if errors.Is(err, errPanic) {
				return errors.New("its start met a defect of the program")
			}
			return err
		case <-deadline.C:
			host.cancel()
			return fmt.Errorf("it did not start within %s", u.def.StartWithin)
		case <-change:
		}
	}
}

// up notes that the service accepts work.
func (m *Manager) up(u *unit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !u.want {
		return
	}
	if len(u.failures) > 0 {
		u.restarts++
	}
	u.backoff, u.next = 0, time.Time{}
	u.runs++
	m.set(u, Running, nil)
	m.lower(u)
}

// watch waits until the service fails, and returns why, or shall not run any more, or not with what it was built on.
func (m *Manager) watch(u *unit, host *Host) error {
	for {
		m.mu.Lock()
		want, stale, change := u.want, m.stale(u), m.change
		m.mu.Unlock()
		if want && stale {
			m.opts.Log.Info("a service is started anew, because one that it needs was", "service", string(u.def.Name))
		}
		if !want || stale {
			return nil
		}
		select {
		case <-host.failed:
			return host.why()
		case <-change:
		}
	}
}

// takeDown ends a run and waits for everything of it.
func (m *Manager) takeDown(u *unit, host *Host) {
	ctx, cancel := context.WithTimeout(context.Background(), u.def.StopWithin)
	defer cancel()
	err := host.stop(ctx)
	if err == nil {
		return
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		m.opts.Log.Warn("a service had trouble stopping", "service", string(u.def.Name), "cause", err.Error())
		return
	}
	f := fault.New(fault.ServiceStuck, "service", string(u.def.Name), "deadline", u.def.StopWithin.String())
	m.mu.Lock()
	m.set(u, Failed, f)
	m.raise(u, f)
	m.mu.Unlock()
	// A second run beside the first could fight over ports and files with it: wait, unless the server ends.
	for {
		m.mu.Lock()
		quit, change := u.quit, m.change
		m.mu.Unlock()
		if quit {
			return
		}
		select {
		case <-host.gone:
			return
		case <-change:
		}
	}
}

// down decides what follows a failure.
func (m *Manager) down(u *unit, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !u.want {
		return
	}
	now, name, recovery := m.opts.Now(), string(u.def.Name), u.settings.Recovery
	f := fault.From(err)
	if f != nil && portFault(f) {
		u.backoff = min(max(2*u.backoff, time.Second), longestBackoff)
		u.next = now.Add(u.backoff)
		m.set(u, Failed, f)
		m.raise(u, f)
		return
	}
	u.failures = append(slices.DeleteFunc(u.failures, func(t time.Time) bool { return now.Sub(t) > recovery.Window }), now)
	again := fmt.Sprintf("Remove the cause, then run `tandem service start %q`.", name)
	switch {
	case recovery.Restart && len(u.failures) <= recovery.Count:
		u.next = now.Add(recovery.After)
		again = fmt.Sprintf("It is restarted in %s.", recovery.After)
	case recovery.Restart:
		u.gaveUp = true
		f = fault.Wrap(err, fault.ServiceGivenUp, "service", name, "count", len(u.failures), "window", recovery.Window.String())
	default:
		u.gaveUp = true
	}
	if f == nil {
		f = fault.Wrap(err, fault.ServiceFailed, "service", name, "next", again)
	}
	m.set(u, Failed, f)
	m.raise(u, f)
}

func portFault(f *fault.Error) bool {
	switch f.Code {
	case fault.PortTaken, fault.PortNotPermitted, fault.AddressNotHere:
		return true
	}
	return false
}

// raise lets the alarm f about u stand in place of those that stood. The lock is held.
func (m *Manager) raise(u *unit, f *fault.Error) {
	if m.opts.Alarms == nil {
		return
	}
	for _, code := range u.raised {
		if code != f.Code {
			m.opts.Alarms.Clear(code, string(u.def.Name))
		}
	}
	u.raised = []fault.Code{f.Code}
	m.opts.Alarms.Raise(f, string(u.def.Name))
}

// lower clears what stands about u. The lock is held.
func (m *Manager) lower(u *unit) {
	for _, code := range u.raised {
		m.opts.Alarms.Clear(code, string(u.def.Name))
	}
	u.raised = nil
}

// Readiness is what `tandem status` reports.
type Readiness struct {
	Waiting []Name        `json:"waiting,omitempty"` // activated services on their way up or down
	Down    []Name        `json:"down,omitempty"`    // activated services that do not run
	Alarms  []alarm.Alarm `json:"alarms,omitempty"`  // alarms of severity error or worse that stand
}

// ExitStatus is 1 while something is on its way, 3 while an activated service is down or an alarm of severity error
// or worse stands, and 0 otherwise.
func (r Readiness) ExitStatus() int {
	switch {
	case len(r.Waiting) > 0:
		return 1
	case len(r.Down) > 0 || len(r.Alarms) > 0:
		return 3
	}
	return 0
}

// Ready tells whether the server accepts work.
func (m *Manager) Ready() Readiness {
	var r Readiness
	m.mu.Lock()
	for _, u := range m.order {
		switch {
		case !u.settings.Activated && u.state == Inactive, u.state == Running && !m.stale(u):
		case u.state == Running || u.state == Starting || u.state == Stopping || !m.running || m.relieved(u):
			r.Waiting = append(r.Waiting, u.def.Name)
		default:
			r.Down = append(r.Down, u.def.Name)
		}
	}
	m.mu.Unlock()
	if m.opts.Alarms != nil {
		for _, a := range m.opts.Alarms.Standing() {
			if a.Severity.AtLeast(fault.SeverityError) {
				r.Alarms = append(r.Alarms, a)
			}
		}
	}
	return r
}

// WaitReady waits until nothing is on its way any more, and returns what Ready says then, or says at the end of ctx.
func (m *Manager) WaitReady(ctx context.Context) Readiness {
	for {
		m.mu.Lock()
		change := m.change
		m.mu.Unlock()
		r := m.Ready()
		if r.ExitStatus() != 1 {
			return r
		}
		select {
		case <-change:
		case <-ctx.Done():
			return r
		}
	}
}
