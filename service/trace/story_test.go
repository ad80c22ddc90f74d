package trace

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/fault"
)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newClock() *clock { return &clock{time.Date(2026, 11, 22, 8, 59, 58, 0, time.UTC)} }

func TestStoryReadsWell(t *testing.T) {
	c := newClock()
	s := NewStories(StoryOptions{Now: c.Now})
	const phone = "SEP001122334455"
	s.Tell(phone, "", "Asked 192.0.2.10 for SEP001122334455.cnf.xml over TFTP and got it, 4310 bytes.")
	c.now = c.now.Add(1250 * time.Millisecond)
	s.Tell(phone, "", "Connected from 192.0.2.10:51511 over SCCP.")
	for range 3 {
		c.now = c.now.Add(31 * time.Second)
		s.Refused(phone, fault.New(fault.DeviceProtocolMismatch, "device", phone, "address", "192.0.2.10", "found", "SCCP", "configured", "SIP"))
	}
	c.now = c.now.Add(24 * time.Hour)
	s.Tellf(phone, "", "Registered with protocol version %d.", 17)

	lines, ok := s.Of(phone)
	if !ok {
		t.Fatal("no story")
	}
	var b strings.Builder
	if err := WriteStory(&b, phone, lines, time.UTC); err != nil {
		t.Fatal(err)
	}
	want := `The story of SEP001122334455

Sunday, 22 November 2026
  08:59:58.000   Asked 192.0.2.10 for SEP001122334455.cnf.xml over TFTP and got it, 4310 bytes.
  08:59:59.250   Connected from 192.0.2.10:51511 over SCCP.
  09:00:30.250 ! SEP001122334455 at 192.0.2.10 was not registered. It came with SCCP, but is configured for SIP. (3 times, the last at 09:01:32) [TDM-REG-0002]

Monday, 23 November 2026
  09:01:32.250   Registered with protocol version 17.
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	if _, ok := s.Of("SEP000000000000"); ok {
		t.Error("a device nobody ever told of has a story")
	}
}

func TestStoryRingKeepsTheNewest(t *testing.T) {
	s := NewStories(StoryOptions{PerDevice: 4})
	for i := range 10 {
		s.Tellf("A", "", "Sentence %d.", i)
	}
	lines, _ := s.Of("A")
	if len(lines) != 4 || lines[0].Sentence != "Sentence 6." || lines[3].Sentence != "Sentence 9." {
		t.Errorf("%+v", lines)
	}
	s.Tell("A", "", "Sentence 9.")
	if lines, _ := s.Of("A"); lines[3].Count != 2 {
		t.Error("a repetition in a full ring is not counted")
	}
}

func TestScannerDoesNotPushOutPhones(t *testing.T) {
	s := NewStories(StoryOptions{Unknown: 10})
	s.Know("phone")
	s.Tell("phone", "", "Registered.")
	for i := range 5000 {
		s.Tellf(fmt.Sprint("scan", i), fault.DeviceUnknown, "Refused.")
	}
	if _, ok := s.Of("phone"); !ok {
		t.Error("the phone's story is gone")
	}
	if n := len(s.Devices()); n != 11 {
		t.Errorf("%d stories", n)
	}
	if _, ok := s.Of("scan4999"); !ok {
		t.Error("the newest unknown device has no story")
	}
	// A phone taken out of the configuration becomes one of the unknown, and gives way like them.
	s.Know()
	for i := range 20 {
		s.Tellf(fmt.Sprint("more", i), fault.DeviceUnknown, "Refused.")
	}
	if _, ok := s.Of("phone"); ok {
		t.Error("a removed phone's story stays for ever")
	}
}

func TestStoriesStayWithinTheirMemory(t *testing.T) {
	const limit = 200 << 10
	s := NewStories(StoryOptions{Bytes: limit})
	names := make([]string, 300)
	for i := range names {
		names[i] = fmt.Sprint("phone", i)
	}
	s.Know(names...)
	for round := range 20 {
		for _, n := range names {
			s.Tellf(n, "", "Round %d of %s: %s.", round, n, strings.Repeat("word ", 100))
			if b := s.Bytes(); b > limit {
				t.Fatalf("%d bytes", b)
			}
		}
	}
	if lines, ok := s.Of(names[299]); !ok || !strings.HasPrefix(lines[len(lines)-1].Sentence, "Round 19") {
		t.Error("the newest sentence is gone")
	}
	sum := 0
	for _, st := range s.devices {
		sum += storyOverhead + len(st.device)
		for _, l := range st.lines {
			sum += lineOverhead + len(l.Sentence)
		}
	}
	if sum != s.Bytes() {
		t.Errorf("counted %d bytes, there are %d", s.Bytes(), sum)
	}
}

func TestTextOfPeersIsHarmless(t *testing.T) {
	s := NewStories(StoryOptions{})
	name := "SEP\x1b[2J\u202e" + strings.Repeat("x", 1000)
	s.Tell(name, "", "Said \r\n\x1b]0;owned\a \xff\xfe"+strings.Repeat("é", 1000))
	lines, ok := s.Of(name)
	if !ok {
		t.Fatal("not found under the name it was told under")
	}
	var b strings.Builder
	if err := WriteStory(&b, name, lines, time.UTC); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"\x1b", "\a", "\r", "\u202e", "\xff"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("%q reaches the terminal", bad)
		}
	}
	if n := len(lines[0].Sentence); n > 4*sentenceLimit {
		t.Errorf("%d bytes are kept", n)
	}
	if !strings.HasSuffix(lines[0].Sentence, "é…") {
		t.Errorf("cut within a letter: %q", lines[0].Sentence[len(lines[0].Sentence)-8:])
	}
}

func TestStoriesFromManyGoroutines(t *testing.T) {
	s := NewStories(StoryOptions{Bytes: 20 << 10, Unknown: 5})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 300 {
				name := fmt.Sprint("d", (i+j)%20)
				s.Tellf(name, "", "Line %d.", j)
				s.Of(name)
				if j%50 == 0 {
					s.Know(name)
				}
			}
		})
	}
	group.Wait()
	if b := s.Bytes(); b > 20<<10 || b < 0 {
		t.Errorf("%d bytes", b)
	}
}
