package live

import (
	"strings"
	"sync"

	"tandem/call"
	"tandem/confdb"
	"tandem/dialplan"
	"tandem/registration"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

// view is everything compiled from one snapshot.
type view struct {
	snapshot *confdb.Snapshot
	plan     *dialplan.Plan
	limits   call.Limits

	once     sync.Once
	byNumber map[string]string

	mu      sync.RWMutex
	devices map[telephony.DeviceName]*registration.Device // those that were asked for
}

// device resolves a phone, once for each view: every request of a SIP phone asks for it.
func (v *view) device(name telephony.DeviceName) (*registration.Device, bool) {
	v.mu.RLock()
	d := v.devices[name]
	v.mu.RUnlock()
	if d != nil {
		return d, true
	}
	phone := v.snapshot.Phone(name)
	if phone == nil {
		return nil, false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if d = v.devices[name]; d != nil {
		return d, true
	}
	if v.devices == nil {
		v.devices = make(map[telephony.DeviceName]*registration.Device)
	}
	d = resolve(v.snapshot, phone)
	v.devices[name] = d
	return d, true
}

// numbers finds a SIP phone by the number of one of its lines. It is made when it is first asked for.
func (v *view) numbers() map[string]string {
	v.once.Do(func() {
		v.byNumber = map[string]string{}
		for p := range v.snapshot.Phones() {
			if p.Protocol != telephony.ProtocolSIP {
				continue
			}
			for _, l := range p.Lines {
				v.byNumber[string(l.DirectoryNumber)] = string(p.Name)
			}
		}
	})
	return v.byNumber
}

// identifiers of patterns begin with the kind, so that a directory number and a translation pattern of the same text in
// the same partition are two.
const (
	numberID      = "n:"
	translationID = "t:"
	routeID       = "r:"
	toPhone       = "phone " // target of a route pattern that names a phone
	toLine        = "line "
	offNet        = " off-net"
)

func called(t telephony.Transformations) dialplan.CalledTransform {
	discard, _ := dialplan.ParseDiscard(t.CalledPartyDiscard) // the store admits no other
	return dialplan.CalledTransform{Discard: discard, Mask: t.CalledPartyTransformMask, Prefix: string(t.CalledPartyPrefix)}
}

func calling(t telephony.Transformations) dialplan.CallingTransform {
	return dialplan.CallingTransform{UseExternalMask: t.UseCallingPartyExternalMask, Mask: t.CallingPartyTransformMask,
		Prefix: string(t.CallingPartyPrefix)}
}

func presentations(t telephony.Transformations) dialplan.Presentations {
	p := func(p telephony.Presentation) dialplan.Presentation {
		switch p {
		case telephony.PresentationAllowed:
			return dialplan.PresentationAllowed
		case telephony.PresentationRestricted:
			return dialplan.PresentationRestricted
		}
		return dialplan.PresentationDefault
	}
	return dialplan.Presentations{CallingNumber: p(t.CallingLinePresentation), CallingName: p(t.CallingNamePresentation),
		ConnectedNumber: p(t.ConnectedLinePresentation), ConnectedName: p(t.ConnectedNamePresentation)}
}

// pattern compiles an object of the dial plan; ok is false for every other kind.
func pattern(o telephony.Object) (p dialplan.Pattern, ok bool) {
	switch o := o.(type) {
	case *telephony.DirectoryNumber:
		return dialplan.Pattern{ID: dialplan.PatternID(numberID + o.Key()), Partition: string(o.Partition), Text: string(o.Pattern),
			Kind: dialplan.DirectoryNumber, Target: toLine + o.Key()}, !o.Inactive
	case *telephony.TranslationPattern:
		return dialplan.Pattern{ID: dialplan.PatternID(translationID + o.Key()), Partition: string(o.Partition), Text: string(o.Pattern),
			Kind: dialplan.TranslationPattern, Urgent: o.UrgentPriority, OutsideDialTone: o.ProvideOutsideDialTone,
			Block: o.Block != "", Cause: dialplan.Cause(o.Block.Cause()), Calling: calling(o.Transformations),
			Called: called(o.Transformations), Presentations: presentations(o.Transformations),
			TranslationCSS: string(o.CallingSearchSpace)}, true
	case *telephony.RoutePattern:
		p := dialplan.Pattern{ID: dialplan.PatternID(routeID + o.Key()), Partition: string(o.Partition), Text: string(o.Pattern),
			Kind: dialplan.RoutePattern, Urgent: o.UrgentPriority, OutsideDialTone: o.ProvideOutsideDialTone,
			Block: o.Block != "", Cause: dialplan.Cause(o.Block.Cause()), Calling: calling(o.Transformations),
			Called: called(o.Transformations), Presentations: presentations(o.Transformations), Target: toPhone + string(o.Phone)}
		if o.OffNet {
			p.Target += offNet
		}
		if o.Number != "" {
			// A route pattern to a number is that number, looked up anew with the pattern's own rights.
			p.Kind, p.Target, p.TranslationCSS = dialplan.TranslationPattern, "", string(o.CallingSearchSpace)
			p.Called = dialplan.CalledTransform{Mask: string(o.Number)}
		}
		return p, true
	}
	return dialplan.Pattern{}, false
}

// patternID names an object of the dial plan that is gone.
func patternID(kind telephony.Kind, key string) (dialplan.PatternID, bool) {
	switch kind {
	case telephony.KindDirectoryNumber:
		return dialplan.PatternID(numberID + key), true
	case telephony.KindTranslationPattern:
		return dialplan.PatternID(translationID + key), true
	case telephony.KindRoutePattern:
		return dialplan.PatternID(routeID + key), true
	}
	return "", false
}

func searchSpace(c *telephony.CallingSearchSpace) dialplan.Change {
	partitions := make([]string, len(c.Partitions))
	for i, p := range c.Partitions {
		partitions[i] = string(p)
	}
	return dialplan.SetSearchSpace(string(c.Name), partitions...)
}

// planChanges gives what a change of configuration means for the dial plan.
func planChanges(changes []confdb.Change) (out []dialplan.Change) {
	for _, c := range changes {
		if css, ok := c.After.(*telephony.CallingSearchSpace); ok {
			out = append(out, searchSpace(css))
			continue
		}
		if c.Kind == telephony.KindCallingSearchSpace {
			out = append(out, dialplan.RemoveSearchSpace(c.Key))
			continue
		}
		id, ok := patternID(c.Kind, c.Key)
		if !ok {
			continue
		}
		if c.After != nil {
			if p, active := pattern(c.After); active {
				out = append(out, dialplan.Put(p))
				continue
			}
		}
		out = append(out, dialplan.Remove(id))
	}
	return out
}

// wholePlan compiles the dial plan of a snapshot from scratch.
func wholePlan(s *confdb.Snapshot) (*dialplan.Plan, error) {
	var changes []dialplan.Change
	for c := range s.CallingSearchSpaces() {
		changes = append(changes, searchSpace(c))
	}
	for _, kind := range []telephony.Kind{telephony.KindDirectoryNumber, telephony.KindTranslationPattern, telephony.KindRoutePattern} {
		for _, o := range s.Objects(kind) {
			if p, active := pattern(o); active {
				changes = append(changes, dialplan.Put(p))
			}
		}
	}
	return dialplan.New(changes...)
}

// limitsOf reads the timers and bounds of calls from the parameters.
func limitsOf(v *parameter.Values) call.Limits {
	l := call.DefaultLimits()
	l.FirstDigit = v.Duration(parameter.OffHookToFirstDigitTimer)
	l.Interdigit = v.Duration(parameter.T302Timer)
	l.Setup = v.Duration(parameter.T303Timer)
	l.Alerting = v.Duration(parameter.T301Timer)
	l.ForwardHops = v.Int(parameter.ForwardMaximumHopCount)
	l.NoAnswer = v.Duration(parameter.ForwardNoAnswerTimer)
	l.MaxDigits = dialplan.MaxDigits
	return l
}

// phoneTarget takes the name of a phone out of a target.
func phoneTarget(target string) (name string, external, ok bool) {
	name, ok = strings.CutPrefix(target, toPhone)
	name, external = strings.CutSuffix(name, offNet)
	return name, external, ok
}
