package admin

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tandem/admin/client"
	"tandem/bus"
	"tandem/call/signal"
	"tandem/cdr"
	"tandem/fault"
	"tandem/service/trace"
)

// Others are the other servers of the cluster, which are asked about what only they know: stories, ladders, calls in progress.
type Others interface {
	// Ask asks all at once and returns when each has answered, is known to be lost, or ctx ends. What it gives is in order of name.
	Ask(ctx context.Context, question []byte) []Reply
}

// Reply is what became of a question to one server.
type Reply struct {
	Server string
	Answer []byte
	Err    error
}

// Bounds of asking other servers. What is shown to a person while it waits has little time.
const (
	askWithin      = 600 * time.Millisecond
	callsWithin    = 2 * time.Second // counting calls asks each line
	maximumAnswer  = bus.MaximumMessage
	maximumInflate = 64 << 20 // bytes of an answer
	maximumKeys    = 64       // of one call
)

// Subjects of questions.
const (
	aboutFailures = "failures"
	aboutDevice   = "device"
	aboutCalls    = "calls"
	aboutCall     = "call"
)

// question is what one server asks another. Whether who asks may know was decided where he asked.
type question struct {
	About  string   `json:"about"`
	Device string   `json:"device,omitempty"`
	Calls  []string `json:"calls,omitempty"` // identifiers that mean one call
	Raw    bool     `json:"raw,omitempty"`
}

// answer is what a server knows itself, without asking others.
type answer struct {
	Failures []deviceFailure        `json:"failures,omitempty"` // the newest first
	Lines    []client.StoryLine     `json:"lines,omitempty"`    // oldest first
	Live     []client.LiveCall      `json:"live,omitempty"`
	Keys     []string               `json:"keys,omitempty"`
	Messages []client.LadderMessage `json:"messages,omitempty"`
	Records  []client.Record        `json:"records,omitempty"`
	More     bool                   `json:"more,omitempty"` // not all of it had room

	server string // whose it is
}

type deviceFailure struct {
	Device string `json:"device"`
	client.Failure
}

// Answer answers a question of another server of the cluster.
func (o *Operations) Answer(ctx context.Context, payload []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(payload, &q); err != nil {
		return nil, err
	}
	if len(q.Calls) > maximumKeys {
		return nil, errors.New("too many calls at once")
	}
	a, err := o.here(ctx, q)
	if err != nil {
		return nil, err
	}
	return a.pack()
}

// here is what this server knows itself.
func (o *Operations) here(ctx context.Context, q question) (a answer, err error) {
	a.server = string(o.Server)
	switch q.About {
	case aboutFailures:
		for device, l := range o.Stories.Failures {
			a.Failures = append(a.Failures, deviceFailure{device, client.Failure{Time: l.Last, Code: l.Code, Sentence: l.Sentence}})
		}
		slices.SortFunc(a.Failures, func(a, b deviceFailure) int { return b.Time.Compare(a.Time) })
	case aboutDevice:
		lines, _ := o.Stories.Of(q.Device)
		for _, l := range lines {
			a.Lines = append(a.Lines, storyWords(l))
		}
	case aboutCalls:
		a.Live = o.liveCalls(nil)
	case aboutCall:
		err = o.callHere(ctx, q, &a)
	default:
		err = fmt.Errorf("this server does not know what is asked with %q", brief(q.About))
	}
	return a, err
}

// callHere is what this server knows of a call.
func (o *Operations) callHere(ctx context.Context, q question, a *answer) error {
	keys := map[string]bool{}
	ladder := trace.Ladder{}
	for _, key := range q.Calls {
		if keys[key] {
			continue
		}
		for _, k := range o.Ladders.Keys(key) {
			keys[k] = true
		}
		l, _ := o.Ladders.Of(key)
		ladder.Messages = append(ladder.Messages, l.Messages...)
	}
	var ids []signal.CallID
	for key := range keys {
		a.Keys = append(a.Keys, key)
	}
	slices.Sort(a.Keys)
	for _, key := range q.Calls {
		id, err := signal.ParseCallID(key)
		if err != nil {
			continue // a key of another kind has messages and nothing else
		}
		ids = append(ids, id)
	}
	for _, m := range ladder.Messages {
		w := client.LadderMessage{Time: m.Time, From: m.From, To: m.To, Protocol: m.Protocol, Summary: m.Summary, Length: m.Length}
		if q.Raw {
			w.Raw = m.Raw
		}
		a.Messages = append(a.Messages, w)
	}
	if len(ids) == 0 {
		return nil
	}
	a.Live = o.liveCalls(ids)
	found, err := o.Sources.Records().Query(ctx, cdr.Query{Call: ids[0]})
	for i := range found {
		a.Records = append(a.Records, recordWords(&found[i]))
	}
	return err
}

// pack makes it bytes that have room in one message. What does not is left out, from the end of the lists, and said.
func (a *answer) pack() ([]byte, error) {
	for {
		b, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		w, err := flate.NewWriter(&out, flate.BestSpeed)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(b); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		if out.Len() <= maximumAnswer && len(b) <= maximumInflate {
			return out.Bytes(), nil
		}
		if !a.halve() {
			return nil, bus.ErrTooLarge
		}
	}
}

// halve leaves out half of the longest list. Of messages the bytes go first.
func (a *answer) halve() bool {
	a.More = true
	raw := false
	for i := range a.Messages {
		raw = raw || a.Messages[i].Raw != nil
		a.Messages[i].Raw = nil
	}
	if raw {
		return true
	}
	most := max(len(a.Failures), len(a.Lines), len(a.Live), len(a.Messages), len(a.Records))
	switch most {
	case 0:
		return false
	case len(a.Failures):
		a.Failures = a.Failures[:most/2]
	case len(a.Lines):
		a.Lines = a.Lines[most-most/2:] // the newest tell more
	case len(a.Live):
		a.Live = a.Live[:most/2]
	case len(a.Messages):
		a.Messages = a.Messages[:most/2]
	default:
		a.Records = a.Records[:most/2]
	}
	return true
}

func unpack(b []byte) (a answer, err error) {
	r := flate.NewReader(bytes.NewReader(b))
	text, err := io.ReadAll(io.LimitReader(r, maximumInflate+1))
	if err == nil && len(text) > maximumInflate {
		err = bus.ErrTooLarge
	}
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	return a, err
}

// everywhere asks this server and all others. The answers of this one come first.
func (o *Operations) everywhere(ctx context.Context, q question, within time.Duration) (all []answer, missed []client.NotAsked, err error) {
	b, err := json.Marshal(q)
	if err != nil {
		return nil, nil, err
	}
	var replies chan []Reply
	ask, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if o.Others != nil {
		replies = make(chan []Reply, 1)
		go func() { replies <- o.Others.Ask(ask, b) }() // ends with the time to ask; it is waited for below
	}
	own, err := o.here(ctx, q)
	all = append(all, own)
	if replies == nil {
		return all, nil, err
	}
	for _, r := range <-replies {
		a, failed := answer{}, r.Err
		if failed == nil {
			a, failed = unpack(r.Answer)
		}
		if failed != nil {
			missed = append(missed, client.NotAsked{Server: r.Server, Reason: whyNot(failed)})
			continue
		}
		a.server = r.Server
		all = append(all, a)
	}
	return all, missed, err
}

// whyNot is why a server was not asked, for people.
func whyNot(err error) string {
	switch {
	case errors.Is(err, bus.ErrUnreachable):
		return "it cannot be reached"
	case errors.Is(err, context.DeadlineExceeded):
		return "it did not answer in time"
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return strings.TrimSuffix(f.Message, ".")
	}
	return brief(err.Error())
}
