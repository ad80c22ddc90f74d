package parameter

import (
	"strings"
	"testing"
	"time"

	"tandem/telephony"
)

func TestCatalogue(t *testing.T) {
	for i := range catalogue {
		p := &catalogue[i]
		if found, ok := Lookup(strings.ToUpper(string(p.Name))); !ok || found != p {
			t.Errorf("%s is there twice", p.Name)
		}
		if !p.Check(p.Default) {
			t.Errorf("%s: the default %q is not %s", p.Name, p.Default, p.Range())
		}
		if p.Suggested != "" && !p.Check(p.Suggested) {
			t.Errorf("%s: the suggested value %q is not %s", p.Name, p.Suggested, p.Range())
		}
		if !strings.HasSuffix(p.Explanation, ".") || strings.Contains(p.Explanation, "\n") {
			t.Errorf("%s has no explanation of one line", p.Name)
		}
		if p.Type == Integer && p.Minimum >= p.Maximum {
			t.Errorf("%s: bounds %d to %d", p.Name, p.Minimum, p.Maximum)
		}
		if p.Type == Choice && len(p.Choices) < 2 {
			t.Errorf("%s has no choice", p.Name)
		}
	}
}

func TestCallRecordsAreOnByDefault(t *testing.T) {
	v := Defaults()
	for _, name := range []Name{CdrEnabled, CdrLogCallsWithZeroDuration, CallDiagnosticsEnabled} {
		if !v.Bool(name) {
			t.Errorf("%s is off", name)
		}
	}
	if v.Duration(T302Timer) != 15*time.Second || v.Int(T302Timer) != 15000 || v.Duration(ForwardNoAnswerTimer) != 12*time.Second {
		t.Error("timers are wrong")
	}
	if v.Duration(ClusterID) != 0 || v.Duration("Nonsense") != 0 || v.Text("Nonsense") != "" {
		t.Error("a name that is no time must give zero")
	}
}

func TestTheMostParticularValueWins(t *testing.T) {
	service := []*telephony.ServiceParameter{
		{Service: "CallManager", Name: "T302Timer", Server: "cm1", Value: "4000"},
		{Service: "CallManager", Name: "T302Timer", Value: "5000"},
		{Service: "TFTP", Name: "T303Timer", Value: "5000"},                // wrong service
		{Service: "CallManager", Name: "ForwardNoAnswerTimer", Value: "0"}, // out of range
	}
	enterprise := []*telephony.EnterpriseParameter{{Name: "ClusterID", Value: "hospital"}, {Name: "T305Timer", Value: "1000"}}
	cm1, cm2 := NewValues("cm1", service, enterprise), NewValues("cm2", service, enterprise)
	for _, c := range []struct {
		values *Values
		name   Name
		want   string
		source Source
	}{
		{cm1, T302Timer, "4000", FromServer}, {cm2, T302Timer, "5000", FromCluster}, {cm1, T303Timer, "10000", FromDefault},
		{cm1, ForwardNoAnswerTimer, "12", FromDefault}, {cm1, ClusterID, "hospital", FromCluster}, {cm1, T305Timer, "30000", FromDefault},
	} {
		if got := c.values.Text(c.name); got != c.want || c.values.Source(c.name) != c.source {
			t.Errorf("%s is %s from %s, want %s from %s", c.name, got, c.values.Source(c.name), c.want, c.source)
		}
	}
}

func TestCheck(t *testing.T) {
	t302, _ := Lookup("t302timer")
	for value, want := range map[string]bool{"3000": true, "75000": true, "2999": false, "75001": false, "03000": false, "3e4": false, "": false, "99999999999999999999": false} {
		if t302.Check(value) != want {
			t.Errorf("%q permitted: %v", value, !want)
		}
	}
	cluster, _ := Lookup("ClusterID")
	if cluster.Check("") || cluster.Check("a\nb") || !cluster.Check("Praxis Dr. Müller") {
		t.Error("texts are checked wrongly")
	}
}
