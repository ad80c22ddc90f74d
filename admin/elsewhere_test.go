package admin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/admin"
	"tandem/admin/client"
	"tandem/bus"
	"tandem/call/signal"
	"tandem/fault"
	"tandem/registration"
	"tandem/service/trace"
)

// neighbours are other servers: worlds that answer, and errors of those that do not.
type neighbours map[string]any

func (n neighbours) Ask(ctx context.Context, question []byte) (all []admin.Reply) {
	for _, name := range []string{"cm2", "cm3"} {
		r := admin.Reply{Server: name}
		switch o := n[name].(type) {
		case nil:
			continue
		case error:
			r.Err = o
		case []byte:
			r.Answer = o
		case *world:
			r.Answer, r.Err = o.Answer(ctx, question)
		}
		all = append(all, r)
	}
	return all
}

func message(at time.Time, from, to, summary string) trace.Message {
	return trace.Message{Time: at, From: from, To: to, Protocol: "SIP", Summary: summary, Raw: []byte(summary)}
}

func TestStoriesOfAllServersAreOne(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	w.Others = neighbours{"cm2": other, "cm3": bus.ErrUnreachable}
	w.Stories.Know("SIP2001")
	other.Stories.Know("SIP2001")
	other.Stories.Tell("SIP2001", "", "registered there")
	w.Stories.Refused("SIP2001", fault.New(fault.RegistrationPaced, "device", "SIP2001", "seconds", 3, "why", "Many phones register"))
	other.Stories.Tell("SIP2001", "", "and again")
	s, err := w.Story(local(), "SIP2001")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, l := range s.Lines {
		told = append(told, l.Server+" "+strings.Fields(l.Sentence)[0])
	}
	if got := strings.Join(told, ", "); got != "cm2 registered, cm1 "+strings.Fields(s.Lines[1].Sentence)[0]+", cm2 and" {
		t.Errorf("the story is %s", got)
	}
	if len(s.NotAsked) != 1 || s.NotAsked[0] != (client.NotAsked{Server: "cm3", Reason: "it cannot be reached"}) {
		t.Errorf("not asked: %+v", s.NotAsked)
	}
	list, err := w.Registrations(local(), client.RegistrationQuery{Filter: "2001"})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Devices) != 1 || list.Devices[0].LastFailure == nil || list.Devices[0].LastFailure.Code != fault.RegistrationPaced || list.Devices[0].LastFailure.Server != "cm1" {
		t.Errorf("%+v", list.Devices)
	}
	if _, err := w.Story(local(), "SEP9"); !errors.Is(err, fault.ObjectNotFound) {
		t.Errorf("a device that nobody knows: %v", err)
	}
	// What only another server knows is enough.
	other.Stories.Tell("SEP8", "", "asked for its file")
	if s, err := w.Story(local(), "SEP8"); err != nil || len(s.Lines) != 1 {
		t.Errorf("a device that only cm2 heard of: %+v, %v", s.Lines, err)
	}
}

func TestLadderOfACallOverTwoServers(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	w.Others = neighbours{"cm2": other}
	at := time.Now()
	const call, joined = "1/77", "2/99"
	w.Ladders.Add(call, message(at, "SIP2001", "cm1", "INVITE 2003"))
	other.Ladders.Add(call, message(at.Add(time.Millisecond), "cm2", "SIP2003", "INVITE"))
	w.Ladders.Add(call, message(at.Add(3*time.Millisecond), "cm1", "SIP2001", "200 OK"))
	other.Ladders.Add(call, message(at.Add(2*time.Millisecond), "SIP2003", "cm2", "200 OK"))
	// cm2 joined it to a call of which cm1 has messages under the other identifier only.
	other.Ladders.Same(call, joined)
	w.Ladders.Add(joined, message(at.Add(4*time.Millisecond), "SIP2005", "cm1", "BYE"))
	s, err := w.Call(local(), call, false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range s.Messages {
		if m.Raw != nil {
			t.Error("bytes that nobody asked for")
		}
		got = append(got, m.Server+" "+m.Summary)
	}
	if want := "cm1 INVITE 2003, cm2 INVITE, cm2 200 OK, cm1 200 OK, cm1 BYE"; strings.Join(got, ", ") != want {
		t.Errorf("the ladder is %s, want %s", strings.Join(got, ", "), want)
	}
	if s, err := w.Call(local(), call, true); err != nil || !bytes.Equal(s.Messages[1].Raw, []byte("INVITE")) {
		t.Errorf("the bytes of the other server's message: %+v, %v", s.Messages, err)
	}
	w.Others = neighbours{"cm2": context.DeadlineExceeded, "cm3": []byte("nonsense")}
	s, err = w.Call(local(), call, false)
	if err != nil || len(s.Messages) != 2 || len(s.NotAsked) != 2 || s.NotAsked[0].Reason != "it did not answer in time" {
		t.Errorf("with silent servers: %+v, %v", s, err)
	}
}

func TestCallsInProgressOfAllServers(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	other.Server = "cm2"
	w.Others = neighbours{"cm2": other, "cm3": errors.New("the server answers too many questions already")}
	p, err := w.LiveCalls(local())
	if err != nil || len(p.Calls) != 2 || p.Calls[0].Server == p.Calls[1].Server || len(p.NotAsked) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// An answer that has no room in one message is cut, and says so; one that cannot be asked for is refused.
func TestAnswersHaveRoom(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Answer(t.Context(), []byte(`{"about":"the weather"}`)); err == nil {
		t.Error("a question that nobody knows was answered")
	}
	if _, err := w.Answer(t.Context(), []byte(`{"about":"call","calls":[`+strings.Repeat(`"1/1",`, 100)+`"1/1"]}`)); err == nil {
		t.Error("a hundred calls were asked for at once")
	}
	noise := make([]byte, trace.RawLimit)
	seed := uint32(1)
	for i := range 2000 {
		for k := range noise {
			seed = seed*1664525 + 1013904223
			noise[k] = byte(seed >> 24)
		}
		w.Ladders.Add("1/5", trace.Message{Time: time.Now(), From: "a", To: "cm1", Summary: fmt.Sprint("INFO ", i), Raw: noise})
	}
	b, err := w.Answer(t.Context(), []byte(`{"about":"call","calls":["1/5"],"raw":true}`))
	if err != nil || len(b) > bus.MaximumMessage {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	reader := newWorld(t)
	reader.Others = neighbours{"cm2": b}
	s, err := reader.Call(local(), "1/5", true)
	if err != nil || len(s.Messages) != 2000 || s.Messages[0].Raw != nil {
		t.Errorf("%d messages, %v", len(s.Messages), err)
	}
}

// many is call processing with phones at two servers, of which the second is lost.
type many struct {
	calls
	all []admin.Registered
}

func (m many) ClusterRegistrations() []admin.Registered { return m.all }

func registrations(n int) []admin.Registered {
	all := make([]admin.Registered, n)
	for i := range all {
		all[i] = admin.Registered{Registration: registration.Registration{Node: signal.NodeID(1 + i%2), Attachment: signal.Attachment{Device: fmt.Sprintf("SEP%012X", i),
			Protocol: "SCCP", Address: netip.MustParseAddrPort("10.1.2.3:50000"), Load: "SCCP42.9-4-2SR3-1S", Since: time.Now()}}, Lost: i%2 == 1}
	}
	return all
}

func TestDevicesOfAServerThatIsLostAreMarked(t *testing.T) {
	w := newWorld(t)
	all := registrations(4)
	w.Calls = func() admin.Calls { return many{all: all} }
	list, err := w.Registrations(local(), client.RegistrationQuery{})
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for _, d := range list.Devices {
		states[d.State]++
	}
	if states[client.Registered] != 2 || states[client.Lost] != 2 || states[client.Unregistered] != 2 {
		t.Errorf("%v", states)
	}
	if list, _ := w.Registrations(local(), client.RegistrationQuery{State: client.Unregistered}); len(list.Devices) != 2 || list.Devices[0].Device != "SEP0000AAAA2002" {
		t.Errorf("%+v", list.Devices)
	}
	if list, _ := w.Registrations(local(), client.RegistrationQuery{State: client.Registered, Filter: "9-4-2sr3"}); len(list.Devices) != 4 {
		t.Errorf("%+v", list.Devices)
	}
	if _, err := w.Registrations(local(), client.RegistrationQuery{Server: "cm9"}); !errors.Is(err, fault.ObjectNotFound) {
		t.Errorf("a server that is not there: %v", err)
	}
	w.Calls = func() admin.Calls { return nil }
	if _, err := w.Registrations(local(), client.RegistrationQuery{}); !errors.Is(err, fault.CallProcessingAway) {
		t.Errorf("without call processing: %v", err)
	}
}

// 30,000 devices at two servers with a failure each at the third, while the second is down: less than a second is wanted.
func BenchmarkRegistrations(b *testing.B) {
	w, other := newWorld(b), newWorld(b)
	all := registrations(30000)
	var names []string
	for _, r := range all {
		names = append(names, r.Device)
	}
	other.Stories.Know(names...)
	for i, n := range names {
		other.Stories.Refused(n, fault.New(fault.RegistrationPaced, "device", n, "seconds", i%60, "why", "Many phones register at this moment"))
	}
	w.Calls = func() admin.Calls { return many{all: all} }
	w.Others = neighbours{"cm2": bus.ErrUnreachable, "cm3": other}
	for b.Loop() {
		list, err := w.Registrations(local(), client.RegistrationQuery{})
		if err != nil || len(list.Devices) != 30002 {
			b.Fatalf("%d devices, %v", len(list.Devices), err)
		}
		if list.Devices[17].LastFailure == nil {
			b.Fatal("failures are missing")
		}
	}
}

func local() context.Context { return admin.With(context.Background(), admin.Local("0")) }
