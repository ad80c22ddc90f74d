package counter

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

func value(t *testing.T, s *Set, want float64, name string, values ...string) {
	t.Helper()
	got, err := s.Value(name, values...)
	if err != nil || got != want {
		t.Errorf("%s%q is %v (%v), want %v", name, values, got, err, want)
	}
}

func TestFigures(t *testing.T) {
	s := New()
	calls := s.Counter("calls", "calls made", "cause")
	calls.Inc("16")
	calls.Add(2, "17")
	s.Counter("calls", "asked again", "cause").Inc("16")
	value(t, s, 2, "calls", "16")
	value(t, s, 2, "calls", "17")

	registered := s.Gauge("registered", "devices registered now", "protocol")
	registered.Set(5, "SCCP")
	registered.Add(-2, "SCCP")
	value(t, s, 3, "registered", "SCCP")

	delay := s.Histogram("post_dial_delay_seconds", "from the last digit to ringing", nil)
	delay.Observe(.003)
	delay.Observe(2)
	value(t, s, 2, "post_dial_delay_seconds")

	s.Measure("queue", "signals waiting", func() float64 { return 7 })
	value(t, s, 7, "queue")

	servers := []string{"cm1", "cm2", "cm1", "bad \xff"}
	s.MeasureEach("lag", "changes missing", func(is func(float64, ...string)) {
		for i, server := range servers {
			is(float64(i), server)
		}
		for i := range 2 * MaxCombinations {
			is(0, fmt.Sprint("stranger ", i))
		}
	}, "server")
	value(t, s, 0, "lag", "cm1")
	value(t, s, 1, "lag", "cm2")
	value(t, s, 3, "lag", "bad ?")
	servers = nil
	if _, err := s.Value("lag", "cm2"); err == nil {
		t.Error("what is there no more is exported")
	}
	if _, err := s.Value("lag", fmt.Sprint("stranger ", MaxCombinations)); err == nil {
		t.Error("labels have no bound")
	}

	if _, err := s.Value("calls", "99"); err == nil {
		t.Error("a combination that was never counted has a value")
	}
}

func TestLabelsAreBounded(t *testing.T) {
	s := New()
	c := s.Counter("agents", "by agent", "agent", "method")
	for i := range 10 * MaxCombinations {
		c.Inc(fmt.Sprint("scanner ", i), "REGISTER")
	}
	c.Inc("scanner 1", "REGISTER")
	value(t, s, 2, "agents", "scanner 1", "REGISTER")
	value(t, s, 9*MaxCombinations, "agents", Other, Other)
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if n := len(f.GetMetric()); f.GetName() == "tandem_agents_total" && n != MaxCombinations+1 {
			t.Errorf("%d combinations are kept", n)
		}
	}
}

func TestWrongNumberOfLabelsAndBadBytes(t *testing.T) {
	s := New()
	c := s.Counter("odd", "odd labels", "a", "b")
	c.Inc("only one")
	c.Inc("one", "two", "three")
	c.Inc("\xff", "two")
	value(t, s, 1, "odd", "only one", "")
	value(t, s, 1, "odd", "one", "two")
	value(t, s, 1, "odd", "?", "two")
}

func TestOtherKindUnderTheSameNameShowsAtOnce(t *testing.T) {
	s := New()
	s.Counter("x", "a counter")
	defer func() {
		if recover() == nil {
			t.Error("a gauge took the name of a counter")
		}
	}()
	s.Gauge("x", "a gauge")
}

func TestExport(t *testing.T) {
	s := New()
	s.Counter("calls", "calls made", "cause").Inc("16")
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{"# HELP tandem_calls_total calls made", `tandem_calls_total{cause="16"} 1`, "go_goroutines", "process_open_fds"} {
		if !strings.Contains(answer.Body.String(), want) {
			t.Errorf("the export lacks %q", want)
		}
	}
}

func BenchmarkWith(b *testing.B) {
	c := New().Counter("calls", "calls made", "cause", "protocol")
	b.ReportAllocs()
	for b.Loop() {
		c.Inc("16", "SCCP")
	}
}

func BenchmarkKept(b *testing.B) {
	c := New().Counter("calls", "calls made", "cause", "protocol").With("16", "SCCP")
	b.ReportAllocs()
	for b.Loop() {
		c.Inc()
	}
}
