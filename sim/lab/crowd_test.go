package lab

import (
	"strings"
	"testing"

	"tandem/confdb/bulk"
)

// The site of a crowd is one that a server takes, with phones in every group and without a number that is there twice.
func TestCrowdSite(t *testing.T) {
	c := Crowd{Groups: []CrowdGroup{{Members: []string{"cm1"}, SIP: 2, SCCP: 1}, {Members: []string{"cm1", "cm2"}, SIP: 1}, {Members: []string{"cm2"}, SCCP: 3}, {Members: []string{"cm2"}}}}
	text := string(c.Site())
	set, err := bulk.Decode("site", []byte(text))
	if err != nil || len(set.Items) == 0 {
		t.Fatalf("%v\n%s", err, text)
	}
	if sip, sccp := strings.Count(text, "protocol: SIP"), strings.Count(text, "protocol: SCCP"); sip != 3 || sccp != 4 {
		t.Errorf("%d SIP phones, %d SCCP phones", sip, sccp)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "- {pattern:") {
			if seen[line] {
				t.Errorf("twice: %s", line)
			}
			seen[line] = true
		}
	}
	if len(seen) != 7 {
		t.Errorf("%d numbers", len(seen))
	}
}

// A process comes back to all cores.
func TestLeaveFirstCore(t *testing.T) {
	back, err := LeaveFirstCore()
	if err != nil {
		t.Fatal(err)
	}
	back()
	if again, err := LeaveFirstCore(); err != nil {
		t.Error(err)
	} else {
		again()
	}
}
