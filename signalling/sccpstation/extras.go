package sccpstation

import (
	"time"

	"tandem/call/signal"
	"tandem/fault"
	"tandem/wire/sccp"
)

// Keys of the other party, counters at the end of a call, and a handset that lies beside its phone.

// dtmfTones are the tones of the keys (sccp.md 3.7).
func dtmfTone(digit byte) (sccp.Tone, bool) {
	switch {
	case digit >= '1' && digit <= '9':
		return sccp.ToneDTMF1 + sccp.Tone(digit-'1'), true
	case digit == '0':
		return sccp.ToneDTMF0, true
	case digit == '*':
		return sccp.ToneDTMFStar, true
	case digit == '#':
		return sccp.ToneDTMFPound, true
	case digit >= 'A' && digit <= 'D':
		return sccp.ToneDTMFA + sccp.Tone(digit-'A'), true
	}
	return sccp.ToneSilence, false
}

const defaultKey = 100 * time.Millisecond

// playKey lets the phone play a key that the other party pressed: a port sends it down its line, a phone lets its user hear
// it.
func (st *station) playKey(c *call, k signal.SendKey) {
	tone, ok := dtmfTone(k.Digit)
	if !ok || c.state != sConnected {
		return
	}
	if st.traits.sendsDTMF {
		st.x.dtmf = sccp.SendDtmfTone{Tone: tone, ConferenceID: c.ref, PassThroughPartyID: c.media.party}
		st.sendFor(c, &st.x.dtmf)
		return
	}
	if st.traits.deafInCall {
		return
	}
	c.stopTone()
	c.startTone(tone)
	d := time.Duration(k.Duration) * time.Millisecond
	if d <= 0 || d > 5*time.Second {
		d = defaultKey
	}
	stop(&c.keyTimer)
	c.keyTimer = st.after(d, func() {
		if c.tone == tone {
			c.stopTone()
		}
	})
}

// pendingStatistics is a call that is over, whose counters were asked for.
type pendingStatistics struct {
	ref   uint32
	call  signal.CallID
	half  signal.HalfCallID
	line  signal.LineRef
	until time.Time
}

const maxPending = 16

// askStatistics asks for the counters of a call that ends (sccp.md 4.7).
func (st *station) askStatistics(c *call) {
	if !c.answered || c.id == 0 || st.sess == nil || c.lost {
		return
	}
	l, ok := st.dev.Line(c.line)
	if !ok {
		return
	}
	now := st.srv.Now()
	kept := st.pending[:0]
	for _, p := range st.pending {
		if p.until.After(now) {
			kept = append(kept, p)
		}
	}
	if st.pending = kept; len(kept) >= maxPending {
		return
	}
	st.pending = append(st.pending, pendingStatistics{c.ref, c.global, c.id, l.Ref, now.Add(st.srv.Parameters().StatisticsWait)})
	m := &st.x.statistics
	*m = sccp.ConnectionStatisticsReq{Number: l.Ref.Number, CallReference: c.ref, Processing: sccp.StatsClear}
	st.sendFor(c, m)
}

// statisticsPending keeps a reference from being used again while its counters are awaited.
func (st *station) statisticsPending(ref uint32) bool {
	for _, p := range st.pending {
		if p.ref == ref && p.until.After(st.srv.Now()) {
			return true
		}
	}
	return false
}

// statistics hands the counters over, once; late ones are ignored.
func (st *station) statistics(m *sccp.ConnectionStatisticsRes) {
	for i, p := range st.pending {
		if p.ref != m.CallReference {
			continue
		}
		st.pending = append(st.pending[:i], st.pending[i+1:]...)
		if !p.until.After(st.srv.Now()) {
			return
		}
		if st.srv.Ladder != nil && st.x.incoming != nil && !p.call.IsZero() {
			st.srv.Ladder.Message(p.call, st.name, false, m.ID().String(), "", st.x.frame)
		}
		st.srv.Exchange.Report(signal.Diagnostics{
			Call: p.call, Half: p.half, Device: st.name, Line: p.line, At: st.srv.Now(),
			PacketsSent: m.PacketsSent, OctetsSent: m.OctetsSent, PacketsReceived: m.PacketsReceived,
			OctetsReceived: m.OctetsReceived, PacketsLost: m.PacketsLost, Jitter: m.Jitter, Latency: m.Latency,
		})
		return
	}
}

// leftOffHook is the handset off the hook after the call is over: reorder first, the receiver-off-hook tone after a while.
// No half-call exists, so the line is free for others.
func (st *station) leftOffHook(cause signal.Cause) {
	tone := sccp.ToneReorder
	if cause == signal.CauseUserBusy {
		tone = sccp.ToneLineBusy
	}
	st.phoneTone(tone)
	since := st.srv.Now()
	stop(&st.offHookTimer)
	wait := st.srv.Parameters().OffHook
	st.offHookTimer = st.after(wait, func() {
		if !st.hookOff || st.active() != nil || st.sess == nil {
			return
		}
		st.phoneTone(sccp.ToneReceiverOffHook)
		st.srv.report(st.name, fault.New(fault.SCCPOffHookTooLong, "device", st.name,
			"duration", st.srv.Now().Sub(since).Round(time.Second)))
	})
}

func (st *station) phoneTone(t sccp.Tone) {
	st.tone.on = true
	st.x.startTone = sccp.StartTone{Tone: t}
	st.send(&st.x.startTone)
}

// quiet ends the tone of a handset off the hook.
func (st *station) quiet() {
	stop(&st.offHookTimer)
	if st.tone.on {
		st.tone.on = false
		st.x.stopTone = sccp.StopTone{}
		st.send(&st.x.stopTone)
	}
}
