package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"tandem/fault"
)

// Host is what the Manager gives to one run of a service, from its Start to its end.
type Host struct {
	name    Name
	manager *Manager
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup
	gone    chan struct{} // closed when everything of the run has ended

	mu      sync.Mutex
	stops   []func(context.Context) error
	failure error
	failed  chan struct{} // closed at the first failure
	begun   chan struct{} // closed when Start has returned
}

func newHost(m *Manager, name Name) *Host {
	ctx, cancel := context.WithCancel(context.Background())
	return &Host{name: name, manager: m, ctx: ctx, cancel: cancel, gone: make(chan struct{}), failed: make(chan struct{}),
		begun: make(chan struct{})}
}

// Context ends when the service has to be gone: after what OnStop registered has run, or at its deadline.
func (h *Host) Context() context.Context { return h.ctx }

// Log returns the server's log, with the name of the service on every line.
func (h *Host) Log() *slog.Logger { return h.manager.opts.Log.With("service", string(h.name)) }

// OnStop registers what has to be done when the service stops, also when its Start fails later. The last registered runs
// first. The context given to it ends at the deadline of the stop.
func (h *Host) OnStop(stop func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stops = append(h.stops, stop)
}

// Go runs a part without which the service is not whole, such as the loop of a listener, in a goroutine that the service
// waits for when it stops. work returns when its context ends. If it returns an error before, or panics, the service fails.
func (h *Host) Go(part string, work func(context.Context) error) {
	h.work.Go(func() {
		err := errPanic
		h.Guard(part, func() { err = work(h.ctx) })
		switch {
		case errors.Is(err, errPanic):
			h.Fail(fmt.Errorf("%s met a defect of the program", part))
		case err != nil && h.ctx.Err() == nil:
			h.Fail(fmt.Errorf("%s: %w", part, err))
		}
	})
}

var errPanic = errors.New("panic")

// Guard runs one piece of work (a connection, a call, a request) in the caller's goroutine. A panic in it ends only that:
// it is counted, put into the log with its stack, and told in the story of subject. Guard reports whether work panicked.
func (h *Host) Guard(subject string, work func()) (panicked bool) {
	return h.manager.Guard(h.name, subject, work)
}

// Fail says that the service does not work any more; its recovery setting decides what follows. Only the first of several
// counts.
func (h *Host) Fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failure == nil && h.ctx.Err() == nil {
		h.failure = err
		close(h.failed)
	}
}

func (h *Host) why() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failure
}

// stop ends the run: what OnStop registered, then the context, then waiting for the goroutines. A Start that is still under way may
// register more meanwhile, which is done when it has returned. The error is what went wrong, context.DeadlineExceeded if something was
// still busy at the deadline of ctx.
func (h *Host) stop(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		problems := h.unwind(ctx)
		h.cancel()
		<-h.begun
		problems = append(problems, h.unwind(ctx)...)
		h.work.Wait()
		done <- errors.Join(problems...)
		close(h.gone)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		h.cancel()
		return ctx.Err()
	}
}

// unwind does what OnStop registered, the last first.
func (h *Host) unwind(ctx context.Context) (problems []error) {
	h.mu.Lock()
	stops := h.stops
	h.stops = nil
	h.mu.Unlock()
	for i := len(stops) - 1; i >= 0; i-- {
		err := errPanic
		h.Guard("stop", func() { err = stops[i](ctx) })
		problems = append(problems, err)
	}
	return problems
}

// Guard runs work on behalf of a service and contains a panic in it; see Host.Guard.
func (m *Manager) Guard(name Name, subject string, work func()) (panicked bool) {
	defer func() {
		if cause := recover(); cause != nil {
			panicked = true
			m.contained(name, subject, cause, debug.Stack())
		}
	}()
	work()
	return false
}

func (m *Manager) contained(name Name, subject string, cause any, stack []byte) {
	m.mu.Lock()
	if u := m.units[name]; u != nil {
		u.panics++
	}
	m.mu.Unlock()
	f := fault.New(fault.ServicePanic, "service", string(name), "part", subject, "cause", fmt.Sprint(cause))
	m.opts.Log.Error("a panic was contained", "service", string(name), "part", subject, "cause", fmt.Sprint(cause), "stack", string(stack))
	if m.opts.Alarms != nil {
		m.opts.Alarms.Event(f, subject)
	}
	if m.opts.Panics != nil {
		m.opts.Panics.Inc(string(name))
	}
	if m.opts.Story != nil {
		m.opts.Story(subject, f.Code, "What it was doing was ended by a defect of the program.")
	}
}
