package live

import (
	"strings"
	"sync/atomic"
	"time"

	"tandem/call"
	"tandem/call/line"
	"tandem/call/signal"
	"tandem/confdb"
	"tandem/dialplan"
	"tandem/registration"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

// Narrower decides about codecs; it is media/session in the product.
type Narrower interface {
	Narrow(offer *signal.Session, device signal.Capabilities, ceiling telephony.Codec) (*signal.Session, bool)
	Common(a, b signal.Capabilities, ceiling telephony.Codec) signal.Capabilities
}

// Directory answers call processing from the configuration in force. It is safe for concurrent use.
type Directory struct {
	server telephony.ServerName
	media  Narrower
	view   atomic.Pointer[view]
	users  atomic.Pointer[UserState]
}

// New compiles a snapshot. The error joins a *dialplan.ChangeError for each pattern that does not compile; the directory
// is good without them.
func New(server telephony.ServerName, snapshot *confdb.Snapshot, media Narrower) (*Directory, error) {
	d := &Directory{server: server, media: media}
	err := d.compile(snapshot)
	return d, err
}

func (d *Directory) compile(s *confdb.Snapshot) error {
	plan, err := wholePlan(s)
	d.view.Store(&view{snapshot: s, plan: plan, limits: limitsOf(s.Parameters(d.server))})
	return err
}

// Snapshot is the configuration that the directory answers from.
func (d *Directory) Snapshot() *confdb.Snapshot { return d.view.Load().snapshot }

// Plan is the dial plan in force.
func (d *Directory) Plan() *dialplan.Plan { return d.view.Load().plan }

// Parameters are the parameters in force on this server.
func (d *Directory) Parameters() *parameter.Values { return d.Snapshot().Parameters(d.server) }

// Limits implements call.Env.
func (d *Directory) Limits() call.Limits { return d.view.Load().limits }

// Analyze implements call.Env.
func (d *Directory) Analyze(q call.Query) call.Analysis {
	v := d.view.Load()
	r := dialplan.Request{Digits: q.Digits, Complete: q.Complete, Calling: q.Calling.Number}
	switch len(q.Spaces) {
	case 0:
	case 1:
		r.DeviceCSS = q.Spaces[0]
	default:
		r.LineCSS, r.DeviceCSS = q.Spaces[0], q.Spaces[1]
	}
	r.ExternalMask = v.externalMask(q.Calling)
	a := v.plan.Analyze(r)
	switch a.Answer {
	case dialplan.MoreDigits:
		return call.Analysis{Outcome: call.NeedDigits, OutsideTone: a.OutsideDialTone, Matched: a.MatchNow}
	case dialplan.RouteFound:
		return v.found(q, a)
	}
	return call.Analysis{Cause: signal.Cause(a.Cause)}
}

// found turns the decision of digit analysis into whom to call.
func (v *view) found(q call.Query, a dialplan.Decision) call.Analysis {
	out := call.Analysis{Outcome: call.Found, Calling: q.Calling, Called: signal.Party{Number: a.Called}}
	out.Calling.Number = a.Calling
	p := a.Presentations
	out.Calling.NumberRestricted = restricted(p.CallingNumber, q.Calling.NumberRestricted)
	out.Calling.NameRestricted = restricted(p.CallingName, q.Calling.NameRestricted)
	out.Called.NumberRestricted = restricted(p.ConnectedNumber, false)
	out.Called.NameRestricted = restricted(p.ConnectedName, false)
	if name, external, ok := phoneTarget(a.Pattern.Target); ok {
		phone := v.snapshot.Phone(telephony.DeviceName(name))
		if phone == nil || len(phone.Lines) == 0 {
			return call.Analysis{Cause: signal.CauseNoRouteToDestination}
		}
		out.External = external
		out.Target = signal.ToLine(refOf(phone.Lines[0].LineKey()))
		return out
	}
	key := telephony.ParseLineKey(strings.TrimPrefix(a.Pattern.Target, toLine))
	out.Target = signal.ToLine(refOf(key))
	if n := v.snapshot.DirectoryNumber(key); n != nil {
		out.Called.Name, out.Called.Partition = n.Display, string(key.Partition)
	}
	return out
}

func restricted(p dialplan.Presentation, before bool) bool {
	switch p {
	case dialplan.PresentationAllowed:
		return false
	case dialplan.PresentationRestricted:
		return true
	}
	return before
}

func refOf(k telephony.LineKey) signal.LineRef {
	return signal.LineRef{Number: string(k.Pattern), Partition: string(k.Partition)}
}

func keyOf(r signal.LineRef) telephony.LineKey {
	return telephony.LineKey{Pattern: telephony.Pattern(r.Number), Partition: telephony.PartitionName(r.Partition)}
}

// externalMask is the mask for the outside of the caller's own line.
func (v *view) externalMask(p signal.Party) string {
	if p.Number == "" {
		return ""
	}
	key := telephony.LineKey{Pattern: telephony.Pattern(p.Number), Partition: telephony.PartitionName(p.Partition)}
	if phone := v.snapshot.Phone(telephony.DeviceName(p.Device)); phone != nil {
		for _, l := range phone.Lines {
			if l.LineKey() == key && l.ExternalMask != "" {
				return l.ExternalMask
			}
		}
	}
	if n := v.snapshot.DirectoryNumber(key); n != nil {
		return n.ExternalMask
	}
	return ""
}

// Ceiling implements call.Env.
func (d *Directory) Ceiling(region, peer string) string {
	return string(d.view.Load().ceiling(region, peer))
}

func (v *view) ceiling(a, b string) telephony.Codec {
	return telephony.MaximumCodec(v.snapshot.Region(telephony.RegionName(a)), v.snapshot.Region(telephony.RegionName(b)))
}

// Narrow implements call.Env.
func (d *Directory) Narrow(o *signal.Session, c signal.Capabilities, region, peer string) (*signal.Session, bool) {
	return d.media.Narrow(o, c, d.view.Load().ceiling(region, peer))
}

// Common implements call.Env.
func (d *Directory) Common(a, b signal.Capabilities, region, peer string) signal.Capabilities {
	return d.media.Common(a, b, d.view.Load().ceiling(region, peer))
}

// Profile implements runner.Directory.
func (d *Directory) Profile(device string, instance int) (call.Profile, bool) {
	s := d.Snapshot()
	phone := s.Phone(telephony.DeviceName(device))
	if phone == nil || instance < 1 || instance > len(phone.Lines) {
		return call.Profile{}, false
	}
	l := phone.Lines[instance-1]
	p := call.Profile{Device: device, Instance: instance, Line: refOf(l.LineKey()), Location: string(phone.Location)}
	p.Party = signal.Party{Number: string(l.DirectoryNumber), Name: l.Display, Partition: string(l.Partition), Device: device,
		User: string(phone.Owner)}
	lineCSS := ""
	if n := s.DirectoryNumber(l.LineKey()); n != nil {
		lineCSS = string(n.CallingSearchSpace)
		if p.Party.Name == "" {
			p.Party.Name = n.Display
		}
	}
	deviceCSS := string(phone.CallingSearchSpace)
	if pool := s.DevicePool(phone.DevicePool); pool != nil {
		p.Region = string(pool.Region)
		if p.Location == "" {
			p.Location = string(pool.Location)
		}
		if deviceCSS == "" {
			deviceCSS = string(pool.CallingSearchSpace)
		}
	}
	p.Spaces = []string{lineCSS, deviceCSS}
	return p, true
}

// Line implements runner.Directory.
func (d *Directory) Line(ref signal.LineRef) (line.Info, bool) {
	v := d.view.Load()
	key := keyOf(ref)
	n := v.snapshot.DirectoryNumber(key)
	if n == nil || n.Inactive {
		return line.Info{}, false
	}
	info := line.Info{
		Party:      signal.Party{Number: ref.Number, Partition: ref.Partition, Name: n.Display, LineTextForCaller: n.AlertingName},
		ForwardAll: forward(d.forwardAll(v, n)), ForwardBusy: forward(n.ForwardBusy), ForwardNoAnswer: forward(n.ForwardNoAnswer),
		ForwardUnregistered: forward(n.ForwardUnregistered), NoAnswer: v.limits.NoAnswer,
		AutoAnswer: n.AutoAnswer != "" && n.AutoAnswer != telephony.AutoAnswerOff, Messages: d.messages(v, key),
	}
	if n.ForwardNoAnswer != nil && n.ForwardNoAnswer.Seconds > 0 {
		info.NoAnswer = time.Duration(n.ForwardNoAnswer.Seconds) * time.Second
	}
	for _, a := range v.snapshot.Appearances(key) {
		l, limit := a.Line(), 0
		if p := v.snapshot.Product(a.Phone.Product); p != nil {
			limit = p.CallsPerLine
		}
		info.Appearances = append(info.Appearances, line.Appearance{Device: string(a.Phone.Name), Instance: a.Instance,
			MaxCalls: l.Calls(limit), BusyTrigger: l.Busy(limit), DoNotDisturb: d.doNotDisturb(v, string(a.Phone.Name))})
	}
	return info, true
}

// Appearances counts the appearances of a line.
func (d *Directory) Appearances(ref signal.LineRef) int {
	return len(d.Snapshot().Appearances(keyOf(ref)))
}

func forward(f *telephony.Forward) line.Forward {
	if f == nil {
		return line.Forward{}
	}
	return line.Forward{Destination: string(f.Destination), Spaces: []string{string(f.CallingSearchSpace)}}
}

// Lines implements runner.Directory.
func (d *Directory) Lines(device string) []signal.LineRef {
	return d.linesOf(d.Snapshot(), device)
}

func (*Directory) linesOf(s *confdb.Snapshot, device string) []signal.LineRef {
	phone := s.Phone(telephony.DeviceName(device))
	if phone == nil {
		return nil
	}
	refs := make([]signal.LineRef, len(phone.Lines))
	for i, l := range phone.Lines {
		refs[i] = refOf(l.LineKey())
	}
	return refs
}

// LineOf finds the line that a device means by a number: with the device's own rights.
func (d *Directory) LineOf(device, number string) (signal.LineRef, bool) {
	p, ok := d.Profile(device, 1)
	if !ok {
		return signal.LineRef{}, false
	}
	a := d.Analyze(call.Query{Digits: number, Spaces: p.Spaces, Complete: true, Calling: p.Party})
	return a.Target.Line, a.Outcome == call.Found
}

// DeviceOfNumber finds a SIP phone with a line of that number, in whatever partition.
func (d *Directory) DeviceOfNumber(number string) (*registration.Device, bool) {
	name, ok := d.view.Load().numbers()[number]
	if !ok {
		return nil, false
	}
	return d.Device(name)
}

// ExternalMask is the mask for the outside of a calling party's own line, or empty.
func (d *Directory) ExternalMask(p signal.Party) string { return d.view.Load().externalMask(p) }

// TargetOf is the line to which a decision of digit analysis leads; the zero line if it leads nowhere.
func (d *Directory) TargetOf(a dialplan.Decision) signal.LineRef {
	if a.Answer != dialplan.RouteFound {
		return signal.LineRef{}
	}
	return d.view.Load().found(call.Query{}, a).Target.Line
}

// NumberComplete says that a number is one that the device can call, and that no longer one begins like it.
func (d *Directory) NumberComplete(device, number string) bool {
	p, ok := d.Profile(device, 1)
	return ok && d.Analyze(call.Query{Digits: number, Spaces: p.Spaces, Calling: p.Party}).Outcome == call.Found
}
