package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/admin/client"
	"tandem/fault"
	"tandem/phone"
	"tandem/sim/lab"
	"tandem/sim/peer"
)

// quarters is a cluster of three processes with the house's phones, of which each server is a first one for some.
type quarters struct {
	t       *testing.T
	ctx     context.Context
	cluster *lab.Cluster
}

func newQuarters(t *testing.T) *quarters {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
	t.Cleanup(cancel)
	c, err := lab.StartCluster(ctx, lab.ClusterOptions{Servers: 3, Child: true, Site: site(2, 4)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.Output())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return &quarters{t, ctx, c}
}

func (q *quarters) server(i int) *lab.Server { return q.cluster.Servers[i] }

// set changes a user setting by way of a server, and says on how many disks it is.
func (q *quarters) set(server int, setting, subject, value string) int {
	q.t.Helper()
	r, err := q.server(server).Client.SetUserSetting(q.ctx, client.UserSetting{Setting: setting, Subject: subject, Value: value})
	if err != nil {
		q.t.Fatalf("%s of %s at cm%d: %v", setting, subject, server+1, err)
	}
	return r.Durable
}

// sees waits until a phone shows something.
func (q *quarters) sees(p *phone.Phone, what string, f func(*phone.State) bool) {
	q.t.Helper()
	ctx, cancel := context.WithTimeout(q.ctx, 60*time.Second)
	defer cancel()
	if err := p.WaitFor(ctx, what, f); err != nil {
		q.t.Fatalf("%s: %v", p.Name(), err)
	}
}

// poll waits until f has no complaint.
func (q *quarters) poll(what string, f func() error) {
	q.t.Helper()
	var err error
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	q.t.Fatalf("%s: %v", what, err)
}

// forwardedTo asks that the configuration of every running server forwards a line so.
func (q *quarters) forwardedTo(line, want string) {
	q.t.Helper()
	for i, s := range q.cluster.Servers {
		if !s.Running() {
			continue
		}
		q.poll(fmt.Sprintf("cm%d forwards %s to %q", i+1, line, want), func() error {
			text, _, err := s.Client.Get(q.ctx, "directoryNumber", line)
			if err != nil {
				return err
			}
			if has := bytes.Contains(text, []byte("forwardAll")); has != (want != "") || !bytes.Contains(text, []byte(want)) {
				return fmt.Errorf("it has %s", text)
			}
			return nil
		})
	}
}

func (q *quarters) told(code fault.Code, subject string) {
	q.t.Helper()
	q.poll("an alarm "+string(code), func() error {
		for _, s := range q.cluster.Servers {
			if !s.Running() {
				continue
			}
			all, err := s.Client.Alarms(q.ctx, true)
			if err != nil {
				return err
			}
			for _, a := range all {
				if string(a.Code) == string(code) && strings.Contains(a.Subject, subject) {
					return nil
				}
			}
		}
		return errors.New("no server raised it")
	})
}

// TestT18_UserSettingsWithoutThePublisher: what users change at phones works on every server, with the publisher there, killed, back, and
// replaced by promotion; every other phone shows it at once; what loses to an administrator or to a deletion is told.
func TestT18_UserSettingsWithoutThePublisher(t *testing.T) {
	q := newQuarters(t)
	a, b := sccpPhone(t, q.server(1), 6001), sccpPhone(t, q.server(2), 6002)
	line := func(n int) string { return number(n) + "/house" }
	forwarded := func(to string) func(*phone.State) bool {
		return func(st *phone.State) bool {
			return len(st.Calls) == 0 && (to == "" && st.Prompt == "Your Current Options" || to != "" && strings.HasSuffix(st.Prompt, " "+to))
		}
	}

	// With the publisher: at the phone, and over the API of another server.
	must(t, "forward all", a.ForwardAll(q.ctx, "6003"))
	q.forwardedTo(line(6001), "6003")
	q.set(0, "forwardAll", line(6001), "")
	q.sees(a, "no forwarding", forwarded(""))
	q.set(0, "messages", line(6002), "3")
	q.sees(b, "the message lamp", func(st *phone.State) bool { return st.MessageWaiting && st.Lines[0].MessageWaiting })

	// Without: the phones are with other servers and notice nothing.
	must(t, "kill the publisher", q.cluster.Kill(0))
	must(t, "forward all", a.ForwardAll(q.ctx, "6003"))
	must(t, "a call", b.Dial(q.ctx, "6001"))
	q.sees(b, "that 6003 is nobody's", func(st *phone.State) bool { return st.Tone == "Reorder" || st.Tone == "LineBusy" })
	must(t, "hang up", b.Hangup())
	if n := q.set(2, "forwardAll", line(6001), "6004"); n != 2 {
		t.Errorf("durable %d", n)
	}
	q.sees(a, "the forwarding that was set at another server", forwarded("6004"))
	q.set(1, "messages", line(6002), "0")
	q.sees(b, "no message lamp", func(st *phone.State) bool { return !st.MessageWaiting && !st.Lines[0].MessageWaiting })
	must(t, "do not disturb", a.SoftKey("DND"))
	q.set(2, "forwardAll", line(6001), "")
	q.sees(a, "do not disturb", func(st *phone.State) bool { return st.Prompt == "Do Not Disturb Is Active" })
	must(t, "a call", b.Dial(q.ctx, "6001"))
	q.sees(b, "busy", func(st *phone.State) bool { return st.Tone == "LineBusy" })
	must(t, "hang up", b.Hangup())
	if n := q.set(2, "doNotDisturb", sccpDevice(6001), "off"); n != 2 {
		t.Errorf("durable %d", n)
	}
	q.sees(a, "calls again", forwarded(""))
	must(t, "forward all", b.ForwardAll(q.ctx, "6001"))
	q.set(1, "forwardAll", line(6003), "6004")

	// Back: folded in, once, and equal on all.
	must(t, "the publisher comes back", q.cluster.Start(q.ctx, 0))
	must(t, "copies", q.cluster.WaitCurrent(q.ctx))
	q.forwardedTo(line(6001), "")
	q.forwardedTo(line(6002), "6001")
	q.forwardedTo(line(6003), "6004")
	q.sees(b, "the message lamp stays off", func(st *phone.State) bool { return !st.MessageWaiting && !st.Lines[0].MessageWaiting })

	// What an administrator did while the servers that hold a user's change were away wins, and a line that is gone stays gone.
	must(t, "kill the publisher", q.cluster.Kill(0))
	q.set(1, "forwardAll", line(6001), "6004")
	q.set(2, "forwardAll", line(6004), "5002")
	must(t, "kill cm2", q.cluster.Kill(1))
	must(t, "kill cm3", q.cluster.Kill(2))
	must(t, "the publisher comes back", q.cluster.Start(q.ctx, 0))
	must(t, "an administrator's change", q.server(0).Apply(q.ctx, []byte(`directoryNumbers: [{pattern: "6001", partition: house, forwardAll: {destination: "6003", callingSearchSpace: all}}]`)))
	for _, object := range [][2]string{{"phone", sccpDevice(6004)}, {"directoryNumber", line(6004)}} {
		_, err := q.server(0).Client.Delete(q.ctx, object[0], object[1], "")
		must(t, "remove "+object[1], err)
	}
	for i := 1; i < 3; i++ {
		must(t, "another server comes back", q.cluster.Start(q.ctx, i))
	}
	must(t, "copies", q.cluster.WaitCurrent(q.ctx))
	q.told(fault.UserStateSuperseded, line(6001))
	q.told(fault.UserStateOrphaned, line(6004))
	q.forwardedTo(line(6001), "6003")
	q.sees(a, "the administrator's forwarding", forwarded("6003"))

	// After a promotion by force, with changes that wait for it.
	must(t, "kill the publisher", q.cluster.Kill(0))
	q.set(2, "forwardAll", line(6003), "5001")
	q.poll("a promotion", func() error {
		p, err := q.server(1).Client.Promote(q.ctx, client.Promotion{Server: "cm2", Force: true})
		if err != nil || !p.Done {
			return errors.Join(fmt.Errorf("%+v", p), err)
		}
		return nil
	})
	q.forwardedTo(line(6003), "5001")
	must(t, "forward all", b.ForwardAll(q.ctx, ""))
	q.forwardedTo(line(6002), "")
}

// TestMessageLampsOfSIPPhones: baresip, at another server than the one that is told, hears of waiting messages by its subscription, at once,
// when it subscribes anew, and without the publisher.
func TestMessageLampsOfSIPPhones(t *testing.T) {
	q := newQuarters(t)
	line := number(5001) + "/house"
	q.set(0, "messages", line, "2")
	watch := func(o *peer.BaresipOptions) { o.Messages = true }
	heard := func(b *peer.Baresip, mark int, what string) {
		t.Helper()
		_, err := b.WaitParam(within(t, 4*step), mark, "MWI_NOTIFY", what)
		must(t, "baresip hears "+what, err)
	}
	b := baresip(t, q.server(1), 5001, watch)
	heard(b, 0, "Messages-Waiting: yes")
	mark := b.Mark()
	q.set(2, "messages", line, "0")
	heard(b, mark, "Messages-Waiting: no")
	must(t, "kill the publisher", q.cluster.Kill(0))
	mark = b.Mark()
	q.set(2, "messages", line, "4")
	heard(b, mark, "Voice-Message: 4/0")
}

// TestFilesFromAnyServerAtOnce: what was uploaded at one server is served to phones of the others at once, by TFTP; what is taken out is
// swept away on all.
func TestFilesFromAnyServerAtOnce(t *testing.T) {
	q := newQuarters(t)
	load := make([]byte, 3<<20)
	_, _ = rand.Read(load)
	if _, err := q.server(1).Client.AddFile(q.ctx, "P00308000500.loads", load); err != nil {
		t.Fatal(err)
	}
	stored := func(i int) (names []string) {
		_ = filepath.WalkDir(q.server(i).Data, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && len(d.Name()) == 64 {
				names = append(names, d.Name())
			}
			return nil
		})
		return names
	}
	for _, i := range []int{2, 0, 1} {
		s, into := q.server(i), filepath.Join(t.TempDir(), "load")
		q.poll("the name at the server", func() error { // it comes with the configuration
			all, err := s.Client.Files(q.ctx)
			if err == nil && !slices.ContainsFunc(all, func(f client.File) bool { return f.Name == "P00308000500.loads" }) {
				err = errors.New("not there")
			}
			return err
		})
		if out, err := run(t, 4*step, "curl", "-sS", "-f", "-o", into, "tftp://"+lab.Address(i)+":"+fmt.Sprint(s.Port("tftp"))+"/P00308000500.loads"); err != nil {
			t.Fatalf("cm%d: %v\n%s", i+1, err, out)
		}
		if got, err := os.ReadFile(into); err != nil || !bytes.Equal(got, load) {
			t.Errorf("cm%d serves something else: %v, %d bytes", i+1, err, len(got))
		}
	}
	if _, err := q.server(2).Client.RemoveFile(q.ctx, "P00308000500.loads"); err != nil {
		t.Fatal(err)
	}
	for i := range q.cluster.Servers {
		q.poll(fmt.Sprintf("cm%d forgets the content", i+1), func() error {
			if left := stored(i); len(left) != 0 {
				return fmt.Errorf("it has %v", left)
			}
			return nil
		})
	}
}
