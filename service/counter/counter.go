// Package counter holds the figures of this server: counters, gauges and histograms, and their export for Prometheus.
//
// Labels are bounded: a figure keeps a fixed number of label combinations, and everything beyond is counted under "other",
// so that no peer can make the server remember names without end. Device names and numbers are no labels; their stories are
// in service/trace.
//
// Where a figure counts often, keep what With returns: it counts without a lock and without memory.
package counter

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Other is the value of every label of a combination that found no room.
const Other = "other"

// MaxCombinations is how many combinations of label values one figure keeps apart.
const MaxCombinations = 200

const prefix = "tandem_"

// Set is the collection of a server's figures.
type Set struct {
	registry *prometheus.Registry

	mu    sync.Mutex
	asked map[string]any // by name: *Counter, *Gauge or *Histogram
}

// New returns a set that holds the figures of the Go run-time and of the process.
func New() *Set {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &Set{registry: registry, asked: map[string]any{}}
}

// Handler serves the figures in the text form of Prometheus.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// Counter is a figure that only grows, one per combination of label values.
type Counter struct{ bounded[prometheus.Counter] }

// Gauge is a figure that grows and shrinks, one per combination of label values.
type Gauge struct{ bounded[prometheus.Gauge] }

// Histogram tells how observations (in seconds, bytes …: the name says) are spread, one per combination of label values.
type Histogram struct{ bounded[prometheus.Observer] }

// Counter returns the counter tandem_NAME_total, made at the first call. It panics if another kind of figure or other
// labels have that name: a mistake in the program that shows at its first start.
func (s *Set) Counter(name, help string, labels ...string) *Counter {
	return figure(s, name, func() (*Counter, prometheus.Collector) {
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name + "_total", Help: help}, labels)
		return &Counter{newBounded(labels, func(v []string) prometheus.Counter { return vec.WithLabelValues(v...) })}, vec
	})
}

// Gauge returns the gauge tandem_NAME; see Counter.
func (s *Set) Gauge(name, help string, labels ...string) *Gauge {
	return figure(s, name, func() (*Gauge, prometheus.Collector) {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: prefix + name, Help: help}, labels)
		return &Gauge{newBounded(labels, func(v []string) prometheus.Gauge { return vec.WithLabelValues(v...) })}, vec
	})
}

// Histogram returns the histogram tandem_NAME with the given upper bounds (nil: from 1 ms to 10 s); see Counter.
func (s *Set) Histogram(name, help string, bounds []float64, labels ...string) *Histogram {
	if bounds == nil {
		bounds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	}
	return figure(s, name, func() (*Histogram, prometheus.Collector) {
		vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: bounds}, labels)
		return &Histogram{newBounded(labels, func(v []string) prometheus.Observer { return vec.WithLabelValues(v...) })}, vec
	})
}

// Measure adds a gauge tandem_NAME whose value is asked for when it is exported. value may be called from any goroutine.
func (s *Set) Measure(name, help string, value func() float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: prefix + name, Help: help}, value))
}

// MeasureEach adds gauges tandem_NAME that are asked for when they are exported, one per combination of label values: value calls its
// argument for each there is. What it does not name is not exported. At most MaxCombinations are taken. value may be called from any goroutine.
func (s *Set) MeasureEach(name, help string, value func(is func(v float64, values ...string)), labels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registry.MustRegister(&each{prometheus.NewDesc(prefix+name, help, labels, nil), len(labels), value})
}

// each is what MeasureEach registers.
type each struct {
	desc   *prometheus.Desc
	labels int
	value  func(func(float64, ...string))
}

// Describe implements prometheus.Collector.
func (e *each) Describe(to chan<- *prometheus.Desc) { to <- e.desc }

// Collect implements prometheus.Collector.
func (e *each) Collect(to chan<- prometheus.Metric) {
	seen := map[string]bool{}
	e.value(func(v float64, values ...string) {
		clean := make([]string, e.labels)
		for i := range min(len(values), e.labels) {
			clean[i] = strings.ToValidUTF8(values[i], "?")
		}
		key := strings.Join(clean, "\x00")
		if seen[key] || len(seen) >= MaxCombinations { // Prometheus takes no figure twice
			return
		}
		seen[key] = true
		to <- prometheus.MustNewConstMetric(e.desc, prometheus.GaugeValue, v, clean...)
	})
}

func figure[F any](s *Set, name string, build func() (*F, prometheus.Collector)) *F {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.asked[name]; ok {
		f, ok := known.(*F)
		if !ok {
			panic(fmt.Sprintf("counter: %s is a %T already", name, known))
		}
		return f
	}
	f, collector := build()
	s.registry.MustRegister(collector)
	s.asked[name] = f
	return f
}

// Inc adds 1 to the combination of label values.
func (c *Counter) Inc(values ...string) { c.With(values...).Inc() }

// Add adds n, which is not negative, to the combination of label values.
func (c *Counter) Add(n float64, values ...string) { c.With(values...).Add(n) }

// Set sets the combination of label values to v.
func (g *Gauge) Set(v float64, values ...string) { g.With(values...).Set(v) }

// Add adds n, which may be negative, to the combination of label values.
func (g *Gauge) Add(n float64, values ...string) { g.With(values...).Add(n) }

// Observe records v under the combination of label values.
func (h *Histogram) Observe(v float64, values ...string) { h.With(values...).Observe(v) }

// bounded keeps up to MaxCombinations figures apart.
type bounded[M any] struct {
	labels int
	create func(values []string) M

	mu    *sync.RWMutex
	known map[string]M
}

func newBounded[M any](labels []string, create func([]string) M) bounded[M] {
	return bounded[M]{labels: len(labels), create: create, mu: new(sync.RWMutex), known: map[string]M{}}
}

// With returns the figure of one combination of label values, to be kept where it counts often. Too few values are filled
// up with "", surplus ones are left out.
func (b *bounded[M]) With(values ...string) M {
	if len(values) != b.labels {
		values = append(values[:min(len(values), b.labels):min(len(values), b.labels)], make([]string, max(0, b.labels-len(values)))...)
	}
	key := strings.Join(values, "\x00")
	b.mu.RLock()
	m, ok := b.known[key]
	b.mu.RUnlock()
	if ok {
		return m
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if m, ok := b.known[key]; ok {
		return m
	}
	if len(b.known) >= MaxCombinations {
		others := make([]string, b.labels)
		for i := range others {
			others[i] = Other
		}
		return b.create(others)
	}
	clean := make([]string, b.labels)
	for i, v := range values {
		clean[i] = strings.ToValidUTF8(v, "?")
	}
	m = b.create(clean)
	b.known[strings.Clone(key)] = m
	return m
}

// Value returns the present value of the figure tandem_NAME (of a counter: tandem_NAME_total; of a histogram: its number
// of observations) for one combination of label values, in the order of the labels' names.
func (s *Set) Value(name string, values ...string) (float64, error) {
	families, err := s.registry.Gather()
	if err != nil {
		return 0, err
	}
	for _, family := range families {
		if family.GetName() != prefix+name && family.GetName() != prefix+name+"_total" {
			continue
		}
	metrics:
		for _, m := range family.GetMetric() {
			if len(m.GetLabel()) != len(values) {
				continue
			}
			for i, pair := range m.GetLabel() {
				if pair.GetValue() != values[i] {
					continue metrics
				}
			}
			switch {
			case m.GetCounter() != nil:
				return m.GetCounter().GetValue(), nil
			case m.GetGauge() != nil:
				return m.GetGauge().GetValue(), nil
			case m.GetHistogram() != nil:
				return float64(m.GetHistogram().GetSampleCount()), nil
			}
		}
	}
	return 0, errors.New("no figure " + name + " with these labels")
}
