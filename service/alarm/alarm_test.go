package alarm

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/fault"
)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

func board(o Options) (*Board, *clock, *bytes.Buffer) {
	c := &clock{time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	var log bytes.Buffer
	o.Now, o.Log = c.Now, slog.New(slog.NewJSONHandler(&log, nil))
	return New(o), c, &log
}

func portTaken(service string) *fault.Error {
	return fault.New(fault.PortTaken, "service", service, "port", "69/udp", "address", "0.0.0.0")
}

func TestRaiseAgainIsCountedAndClearEndsIt(t *testing.T) {
	b, c, log := board(Options{})
	s := b.Subscribe(10)
	b.Raise(portTaken("TFTP"), "TFTP")
	c.advance(time.Second)
	b.Raise(portTaken("TFTP"), "TFTP")
	b.Raise(portTaken("Web"), "Web")

	standing := b.Standing()
	if len(standing) != 2 || standing[0].Subject != "TFTP" || standing[0].Count != 2 || standing[0].Last.Sub(standing[0].First) != time.Second {
		t.Fatalf("standing: %+v", standing)
	}
	if worst, ok := b.Worst(); !ok || worst != fault.SeverityError {
		t.Errorf("worst %v %v", worst, ok)
	}
	if !b.Acknowledge(fault.PortTaken, "TFTP", "anna") || b.Acknowledge(fault.PortTaken, "CDR Insert", "anna") {
		t.Error("Acknowledge does not tell whether the alarm stands")
	}
	if got := b.Standing()[0]; got.AcknowledgedBy != "anna" || got.AcknowledgedAt != c.now {
		t.Errorf("%+v", got)
	}
	if !b.Clear(fault.PortTaken, "TFTP") || b.Clear(fault.PortTaken, "TFTP") {
		t.Error("Clear does not tell whether the alarm stood")
	}
	if n := b.ClearSubject("Web"); n != 1 {
		t.Errorf("%d cleared", n)
	}
	if _, ok := b.Worst(); ok {
		t.Error("an alarm stands on an empty board")
	}
	if past := b.History(); len(past) != 2 || past[0].Subject != "TFTP" || past[0].Standing() {
		t.Errorf("history %+v", past)
	}
	s.Close()
	s.Close()
	var kinds []string
	for change := range s.C {
		kinds = append(kinds, change.Kind.String()+" "+change.Alarm.Subject)
	}
	want := "raised TFTP, repeated TFTP, raised Web, acknowledged TFTP, cleared TFTP, cleared Web"
	if got := strings.Join(kinds, ", "); got != want {
		t.Errorf("changes: %s\nwant     %s", got, want)
	}
	if n := strings.Count(log.String(), "alarm raised"); n != 2 {
		t.Errorf("%d lines for two alarms:\n%s", n, log)
	}
	if !strings.Contains(log.String(), `"level":"ERROR","msg":"alarm raised","code":"TDM-SVC-0001"`) {
		t.Errorf("log: %s", log)
	}
}

func TestEventsOfOneMinuteAreCounted(t *testing.T) {
	b, c, log := board(Options{})
	for range 3000 {
		b.Event(fault.New(fault.SIPAuthenticationFailed, "address", "192.0.2.7"), "192.0.2.7")
		c.advance(10 * time.Millisecond)
	}
	if past := b.History(); len(past) != 1 || past[0].Count != 3000 {
		t.Fatalf("%+v", past)
	}
	c.advance(time.Minute)
	b.Event(fault.New(fault.SIPAuthenticationFailed, "address", "192.0.2.7"), "192.0.2.7")
	if past := b.History(); len(past) != 2 {
		t.Fatalf("%+v", past)
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines in the log", n)
	}
	if len(b.Standing()) != 0 {
		t.Error("an event stands")
	}
}

func TestBoundsHold(t *testing.T) {
	b, c, _ := board(Options{Standing: 10, History: 5})
	warning := func(i int) *fault.Error {
		return fault.New(fault.FirmwareMissing, "load", "x", "device", fmt.Sprint(i))
	}
	for i := range 100 {
		b.Raise(warning(i), fmt.Sprint(i))
		c.advance(time.Second)
	}
	b.Raise(portTaken("TFTP"), "TFTP")
	standing := b.Standing()
	if len(standing) != 10 || standing[0].Subject != "TFTP" {
		t.Errorf("%d stand, the worst is %+v", len(standing), standing[0])
	}
	if n := len(b.History()); n != 5 {
		t.Errorf("%d in the history", n)
	}
	for i := range 100 {
		b.Event(warning(i), fmt.Sprint("event ", i))
	}
	if n := len(b.History()); n > 10 {
		t.Errorf("%d in the history after events", n)
	}
	// A milder alarm does not push a worse one out.
	b, _, _ = board(Options{Standing: 1})
	b.Raise(portTaken("TFTP"), "TFTP")
	b.Raise(warning(1), "1")
	if s := b.Standing(); len(s) != 1 || s[0].Subject != "TFTP" || b.Displaced() != 1 {
		t.Errorf("%+v displaced %d", s, b.Displaced())
	}
}

func TestSlowSubscriberMissesAndBlocksNobody(t *testing.T) {
	b, _, _ := board(Options{})
	s := b.Subscribe(2)
	defer s.Close()
	for i := range 5 {
		b.Raise(portTaken("TFTP"), fmt.Sprint(i))
	}
	if n := s.Missed(); n != 3 {
		t.Errorf("missed %d", n)
	}
	if n := s.Missed(); n != 0 {
		t.Errorf("missed %d after asking", n)
	}
}

func TestManyGoroutines(t *testing.T) {
	b := New(Options{})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 40 {
				subject := fmt.Sprint(i, j%10)
				b.Raise(portTaken("TFTP"), subject)
				b.Event(portTaken("TFTP"), subject)
				s := b.Subscribe(1)
				b.Standing()
				b.History()
				b.Clear(fault.PortTaken, subject)
				s.Close()
			}
		})
	}
	group.Wait()
	if n := len(b.Standing()); n != 0 {
		t.Errorf("%d alarms stand", n)
	}
}
