package script

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"tandem/media/codec"
	"tandem/phone"
)

func TestParse(t *testing.T) {
	in := `
# a comment
dial 2002          # another
bob: expect ringing from 2001 within 2s
softkey "End Call"
say within 5s
`
	got, err := Parse(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 4 {
		t.Fatalf("%d statements", len(got))
	}
	if s := got[0]; s.Verb != "dial" || s.Arguments[0] != "2002" || s.Line != 3 {
		t.Errorf("%+v", s)
	}
	if s := got[1]; s.Phone != "bob" || s.Within != 2*time.Second || len(s.Arguments) != 3 {
		t.Errorf("%+v", s)
	}
	if s := got[2]; len(s.Arguments) != 1 || s.Arguments[0] != "End Call" {
		t.Errorf("%+v", s)
	}
	if s := got[3]; s.Within != 0 || len(s.Arguments) != 2 {
		t.Errorf("%+v", s)
	}
}

func TestParseErrorsNameTheLine(t *testing.T) {
	for in, want := range map[string]string{
		"dial":                                 "line 1: usage: dial NUMBER",
		"answer\nfly away":                     `line 2: unknown command "fly"`,
		"say \"open":                           "line 1: a quote is not closed",
		"bob:":                                 "line 1: a phone's name is followed by a command",
		"expect ringing within soon":           `line 1: "soon" is no time, such as 5s or 500ms`,
		strings.Repeat("x", maxLine+2):         "longer than",
		strings.Repeat("answer\n", maxLines+1): "at most",
	} {
		if _, err := Parse(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", in, err, want)
		}
	}
}

func TestPredicates(t *testing.T) {
	call := &phone.Call{ID: "1", State: phone.RingingIn, Remote: phone.Party{Name: "Ann", Number: "2001"}, Prompt: "From 2001"}
	s := &phone.State{Registration: phone.Registered, Calls: []*phone.Call{call}, SoftKeys: []string{"Answer"}, Tone: "Alerting",
		Ringer: "inside", Lamps: map[string]string{"line 1": "blink"}, Lines: []phone.Line{{Instance: 1, ForwardAll: "2003"}}}
	for text, want := range map[string]bool{
		"registered": true, "idle": false, "ringing": true, "ringing from 2001": true, "ringing from Ann": true, "ringing from 2002": false,
		"connected": false, "prompt From": true, "caller Ann": true, "key answer": true, "key Hold": false, "tone alerting": true,
		"ringer inside": true, "lamp line 1 blink": true, "lamp line 2 off": true, "lamp line 1 off": false, "forward 2003": true,
		"forward off": false, "calls 1": true, "violations none": true, "strays none": true, "messages off": true, "silence": true,
		"hear 440 for 1s": false, "hear phone 7": false, "loss below 1%": false,
	} {
		ok, err := predicate(strings.Fields(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := ok(s); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"rain", "hear", "hear x", "hear phone", "hear 440 since 1s", "loss 1%", "ringing since 5", "lamp on", "idle now", "prompt"} {
		if _, err := predicate(strings.Fields(text)); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

func TestParseSound(t *testing.T) {
	for text, want := range map[string]codec.Tone{"440": {First: 300 + 20*(440%32), Second: 1000 + 40*(440/32)}, "440Hz": {First: 440},
		"620+480": {First: 480, Second: 620}, "silence": {}} {
		got, err := ParseSound(text)
		if err != nil || got.Tone != want {
			t.Errorf("%s: %v %v", text, got.Tone, err)
		}
	}
	for _, text := range []string{"loud", "10Hz", "440+x", "/none.wav"} {
		if _, err := ParseSound(text); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

func TestRunStopsAtTheFirstFailure(t *testing.T) {
	var out bytes.Buffer
	p, err := phone.New(phone.Config{Protocol: phone.SCCP, Name: "SEP000000000001", Servers: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	script := "say hello\nexpect idle\nexpect violations none\nanswer\nsay never"
	err = Run(context.Background(), p, phone.Config{}, strings.NewReader(script), &out)
	if err == nil || !strings.Contains(err.Error(), "line 4: answer") || !strings.Contains(err.Error(), "not registered") {
		t.Errorf("error %v", err)
	}
	if text := out.String(); !strings.Contains(text, "hello") || strings.Contains(text, "never") || !strings.Contains(text, "FAILED    4  answer") {
		t.Errorf("output:\n%s", text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("dial 2002\nbob: expect hear 440+480 for 1s within 3s\n# x\nsay \"a b\"")
	f.Fuzz(func(t *testing.T, in string) {
		statements, err := Parse(strings.NewReader(in))
		if err != nil {
			return
		}
		for _, s := range statements {
			if s.Verb == "expect" {
				_, _ = predicate(s.Arguments)
			}
		}
	})
}
