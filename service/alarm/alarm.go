// Package alarm holds the alarms of this server: which faults of the catalogue stand now, and which stood lately.
//
// An alarm is a fault about a subject (a service, a device, an address). Raising the same code for the same subject
// again counts on the alarm that stands; clearing it moves it to the history. An event is an alarm that does not stand.
// Every first raise, clear and event goes to the log and to the subscribers.
//
// What does not live here: the texts (fault) and the decision that something is wrong (whoever raises).
package alarm

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tandem/fault"
)

// Alarm is one fault about one subject.
type Alarm struct {
	Code     fault.Code
	Severity fault.Severity
	Subject  string // what it is about: the name of a service, device or directory, or an address
	Message  string
	Reason   string
	Action   string

	First time.Time // when it was raised
	Last  time.Time // when it was raised for the last time
	Count int       // how often it was raised; at least 1

	AcknowledgedBy string    // who has seen it, "" for nobody
	AcknowledgedAt time.Time // zero if nobody
	Cleared        time.Time // zero while it stands
}

// Standing reports whether the alarm has not been cleared.
func (a Alarm) Standing() bool { return a.Cleared.IsZero() }

// Kind tells what happened to an alarm.
type Kind uint8

// The kinds of change.
const (
	Raised       Kind = iota // it stands now
	Repeated                 // it stood already and was raised again
	Acknowledged             // somebody has seen it
	Cleared                  // it stands no more
	Happened                 // an event, which never stands
)

// String returns the kind in small letters.
func (k Kind) String() string {
	return [...]string{"raised", "repeated", "acknowledged", "cleared", "happened"}[k]
}

// Change is what subscribers receive.
type Change struct {
	Kind  Kind
	Alarm Alarm
}

// Options set the bounds of a Board. The zero value takes the defaults.
type Options struct {
	Log      *slog.Logger     // where alarms are written; nil for nowhere
	Now      func() time.Time // nil for time.Now
	Standing int              // most alarms that stand at once, default 2000
	History  int              // most alarms and events that are remembered, default 2000
	Quiet    time.Duration    // an event about the same subject is only counted for so long, default 1 minute
}

// Board holds the alarms of a server. Its methods may be called from any goroutine and never block on a subscriber.
type Board struct {
	opts Options

	mu          sync.Mutex
	standing    map[key]*Alarm
	events      map[key]*Alarm // events of the last Quiet, to count repetitions
	history     []Alarm        // ring, oldest at next once full
	next        int
	displaced   int
	subscribers map[*Subscription]struct{}
}

type key struct {
	code    fault.Code
	subject string
}

// New returns an empty board.
func New(opts Options) *Board {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	opts.Standing = cmp.Or(opts.Standing, 2000)
	opts.History = cmp.Or(opts.History, 2000)
	opts.Quiet = cmp.Or(opts.Quiet, time.Minute)
	return &Board{
		opts: opts, standing: map[key]*Alarm{}, events: map[key]*Alarm{},
		subscribers: map[*Subscription]struct{}{},
	}
}

// Raise lets f stand about subject until Clear.
func (b *Board) Raise(f *fault.Error, subject string) {
	now := b.opts.Now()
	b.mu.Lock()
	k := key{f.Code, subject}
	a, again := b.standing[k]
	kind := Repeated
	if !again {
		if len(b.standing) >= b.opts.Standing && !b.displace(f.Severity, now) {
			b.displaced++
			b.remember(newAlarm(f, subject, now))
			b.mu.Unlock()
			return
		}
		fresh := newAlarm(f, subject, now)
		a, kind = &fresh, Raised
		b.standing[k] = a
	} else {
		a.Severity, a.Message, a.Reason, a.Action = f.Severity, f.Message, f.Reason, f.Action
		a.Last = now
		a.Count++
	}
	copied := *a
	b.publish(Change{kind, copied})
	b.mu.Unlock()
	if kind == Raised {
		b.write(f.Severity.Level(), "alarm raised", copied, f.Err)
	}
}

// Event records f, which does not stand. Events of one code about one subject that follow within Options.Quiet are counted
// on the first, without another line in the log.
func (b *Board) Event(f *fault.Error, subject string) {
	now := b.opts.Now()
	b.mu.Lock()
	k := key{f.Code, subject}
	if a, ok := b.events[k]; ok && now.Sub(a.First) < b.opts.Quiet {
		a.Count++
		a.Last = now
		b.mu.Unlock()
		return
	}
	b.forgetEvents(now)
	a := newAlarm(f, subject, now)
	b.events[k] = &a
	b.publish(Change{Happened, a})
	b.mu.Unlock()
	b.write(f.Severity.Level(), "event", a, f.Err)
}

// Clear ends the alarm code about subject and reports whether it stood.
func (b *Board) Clear(code fault.Code, subject string) bool {
	now := b.opts.Now()
	b.mu.Lock()
	k := key{code, subject}
	a, ok := b.standing[k]
	if !ok {
		b.mu.Unlock()
		return false
	}
	cleared := b.clear(k, a, now)
	b.mu.Unlock()
	b.write(slog.LevelInfo, "alarm cleared", cleared, nil)
	return true
}

// Stands reports whether the alarm code stands about subject.
func (b *Board) Stands(code fault.Code, subject string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.standing[key{code, subject}]
	return ok
}

// ClearSubject ends all alarms about subject and returns how many there were.
func (b *Board) ClearSubject(subject string) int {
	now := b.opts.Now()
	b.mu.Lock()
	var cleared []Alarm
	for k, a := range b.standing {
		if k.subject == subject {
			cleared = append(cleared, b.clear(k, a, now))
		}
	}
	b.mu.Unlock()
	for _, a := range cleared {
		b.write(slog.LevelInfo, "alarm cleared", a, nil)
	}
	return len(cleared)
}

// Acknowledge notes that by has seen the alarm, and reports whether it stands.
func (b *Board) Acknowledge(code fault.Code, subject, by string) bool {
	now := b.opts.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.standing[key{code, subject}]
	if !ok {
		return false
	}
	a.AcknowledgedBy, a.AcknowledgedAt = by, now
	b.publish(Change{Acknowledged, *a})
	return true
}

// Standing returns the alarms that stand, worst first, then oldest first.
func (b *Board) Standing() []Alarm {
	b.mu.Lock()
	all := make([]Alarm, 0, len(b.standing))
	for _, a := range b.standing {
		all = append(all, *a)
	}
	b.mu.Unlock()
	slices.SortFunc(all, func(x, y Alarm) int {
		return cmp.Or(cmp.Compare(x.Severity, y.Severity), x.First.Compare(y.First),
			cmp.Compare(x.Code, y.Code), cmp.Compare(x.Subject, y.Subject))
	})
	return all
}

// Worst returns the severity of the worst alarm that stands; ok is false if none does.
func (b *Board) Worst() (worst fault.Severity, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.standing {
		if !ok || a.Severity < worst {
			worst, ok = a.Severity, true
		}
	}
	return worst, ok
}

// History returns cleared alarms and events, oldest first.
func (b *Board) History() []Alarm {
	b.mu.Lock()
	defer b.mu.Unlock()
	past := make([]Alarm, 0, len(b.history)+len(b.events))
	past = append(past, b.history[b.next:]...)
	past = append(past, b.history[:b.next]...)
	for _, a := range b.events {
		past = append(past, *a)
	}
	slices.SortStableFunc(past, func(x, y Alarm) int { return x.First.Compare(y.First) })
	return past
}

// Displaced returns how many alarms found no place among the standing ones.
func (b *Board) Displaced() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.displaced
}

func newAlarm(f *fault.Error, subject string, now time.Time) Alarm {
	return Alarm{
		Code: f.Code, Severity: f.Severity, Subject: subject,
		Message: f.Message, Reason: f.Reason, Action: f.Action,
		First: now, Last: now, Count: 1,
	}
}

// clear moves an alarm to the history. The lock is held.
func (b *Board) clear(k key, a *Alarm, now time.Time) Alarm {
	delete(b.standing, k)
	a.Cleared = now
	b.remember(*a)
	b.publish(Change{Cleared, *a})
	return *a
}

// displace makes room for an alarm of the given severity by clearing the mildest that stands (the oldest of these), and
// reports whether there is room now. The lock is held.
func (b *Board) displace(severity fault.Severity, now time.Time) bool {
	var victim key
	var mildest *Alarm
	for k, a := range b.standing {
		if mildest == nil || a.Severity > mildest.Severity || a.Severity == mildest.Severity && a.First.Before(mildest.First) {
			victim, mildest = k, a
		}
	}
	if mildest == nil || mildest.Severity < severity {
		return false
	}
	b.displaced++
	b.clear(victim, mildest, now)
	return true
}

// forgetEvents moves events whose time is over to the history. The lock is held.
func (b *Board) forgetEvents(now time.Time) {
	for k, a := range b.events {
		if now.Sub(a.First) >= b.opts.Quiet || len(b.events) >= b.opts.History {
			delete(b.events, k)
			b.remember(*a)
		}
	}
}

// remember puts a into the ring of the history. The lock is held.
func (b *Board) remember(a Alarm) {
	if len(b.history) < b.opts.History {
		b.history = append(b.history, a)
		return
	}
	b.history[b.next] = a
	b.next = (b.next + 1) % len(b.history)
}

func (b *Board) write(level slog.Level, what string, a Alarm, cause error) {
	attrs := []slog.Attr{
		slog.String("code", string(a.Code)), slog.String("severity", a.Severity.String()),
		slog.String("subject", a.Subject), slog.String("message", a.Message),
		slog.String("reason", a.Reason), slog.String("action", a.Action), slog.Int("count", a.Count),
	}
	if cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	b.opts.Log.LogAttrs(context.Background(), level, what, attrs...)
}
