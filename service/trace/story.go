package trace

import (
	"cmp"
	"container/list"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/fault"
)

// Line is one sentence of a device's story.
type Line struct {
	Time     time.Time  // when it happened for the first time
	Last     time.Time  // when it happened for the last time, if Count is above 1
	Count    int        // how often the same sentence followed itself; at least 1
	Code     fault.Code // the catalogue's identifier of a refusal or failure, "" for what is in order
	Sentence string     // plain words, without the device's name
}

// StoryOptions bound the Stories. The zero value takes the defaults.
type StoryOptions struct {
	Now       func() time.Time // nil for time.Now
	PerDevice int              // lines that a device keeps, default 64
	Unknown   int              // stories of names that are not configured, default 500
	Bytes     int              // memory of all stories together, default 16 MiB
}

// Stories holds the story of each device: a bounded ring of sentences. Names that are not configured share a small part of
// the memory, in which the one that was silent longest gives way, so that a scanner cannot push out the story of a phone.
type Stories struct {
	opts StoryOptions

	mu      sync.Mutex
	devices map[string]*story
	known   list.List // of *story, the one told of last in front
	unknown list.List
	bytes   int
}

type story struct {
	device  string
	known   bool
	lines   []Line // ring
	first   int    // index of the oldest line once the ring is full
	failed  *Line  // the last line with a code, also when the ring has lost it; nil: none
	element *list.Element
}

const (
	deviceLimit   = 128 // bytes of a device's name
	sentenceLimit = 400 // bytes of a sentence
	lineOverhead  = 112 // bytes of a Line beside its sentence
	storyOverhead = 256 // bytes of a story beside its lines
)

// NewStories returns an empty collection.
func NewStories(opts StoryOptions) *Stories {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	opts.PerDevice = cmp.Or(opts.PerDevice, 64)
	opts.Unknown = cmp.Or(opts.Unknown, 500)
	opts.Bytes = cmp.Or(opts.Bytes, 16<<20)
	s := &Stories{opts: opts, devices: map[string]*story{}}
	s.known.Init()
	s.unknown.Init()
	return s
}

// Tell adds a sentence to the story of device: plain past tense, a full stop at its end, without the device's name
// ("Fetched SEP001122334455.cnf.xml over TFTP, 4310 bytes."). A sentence that repeats the last one is counted. code is "" for
// what is in order.
func (s *Stories) Tell(device string, code fault.Code, sentence string) {
	now := s.opts.Now()
	sentence = clean(sentence, sentenceLimit)
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.story(clean(device, deviceLimit))
	if last := st.last(); last != nil && last.Code == code && last.Sentence == sentence {
		last.Count++
		last.Last = now
		st.fail(*last)
		return
	}
	line := Line{Time: now, Last: now, Count: 1, Code: code, Sentence: sentence}
	st.fail(line)
	s.bytes += lineOverhead + len(sentence)
	if len(st.lines) < s.opts.PerDevice {
		st.lines = append(st.lines, line)
	} else {
		s.bytes -= lineOverhead + len(st.lines[st.first].Sentence)
		st.lines[st.first] = line
		st.first = (st.first + 1) % len(st.lines)
	}
	for s.bytes > s.opts.Bytes && s.giveWay(st) {
	}
}

// Tellf is Tell with a format of package fmt.
func (s *Stories) Tellf(device string, code fault.Code, format string, args ...any) {
	s.Tell(device, code, fmt.Sprintf(format, args...))
}

// Refused adds the message and the reason of a fault to the story of device.
func (s *Stories) Refused(device string, f *fault.Error) {
	s.Tell(device, f.Code, f.Message+" "+f.Reason)
}

// Know says which devices are configured. Others count as unknown from now on.
func (s *Stories) Know(devices ...string) {
	configured := make(map[string]bool, len(devices))
	for _, d := range devices {
		configured[clean(d, deviceLimit)] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, st := range s.devices {
		if !configured[name] {
			s.move(st, false)
		}
	}
	for name := range configured {
		if st, ok := s.devices[name]; ok {
			s.move(st, true)
		} else {
			s.add(name, true)
		}
	}
	s.boundUnknown()
}

// Of returns the story of device, oldest line first; ok is false if nothing was ever told of it.
func (s *Stories) Of(device string) (lines []Line, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, ok := s.devices[clean(device, deviceLimit)]
	if !ok || len(st.lines) == 0 {
		return nil, false
	}
	lines = make([]Line, 0, len(st.lines))
	lines = append(lines, st.lines[st.first:]...)
	return append(lines, st.lines[:st.first]...), true
}

// fail remembers a line if it tells of a failure.
func (st *story) fail(l Line) {
	if l.Code != "" {
		st.failed = &l
	}
}

// Failures gives the last failure or refusal of each configured device that had one, in no order.
func (s *Stories) Failures(yield func(device string, failure Line) bool) {
	type failure struct {
		device string
		line   *Line
	}
	var all []failure
	s.mu.Lock()
	for e := s.known.Front(); e != nil; e = e.Next() {
		if st := e.Value.(*story); st.failed != nil {
			all = append(all, failure{st.device, st.failed}) // a line that is remembered does not change
		}
	}
	s.mu.Unlock()
	for _, f := range all {
		if !yield(f.device, *f.line) {
			return
		}
	}
}

// Devices returns the names of all devices with a story, in order.
func (s *Stories) Devices() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.devices))
	for name, st := range s.devices {
		if len(st.lines) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Bytes returns about how much memory all stories take.
func (s *Stories) Bytes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// WriteStory prints a story for a terminal, in the time zone of zone: a line for each sentence, a heading for each day.
func WriteStory(w io.Writer, device string, lines []Line, zone *time.Location) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The story of %s\n", clean(device, deviceLimit))
	day := ""
	for _, l := range lines {
		at := l.Time.In(zone)
		if d := at.Format("Monday, 2 January 2006"); d != day {
			day = d
			fmt.Fprintf(&b, "\n%s\n", d)
		}
		mark := " "
		if l.Code != "" {
			mark = "!"
		}
		fmt.Fprintf(&b, "  %s %s %s", at.Format("15:04:05.000"), mark, l.Sentence)
		if l.Count > 1 {
			fmt.Fprintf(&b, " (%d times, the last at %s)", l.Count, l.Last.In(zone).Format("15:04:05"))
		}
		if l.Code != "" {
			fmt.Fprintf(&b, " [%s]", l.Code)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// story returns the story of a device, made if need be, as the one told of last. The lock is held.
func (s *Stories) story(device string) *story {
	st, ok := s.devices[device]
	if !ok {
		st = s.add(device, false)
		s.boundUnknown()
		return st
	}
	if st.known {
		s.known.MoveToFront(st.element)
	} else {
		s.unknown.MoveToFront(st.element)
	}
	return st
}

func (s *Stories) add(device string, known bool) *story {
	st := &story{device: device, known: known}
	if known {
		st.element = s.known.PushFront(st)
	} else {
		st.element = s.unknown.PushFront(st)
	}
	s.devices[device] = st
	s.bytes += storyOverhead + len(device)
	return st
}

func (s *Stories) move(st *story, known bool) {
	if st.known == known {
		return
	}
	if known {
		s.unknown.Remove(st.element)
		st.element = s.known.PushFront(st)
	} else {
		s.known.Remove(st.element)
		st.element = s.unknown.PushFront(st)
	}
	st.known = known
}

func (s *Stories) boundUnknown() {
	for s.unknown.Len() > s.opts.Unknown {
		s.forget(s.unknown.Back().Value.(*story))
	}
}

func (s *Stories) forget(st *story) {
	if st.known {
		s.known.Remove(st.element)
	} else {
		s.unknown.Remove(st.element)
	}
	delete(s.devices, st.device)
	s.bytes -= storyOverhead + len(st.device)
	for _, l := range st.lines {
		s.bytes -= lineOverhead + len(l.Sentence)
	}
}

// giveWay frees memory: the unknown device silent for longest is forgotten; when there is none beside the one being told of,
// the configured device silent for longest loses the older half of its lines. It reports whether anything was freed.
func (s *Stories) giveWay(telling *story) bool {
	if e := s.unknown.Back(); e != nil && e.Value.(*story) != telling {
		s.forget(e.Value.(*story))
		return true
	}
	for e := s.known.Back(); e != nil; e = e.Prev() {
		st := e.Value.(*story)
		if st == telling || len(st.lines) == 0 {
			continue
		}
		ordered := append(slices.Clone(st.lines[st.first:]), st.lines[:st.first]...)
		drop := (len(ordered) + 1) / 2
		for _, l := range ordered[:drop] {
			s.bytes -= lineOverhead + len(l.Sentence)
		}
		st.lines, st.first = slices.Clone(ordered[drop:]), 0
		s.known.MoveToFront(st.element)
		return true
	}
	return false
}

func (st *story) last() *Line {
	if len(st.lines) == 0 {
		return nil
	}
	return &st.lines[(st.first+len(st.lines)-1)%len(st.lines)]
}
