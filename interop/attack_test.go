package interop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/phone"
	"tandem/sim/lab"
)

// call lets p call q, and returns how long it took until q rang. Both are idle afterwards.
func call(t *testing.T, p, q *phone.Phone, from, to int) time.Duration {
	t.Helper()
	began := time.Now()
	must(t, "dial", p.Dial(within(t, 2*step), number(to)))
	_, err := q.WaitCall(within(t, 2*step), phone.RingingIn)
	must(t, q.Name()+" rings", err)
	took := time.Since(began)
	must(t, "answer", q.Answer())
	hears(t, p, to)
	hears(t, q, from)
	must(t, "hang up", p.Hangup())
	idle(t, p, q)
	return took
}

// A scanner does not learn which extensions exist, guesses no password, even one that is in its list, and is held back with
// one alarm; a good phone from another address is not disturbed (T-5).
func TestT05_ScannerLearnsNothing(t *testing.T) {
	t.Parallel()
	server(t)
	s, err := lab.Start(t.Context(), lab.Options{Site: site(40, 1)})
	must(t, "a server", err)
	t.Cleanup(func() { must(t, "the server's end", s.Close()) })
	elsewhere := func(c *phone.Config) { c.Local = netip.MustParseAddr("127.0.0.9") }
	p, q := sipPhone(t, s, 5020, elsewhere), sipPhone(t, s, 5021, elsewhere)

	// 5030 to 5040 exist, 4930 to 4940 do not. What the scanner sees of them must be the same.
	found := map[string]string{}
	for _, method := range []string{"REGISTER", "INVITE", "OPTIONS"} {
		for _, numbers := range []string{"5030-5040", "4930-4940"} {
			local, err := lab.Reserve()
			must(t, "a port", err)
			out, _ := run(t, 6*step, "svwar", "-e", numbers, "-m", method, "-P", fmt.Sprint(local), "-p", fmt.Sprint(s.Port("sip")), lab.Loopback)
			found[method+" "+numbers[:2]] = verdicts(out)
		}
		if a, b := found[method+" 50"], found[method+" 49"]; a != b {
			t.Errorf("with %s numbers that exist look like %q, others like %q", method, a, b)
		}
	}

	words := filepath.Join(t.TempDir(), "words")
	var list strings.Builder
	for i := range 300 {
		fmt.Fprintf(&list, "guess%d\n", i)
	}
	list.WriteString(password(5022) + "\n")
	must(t, "the list of guesses", os.WriteFile(words, []byte(list.String()), 0o600))
	local, err := lab.Reserve()
	must(t, "a port", err)
	out, _ := run(t, 8*step, "svcrack", "-u", user(5022), "-d", words, "-P", fmt.Sprint(local), "-p", fmt.Sprint(s.Port("sip")), lab.Loopback)
	if strings.Contains(out, password(5022)) {
		t.Errorf("the password was found in spite of 300 wrong guesses before:\n%s", out)
	}

	call(t, p, q, 5020, 5021)
	var mine []string
	alarms, err := s.Client.Alarms(within(t, step), true)
	must(t, "alarms", err)
	for _, a := range alarms {
		mine = append(mine, fmt.Sprintf("%s %s: %s (%d times)", a.Code, a.Subject, a.Message, a.Count))
	}
	if len(mine) != 1 {
		t.Errorf("alarms %q, want one", mine)
	}
}

// verdicts are the kinds of result in a table of svwar, without the numbers.
func verdicts(out string) string {
	kinds := map[string]bool{}
	for line := range strings.Lines(out) {
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == '|' || r == '\n' || r == ' ' })
		if len(fields) == 2 && len(fields[0]) == 4 && strings.Trim(fields[0], "0123456789") == "" {
			kinds[fields[1]] = true
		}
	}
	var all []string
	for _, k := range []string{"reqauth", "noauth", "weird"} {
		if kinds[k] {
			all = append(all, k)
		}
	}
	return strings.Join(all, " ")
}

// Five thousand connections that say nothing: the phones call as ever, and within a minute the server has closed them (T-6).
func TestT06_IdleConnections(t *testing.T) {
	t.Parallel()
	server(t) // for the audio engine
	s := child(t, lab.Options{Site: site(1, 3)})
	p, q := sccpPhone(t, s, 6001), sccpPhone(t, s, 6002)
	const each = 1250
	uses := []string{"sccp", "sip", "sips", "web"}
	var mu sync.Mutex
	var open []net.Conn
	t.Cleanup(func() {
		for _, c := range open {
			c.Close()
		}
	})
	var opening sync.WaitGroup
	for i, use := range uses {
		d := net.Dialer{Timeout: step, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i+1))}}
		opening.Go(func() {
			for range each {
				c, err := d.Dial("tcp", s.Address(use))
				if err != nil {
					continue // refused is as good as closed
				}
				mu.Lock()
				open = append(open, c)
				mu.Unlock()
			}
		})
	}
	opening.Wait()
	began := time.Now()
	if took := call(t, p, q, 6001, 6002); took > 5*time.Second {
		t.Errorf("a call took %v to ring among the idle connections", took)
	} else {
		t.Logf("%d idle connections; a call rang after %v", len(open), took)
	}
	sccpPhone(t, s, 6003) // another can come in
	deadline := began.Add(75 * time.Second)
	left := 0
	for _, c := range open {
		must(t, "deadline", c.SetReadDeadline(deadline))
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			left++
		}
	}
	if left > 0 {
		t.Errorf("%d of %d idle connections are still open after %v", left, len(open), time.Since(began).Round(time.Second))
	}
	t.Logf("all were closed after %v", time.Since(began).Round(time.Second))
	call(t, p, q, 6001, 6002)
}

// child is a server in a process of its own.
func child(t *testing.T, o lab.Options) *lab.Server {
	t.Helper()
	o.Child = true
	s, err := lab.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := s.Close()
		if err != nil {
			t.Errorf("the server's end: %v", err)
		}
		if t.Failed() {
			t.Logf("the server wrote:\n%s", s.Output())
		}
	})
	return s
}

// With 512 descriptors and more connections than that, calls that are up go on, registered phones call each other, and when
// the connections are gone new phones come in (T-22).
func TestT22_FewDescriptors(t *testing.T) {
	t.Parallel()
	server(t)
	s := child(t, lab.Options{Site: site(2, 4), Wrap: []string{program(t, "prlimit"), "--nofile=512:512"}})
	p, q := sccpPhone(t, s, 6001), sccpPhone(t, s, 6002)
	x, y := sccpPhone(t, s, 6003), sipPhone(t, s, 5001)
	must(t, "dial", x.Dial(within(t, step), "5001"))
	rings(t, y)
	must(t, "answer", y.Answer())
	hears(t, x, 5001)

	var open []net.Conn
	closeAll := func() {
		for _, c := range open {
			c.Close()
		}
		open = nil
	}
	t.Cleanup(closeAll)
	for i := range 700 {
		d := net.Dialer{Timeout: time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 2, byte(i%200+1))}}
		c, err := d.Dial("tcp", s.Address("sccp"))
		if err != nil {
			break // the queue of the listener is full: there is no descriptor left
		}
		open = append(open, c)
	}
	call(t, p, q, 6001, 6002)
	hears(t, y, 6003)
	must(t, "hang up", y.Hangup())
	idle(t, x, y)
	closeAll()
	sccpPhone(t, s, 6004, func(c *phone.Config) { c.Retry = 200 * time.Millisecond })
	call(t, p, q, 6001, 6002)
}

// On a disk without a free byte calls and registrations go on and writes are refused; with room again everything works
// without a restart, and no record is missing (T-20).
func TestWholeServerOnAFullDisk(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	server(t)
	disk, err := os.MkdirTemp("", "tandem-disk-")
	must(t, "a mount point", err)
	out, err := run(t, step, "mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk)
	if err != nil {
		t.Skipf("a small disk cannot be mounted here: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v\n%s", err, out)
		}
		_ = os.Remove(disk)
	})
	s := child(t, lab.Options{Data: filepath.Join(disk, "data"), Site: site(1, 3)})
	p, q := sccpPhone(t, s, 6001), sccpPhone(t, s, 6002)
	call(t, p, q, 6001, 6002)

	filler := filepath.Join(disk, "filler")
	f, err := os.Create(filler)
	must(t, "a file that fills the disk", err)
	block := make([]byte, 1<<16)
	for size := len(block); size > 0; {
		if _, err := f.Write(block[:size]); err != nil {
			size /= 2
		}
	}
	must(t, "close", f.Close())

	call(t, p, q, 6001, 6002)
	call(t, q, p, 6002, 6001)
	sccpPhone(t, s, 6003)
	change := []byte("directoryNumbers:\n  - {pattern: \"6001\", partition: house, display: Somebody Else}\n")
	if err := s.Apply(within(t, 4*step), change); err == nil {
		t.Error("a write to a full disk was acknowledged")
	} else {
		t.Logf("the refusal: %v", err)
	}
	must(t, "room again", os.Remove(filler))
	// Not at once: what noticed the full disk tries again after a while.
	ctx := within(t, 30*time.Second)
	for {
		err := s.Apply(ctx, change)
		if err == nil {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("with room again a write is refused: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	call(t, p, q, 6001, 6002)
	if n := recordsWithin(t, s, 4, 30*time.Second); n != 4 {
		t.Errorf("%d records of 4 calls", n)
	}
}

// recordsWithin waits for so many call records and returns how many there are.
func recordsWithin(t *testing.T, s *lab.Server, want int, d time.Duration) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	records, _ := s.Records(ctx, recordQuery(), want)
	return len(records)
}
