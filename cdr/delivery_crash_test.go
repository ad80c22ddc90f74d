package cdr

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/call/signal"
	"tandem/telephony/parameter"
)

const (
	publisherDirectory  = "TANDEM_CDR_TEST_PUBLISHER"
	subscriberDirectory = "TANDEM_CDR_TEST_SUBSCRIBER"
	publisherAddress    = "TANDEM_CDR_TEST_ADDRESS"
)

// publisherChild receives until it is killed, and says where.
func publisherChild(dir string) {
	var a alarms
	r, err := NewReceiver(receiverOptions(&testing.T{}, dir, &a))
	if err == nil {
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
			fmt.Println(l.Addr())
			err = http.Serve(l, r.Handler(peerByHeader))
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// subscriberChild makes calls and delivers until it is killed, and names each call whose record is durable. It asks for the
// publisher's address in a file, because every publisher listens elsewhere.
func subscriberChild(dir, address string) {
	t := &testing.T{}
	var a alarms
	layouts := []Layout{Layout4, LayoutLater}
	o := a.options(t)
	o.Node = 2
	var mu sync.Mutex
	current := valuesOf(t)
	o.Parameters = func() *parameter.Values { mu.Lock(); defer mu.Unlock(); return current }
	c, err := Open(dir, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := NewShipper(ShipperOptions{Dir: dir, Delivered: func(Kind, Listed, Receipt) { fmt.Println(deliveredLine) }, Parameters: o.Parameters, Alarm: a.raise, Every: time.Millisecond, RetryFirst: time.Millisecond,
		RetryMost: 20 * time.Millisecond, Publisher: func() (Destination, error) {
			at, err := os.ReadFile(address)
			if err != nil {
				return nil, err
			}
			return Remote(&http.Client{Transport: asServer{"S2"}}, "http://"+string(at)), nil
		}})
	go func() { _ = s.Run(context.Background()) }()
	for n, round := c.FirstCall(), 0; ; round++ {
		var names []string
		for range 1 + round%9 {
			r := callAt(2, 2, n, time.Now())
			r.Connected = r.Began
			c.Fact(signal.Answered{Record: r})
			c.Fact(signal.Ended{Record: end(r, 0)})
			names = append(names, fmt.Sprint(n))
			n++
		}
		if err := c.Sync(ctx(t)); err != nil {
			os.Exit(1)
		}
		fmt.Println(strings.Join(names, "\n"))
		if round%3 == 2 { // another layout completes the files
			mu.Lock()
			layouts = append(layouts[1:], layouts[0])
			current = valuesOf(t, parameter.CDRLayout, layouts[0])
			mu.Unlock()
		}
		time.Sleep(time.Millisecond)
	}
}

// deliveredLine is what a subscriber says when the publisher has stored a file.
const deliveredLine = "delivered"

// process is a child of the test.
type process struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func begin(t *testing.T, env ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0])}
	p.Env = append(os.Environ(), env...)
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(out)
	t.Cleanup(p.end)
	return p
}

func (p *process) end() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// Publisher and subscriber are killed at any moment, over and over. In the end every record that was durable is in the
// publisher's store and in its files, once.
func TestT16_R43_EitherSideKilled(t *testing.T) {
	store, records := t.TempDir(), t.TempDir()
	address := t.TempDir() + "/address"
	durable := map[string]bool{}
	deliveries, subscribers, publishers := 0, 0, 0
	var mu sync.Mutex
	limit := time.Now().Add(90 * time.Second)
	goOn := func(count *int) bool {
		mu.Lock()
		defer mu.Unlock()
		*count++
		return time.Now().Before(limit) && (len(durable) < 300 || deliveries < 20 || subscribers < 6 || publishers < 6)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for goOn(&subscribers) {
			p := begin(t, subscriberDirectory+"="+records, publisherAddress+"="+address)
			stop := 10 + rand.IntN(200)
			for n := 0; p.lines.Scan(); n++ {
				mu.Lock()
				if p.lines.Text() == deliveredLine {
					deliveries++
				} else {
					durable[p.lines.Text()] = true
				}
				mu.Unlock()
				if n == stop {
					_ = p.Process.Kill()
				}
			}
			p.end()
		}
	})
	work.Go(func() {
		for goOn(&publishers) {
			p := begin(t, publisherDirectory+"="+store)
			if p.lines.Scan() {
				if err := replaceFile(address, func(w io.Writer) error { _, err := io.WriteString(w, p.lines.Text()); return err }); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Duration(50+rand.IntN(1200)) * time.Millisecond)
			}
			p.end()
		}
	})
	work.Wait()
	var a alarms
	o := a.options(t)
	o.Node = 2
	shut(t, open(t, records, o)) // completes what the last kill left
	r := receiver(t, receiverOptions(t, store, &a))
	before := len(everything(t, r, Query{}))
	round(t, shipper(t, records, &a, r.Local("S2")))
	all := everything(t, r, Query{})
	stored(t, r, map[string]int{"S2": len(all)})
	have := map[string]int{}
	for _, c := range all {
		have[fmt.Sprint(c.Call.Call)]++
	}
	for n := range durable {
		if have[n] != 1 {
			t.Errorf("call %s has %d records at the publisher", n, have[n])
		}
	}
	if list, err := r.Quarantined(); err != nil || len(list) != 0 {
		t.Errorf("in quarantine: %+v, %v", list, err)
	}
	t.Logf("%d calls, %d of them delivered in time; %d subscribers and %d publishers were killed", len(durable), before, subscribers, publishers)
	if len(durable) < 300 || before < 20 || deliveries < 20 {
		t.Error("the test is worth nothing")
	}
}

var errCrash = errors.New("the crash")

// A crash between any two transactions of an insertion leaves what repeating it completes.
func TestT16_CrashWithinAnInsertion(t *testing.T) {
	var a alarms
	o := a.options(t)
	o.Node = 2
	dir := t.TempDir()
	c := open(t, dir, o)
	const calls = 2*insertRows + 100
	for n := range uint32(calls) {
		c.Fact(signal.Ended{Record: unanswered(callAt(2, 2, 1000+n, time.Now()))})
	}
	shut(t, c)
	list, contents := batches(t, dir, KindCalls)
	for cut := range 3 {
		at := t.TempDir()
		r := receiver(t, receiverOptions(t, at, &a))
		path := r.path("incoming", "x")
		if err := os.WriteFile(path, contents[0], 0o600); err != nil {
			t.Fatal(err)
		}
		// The first transactions are done, and then the server is gone.
		b := &arrival{server: "S2", kind: KindCalls, name: list[0].Name, sum: list[0].SHA256, path: path}
		if err := run(r.conn, "INSERT INTO batch (server, kind, name, node, at, sum) VALUES ('S2', 'calls', ?, 2, 0, ?)", b.name, b.sum); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		i := &insertion{conn: r.conn, server: "S2", batch: r.conn.LastInsertRowID()}
		err = i.portions(func() error {
			return insertAll("C1", f, &badLines{}, callsByName, checkCall, func(c *CallRecord, id []byte) error {
				if n++; n > cut*insertRows+50 {
					return errCrash
				}
				return i.call(c, id)
			})
		})
		f.Close()
		if !errors.Is(err, errCrash) || len(everything(t, r, Query{})) != cut*insertRows {
			t.Fatalf("cut %d: %v", cut, err)
		}
		r.Close()
		r = receiver(t, r.o)
		round(t, shipper(t, dir, &a, r.Local("S2")))
		stored(t, r, map[string]int{"S2": calls})
	}
}
