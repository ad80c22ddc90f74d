package cdr

import (
	"errors"
	"math"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"tandem/call/signal"
)

// CallID is the globalCallID of a record; its text form is that of signal.CallID, "1/1001".
type CallID struct{ signal.CallID }

// MarshalText writes the text form.
func (c CallID) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the text form.
func (c *CallID) UnmarshalText(b []byte) (err error) {
	c.CallID, err = signal.ParseCallID(string(b))
	return err
}

// CallRecord is one call detail record: one pair of parties. A transferred call has several with the same Call.
// Times are wall-clock times; DurationMS is measured by the monotonic clock (T-21).
type CallRecord struct {
	ID             string                `json:"id"` // UUID: the same in the journal and in every file, so that duplicates show
	Cluster        string                `json:"cluster,omitempty"`
	Call           CallID                `json:"call"`
	Orig           Leg                   `json:"orig"`
	Dest           Leg                   `json:"dest"`
	Calling        Party                 `json:"calling"`
	OriginalCalled Party                 `json:"originalCalled"` // called first, translated, before any redirection
	FinalCalled    Party                 `json:"finalCalled"`    // reached in the end
	LastRedirect   Party                 `json:"lastRedirect,omitzero"`
	OriginalReason signal.RedirectReason `json:"originalReason,omitempty"`
	OriginalBy     signal.OnBehalfOf     `json:"originalBy,omitempty"`
	LastReason     signal.RedirectReason `json:"lastReason,omitempty"`
	LastBy         signal.OnBehalfOf     `json:"lastBy,omitempty"`
	JoinedBy       signal.OnBehalfOf     `json:"joinedBy,omitempty"` // 10: the pair was joined by a transfer
	Began          time.Time             `json:"began"`
	Connected      time.Time             `json:"connected,omitzero"` // zero: never answered
	Ended          time.Time             `json:"ended,omitzero"`
	DurationMS     int64                 `json:"durationMs"` // from answer to end, milliseconds
	ConversationID uint32                `json:"conversation,omitempty"`
	Comment        string                `json:"comment,omitempty"`
	Incomplete     bool                  `json:"incomplete,omitempty"` // facts of the other party's server were lost
	Server         string                `json:"server,omitempty"`     // that wrote it, where records of several servers are read
}

// Leg is one side of a record.
type Leg struct {
	ID           uint32            `json:"id,omitempty"` // call leg identifier: server in the top 8 bits, as in CallManager
	Node         uint16            `json:"node,omitempty"`
	Device       string            `json:"device,omitempty"`
	Address      netip.Addr        `json:"address,omitzero"` // of the device's signalling
	Media        netip.AddrPort    `json:"media,omitzero"`   // where it last received audio
	Codec        string            `json:"codec,omitempty"`  // registered name
	Ptime        uint16            `json:"ptime,omitempty"`  // milliseconds in a packet
	Video        netip.AddrPort    `json:"video,omitzero"`
	VideoCodec   string            `json:"videoCodec,omitempty"`
	Cause        signal.Cause      `json:"cause,omitempty"` // Q.850, or 126, 128, 129; set on the side that ended the call
	TerminatedBy signal.OnBehalfOf `json:"terminatedBy,omitempty"`
}

// Party is a participant as records know it.
type Party struct {
	Number    string `json:"number,omitempty"`
	Partition string `json:"partition,omitempty"`
	User      string `json:"user,omitempty"`
}

// Duration is the time from answer to end.
func (r *CallRecord) Duration() time.Duration { return time.Duration(r.DurationMS) * time.Millisecond }

// Answered says that the pair talked.
func (r *CallRecord) Answered() bool { return !r.Connected.IsZero() }

// Cause is why the call ended, whichever side did it.
func (r *CallRecord) Cause() signal.Cause {
	if r.Orig.Cause != signal.CauseNone {
		return r.Orig.Cause
	}
	return r.Dest.Cause
}

// QualityRecord is one call management record: what a device measured on its stream.
type QualityRecord struct {
	ID              string    `json:"id"`
	Cluster         string    `json:"cluster,omitempty"`
	Call            CallID    `json:"call"`
	Node            uint16    `json:"node"`
	Leg             uint32    `json:"leg"`
	Device          string    `json:"device,omitempty"`
	Number          string    `json:"number,omitempty"`
	Partition       string    `json:"partition,omitempty"`
	At              time.Time `json:"at"`
	PacketsSent     uint32    `json:"packetsSent"`
	OctetsSent      uint32    `json:"octetsSent"`
	PacketsReceived uint32    `json:"packetsReceived"`
	OctetsReceived  uint32    `json:"octetsReceived"`
	PacketsLost     uint32    `json:"packetsLost"`
	Jitter          uint32    `json:"jitter"`  // milliseconds
	Latency         uint32    `json:"latency"` // milliseconds
}

// textLimit bounds every text of a record, in bytes: no column is wider, and a journal entry stays below maxEntry.
const textLimit = 256

// clip makes a text fit for one line of a record: bounded, valid UTF-8, without control characters.
func clip(s string) string {
	if len(s) > textLimit {
		end := textLimit
		for end > textLimit-utf8.UTFMax && !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end]
	}
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

func newParty(p signal.Party) Party {
	return Party{Number: clip(p.Number), Partition: clip(p.Partition), User: clip(p.User)}
}

func legID(h signal.HalfCallID) uint32 {
	if h == 0 {
		return 0
	}
	return uint32(h.Node()&0xff)<<24 | uint32(h)&(1<<24-1)
}

func newLeg(l *signal.LegRecord) Leg {
	return Leg{
		ID: legID(l.Half), Node: uint16(l.Half.Node()), Device: clip(l.Device), Address: l.Address.WithZone("").Unmap(),
		Media: plain(l.Media), Codec: clip(l.Codec), Ptime: l.Ptime, Video: plain(l.Video), VideoCodec: clip(l.VideoCodec),
		Cause: l.Cause, TerminatedBy: l.TerminatedBy,
	}
}

func plain(a netip.AddrPort) netip.AddrPort {
	if !a.Addr().IsValid() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Addr().WithZone("").Unmap(), a.Port())
}

// clockStep is how far the wall clock may differ from the monotonic one over a call before its record is corrected.
const clockStep = 2 * time.Second

// newRecord makes the record of a fact. It has no ID yet.
func newRecord(r *signal.Record) *CallRecord {
	n := &CallRecord{
		Call: CallID{r.Call}, Orig: newLeg(&r.Orig), Dest: newLeg(&r.Dest),
		Calling: newParty(r.Calling), OriginalCalled: newParty(r.OriginalCalled), FinalCalled: newParty(r.FinalCalled),
		JoinedBy: r.JoinedBy, Began: wall(r.Began), Connected: wall(r.Connected), Ended: wall(r.Ended),
		ConversationID: r.ConversationID, Comment: clip(r.Comment), Incomplete: r.Incomplete,
	}
	if r.Redirection.Hops > 0 {
		d := &r.Redirection
		n.LastRedirect = newParty(d.Last)
		n.OriginalReason, n.OriginalBy, n.LastReason, n.LastBy = d.OriginalReason, d.OriginalBy, d.LastReason, d.LastBy
		if n.OriginalCalled.Number == "" {
			n.OriginalCalled = newParty(d.Original)
		}
	}
	if n.OriginalCalled.Number == "" {
		n.OriginalCalled = Party{Number: n.FinalCalled.Number, Partition: n.FinalCalled.Partition}
	}
	n.OriginalCalled.User, n.LastRedirect.User = "", ""
	if n.Connected.IsZero() {
		return n
	}
	n.DurationMS = max(r.Duration, 0).Milliseconds()
	// The clock was set while the call was up: the end is told by the monotonic clock, so that a record never ends
	// before it begins and its times agree with its duration (T-21, R-39).
	if d := n.Ended.Sub(n.Connected) - r.Duration; !n.Ended.IsZero() && (d >= clockStep || d <= -clockStep) {
		n.Ended = n.Connected.Add(n.Duration())
	}
	return n
}

// wall strips the monotonic reading and the zone: what is kept is kept in UTC.
func wall(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).UTC()
}

// check refuses what no reader of records could use (R-43 d).
func (r *CallRecord) check() error {
	switch {
	case r.Call.IsZero():
		return errors.New("it has no call identifier")
	case !inRange(r.Began):
		return errors.New("it has no time of beginning")
	case !r.Connected.IsZero() && !inRange(r.Connected), !r.Ended.IsZero() && !inRange(r.Ended):
		return errors.New("one of its times lies outside 1970 to 2106")
	case r.DurationMS > math.MaxUint32*1000:
		return errors.New("its duration is out of range")
	}
	return nil
}

// inRange says that flat files can write the time: an unsigned count of seconds in 32 bits.
func inRange(t time.Time) bool { return t.Unix() > 0 && t.Unix() <= math.MaxUint32 }

func newQuality(d *signal.Diagnostics) *QualityRecord {
	return &QualityRecord{
		Call: CallID{d.Call}, Node: uint16(d.Half.Node()), Leg: legID(d.Half), Device: clip(d.Device),
		Number: clip(d.Line.Number), Partition: clip(d.Line.Partition), At: wall(d.At),
		PacketsSent: d.PacketsSent, OctetsSent: d.OctetsSent, PacketsReceived: d.PacketsReceived,
		OctetsReceived: d.OctetsReceived, PacketsLost: d.PacketsLost, Jitter: d.Jitter, Latency: d.Latency,
	}
}

func (q *QualityRecord) check() error {
	if q.Call.IsZero() {
		return errors.New("it has no call identifier")
	}
	if !inRange(q.At) {
		return errors.New("its time lies outside 1970 to 2106")
	}
	return nil
}
