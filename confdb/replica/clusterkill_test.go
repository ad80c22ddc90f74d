package replica

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/confdb"
	"tandem/confdb/sqlite"
	"tandem/telephony"
)

// The test below runs three servers as processes of their own and kills them. A child is told by its arguments: directory, name, its
// ports, and those of the publisher. It writes without end where it is the publisher, and answers "export" on its input.

type childPorts struct{ Replication, Acknowledgements string }

func serverChild(directory, name, arguments string) {
	if err := runServerChild(directory, name, arguments); err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
}

func runServerChild(directory, name, arguments string) error {
	var ports map[string]childPorts
	if err := json.Unmarshal([]byte(arguments), &ports); err != nil {
		return err
	}
	own, publishes := ports[name], name == "cm1"
	listener, err := net.Listen("tcp", own.Replication)
	if err != nil {
		return err
	}
	positions := make(chan confdb.Position, 1024)
	r, err := Open(Options{
		Directory: directory, Server: telephony.ServerName(name), Create: publishes, Join: !publishes,
		Open: sqlite.Opener(directory, testKey(), publishes),
		Applied: func(at confdb.Position) {
			select {
			case positions <- at:
			default: // the next one says it too
			}
		},
		Streams: &Streams{Address: own.Replication, Listener: listener, Dial: func(address string, timeout time.Duration) (net.Conn, error) {
			return net.DialTimeout("tcp", address, timeout)
		}},
	})
	if err != nil {
		return err
	}
	store, err := confdb.New(r, confdb.StoreOptions{})
	if err != nil {
		return err
	}
	fmt.Println("started")
	if publishes {
		if err := publishChild(r, store, ports); err != nil {
			return err
		}
	} else {
		go sendPositions(name, ports["cm1"].Acknowledgements, r, positions)
	}
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		names := []string{}
		for _, o := range store.Snapshot().Objects(telephony.KindPartition) {
			names = append(names, o.Key())
		}
		at := store.Snapshot().Position()
		fmt.Println("export", at.Epoch, at.Index, strings.Join(names, ","))
	}
	return store.Close()
}

// sendPositions tells the publisher how far this server's disk is, as the servers of a cluster do with every entry and every heartbeat.
func sendPositions(name, to string, r *Replica, positions <-chan confdb.Position) {
	for ; ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", to)
		if err != nil {
			continue
		}
		for err == nil {
			at := confdb.Position{}
			select {
			case at = <-positions:
			case <-time.After(200 * time.Millisecond):
				at = r.Status().Position
			}
			_, err = fmt.Fprintln(c, name, at.Epoch, at.Index)
		}
		_ = c.Close()
	}
}

func publishChild(r *Replica, store *confdb.Store, ports map[string]childPorts) error {
	acknowledgements, err := net.Listen("tcp", ports["cm1"].Acknowledgements)
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := acknowledgements.Accept()
			if err != nil {
				return
			}
			go func() {
				for lines := bufio.NewScanner(c); lines.Scan(); {
					var name string
					var at confdb.Position
					if _, err := fmt.Sscan(lines.Text(), &name, &at.Epoch, &at.Index); err == nil {
						r.Acknowledge(telephony.ServerName(name), at)
					}
				}
			}()
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	begin := time.Now()
	if err := r.WaitReady(ctx); err != nil {
		return err
	}
	fmt.Println("ready", time.Since(begin).Milliseconds())
	for name, p := range ports {
		if name != "cm1" {
			if err := r.AddSubscriber(telephony.ServerName(name), p.Replication); err != nil {
				return err
			}
		}
	}
	run := time.Now().UnixNano()
	var say sync.Mutex
	for w := range killWriters {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", run, w, i)
				say.Lock()
				fmt.Println("try", name)
				say.Unlock()
				result, err := store.Apply(context.Background(), *new(confdb.ChangeSet).Put(partition(name)), confdb.Options{})
				say.Lock()
				if err == nil {
					fmt.Println("ack", name, result.Durable)
				}
				say.Unlock()
				if i > 60 { // bounded, should nobody kill it
					return
				}
			}
		}()
	}
	return nil
}

// childServer is one of the processes.
type childServer struct {
	process *exec.Cmd
	input   io.WriteCloser
	lines   chan string
}

func startChild(t *testing.T, directory, name, arguments string) *childServer {
	t.Helper()
	c := &childServer{process: exec.Command(os.Args[0], directory, name, arguments), lines: make(chan string, 100_000)}
	c.process.Env = append(os.Environ(), childVariable+"=server")
	c.process.Stderr = os.Stderr
	out, err := c.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.input, err = c.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.kill() })
	go func() { // ends with the process
		defer close(c.lines)
		s := bufio.NewScanner(out)
		s.Buffer(nil, 16<<20)
		for s.Scan() {
			c.lines <- s.Text()
		}
	}()
	return c
}

func (c *childServer) kill() {
	_ = c.process.Process.Kill()
	_ = c.process.Wait()
}

// until reads lines up to the first with this word, handing each on.
func (c *childServer) until(t *testing.T, word string, each func(string)) string {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				t.Fatalf("the server ended before it said %q", word)
			}
			each(line)
			if strings.HasPrefix(line, word) {
				return line
			}
		case <-limit:
			t.Fatalf("no %q in %v", word, patience)
		}
	}
}

// TestT16_ClusterSurvivesKills kills the publisher ten times under eight writers, and a subscriber now and then: no acknowledged write is
// lost, nothing that was not tried is there, and the three copies are equal.
func TestT16_ClusterSurvivesKills(t *testing.T) {
	root := t.TempDir()
	ports := map[string]childPorts{}
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	names := []string{"cm1", "cm2", "cm3"}
	for _, name := range names {
		ports[name] = childPorts{free(), free()}
		if err := os.Mkdir(filepath.Join(root, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	arguments, err := json.Marshal(ports)
	if err != nil {
		t.Fatal(err)
	}
	start := func(name string) *childServer {
		return startChild(t, filepath.Join(root, name), name, string(arguments))
	}
	subscribers := map[string]*childServer{"cm2": start("cm2"), "cm3": start("cm3")}
	tried, acknowledged := map[string]bool{}, map[string]string{}
	note := func(line string) {
		f := strings.Fields(line)
		switch {
		case len(f) == 2 && f[0] == "try":
			tried[f[1]] = true
		case len(f) == 3 && f[0] == "ack":
			acknowledged[f[1]] = f[2]
		case f[0] == "failed":
			t.Error(line)
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	var publisher *childServer
	for round := range 11 {
		publisher = start("cm1")
		if line := publisher.until(t, "ready", note); len(line) > len("ready 9999") {
			t.Errorf("not writable within ten seconds of its start: %s ms", line)
		}
		for range 10 + random.IntN(30) {
			publisher.until(t, "ack", note)
		}
		if round%3 == 1 {
			victim := names[1+random.IntN(2)]
			subscribers[victim].kill()
			subscribers[victim] = start(victim)
		}
		if round == 10 {
			break
		}
		time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond) // a random moment
		publisher.kill()
		for line := range publisher.lines {
			note(line)
		}
	}
	exports := map[string]string{}
	all := map[string]*childServer{"cm1": publisher, "cm2": subscribers["cm2"], "cm3": subscribers["cm3"]}
	eventually(t, "three equal copies", func() bool { // once the last writers are through
		for _, name := range names {
			if _, err := fmt.Fprintln(all[name].input, "export"); err != nil {
				t.Fatal(err)
			}
			exports[name] = all[name].until(t, "export", note)
		}
		return exports["cm1"] == exports["cm2"] && exports["cm1"] == exports["cm3"] && len(acknowledged) >= len(tried)-10*killWriters
	})
	there := map[string]bool{}
	fields := strings.Fields(exports["cm1"])
	for _, name := range strings.Split(fields[len(fields)-1], ",") {
		there[name] = true
		if !tried[name] {
			t.Errorf("%s was never written", name)
		}
	}
	two := 0
	for name, durable := range acknowledged {
		if !there[name] {
			t.Errorf("%s was acknowledged on %s disks and is lost", name, durable)
		}
		if durable == "2" {
			two++
		}
	}
	t.Logf("%d tried, %d acknowledged, %d of them on two disks", len(tried), len(acknowledged), two)
	if two == 0 {
		t.Error("no write was on two disks: the test proves nothing")
	}
}

// BenchmarkVisibleEverywhere is from the call of a write to its being in the snapshot of each of three servers.
func BenchmarkVisibleEverywhere(b *testing.B) {
	_, hosts := cluster(b, 3)
	var all []time.Duration
	for i := 0; b.Loop(); i++ {
		begin := time.Now()
		result, err := hosts[0].write(fmt.Sprint("w", i))
		if err != nil {
			b.Fatal(err)
		}
		for _, h := range hosts[1:] {
			w := h.Watch(h.Snapshot().Position())
			for h.Snapshot().Position().Index < result.Position.Index {
				if _, err := w.Next(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		}
		all = append(all, time.Since(begin))
	}
	quantiles(b, all)
}

func quantiles(b *testing.B, all []time.Duration) {
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "ms-p99")
}
