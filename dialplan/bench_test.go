package dialplan

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// bigChanges describes a large organisation: 90,000 directory numbers at 45 sites, 9,000 route and 955 translation patterns,
// 45 times the numbering plan; 100,000 patterns in 92 partitions.
var bigChanges = sync.OnceValue(func() (changes []Change) {
	pattern := func(p Pattern) {
		p.ID = PatternID(fmt.Sprintf("3f2504e0-4f89-11d3-9a0c-%012d", len(changes)))
		changes = append(changes, Put(p))
	}
	discard, err := ParseDiscard("PreDot")
	if err != nil {
		panic(err)
	}
	for site := range 45 {
		internal, pstn := fmt.Sprint("internal", site), fmt.Sprint("pstn", site)
		for n := range 2000 {
			pattern(Pattern{Partition: internal, Text: fmt.Sprintf("%02d%04d", 20+site, 2000+n), Target: "line"})
		}
		for n := range 200 {
			pattern(Pattern{Partition: pstn, Text: fmt.Sprintf("9.1%03d[2-9]XX%02dXX", 200+n, site), Kind: RoutePattern, OutsideDialTone: true})
		}
		pattern(Pattern{Partition: pstn, Text: "9.@", Kind: RoutePattern, OutsideDialTone: true, Called: CalledTransform{Discard: discard}})
		for n := range 20 {
			pattern(Pattern{Partition: internal, Text: fmt.Sprintf("8%02dXXXX", 10+n), Kind: TranslationPattern, TranslationCSS: fmt.Sprint("css", n), Called: CalledTransform{Mask: fmt.Sprintf("%02dXXXX", 20+n)}})
		}
	}
	for n := range 55 {
		pattern(Pattern{Partition: "features", Text: fmt.Sprintf("*%02d", n), Kind: TranslationPattern})
	}
	for len(changes) < 100000 {
		pattern(Pattern{Partition: "features", Text: fmt.Sprintf("#%06d", len(changes))})
	}
	for site := range 45 {
		changes = append(changes, SetSearchSpace(fmt.Sprint("css", site), fmt.Sprint("internal", site), "features", fmt.Sprint("internal", (site+1)%45),
			fmt.Sprint("internal", (site+2)%45), fmt.Sprint("pstn", site)))
	}
	return changes
})

var bigPlan = sync.OnceValue(func() *Plan {
	plan, err := New(bigChanges()...)
	if err != nil {
		panic(err)
	}
	return plan
})

var benchRequests = map[string]Request{
	"directory number":      {LineCSS: "css7", DeviceCSS: "css8", Digits: "273456"},
	"route pattern":         {LineCSS: "css7", DeviceCSS: "css8", Digits: "92345678901", Complete: true},
	"international with @":  {LineCSS: "css7", DeviceCSS: "css8", Digits: "901149301234567", Complete: true},
	"more digits":           {LineCSS: "css7", DeviceCSS: "css8", Digits: "2734"},
	"no route":              {LineCSS: "css7", DeviceCSS: "css8", Digits: "7777777"},
	"closest of many wilds": {LineCSS: "css7", DeviceCSS: "css8", Digits: "912002340712", Complete: true},
	"translation":           {LineCSS: "css7", DeviceCSS: "css8", Digits: "8173456"},
}

// A look-up without transformation allocates nothing (the transformations of "route pattern" and "@" above build strings).
func TestLookUpAllocatesNothing(t *testing.T) {
	plan := bigPlan()
	for name, q := range benchRequests {
		want := 0.0
		d := plan.Analyze(q)
		if len(d.Steps) > 0 {
			want = 3 // the list of steps, and the number before and after
		}
		if n := testing.AllocsPerRun(100, func() { plan.Analyze(q) }); n > want {
			t.Errorf("%s: %v allocations, want at most %v", name, n, want)
		}
		switch name {
		case "no route":
			if d.Answer != NoRoute {
				t.Errorf("%s: %s", name, d.Answer)
			}
		case "more digits":
			if d.Answer != MoreDigits {
				t.Errorf("%s: %s", name, d.Answer)
			}
		default:
			if d.Answer != RouteFound {
				t.Errorf("%s: %s (%s)", name, d.Answer, d.Reason)
			}
		}
	}
}

func BenchmarkLookUp(b *testing.B) {
	plan := bigPlan()
	for name, q := range benchRequests {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				plan.Analyze(q)
			}
		})
	}
}

func BenchmarkOnePatternChange(b *testing.B) {
	plan := bigPlan()
	b.ReportAllocs()
	for b.Loop() {
		next, err := plan.With(Put(Pattern{ID: "new", Partition: "internal7", Text: "279999", Target: "line"}))
		if err != nil {
			b.Fatal(err)
		}
		if _, err = next.With(Remove("new")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOneAtPatternChange(b *testing.B) {
	plan := bigPlan()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.With(Put(Pattern{ID: "new", Partition: "pstn7", Text: "8.@", Kind: RoutePattern})); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFullBuild(b *testing.B) {
	changes := bigChanges()
	b.ReportAllocs()
	var plan *Plan
	for b.Loop() {
		var err error
		if plan, err = New(changes...); err != nil {
			b.Fatal(err)
		}
	}
	var with, without runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&with)
	runtime.KeepAlive(plan)
	plan = nil
	runtime.GC()
	runtime.ReadMemStats(&without)
	b.ReportMetric(float64(with.HeapAlloc-without.HeapAlloc)/(1<<20), "MiB/plan")
}
