package replica

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// outcome is what became of a write, as its writer was told.
type outcome int

const (
	refused outcome = iota // it has no effect
	onOne                  // acknowledged as durable 1
	onTwo                  // acknowledged as durable 2
	open                   // whether it counts was not told
)

// history is every write and its outcome.
type history struct {
	mu     sync.Mutex
	writes map[string]outcome
}

func (h *history) note(name string, result confdb.Result, err error) {
	o := open
	switch {
	case err == nil && result.Durable >= 2:
		o = onTwo
	case err == nil:
		o = onOne
	case errors.Is(err, fault.PublisherAway), errors.Is(err, fault.PublisherDeposed),
		errors.Is(err, fault.DatabaseNotReady) && !strings.Contains(err.Error(), "will take effect"):
		o = refused
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writes[name] = o
}

// check compares the history with what is there in the end. shown are the texts of what was set aside.
func (h *history) check(has func(string) bool, shown string) (problems []string, counted map[outcome]int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	counted = map[outcome]int{}
	for name, o := range h.writes {
		counted[o]++
		there := has(name)
		switch {
		case o == onTwo && !there:
			problems = append(problems, name+" was acknowledged on two disks and is lost")
		case o == onOne && !there && !strings.Contains(shown, fmt.Sprintf("%q", name)):
			problems = append(problems, name+" was acknowledged on one disk, is not there, and is not shown either")
		case o == refused && there:
			problems = append(problems, name+" was refused and is in effect")
		}
	}
	return problems, counted
}

// candidates is what an administrator's server finds out before a promotion.
func (n *network) candidates(asking telephony.ServerName, lost telephony.ServerName) []Candidate {
	var all []Candidate
	for name, h := range n.hosts {
		c := Candidate{Server: name, Publisher: name == lost}
		n.mu.Lock()
		running := h.site
		n.mu.Unlock()
		if running != nil && !n.severed(asking, name) && !n.severed(name, asking) {
			s := running.replica.Status()
			c.Position, c.Newest, c.Reachable = s.Position, s.Newest, true
			if s.Filling || s.Halted != nil || s.Deposed {
				c.Broken = "its copy is not whole"
			}
		}
		all = append(all, c)
	}
	return all
}

// faults drives three servers through kills, cuts, promotions and moves, all chosen by the seed, while four writers write.
func faults(t *testing.T, seed uint64, steps int) (onTwoDisks int) {
	n, hosts := cluster(t, 3)
	n.beats.Go(n.introduce)
	random := rand.New(rand.NewPCG(seed, 17))
	record := &history{writes: map[string]outcome{}}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		chance := rand.New(rand.NewPCG(seed, uint64(w)))
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(chance.IntN(10)) * time.Millisecond):
				}
				h := hosts[chance.IntN(len(hosts))]
				n.mu.Lock()
				s := h.site
				n.mu.Unlock()
				if s == nil {
					continue
				}
				name := fmt.Sprintf("w%d-%d", w, i)
				result, err := s.Apply(context.Background(), *new(confdb.ChangeSet).Put(partition(name)), confdb.Options{Actor: "writer"})
				record.note(name, result, err)
			}
		})
	}
	publisher := func() telephony.ServerName {
		best, epoch := telephony.ServerName(""), uint64(0)
		for _, h := range n.running() {
			if s := h.replica.Status(); s.Leads && s.Position.Epoch >= epoch {
				best, epoch = h.name, s.Position.Epoch
			}
		}
		return best
	}
	last := telephony.ServerName("cm1")
	promotions := 0
	for range steps {
		if p := publisher(); p != "" {
			last = p
		}
		h := hosts[random.IntN(len(hosts))]
		action := random.IntN(8)
		switch action {
		case 0, 1:
			if h.site == nil {
				h.start(false)
			} else {
				h.end()
			}
		case 2:
			n.isolate(h.name)
		case 3:
			n.mu.Lock()
			n.cut[[2]telephony.ServerName{h.name, hosts[random.IntN(len(hosts))].name}] = true // one way
			n.mu.Unlock()
		case 4:
			n.heal()
		case 5, 6:
			// The publisher is lost, killed or cut off, and an administrator promotes what ChoosePublisher offers.
			n.heal()
			for _, other := range hosts {
				switch {
				case other.name == last && action == 5:
					other.end()
				case other.name == last:
					n.isolate(last)
				case other.site == nil:
					other.start(false)
				}
			}
			if h.name == last {
				break // he waits for it to come back instead
			}
			if n.promoteBest(h.name, last) {
				promotions++
			}
		default:
			for _, from := range hosts {
				if from.name == last && from.site != nil {
					ctx, cancel := context.WithTimeout(context.Background(), time.Second)
					_ = from.replica.Transfer(ctx, h.name) // it may be impossible just now
					cancel()
				}
			}
		}
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond) // the pace of the faults, not a wait for anything
	}
	n.heal()
	for _, h := range hosts {
		if h.site == nil {
			h.start(false)
		}
	}
	close(stop)
	writers.Wait()
	leader := n.settled(t)
	same(t, append([]*host{leader}, hosts...)...)
	shown := ""
	for _, h := range hosts {
		files, _ := filepath.Glob(filepath.Join(h.directory, "lost-changes-*.txt"))
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Error(err)
			}
			shown += string(text)
		}
	}
	problems, counted := record.check(leader.has, shown)
	for _, p := range problems {
		t.Errorf("seed %d: %s", seed, p)
	}
	t.Logf("seed %d: %d on two disks, %d on one, %d refused, %d open; %d promotions, ended at %v", seed, counted[onTwo], counted[onOne], counted[refused], counted[open],
		promotions, leader.Snapshot().Position())
	return counted[onTwo]
}

// settled waits until there is one publisher whose write reaches every server, and returns it.
func (n *network) settled(t testing.TB) *host {
	t.Helper()
	var leader *host
	for end := time.Now().Add(2 * patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		leader = nil
		equal := true
		for _, h := range n.running() {
			s := h.replica.Status()
			if s.Leads && (leader == nil || s.Position.Epoch > leader.Snapshot().Position().Epoch) {
				leader = h
			}
		}
		if leader == nil {
			continue
		}
		if _, err := leader.write("last"); err != nil {
			continue
		}
		for _, h := range n.running() {
			equal = equal && h.position() == leader.position()
		}
		if equal {
			return leader
		}
	}
	for _, h := range n.running() {
		t.Logf("%s: %+v, members %+v, lineage %+v", h.name, h.replica.Status(), h.replica.Members(), h.replica.lineage.state())
	}
	stacks := make([]byte, 1<<20)
	t.Logf("%s", stacks[:runtime.Stack(stacks, true)])
	t.Fatalf("not settled in %v", 2*patience)
	return nil
}

func (n *network) others(than telephony.ServerName) (all []telephony.ServerName) {
	for name := range n.hosts {
		if name != than {
			all = append(all, name)
		}
	}
	return all
}

// promoteBest promotes as an administrator at a server does; false if it was refused for some seconds.
func (n *network) promoteBest(asking, lost telephony.ServerName) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		chosen, err := ChoosePublisher(n.candidates(asking, lost), "", false)
		if err != nil {
			continue
		}
		err = n.hosts[chosen].replica.Promote(ctx, PromoteOptions{Lost: lost, Others: n.others(chosen)})
		if err == nil {
			return true
		}
	}
	return false
}

func TestT16_T19_FaultsByChance(t *testing.T) {
	two := 0
	for _, seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { two += faults(t, seed, 25) })
	}
	if two == 0 {
		t.Error("nothing was acknowledged on two disks: the test proves nothing")
	}
}

// The checker finds what it looks for.
func TestHistoryChecker(t *testing.T) {
	h := &history{writes: map[string]outcome{"two": onTwo, "one": onOne, "no": refused, "open": open}}
	nothing := func(string) bool { return false }
	if problems, _ := h.check(nothing, ""); len(problems) != 2 {
		t.Errorf("nothing is there: %v", problems)
	}
	if problems, _ := h.check(nothing, `created partition "one"`); len(problems) != 1 {
		t.Errorf("one is shown: %v", problems)
	}
	if problems, _ := h.check(func(string) bool { return true }, ""); len(problems) != 1 || !strings.Contains(problems[0], "no was refused") {
		t.Errorf("everything is there: %v", problems)
	}
}

// TestT19_PartitionDuringWrites cuts a subscriber off while much is written, in both ways and in one: the publisher goes on, and the copies
// are equal after healing.
func TestT19_PartitionDuringWrites(t *testing.T) {
	for _, way := range []string{"both", "to the subscriber", "from the subscriber"} {
		t.Run(way, func(t *testing.T) {
			n, hosts := cluster(t, 3)
			n.mu.Lock()
			if way != "from the subscriber" {
				n.cut[[2]telephony.ServerName{"cm1", "cm2"}] = true
			}
			if way != "to the subscriber" {
				n.cut[[2]telephony.ServerName{"cm2", "cm1"}] = true
			}
			n.mu.Unlock()
			for i := range 200 {
				if result, err := hosts[0].write(fmt.Sprint("p", i)); err != nil || result.Durable != 2 {
					t.Fatalf("write %d: durable %d, %v", i, result.Durable, err)
				}
			}
			if way == "both" && hosts[1].has("p199") {
				t.Error("the cut lets something through: the test proves nothing")
			}
			n.heal()
			begin := time.Now()
			same(t, hosts...)
			t.Logf("equal %v after healing", time.Since(begin))
		})
	}
}

// seeds are three, or those of TANDEM_SEEDS, as first-last.
func seeds() []uint64 {
	first, last := uint64(1), uint64(3)
	if text := os.Getenv("TANDEM_SEEDS"); text != "" {
		if _, err := fmt.Sscanf(text, "%d-%d", &first, &last); err != nil {
			panic("TANDEM_SEEDS is not of the form 1-3: " + text)
		}
	}
	var all []uint64
	for i := first; i <= last; i++ {
		all = append(all, i)
	}
	return all
}
