package chaos

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"tandem/admin/client"
	"tandem/fault"
)

// Outcome is what became of a change, as its writer was told.
type Outcome uint8

// Outcomes.
const (
	Unknown Outcome = iota // no answer, or one that leaves it open
	Refused                // it has no effect
	OnOne                  // one disk holds it
	OnTwo                  // two disks hold it
)

func (o Outcome) String() string {
	return [...]string{"unknown", "refused", "on one disk", "on two disks"}[o]
}

// told is the outcome by an answer.
func told(durable int, err error) Outcome {
	switch {
	case err == nil && durable >= 2:
		return OnTwo
	case err == nil:
		return OnOne
	case errors.Is(err, fault.PublisherAway), errors.Is(err, fault.PublisherDeposed):
		return Refused
	}
	return Unknown
}

// Change is one change that a writer asked for: a partition, or where a line is forwarded.
type Change struct {
	Name    string // of the partition or the line
	Value   string // destination of the line
	Server  string
	At      time.Duration
	Outcome Outcome
}

// History is what people were told. Its methods may be used from several goroutines.
type History struct {
	mu       sync.Mutex
	began    time.Time
	writes   []Change
	forwards []Change // of one line in the order in which they were made
	dialled  map[pair]int
	talked   map[pair]int
	events   []string
}

// pair is who calls whom, as numbers.
type pair struct{ calling, called string }

// NewHistory begins a history.
func NewHistory() *History {
	return &History{began: time.Now(), dialled: map[pair]int{}, talked: map[pair]int{}}
}

// maxEvents bounds the events that a history keeps.
const maxEvents = 20_000

// Event notes what happened, for people.
func (h *History) Event(format string, arguments ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.events) < maxEvents {
		h.events = append(h.events, fmt.Sprintf("%8.3f  ", time.Since(h.began).Seconds())+fmt.Sprintf(format, arguments...))
	}
}

// Events are the events so far, oldest first.
func (h *History) Events() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

func (h *History) wrote(c Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.At = time.Since(h.began)
	h.writes = append(h.writes, c)
}

func (h *History) forwarded(c Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.At = time.Since(h.began)
	h.forwards = append(h.forwards, c)
}

func (h *History) call(p pair, connected bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if connected {
		h.talked[p]++
	} else {
		h.dialled[p]++
	}
}

// Counts are the figures of a history.
type Counts struct {
	Writes, Forwards map[Outcome]int
	Calls, Talked    int
}

// Counts says how much was tried.
func (h *History) Counts() Counts {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := Counts{Writes: map[Outcome]int{}, Forwards: map[Outcome]int{}}
	for _, w := range h.writes {
		c.Writes[w.Outcome]++
	}
	for _, f := range h.forwards {
		c.Forwards[f.Outcome]++
	}
	for p, n := range h.dialled {
		c.Calls += n
		c.Talked += h.talked[p]
	}
	return c
}

// Copy is what one server holds and says when everything has healed.
type Copy struct {
	Server     string
	Partitions map[string]bool
	Forwards   map[string]string // destination by line
	Registered []string          // devices that are registered with this server
	Live       []client.LiveCall
}

// End is what is true when everything has healed and every phone is idle.
type End struct {
	Copies  []Copy
	Equal   bool            // the copies were proven equal by their hashes
	Devices []string        // phones that are in service by their own word
	Records []client.Record // at the publisher
}

// Check tells what is not as it must be, given what people were told. The publisher's role never moved, so no loss of what one disk held
// is excused.
func (h *History) Check(e End) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var wrong []string
	complain := func(format string, arguments ...any) { wrong = append(wrong, fmt.Sprintf(format, arguments...)) }
	if !e.Equal {
		complain("the copies are not equal")
	}
	last := map[string][]Change{}
	for _, f := range h.forwards {
		last[f.Name] = append(last[f.Name], f)
	}
	places := map[string][]string{}
	for _, c := range e.Copies {
		for _, w := range h.writes {
			switch there := c.Partitions[w.Name]; {
			case !there && w.Outcome >= OnOne:
				complain("%s, acknowledged by %s at %.3f s as %s, is lost at %s", w.Name, w.Server, w.At.Seconds(), w.Outcome, c.Server)
			case there && w.Outcome == Refused:
				complain("%s, refused by %s at %.3f s, is in effect at %s", w.Name, w.Server, w.At.Seconds(), c.Server)
			}
		}
		for line, changes := range last {
			if got := c.Forwards[line]; !possible(changes, got) {
				complain("%s is forwarded to %q at %s, after %s", line, got, c.Server, describe(changes))
			}
		}
		for _, d := range c.Registered {
			places[d] = append(places[d], c.Server)
		}
		for _, l := range c.Live {
			complain("%s has a side of call %s on %s, %s, and nobody talks any more", c.Server, l.Call, l.Device, l.State)
		}
	}
	for _, d := range slices.Sorted(maps.Keys(places)) {
		if len(places[d]) > 1 {
			complain("%s is registered at %v", d, places[d])
		}
	}
	for _, d := range e.Devices {
		if len(places[d]) == 0 {
			complain("%s is in service and registered nowhere", d)
		}
	}
	return wrong
}

// possible says whether a line may end with a destination: the last one acknowledged, or one of which nobody was told what became of it,
// because such a change may reach the server late.
func possible(changes []Change, got string) bool {
	last := ""
	for _, c := range changes {
		switch {
		case c.Outcome >= OnOne:
			last = c.Value
		case c.Outcome == Unknown && c.Value == got:
			return true
		}
	}
	return got == last
}

// describe names the last changes of a line.
func describe(changes []Change) string {
	text := ""
	for _, c := range changes[max(0, len(changes)-4):] {
		text += fmt.Sprintf("; %.3f s %s at %s: %s", c.At.Seconds(), c.Value, c.Server, c.Outcome)
	}
	return text[2:]
}

// CheckRecords demands of the records at the publisher one record for each call, and as many answered ones of each pair as its phone saw connected, at least, and as it
// dialled, at most.
func (h *History) CheckRecords(records []client.Record) (wrong []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids, calls, answered := map[string]int{}, map[string]int{}, map[pair]int{}
	for _, r := range records {
		ids[r.ID]++
		calls[r.Call]++
		if r.Answered != nil {
			answered[pair{r.Calling, r.FinalCalled}]++
		}
		if r.Ended == nil {
			wrong = append(wrong, fmt.Sprintf("the record of call %s has no end", r.Call))
		}
	}
	for id, n := range ids {
		if n > 1 {
			wrong = append(wrong, fmt.Sprintf("record %s is there %d times", id, n))
		}
	}
	for call, n := range calls {
		if n > 1 {
			wrong = append(wrong, fmt.Sprintf("call %s has %d records", call, n))
		}
	}
	for p, dialled := range h.dialled {
		if n := answered[p]; n < h.talked[p] || n > dialled {
			wrong = append(wrong, fmt.Sprintf("%s called %s %d times and talked %d times, of which %d are recorded", p.calling, p.called, dialled, h.talked[p], n))
		}
	}
	slices.Sort(wrong)
	return wrong
}
