package sip

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func mustParse(t testing.TB, text string) Message {
	t.Helper()
	m, err := Parse([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return m
}

func TestParse_CompactAndOddNames(t *testing.T) {
	m := mustParse(t, "REFER sip:a@x SIP/2.0\nv: SIP/2.0/UDP h\nf: <sip:b@x>;Tag=1\nt: <sip:a@x>\ni: c\nCSEQ: 1 REFER\n"+
		"r: <sip:c@x>\nk: 100rel\nX: 90;refresher=uac\no: refer\ne: identity\ns: hi\nb: <sip:b@x>\nu: refer\nm: <sip:b@h>\nc: text/plain\nmin-se: 90\nl: 0\n\n")
	for name, want := range map[string]string{"Refer-To": "<sip:c@x>", "Supported": "100rel", "Session-Expires": "90;refresher=uac", "Event": "refer",
		"Content-Encoding": "identity", "Subject": "hi", "Referred-By": "<sip:b@x>", "Allow-Events": "refer", "Min-SE": "90", "Content-Type": "text/plain"} {
		found := ""
		for _, h := range headersOf(m) {
			if h.Name() == name {
				found = h.Value()
			}
		}
		if found != want {
			t.Errorf("%s: %q, want %q", name, found, want)
		}
	}
	if FromTag(m) != "1" {
		t.Error("tag in capitals was not found")
	}
}

func TestAppend_NothingFromAValueStartsAHeader(t *testing.T) {
	m := mustParse(t, "OPTIONS sip:a@x SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: <sip:b@x>;tag=1\nTo: <sip:a@x>\nCall-ID: c\nCSeq: 1 OPTIONS\n\n").(*Request)
	m.AppendHeader(NewHeader("X-Name", "a\r\nEvil: 1"))
	m.From().DisplayName = Quote("name\r\nEvil: 2\"")
	m.AppendHeader(&Contact{Address: URI{Scheme: "sip", User: "u\r\nEvil: 3", Host: "h"}})
	again, err := Parse(Append(nil, m))
	if err != nil && again == nil {
		t.Fatal(err)
	}
	if HasHeader(again, "Evil") {
		t.Errorf("smuggled:\n%s", String(m))
	}
}

func TestParse_ContactIsKeptByteForByte(t *testing.T) {
	for _, uri := range []string{"sip:b@10.9.9.9:5088;transport=udp;ob;X-Case=Yes;p=%41?h=v", "sips:[2001:db8::1]:5061;lr", "tel:+1-201-555-0123;phone-context=x",
		"sip:user;par=u%40x@example.net", "sip:a:pass@h", "urn:service:sos"} {
		u, err := ParseURI(uri)
		if err != nil || URIString(&u) != uri {
			t.Errorf("%s became %s (%v)", uri, URIString(&u), err)
		}
	}
}

func TestParse_Bounds(t *testing.T) {
	head := "OPTIONS sip:a@x SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:b@x>;tag=1\r\nTo: <sip:a@x>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n"
	for name, text := range map[string]string{
		"headers":     head + strings.Repeat("X: y\r\n", 300) + "\r\n",
		"list":        head + "Contact: " + strings.Repeat("<sip:a@b>,", 400) + "<sip:a@b>\r\n\r\n",
		"parameters":  head + "Contact: <sip:a@b>" + strings.Repeat(";a=b", 100) + "\r\n\r\n",
		"size":        head + "X: " + strings.Repeat("y", 70000) + "\r\n\r\n",
		"no end":      head,
		"lone return": head + "X: a\rb\r\n\r\n",
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestR30_OddReferTo(t *testing.T) {
	refer := func(v string) Message {
		return mustParse(t, "REFER sip:a@x SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: <sip:b@x>;tag=1\nTo: <sip:a@x>\nCall-ID: c\nCSeq: 1 REFER\nRefer-To: "+v+"\n\n")
	}
	got, ok := ParseReferTo(refer("\"C\" <sip:c@x;method=INVITE?Replaces=12%40h%3Bto-tag%3D7%3Bfrom-tag%3D8%3Bearly-only&X=a%3Db>;p"))
	want := Replaces{CallID: "12@h", ToTag: "7", FromTag: "8", EarlyOnly: true}
	if !ok || got.Replaces == nil || *got.Replaces != want || len(got.URI.Headers) != 0 || got.URI.User != "c" {
		t.Errorf("%+v %v", got, ok)
	}
	if _, ok := ParseReferTo(refer("sip:c@x")); !ok {
		t.Error("plain address refused")
	}
	for _, bad := range []string{"<sip:c@x?Replaces=%>", "<sip:c@x?Replaces=%zz%3Bto-tag%3D7>", "<sip:c@x?Replaces=a%0d%0ab%3Bto-tag%3D7%3Bfrom-tag%3D8>",
		"<sip:c@x?Replaces=12>", "<sip:c@x", "<sip:c@x>, <sip:d@x>", "*", "", "=="} {
		if _, ok := ParseReferTo(refer(bad)); ok {
			t.Errorf("accepted %q", bad)
		}
	}
	h := ReferTo(URI{Scheme: "sip", User: "c", Host: "x"}, &want)
	if again, ok := ParseReferTo(refer(h.Value())); !ok || *again.Replaces != want {
		t.Errorf("%s read as %+v", h.Value(), again)
	}
}

func TestHeaders_ReadWhatTheyWrite(t *testing.T) {
	base := "INVITE sip:a@x SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: <sip:b@x>;tag=1\nTo: <sip:a@x>\nCall-ID: c\nCSeq: 1 INVITE\n"
	m := mustParse(t, base+"P-Asserted-Identity: \"A, B\" <sip:1@x>, <tel:+1>\nRemote-Party-ID: \"N\" <sip:2@x>;party=calling;screen=yes;privacy=off\n"+
		"Diversion: <sip:3@x>;reason=\"no-answer\";counter=2, <sip:4@x>;reason=user-busy\nPrivacy: id;critical\nReason: Q.850;cause=16;text=\"a;b\", SIP;cause=600\n"+
		"Subscription-State: active;expires=60\nEvent: Dialog;id=9\n\n")
	ids := AssertedIdentities(m)
	if len(ids) != 2 || ids[0].DisplayName != "A, B" || ids[1].URI.Scheme != "tel" {
		t.Errorf("identities %+v", ids)
	}
	rpid, ok := ParseRemotePartyID(m, "calling")
	if !ok || rpid.URI.User != "2" || rpid.Screen != "yes" || RemotePartyID(rpid).Value() != `"N" <sip:2@x>;party=calling;screen=yes;privacy=off` {
		t.Errorf("party %+v %s", rpid, RemotePartyID(rpid).Value())
	}
	if _, ok := ParseRemotePartyID(m, "called"); ok {
		t.Error("found the called party")
	}
	d := Diversions(m)
	if len(d) != 2 || d[0].Reason != "no-answer" || d[0].Counter != 2 || d[1].Counter != 1 || d[1].Header().Value() != "<sip:4@x>;reason=user-busy" {
		t.Errorf("diversions %+v", d)
	}
	if !slices.Equal(Privacy(m), []string{"id", "critical"}) || Q850(m) != 16 || Reasons(m)[0].String() != `Q.850;cause=16;text="a;b"` {
		t.Errorf("%v %d %v", Privacy(m), Q850(m), Reasons(m))
	}
	if s, ok := ParseSubscriptionState(m); !ok || s.Header().Value() != "active;expires=60" {
		t.Errorf("%+v", s)
	}
	if e, ok := ParseEvent(m); !ok || e.Header().Value() != "dialog;id=9" {
		t.Errorf("%+v", e)
	}
	if status, reason, ok := ParseSipfrag(Sipfrag(486, "")); !ok || status != 486 || reason != "Busy Here" {
		t.Error("sipfrag", status, reason, ok)
	}
}

// TestTables_NoStepWithoutANextState looks for entries that were left half-made.
func TestTables_NoStepWithoutANextState(t *testing.T) {
	for name, table := range map[string]*serverTable{"INVITE": &inviteServer, "other": &otherServer} {
		for state := range table {
			for ev, st := range table[state] {
				if st.do != nil && serverState(state) != st.next && st.next < serverState(state) {
					t.Errorf("server %s: state %d event %d goes back to %d", name, state, ev, st.next)
				}
				if st.do == nil && (st.next != 0 || st.tell != 0) {
					t.Errorf("server %s: state %d event %d does nothing but changes", name, state, ev)
				}
			}
		}
	}
	for name, table := range map[string]*clientTable{"INVITE": &inviteClient, "other": &otherClient} {
		for state := range table {
			for ev, st := range table[state] {
				if st.do == nil && (st.next != 0 || st.tell != 0) {
					t.Errorf("client %s: state %d event %d does nothing but changes", name, state, ev)
				}
				if clientEvent(ev) == clientEnd && st.do != nil && st.next != clientGone {
					t.Errorf("client %s: state %d does not end", name, state)
				}
			}
		}
	}
}

func TestWheel_FiresInTimeAndNeverEarly(t *testing.T) {
	start := time.Now()
	w := &wheel{start: start}
	type entry struct {
		timer
		want time.Duration
	}
	var all []*entry
	for i := range 2000 {
		e := &entry{want: time.Duration(i*i*37%7200000) * time.Millisecond} // up to two hours
		e.tick = int64(i)
		w.set(&e.timer, start, e.want)
		all = append(all, e)
	}
	for _, e := range all[:500] {
		w.stop(&e.timer)
	}
	fired := map[*timer]time.Duration{}
	for at := time.Duration(0); w.count > 0 && at < 3*time.Hour; {
		for x := w.due(start.Add(at)); x != nil; x = w.due(start.Add(at)) {
			fired[x] = at
		}
		at += max(w.wait(start.Add(at)), time.Millisecond)
	}
	for i, e := range all {
		at, did := fired[&e.timer]
		if did != (i >= 500) {
			t.Fatalf("timer %d fired: %v", i, did)
		}
		if did && (at < e.want || at > e.want+2*tickLength) {
			t.Fatalf("timer for %v fired at %v", e.want, at)
		}
	}
}

// FuzzParse checks that what was read and written is read again as the same thing.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"testdata/rfc4475", "testdata/rfc5118"} {
		files, _ := filepath.Glob(dir + "/*.dat")
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if m != nil { // also half-understood ones must be answerable
			for _, h := range headersOf(m) {
				_ = h.Value()
			}
			if req, ok := m.(*Request); ok && req.Via() != nil {
				_ = Append(nil, NewResponse(req, 400, "", "t"))
			}
		}
		if err != nil {
			return
		}
		if req, ok := m.(*Request); ok {
			_ = policyOfAServer.CheckRequest(req)
			_, _ = ParseReferTo(m)
			_ = Diversions(m)
			_ = Reasons(m)
			_, _ = ParseSessionExpires(m)
		}
		once := Append(nil, m)
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%q\n%q", err, data, once)
		}
		if twice := Append(nil, again); !bytes.Equal(once, twice) {
			t.Fatalf("not stable:\n%q\n%q", once, twice)
		}
	})
}

// FuzzFrame checks that the stream reader always makes progress or waits, within its bounds.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(tcpRequest("a", 3) + "\r\n\r\n" + tcpRequest("b", 0)))
	f.Add([]byte("SIP/2.0 200 OK\nl: 5\n\nhello"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for len(data) > 0 {
			skip, n, _, err := frame(data)
			if skip < 0 || n < 0 || skip+n > len(data) || n > MaxMessage {
				t.Fatalf("skip %d, n %d of %d", skip, n, len(data))
			}
			if err != nil || n == 0 {
				return
			}
			data = data[skip+n:]
		}
	})
}

// FuzzEndpoint throws datagrams at an endpoint that has a call, and looks whether the call lives.
func FuzzEndpoint(f *testing.F) {
	f.Add([]byte(rawRequest(INVITE, "1", "c1", "t1", "", 1, "")), []byte(rawRequest(CANCEL, "1", "c1", "t1", "", 1, "")))
	f.Add([]byte(rawRequest(PRACK, "1", "call", "tb", "x", 9, "RAck: 1 1 INVITE\n")), []byte("SIP/2.0 200 OK\r\n"))
	n := newMemNet()
	a := &recorder{sdp: []byte("v=0\r\n")}
	ep, err := NewEndpoint(Config{Workers: 1, Policy: policyOfAServer}, Options{SessionInterval: 1800 * time.Second}, a)
	if err != nil {
		f.Fatal(err)
	}
	defer ep.Close()
	if _, err := ep.ServePacket(n.host(hostA), netip.AddrPort{}); err != nil {
		f.Fatal(err)
	}
	a.ep = ep
	b := &rawPeer{memConn: n.host(hostB)}
	if _, err := ep.Invite(a.invitation(), a); err != nil {
		f.Fatal(err)
	}
	invite, _ := b.receive().(*Request)
	b.answer(invite, hostA, 200, "tb", NewHeader("Contact", contactB))
	if ack, _ := b.receive().(*Request); ack == nil || ack.Method != ACK {
		f.Fatal("no ACK")
	}
	stranger := Flow{socket: ep.sockets[0], remote: netip.MustParseAddrPort("192.0.2.66:5060")}
	f.Fuzz(func(t *testing.T, one, two []byte) {
		ep.receive(one, stranger)
		ep.receive(two, stranger)
		done := make(chan struct{})
		ep.shards[0].post(event{do: func() { a.forget(); close(done) }})
		<-done
		if d := ep.Find(CallIDOf(invite), FromTag(invite), "tb"); d == nil || d.State() != DialogConfirmed {
			t.Fatal("a stranger ended the call")
		}
		n.mu.Lock()
		n.log = nil
		n.mu.Unlock()
	})
}
