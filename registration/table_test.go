package registration

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
	"time"

	"tandem/call/signal"
)

func reg(device string, incarnation uint64) Registration {
	return at(1, device, incarnation, incarnation)
}

func at(node signal.NodeID, device string, incarnation, version uint64) Registration {
	return Registration{Attachment: signal.Attachment{Device: device, Incarnation: incarnation}, Node: node, Version: version}
}

func TestTable(t *testing.T) {
	table := NewTable()
	if ok, replaced := table.Put(reg("SEP1", 1)); !ok || replaced {
		t.Fatalf("first registration: accepted %v, replaced %v", ok, replaced)
	}
	if ok, replaced := table.Put(reg("SEP1", 2)); !ok || !replaced {
		t.Fatalf("second registration: accepted %v, replaced %v", ok, replaced)
	}
	if table.Remove("SEP1", 1, 1) {
		t.Fatal("the clean-up of the first life removed the second")
	}
	if ok, _ := table.Put(reg("SEP1", 1)); ok {
		t.Fatal("a late registration of the first life was accepted")
	}
	if table.Len() != 1 {
		t.Fatalf("the device counts %d times", table.Len())
	}
	if !table.Remove("SEP1", 1, 2) {
		t.Fatal("the registration could not be ended")
	}
	if _, ok := table.Get("SEP1"); ok {
		t.Fatal("the device is still registered")
	}
}

// TestNewestRegistrationCounts: whichever order two servers' registrations of a phone are heard in, every server goes by
// the same one, and by the other when that is taken back.
func TestNewestRegistrationCounts(t *testing.T) {
	for _, test := range []struct {
		name string
		a, b Registration
		want signal.NodeID
	}{
		{"the later one", at(1, "p", 9, 100), at(2, "p", 3, 200), 2},
		{"the later one, at the lower server", at(1, "p", 9, 300), at(2, "p", 3, 200), 1},
		{"the same moment: the higher server", at(1, "p", 9, 100), at(2, "p", 3, 100), 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, order := range [][]Registration{{test.a, test.b}, {test.b, test.a}} {
				table := NewTable()
				table.Put(order[0])
				table.Put(order[1])
				r, _ := table.Get("p")
				if r.Node != test.want || table.Len() != 1 {
					t.Errorf("%d devices, registered at %d, want %d", table.Len(), r.Node, test.want)
				}
				table.Remove("p", r.Node, r.Incarnation)
				if r, ok := table.Get("p"); !ok || r.Node == test.want {
					t.Errorf("after that one was taken back: %v at %d", ok, r.Node)
				}
			}
		})
	}
}

// TestVersionsRiseOverServers: a phone that moves to a server whose clock is behind is registered there nevertheless.
func TestVersionsRiseOverServers(t *testing.T) {
	now := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	fast, slow := NewTable(), NewTable()
	first := at(1, "p", 1, fast.Tick(now.Add(time.Hour)))
	fast.Put(first)
	slow.Put(first)
	second := at(2, "p", 1, slow.Tick(now))
	if !second.After(first) {
		t.Error("the registration at the server with the slow clock lost")
	}
	if a, b := slow.Tick(now), slow.Tick(now); a >= b || a <= second.Version {
		t.Errorf("versions %d, %d after %d", a, b, second.Version)
	}
}

// TestR53_TablesConverge has three servers take and lose phones at random; what each says reaches the others late, in its
// order, and with servers dropped and heard again. When all is quiet the three tables are the same.
func TestR53_TablesConverge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	type change struct {
		r    Registration
		gone bool
	}
	var tables [4]*Table
	var waiting [4][4][]change // from, to
	var cut [4][4]bool
	for n := 1; n <= 3; n++ {
		tables[n] = NewTable()
	}
	tell := func(from int, c change) {
		for to := 1; to <= 3; to++ {
			if to != from && !cut[from][to] {
				waiting[from][to] = append(waiting[from][to], c)
			}
		}
	}
	leave := func(n int, device string) {
		if own, ok := tables[n].At(device, signal.NodeID(n)); ok {
			tables[n].Remove(device, own.Node, own.Incarnation)
			tell(n, change{own, true})
		}
	}
	deliver := func(from, to int) {
		if len(waiting[from][to]) == 0 {
			return
		}
		c := waiting[from][to][0]
		waiting[from][to] = waiting[from][to][1:]
		if c.gone {
			tables[to].Remove(c.r.Device, c.r.Node, c.r.Incarnation)
			return
		}
		tables[to].Put(c.r)
		if own, ok := tables[to].At(c.r.Device, signal.NodeID(to)); ok && c.r.After(own) {
			leave(to, c.r.Device)
		}
	}
	incarnation := uint64(0)
	for range 10000 {
		n, other := 1+r.IntN(3), 1+r.IntN(3)
		device := "p" + strconv.Itoa(r.IntN(20))
		switch r.IntN(12) {
		case 0, 1, 2:
			incarnation++
			own := at(signal.NodeID(n), device, incarnation, tables[n].Tick(time.Unix(int64(1000*n), 0)))
			tables[n].Put(own)
			tell(n, change{own, false})
		case 3:
			leave(n, device)
		case 4:
			if n == other {
				continue
			}
			cut[n][other], cut[other][n] = true, true
			waiting[n][other], waiting[other][n] = nil, nil
			tables[n].Drop(signal.NodeID(other))
			tables[other].Drop(signal.NodeID(n))
		case 5:
			if cut[n][other] {
				heal(tables[:], n, other, func(from, to int, all []Registration) {
					cut[from][to] = false
					for _, own := range all {
						waiting[from][to] = append(waiting[from][to], change{own, false})
					}
				})
			}
		default:
			deliver(n, other)
		}
	}
	for a := 1; a <= 3; a++ {
		for b := a + 1; b <= 3; b++ {
			if cut[a][b] {
				heal(tables[:], a, b, func(from, to int, all []Registration) {
					cut[from][to] = false
					for _, own := range all {
						waiting[from][to] = append(waiting[from][to], change{own, false})
					}
				})
			}
		}
	}
	for busy := true; busy; {
		busy = false
		for a := 1; a <= 3; a++ {
			for b := 1; b <= 3; b++ {
				busy = busy || len(waiting[a][b]) > 0
				deliver(a, b)
			}
		}
	}
	for n := 2; n <= 3; n++ {
		if !reflect.DeepEqual(tables[n].All(), tables[1].All()) {
			t.Errorf("server %d lists\n%v\nserver 1\n%v", n, tables[n].All(), tables[1].All())
		}
	}
	claims := 0
	for n := signal.NodeID(1); n <= 3; n++ {
		claims += tables[1].LenAt(n)
		for other := 2; other <= 3; other++ {
			c1, s1 := tables[1].Digest(n)
			if c, s := tables[other].Digest(n); c != c1 || s != s1 {
				t.Errorf("the digests of server %d differ at 1 and %d", n, other)
			}
		}
	}
	if claims != tables[1].Len() {
		t.Errorf("%d devices are registered %d times", tables[1].Len(), claims)
	}
}

func heal(tables []*Table, a, b int, send func(from, to int, all []Registration)) {
	send(a, b, tables[a].Of(signal.NodeID(a)))
	send(b, a, tables[b].Of(signal.NodeID(b)))
}

func TestReplaceTakesTheWhole(t *testing.T) {
	table := NewTable()
	table.Put(at(2, "stays", 1, 10))
	table.Put(at(2, "goes", 1, 11))
	table.Put(at(3, "elsewhere", 1, 12))
	changed := table.Replace(2, []Registration{at(2, "stays", 1, 10), at(2, "comes", 1, 13)})
	if !reflect.DeepEqual(changed, []string{"goes", "comes"}) || table.Len() != 3 {
		t.Errorf("changed %v, %d devices", changed, table.Len())
	}
	if lost := table.Drop(2); len(lost) != 2 || table.Len() != 1 {
		t.Errorf("%d lost, %d left", len(lost), table.Len())
	}
	if n, sum := table.Digest(2); n != 0 || sum != 0 {
		t.Errorf("a server that is gone has a digest: %d, %d", n, sum)
	}
}
