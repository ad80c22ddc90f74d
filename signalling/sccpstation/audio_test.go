package sccpstation

import (
	"testing"
	"time"

	"tandem/media/codec"
	"tandem/phone"
	"tandem/phone/audio"
)

// What one says the other hears: after the answer, a hold, and a transfer; by content, not by packets.
func TestAudioFollowsTheCall(t *testing.T) {
	s := newSite(t)
	var phones []*phone.Phone
	var tones []codec.Tone
	for i, model := range []string{"7960", "7975", "7912"} {
		s.dir.add(s.mac(i+1), model, "100"+string(rune('1'+i)))
		tone := audio.IdentityTone(i + 1)
		tones = append(tones, tone)
		phones = append(phones, s.start(s.mac(i+1), model, func(c *phone.Config) {
			c.Habits.NoMedia = false
			c.Sound = audio.Sound{Tone: tone}
		}))
	}
	a, b, c := phones[0], phones[1], phones[2]
	hears := func(p *phone.Phone, tone codec.Tone) {
		t.Helper()
		s.must(p.WaitHears(s.ctx, tone, 200*time.Millisecond), p)
	}
	s.talk(a, b, "1002")
	hears(a, tones[1])
	hears(b, tones[0])
	s.must(b.Hold(), b)
	s.in(b, phone.OnHold)
	s.must(b.Resume(), b)
	hears(a, tones[1])
	hears(b, tones[0])
	s.must(b.StartTransfer(s.ctx, "1003"), b)
	s.in(c, phone.RingingIn)
	s.must(c.Answer(), c)
	s.until(b, "the consultation", func(st *phone.State) bool { return st.Active() != nil && st.Active().State == phone.Connected })
	hears(c, tones[1])
	s.must(b.Transfer(), b)
	hears(a, tones[2])
	hears(c, tones[0])
	s.must(a.Hangup(), a)
	s.idle(a, b, c)
}
