package screen

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tandem/phone"
)

func TestRender(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 42, 0, time.UTC)
	call := &phone.Call{ID: "1", Line: 1, State: phone.Connected, Inbound: true, Remote: phone.Party{Name: "Ann", Number: "2001"},
		Answered: now.Add(-42 * time.Second), Prompt: "Connected"}
	s := phone.State{Registration: phone.Registered, Server: "10.0.0.1:2000", Version: 17, Ringer: "off", Focus: "1",
		Lines:    []phone.Line{{Instance: 1, Number: "2002", Label: "Bob", ForwardAll: "2003"}},
		Buttons:  []phone.Button{{Kind: "line", Instance: 1}, {Kind: "speed dial", Instance: 1, Label: "Lobby", Number: "2100"}},
		Calls:    []*phone.Call{call},
		SoftKeys: []string{"Hold", "EndCall"}, Lamps: map[string]string{"line 1": "on"}, MessageWaiting: true,
		Clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Violations: []string{"evil \x1b[2J text"}}
	got := Render(s, View{Name: "SEP000000002002", Model: "7975", Now: now})
	for _, want := range []string{"SEP000000002002  7975", "registered with 10.0.0.1:2000, protocol 17", "MESSAGE", "[1] (*) Bob 2002",
		"forwarded to 2003", "speed dial 1  Lobby 2100", "> connected      from Ann (2001)", "00:42", "a[Hold] s[EndCall]", "12:00 2026-03-01"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Error("an escape sequence got through")
	}
	for _, line := range strings.Split(got, "\n") {
		if strings.HasPrefix(line, "|") && utf8.RuneCountInString(line) != width {
			t.Errorf("row of %d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
}

func TestRenderCutsLongAndWideTexts(t *testing.T) {
	s := phone.State{Registration: phone.Rejected, Reason: strings.Repeat("слово ", 40), Prompt: strings.Repeat("x", 300), Tone: strings.Repeat("y", 100)}
	for _, line := range strings.Split(Render(s, View{}), "\n") {
		if strings.HasPrefix(line, "|") && utf8.RuneCountInString(line) != width {
			t.Errorf("row of %d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
}

func TestRunTakesKeysAndQuits(t *testing.T) {
	p, err := phone.New(phone.Config{Protocol: phone.SCCP, Name: "SEP000000000001", Servers: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	in, keys := io.Pipe()
	done := make(chan error, 1)
	var out bytes.Buffer
	go func() { done <- Run(ctx, p, "7960", in, &out) }()
	for _, k := range "2002\x7f\rtz" {
		if _, err := keys.Write([]byte(string(k))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := keys.Write([]byte("q")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Number: 2002", "Number: 200 ", "the phone is not registered"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in the output", want)
		}
	}
}
