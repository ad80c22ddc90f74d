package interop

import (
	"strings"
	"testing"
	"time"

	"tandem/sim/lab"
	"tandem/sim/peer"
)

// between lets one baresip call another, checks that each hears the other, does what is to be done during the call, and
// returns the descriptions of the call as they passed.
func between(t *testing.T, s *lab.Server, a, b *peer.Baresip, from, to int, during func()) (descriptions []string) {
	t.Helper()
	atA, atB := a.Mark(), b.Mark()
	heardA, heardB := peer.Recorded(a.Recordings()), peer.Recorded(b.Recordings())
	must(t, "dial", a.Command("dial", sipURI(s, to)))
	_, err := b.WaitEvent(within(t, step), atB, "CALL_INCOMING")
	must(t, "the other rings", err)
	must(t, "answer", b.Command("accept", ""))
	_, err = a.WaitEvent(within(t, step), atA, "CALL_ESTABLISHED")
	must(t, "the caller is connected", err)
	programHears(t, a, heardA, to)
	programHears(t, b, heardB, from)
	during()
	calls, err := s.Client.LiveCalls(within(t, step))
	must(t, "live calls", err)
	for _, c := range calls {
		if c.Device != sipDevice(from) {
			continue
		}
		_, ladder, err := s.Story(within(t, step), c.Call)
		must(t, "the story of call "+c.Call, err)
		for _, m := range ladder.Messages {
			if strings.Contains(string(m.Raw), "\nm=audio") {
				descriptions = append(descriptions, string(m.Raw))
			}
		}
	}
	must(t, "hang up", a.Command("hangup", ""))
	_, err = b.WaitEvent(within(t, step), atB, "CALL_CLOSED")
	must(t, "the other is free", err)
	return descriptions
}

// Two phones that insist on SRTP agree on keys through the server, each hears what the other says, and no description of the
// call allows anything else.
func TestSRTPBetweenBaresips(t *testing.T) {
	t.Parallel()
	s := server(t)
	encrypt := func(o *peer.BaresipOptions) { o.Encrypt = true }
	a, b := baresip(t, s, 5035, encrypt), baresip(t, s, 5036, encrypt)
	found := between(t, s, a, b, 5035, 5036, func() {})
	if len(found) < 4 {
		t.Errorf("%d descriptions in the ladder, want offer and answer on both legs", len(found))
	}
	for _, d := range found {
		if !strings.Contains(d, "RTP/SAVP") || !strings.Contains(d, "a=crypto:") {
			t.Errorf("a description without SRTP:\n%s", d)
		}
	}
}

// Two phones with video get each other's, and their audio.
func TestVideoBetweenBaresips(t *testing.T) {
	t.Parallel()
	s := server(t)
	video := func(o *peer.BaresipOptions) { o.Video = true }
	a, b := baresip(t, s, 5037, video), baresip(t, s, 5038, video)
	found := between(t, s, a, b, 5037, 5038, func() {
		for _, x := range []*peer.Baresip{a, b} {
			for ctx := within(t, step); !strings.Contains(x.Output(), "video: receiving with resolution 176 x 144"); {
				select {
				case <-ctx.Done():
					t.Fatal("no picture arrives")
				case <-time.After(10 * time.Millisecond):
				}
			}
		}
	})
	if len(found) < 4 {
		t.Errorf("%d descriptions in the ladder, want offer and answer on both legs", len(found))
	}
	for _, d := range found {
		if !strings.Contains(d, "\nm=video ") || strings.Contains(d, "\nm=video 0 ") || !strings.Contains(d, "VP8/90000") {
			t.Errorf("a description without video:\n%s", d)
		}
	}
}
