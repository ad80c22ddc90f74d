package interop

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tandem/phone"
	"tandem/wire/sccp"
	"tandem/wire/sccp/dissect"
)

// All that a whole server sends in a day of an old Cisco phone, a new one and a SIP phone goes through tshark: nothing is
// malformed, and every SCCP field reads as our own decoder reads it.
func TestEverythingSentIsUnderstoodByTshark(t *testing.T) {
	t.Parallel()
	s := server(t)
	through := func(seen **recording, relay func(*testing.T, string) (string, *recording)) func(*phone.Config) {
		return func(c *phone.Config) {
			address, r := relay(t, c.Servers[0])
			c.Servers, *seen = []string{address}, r
		}
	}
	var oldSeen, youngSeen, sipSeen *recording
	old := sccpPhone(t, s, 6015, through(&oldSeen, relayTCP))
	young := sccpPhone(t, s, 6016, through(&youngSeen, relayTCP))
	third := sipPhone(t, s, 5015, through(&sipSeen, relayUDP))

	// A call with hold and resume from either end.
	must(t, "dial", third.Dial(within(t, step), "6015"))
	rings(t, old)
	must(t, "answer", old.Answer())
	hears(t, old, 5015)
	for _, p := range []*phone.Phone{old, third} {
		must(t, "hold", p.Hold())
		_, err := p.WaitCall(within(t, step), phone.OnHold)
		must(t, "held", err)
		silent(t, p)
		must(t, "resume", p.Resume())
		hears(t, p, map[*phone.Phone]int{old: 5015, third: 6015}[p])
	}
	// Keys, a blind transfer by the old phone, a consultative one by the SIP phone.
	must(t, "keys", old.DTMF("1*#"))
	must(t, "blind transfer", old.BlindTransfer(within(t, step), "6016"))
	idle(t, old)
	rings(t, young)
	must(t, "answer", young.Answer())
	hears(t, third, 6016)
	must(t, "consult", third.StartTransfer(within(t, step), "6015"))
	rings(t, old)
	must(t, "answer", old.Answer())
	hears(t, third, 6015)
	must(t, "complete", third.Transfer())
	hears(t, old, 6016)
	must(t, "hang up", young.Hangup())
	idle(t, old, young, third)
	// A number that nobody has.
	for _, p := range []*phone.Phone{young, third} {
		must(t, "dial", p.Dial(within(t, step), "6999"))
		_, err := p.WaitCall(within(t, step), phone.InvalidNumber, phone.Congested)
		must(t, p.Name()+" hears that the number is nobody's", err)
		must(t, "hang up", p.Hangup())
		idle(t, p)
	}
	old.Stop()
	young.Stop()
	third.Stop()

	compared := compare(t, frames(t, oldSeen, 5)) + compare(t, frames(t, youngSeen, 17))
	if compared < 500 {
		t.Errorf("only %d fields were compared", compared)
	}
	checkDatagrams(t, sipSeen)
}

// frames cuts what the server sent into frames, each with its meaning.
func frames(t *testing.T, r *recording, version sccp.Version) (sent []dissect.Sent) {
	t.Helper()
	var stream []byte
	for _, p := range r.all() {
		if p.fromServer {
			stream = append(stream, p.data...)
		}
	}
	codec := sccp.NewCodec(version)
	const header = 8
	for len(stream) > 0 {
		if len(stream) < header {
			t.Fatalf("%d bytes are left of the stream", len(stream))
		}
		size := header + int(binary.LittleEndian.Uint32(stream))
		if size > len(stream) {
			t.Fatalf("a frame of %d bytes, %d are left", size, len(stream))
		}
		f, err := sccp.NewReader(bytes.NewReader(stream[:size])).ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		m, err := codec.DecodeFrame(f)
		if err != nil {
			t.Fatalf("%v: %v", f.ID, err)
		}
		sent = append(sent, dissect.Sent{Codec: codec, Message: m, Frame: stream[:size:size], FromServer: true})
		stream = stream[size:]
	}
	if len(sent) < 50 {
		t.Errorf("the server sent only %d frames", len(sent))
	}
	return sent
}

// compare holds tshark's reading of frames to ours, and returns how many fields were compared. tshark lists no empty strings
// of the messages whose strings have no fixed room: so many values may be missing there.
func compare(t *testing.T, sent []dissect.Sent) (compared int) {
	t.Helper()
	segments := make([]dissect.Segment, len(sent))
	for i, m := range sent {
		segments[i] = dissect.Segment{FromServer: true, Payload: m.Frame}
	}
	seen := dissect.Dissect(t, segments)
	if len(seen) != len(sent) {
		t.Fatalf("tshark sees %d messages, %d were sent", len(seen), len(sent))
	}
	for i, m := range sent {
		n, problems := dissect.Compare(m, &seen[i])
		compared += n
		missing := 0
		if on, err := m.Message.ID().On(m.Codec.Version); err == nil && on != m.Message.ID() {
			missing = empty(reflect.ValueOf(m.Message).Elem())
		}
		for _, p := range problems {
			if missing > 0 && strings.Contains(p, " values, want ") {
				missing--
				continue
			}
			t.Errorf("%v, version %d: %s\n%+v", m.Message.ID(), m.Codec.Version, p, m.Message)
		}
	}
	return compared
}

// empty counts the empty strings in a message.
func empty(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.String:
		if v.Len() == 0 {
			n++
		}
	case reflect.Struct:
		for i := range v.NumField() {
			n += empty(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			n += empty(v.Index(i))
		}
	}
	return n
}

// checkDatagrams has tshark read the SIP messages of the server.
func checkDatagrams(t *testing.T, r *recording) {
	t.Helper()
	var text bytes.Buffer
	packets := r.all()
	sent := 0
	for _, p := range packets {
		if p.fromServer {
			sent++
		}
	}
	if err := writeDatagrams(&text, packets); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sip.pcap")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := run(t, 6*step, "tshark", "-r", file, "-Y", "sip && udp.srcport==5060", "-T", "fields", "-e", "sip.Method", "-e", "sip.Status-Code")
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, out)
	}
	read := 0
	for line := range strings.Lines(out) {
		if strings.Contains(line, "\t") {
			read++
		}
	}
	if read != sent {
		t.Errorf("tshark reads %d SIP messages of the server, it sent %d", read, sent)
	}
	out, err = run(t, 6*step, "tshark", "-r", file, "-Y", `udp.srcport==5060 && (_ws.malformed || _ws.expert.severity == "Error")`, "-V")
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, out)
	}
	if strings.Contains(out, "Session Initiation Protocol") {
		t.Errorf("tshark finds fault with:\n%s", out)
	}
}
