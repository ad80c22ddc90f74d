package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/admin/client"
	"tandem/call/signal"
	"tandem/cdr"
	"tandem/confdb"
	"tandem/dialplan"
	"tandem/fault"
	"tandem/service/trace"
	"tandem/telephony"
)

// liveWithin bounds how long an acknowledgement waits until the change is in force in call processing.
const liveWithin = 2 * time.Second

// live waits until call processing answers from the configuration at that position, so that who was told that a change is
// made can rely on it.
func (o *Operations) live(ctx context.Context, at confdb.Position) {
	ctx, cancel := context.WithTimeout(ctx, liveWithin)
	defer cancel()
	for {
		d := o.Directory()
		if d == nil {
			return
		}
		if p := d.Snapshot().Position(); p.Epoch > at.Epoch || (p.Epoch == at.Epoch && p.Index >= at.Index) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// LiveCalls lists the sides of the calls in progress on all servers, by call.
func (o *Operations) LiveCalls(ctx context.Context) (client.CallsInProgress, error) {
	out := client.CallsInProgress{Calls: []client.LiveCall{}}
	if err := o.may(ctx, ToRead, "see calls"); err != nil {
		return out, err
	}
	answers, missed, err := o.everywhere(ctx, question{About: aboutCalls}, callsWithin)
	if err != nil {
		return out, err
	}
	out.NotAsked = missed
	for _, a := range answers {
		out.More = out.More || a.More
	}
	out.Calls = append(out.Calls, sides(answers)...)
	return out, nil
}

// sides joins the sides of calls of all servers, those of one call side by side, who called first.
func sides(answers []answer) (out []client.LiveCall) {
	for _, a := range answers {
		for _, l := range a.Live {
			l.Server = a.server
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b client.LiveCall) int {
		return cmp.Or(cmp.Compare(len(a.Call), len(b.Call)), strings.Compare(a.Call, b.Call), -boolCompare(a.Initiator, b.Initiator), strings.Compare(a.Device, b.Device))
	})
	return out
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// liveCalls lists the sides of some calls on this server, or of all if of is nil.
func (o *Operations) liveCalls(of []signal.CallID) []client.LiveCall {
	out := []client.LiveCall{}
	x := o.Calls()
	if x == nil {
		return out
	}
	d := o.Directory()
	for _, c := range x.Calls() {
		if of != nil && !slices.Contains(of, c.Call) {
			continue
		}
		w := client.LiveCall{Call: c.Call.String(), Device: c.Device, Line: c.Instance, State: c.State.String(), Peer: c.Remote.Number,
			PeerName: c.Remote.Name, Initiator: c.Initiator}
		if d != nil {
			if lines := d.Lines(c.Device); c.Instance >= 1 && c.Instance <= len(lines) {
				w.Number = lines[c.Instance-1].Number
			}
		}
		out = append(out, w)
	}
	return out
}

func recordWords(r *cdr.CallRecord) client.Record {
	w := client.Record{ID: r.ID, Server: r.Server, Incomplete: r.Incomplete, Call: r.Call.String(), Began: r.Began, Duration: r.Duration().Seconds(), Calling: r.Calling.Number,
		OriginalCalled: r.OriginalCalled.Number, FinalCalled: r.FinalCalled.Number, LastRedirect: r.LastRedirect.Number,
		CallingDevice: r.Orig.Device, CalledDevice: r.Dest.Device, Codec: r.Orig.Codec, Cause: int(r.Cause()), Outcome: r.Outcome(),
		Transferred: r.JoinedBy == signal.OnBehalfOfTransfer}
	if !r.Connected.IsZero() {
		w.Answered = &r.Connected
	}
	if !r.Ended.IsZero() {
		w.Ended = &r.Ended
	}
	return w
}

// Records finds call records, newest first.
func (o *Operations) Records(ctx context.Context, q client.RecordQuery) ([]client.Record, error) {
	if err := o.may(ctx, ToRead, "read call records"); err != nil {
		return nil, err
	}
	ask := cdr.Query{Since: q.Since, Until: q.Until, Number: q.Number, Device: q.Device, Server: q.Server, Limit: q.Limit}
	if q.Call != "" {
		id, err := signal.ParseCallID(q.Call)
		if err != nil {
			return nil, fault.New(fault.RequestInvalid, "problem", err.Error())
		}
		ask.Call = id
	}
	out := []client.Record{}
	found, err := o.Sources.Records().Query(ctx, ask)
	for i := range found {
		out = append(out, recordWords(&found[i]))
	}
	return out, err
}

// Call tells everything that is known of one call.
func (o *Operations) Call(ctx context.Context, id string, raw bool) (client.CallStory, error) {
	call, err := signal.ParseCallID(id)
	if err != nil {
		return client.CallStory{}, fault.New(fault.RequestInvalid, "problem", err.Error())
	}
	if err := o.may(ctx, ToRead, "read call records"); err != nil {
		return client.CallStory{}, err
	}
	s := client.CallStory{Call: call.String(), Server: string(o.Server)}
	// A call may go by other keys at a server at which it was joined to another: with these all are asked again.
	keys := []string{call.String()}
	var answers []answer
	for range 2 {
		if answers, s.NotAsked, err = o.everywhere(ctx, question{About: aboutCall, Calls: keys, Raw: raw}, callsWithin); err != nil {
			return client.CallStory{}, err
		}
		more := slices.Clone(keys)
		for _, a := range answers {
			for _, k := range a.Keys {
				if !slices.Contains(more, k) && len(more) < maximumKeys {
					more = append(more, k)
				}
			}
		}
		if len(answers) == 1 || len(more) == len(keys) {
			break
		}
		keys = more
	}
	s.Live = sides(answers)
	for _, a := range answers {
		for _, m := range a.Messages {
			m.Server = a.server
			s.Messages = append(s.Messages, m)
		}
		for _, r := range a.Records {
			if !slices.ContainsFunc(s.Records, func(other client.Record) bool { return other.ID == r.ID && other.Server == r.Server }) {
				s.Records = append(s.Records, r)
			}
		}
	}
	slices.SortStableFunc(s.Messages, func(a, b client.LadderMessage) int { return a.Time.Compare(b.Time) })
	slices.SortStableFunc(s.Records, func(a, b client.Record) int { return a.Began.Compare(b.Began) })
	if len(s.Live) == 0 && len(s.Records) == 0 && len(s.Messages) == 0 {
		return s, fault.New(fault.ObjectNotFound, "kind", "call", "name", id)
	}
	return s, nil
}

// Story tells what happened to a device.
func (o *Operations) Story(ctx context.Context, device string) (client.DeviceStory, error) {
	if err := o.may(ctx, ToRead, "read stories"); err != nil {
		return client.DeviceStory{}, err
	}
	s := client.DeviceStory{Device: device, Lines: []client.StoryLine{}}
	if store := o.Store(); store != nil {
		if p := store.Snapshot().Phone(telephony.DeviceName(device)); p != nil {
			s.Configured, s.Description, s.Protocol, s.Product = true, p.Description, string(p.Protocol), string(p.Product)
		}
	}
	if x := o.Calls(); x != nil {
		s.Registration = o.registrationOf(x, device)
	}
	answers, missed, err := o.everywhere(ctx, question{About: aboutDevice, Device: device}, askWithin)
	if err != nil {
		return s, err
	}
	s.NotAsked = missed
	for _, a := range answers {
		for _, l := range a.Lines {
			l.Server = a.server
			s.Lines = append(s.Lines, l)
		}
	}
	if len(s.Lines) == 0 && !s.Configured && s.Registration == nil {
		return s, fault.New(fault.ObjectNotFound, "kind", "device", "name", device)
	}
	slices.SortStableFunc(s.Lines, func(a, b client.StoryLine) int { return a.Time.Compare(b.Time) })
	return s, nil
}

func storyWords(l trace.Line) client.StoryLine {
	w := client.StoryLine{Time: l.Time, Last: l.Last, Count: l.Count, Code: l.Code, Sentence: l.Sentence}
	if w.Last.IsZero() {
		w.Last = w.Time
	}
	return w
}

// RestartDevice restarts a device as soon as it is idle.
func (o *Operations) RestartDevice(ctx context.Context, device string) error {
	if err := o.may(ctx, ToOperate, "restart devices"); err != nil {
		return err
	}
	err := error(nil)
	if !o.Restart(device) {
		err = fault.New(fault.DeviceNotHere, "device", device)
	}
	o.note(ctx, "restart", device, err, nil)
	return err
}

// Route explains where a number goes that a device would dial. from is the device's name, with the line after a slash
// where it is not the first.
func (o *Operations) Route(ctx context.Context, from, digits string) (client.Route, error) {
	if err := o.may(ctx, ToRead, "see routes"); err != nil {
		return client.Route{}, err
	}
	d := o.Directory()
	if d == nil {
		return client.Route{}, notOpen()
	}
	device, instance := from, 1
	if name, n, ok := strings.Cut(from, "/"); ok {
		number, err := strconv.Atoi(n)
		if err != nil || number < 1 {
			return client.Route{}, fault.New(fault.RequestInvalid, "problem", "The line after the slash is not a number from 1")
		}
		device, instance = name, number
	}
	p, ok := d.Profile(device, instance)
	if !ok {
		if d.Lines(device) == nil {
			return client.Route{}, fault.New(fault.ObjectNotFound, "kind", "phone", "name", device)
		}
		return client.Route{}, fault.New(fault.RequestInvalid, "problem", fmt.Sprintf("%s has no line %d", device, instance))
	}
	x := d.Plan().Explain(dialplan.Request{LineCSS: p.Spaces[0], DeviceCSS: p.Spaces[1], Digits: digits, Complete: true,
		Calling: p.Party.Number, ExternalMask: d.ExternalMask(p.Party)})
	now := d.Plan().Analyze(dialplan.Request{LineCSS: p.Spaces[0], DeviceCSS: p.Spaces[1], Digits: digits, Calling: p.Party.Number})
	w := client.Route{From: from, Line: p.Line.String(), LineCSS: p.Spaces[0], DeviceCSS: p.Spaces[1], Digits: digits,
		Routed: x.Decision.Answer == dialplan.RouteFound, Waits: now.Answer == dialplan.MoreDigits && now.MatchNow,
		Called: x.Decision.Called, Calling: x.Decision.Calling, Passes: []client.RoutePass{}, Text: x.String()}
	if x.Decision.Answer == dialplan.NoRoute {
		w.Cause, w.Reason = int(x.Decision.Cause), x.Decision.Reason.String()
	}
	if x.Decision.Pattern != nil {
		w.Pattern, w.Partition, w.PatternKind = x.Decision.Pattern.Text, x.Decision.Pattern.Partition, x.Decision.Pattern.Kind.String()
	}
	for _, pass := range x.Passes {
		out := client.RoutePass{Digits: pass.Digits, Partitions: pass.Partitions, Candidates: []client.RouteCandidate{}, More: pass.More}
		for _, c := range pass.Candidates {
			out.Candidates = append(out.Candidates, client.RouteCandidate{Pattern: c.Pattern.Text, Partition: c.Pattern.Partition,
				Kind: c.Pattern.Kind.String(), Numbers: c.Numbers.String(), Verdict: c.Verdict.String()})
		}
		for _, s := range pass.Steps {
			out.Steps = append(out.Steps, fmt.Sprintf("%s %s, %s: %s becomes %s", s.Operation, s.Argument, whose(s.Party), s.Before, s.After))
		}
		w.Passes = append(w.Passes, out)
	}
	o.rings(&w, d.TargetOf(x.Decision))
	return w, nil
}

func whose(p dialplan.Party) string {
	if p == dialplan.CallingParty {
		return "calling number"
	}
	return "called number"
}

// rings adds where a call to a line rings, and what forwards it.
func (o *Operations) rings(w *client.Route, target signal.LineRef) {
	d := o.Directory()
	info, ok := d.Line(target)
	if !ok {
		return
	}
	x := o.Calls()
	registered := false
	for _, a := range info.Appearances {
		r := client.RingsAt{Device: a.Device, Line: a.Instance}
		if device, ok := d.Device(a.Device); ok {
			if l, ok := device.Line(a.Instance); ok {
				r.Label = l.Label
			}
		}
		if x != nil {
			if reg, ok := x.Registration(a.Device); ok {
				r.Registered, r.Address, registered = true, reg.Address.String(), true
			}
		}
		w.Rings = append(w.Rings, r)
	}
	add := func(when, destination string) {
		if destination != "" {
			w.Forwards = append(w.Forwards, when+" it goes to "+destination)
		}
	}
	add("always", info.ForwardAll.Destination)
	add("when busy", info.ForwardBusy.Destination)
	add(fmt.Sprintf("when nobody answers within %s", info.NoAnswer), info.ForwardNoAnswer.Destination)
	if !registered {
		add("because no device with the number is registered", info.ForwardUnregistered.Destination)
	}
}
