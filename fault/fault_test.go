package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"strings"
	"testing"
)

var form = regexp.MustCompile(`^TDM-[A-Z]{3}-[0-9]{4}$`)

// Every entry has a well-formed, unique identifier of its own area and three proper texts.
func TestCatalogueEntries(t *testing.T) {
	seen := map[Code]bool{}
	previousArea := ""
	for _, area := range Areas() {
		if area.Letters <= previousArea {
			t.Errorf("area %s is listed after %s: keep the list in order", area.Letters, previousArea)
		}
		previousArea = area.Letters
		previous := Code("")
		for _, e := range area.Entries {
			if !form.MatchString(string(e.Code)) {
				t.Errorf("%q has not the form TDM-AAA-0000", e.Code)
			}
			if e.Code.Area() != area.Letters {
				t.Errorf("%s stands in the list of area %s", e.Code, area.Letters)
			}
			if seen[e.Code] {
				t.Errorf("%s is listed twice", e.Code)
			}
			seen[e.Code] = true
			if e.Code <= previous {
				t.Errorf("%s is listed after %s: keep the list in order", e.Code, previous)
			}
			previous = e.Code
			if e.Severity > SeverityDebug {
				t.Errorf("%s has no severity", e.Code)
			}
			if e.Status != 0 && (e.Status < 400 || e.Status > 599) {
				t.Errorf("%s: %d is not the status of a failed request", e.Code, e.Status)
			}
			for name, text := range map[string]string{"message": e.Message, "reason": e.Reason, "action": e.Action} {
				if err := checkText(text); err != nil {
					t.Errorf("%s: %s %q: %v", e.Code, name, text, err)
				}
			}
		}
	}
}

func checkText(text string) error {
	if text == "" {
		return errors.New("is empty")
	}
	if strings.TrimSpace(text) != text || strings.Contains(text, "\n") {
		return errors.New("has blanks around it or a line end")
	}
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "}") {
		return errors.New("does not end a sentence")
	}
	if strings.Count(text, "{") != strings.Count(text, "}") {
		return errors.New("has a brace without its partner")
	}
	for _, name := range placeholders(text) {
		if !regexp.MustCompile(`^[a-z][a-z_]*$`).MatchString(name) {
			return fmt.Errorf("placeholder {%s} is not a word in small letters", name)
		}
	}
	return nil
}

// The check of texts finds what it is there for.
func TestCheckTextFindsMistakes(t *testing.T) {
	for _, bad := range []string{"", "No stop", " Blank.", "Two\nlines.", "A {port.", "A {Port}.", "A {} b."} {
		if checkText(bad) == nil {
			t.Errorf("%q passed", bad)
		}
	}
}

func TestNewFillsTexts(t *testing.T) {
	cause := fmt.Errorf("listen: %w", fs.ErrPermission)
	e := Wrap(cause, PortTaken, "service", "TFTP", "port", "69/udp", "address", "0.0.0.0")
	if want := "TFTP is down: it cannot listen on port 69/udp of 0.0.0.0."; e.Message != want {
		t.Errorf("message %q, want %q", e.Message, want)
	}
	if e.Severity != SeverityError || e.Status != 500 {
		t.Errorf("severity %v status %d", e.Severity, e.Status)
	}
	if !errors.Is(e, PortTaken) || errors.Is(e, PortNotPermitted) || !errors.Is(e, fs.ErrPermission) {
		t.Error("errors.Is does not tell the code and the cause")
	}
	outer := fmt.Errorf("starting: %w", e)
	if From(outer) != e || From(cause) != nil {
		t.Error("From does not find the fault in the chain")
	}
	if !errors.Is(outer, New(PortTaken)) {
		t.Error("two faults of one code are not alike")
	}
	if got := New(PortTaken, "port", 69).Message; got != "{service} is down: it cannot listen on port 69 of {address}." {
		t.Errorf("missing arguments are not visible: %q", got)
	}
	if got := Wrap(errors.New("bad page 7"), DatabaseCorrupt, "file", "x.db").Reason; !strings.Contains(got, "bad page 7") {
		t.Errorf("the cause is missing in %q", got)
	}
	// A value that looks like a placeholder is not filled again.
	if got := New(ObjectNotFound, "kind", "{name}", "name", "X").Message; got != "There is no {name} X." {
		t.Errorf("%q", got)
	}
	if got := New("TDM-XXX-9999"); got.Code != "TDM-XXX-9999" || got.Message == "" {
		t.Errorf("an unlisted code gives %+v", got)
	}
}

func TestTextIsForPeople(t *testing.T) {
	got := New(ServiceUnknown, "service", "Coffee", "known", "TFTP and Web").Text()
	want := `There is no service Coffee.
  Why:   The services are TFTP and Web.
  Do:    Check the spelling.
  TDM-SVC-0008 (error)
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProblemRoundTrip(t *testing.T) {
	e := Wrap(errors.New("secret inside"), ReferenceMissing, "kind", "Phone", "name", "SEP001", "field", "devicePool", "reference", "Lobby")
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "secret inside") {
		t.Errorf("the cause inside is shown to the client: %s", data)
	}
	var back Error
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	want := *e
	want.Err = nil
	if back != want {
		t.Errorf("got %+v want %+v", back, want)
	}
	for _, bad := range []string{`{}`, `[]`, `{"code":7}`} {
		if json.Unmarshal([]byte(bad), &back) == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func TestSeverities(t *testing.T) {
	for s := SeverityEmergency; s <= SeverityDebug; s++ {
		back, err := ParseSeverity(s.String())
		if err != nil || back != s {
			t.Errorf("%v reads back as %v, %v", s, back, err)
		}
	}
	if _, err := ParseSeverity("bad"); err == nil {
		t.Error("an unknown severity was accepted")
	}
	if !SeverityCritical.AtLeast(SeverityError) || SeverityWarning.AtLeast(SeverityError) {
		t.Error("AtLeast is wrong")
	}
	reactions := map[Severity]Reaction{SeverityCritical: Stop, SeverityError: Stop, SeverityWarning: Ask, SeverityNotice: Warn, SeverityDebug: Inform}
	for s, want := range reactions {
		if s.Reaction() != want {
			t.Errorf("%v: reaction %v, want %v", s, s.Reaction(), want)
		}
	}
	if SeverityError.Level() != slog.LevelError || SeverityAlert.Level() <= slog.LevelError || SeverityNotice.Level() != slog.LevelInfo {
		t.Error("levels of the log are wrong")
	}
}

func TestLookupAndCatalogue(t *testing.T) {
	if e, ok := Lookup("tdm-svc-0001"); !ok || e.Code != PortTaken {
		t.Error("an identifier in small letters is not found")
	}
	if _, ok := Lookup("TDM-SVC-9999"); ok {
		t.Error("an unlisted identifier is found")
	}
	all := Catalogue()
	for i := 1; i < len(all); i++ {
		if all[i-1].Code >= all[i].Code {
			t.Errorf("%s before %s", all[i-1].Code, all[i].Code)
		}
	}
}
