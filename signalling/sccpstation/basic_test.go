package sccpstation

import (
	"maps"
	"slices"
	"testing"

	"tandem/phone"
)

// Every model registers, calls and is called, in the order of messages that its strict profile asserts (sccp.md 4.1, 4.4, 4.6,
// 4.7).
func TestEveryModelCallsAndIsCalled(t *testing.T) {
	s := newSite(t)
	s.dir.add(s.mac(900), "7961", "2000")
	peer := s.start(s.mac(900), "7961")
	for n, model := range slices.Sorted(maps.Keys(phone.Profiles)) {
		t.Run(model, func(t *testing.T) {
			name := s.mac(n + 1)
			if phone.Profiles[model].Analogue {
				name = "ATA" + name[3:]
			}
			dev := s.dir.add(name, model, "1"+digits(n))
			outer := s.t
			s.t = t
			defer func() { s.t = outer }()
			p := s.start(name, model)
			// Out.
			if phone.Profiles[model].EnBloc {
				s.must(p.DialEnBloc("2000"), p)
			} else {
				s.must(p.Dial(s.ctx, "2000"), p)
			}
			s.in(peer, phone.RingingIn)
			s.must(peer.Answer(), peer)
			s.in(p, phone.Connected)
			s.audible(p, peer)
			s.must(p.Hangup(), p)
			s.idle(p, peer)
			// In.
			s.must(peer.Dial(s.ctx, dev.Lines[0].Ref.Number), peer)
			s.in(p, phone.RingingIn)
			s.must(p.Answer(), p)
			s.audible(p, peer)
			s.must(peer.Hangup(), peer)
			s.until(p, "the end of the call", func(st *phone.State) bool { return len(st.Calls) == 0 })
			if p.State().OffHook {
				s.must(p.ReplaceHandset(), p)
			}
			s.idle(p, peer)
			p.Stop()
		})
	}
}
