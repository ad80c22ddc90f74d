package sip

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// policyOfAServer is a policy as a call server has it.
var policyOfAServer = Policy{
	Allow:     []Method{INVITE, ACK, CANCEL, BYE, REGISTER, OPTIONS, SUBSCRIBE, NOTIFY, REFER, INFO, MESSAGE, PRACK, UPDATE},
	Supported: []string{"100rel", "timer", "replaces"},
	Bodies:    []string{"application/sdp", "multipart/"},
}

// accepted and dropped stand in the table beside statuses.
const (
	accepted = 0
	dropped  = -1
)

// rfc4475 are the expected outcomes of the 49 messages, by their names in RFC 4475.
var rfc4475 = map[string]int{
	// 3.1.1 valid
	"wsinv": accepted, "intmeth": 501, "esc01": accepted, "escnull": accepted, "esc02": 501, "lwsdisp": accepted,
	"longreq": accepted, "dblreq": accepted, "semiuri": accepted, "transports": accepted, "mpart01": accepted,
	"unreason": accepted, "noreason": accepted,
	// 3.1.2 invalid
	"badinv01": 400, "clerr": 400, "ncl": 400, "scalar02": 400, "scalarlg": dropped, "quotbal": 400, "ltgtruri": 400,
	"lwsruri": 400, "lwsstart": 400, "trws": 400, "escruri": 400,
	"baddate":  accepted, // Date is not used
	"regbadct": 400, "badaspec": 400, "baddn": 400, "badvers": 505, "mismatch01": 400, "mismatch02": 400, "bigcode": dropped,
	// 3.2 transaction layer
	"badbranch": accepted, // matched as RFC 2543 does
	// 3.3 application layer
	"insuf": 400, "unkscm": 416, "novelsc": 416,
	"unksm2": accepted, // the registrar refuses the address
	"bext01": 420, "invut": 415,
	"regaut01": accepted, // the registrar challenges
	"multi01":  400, "mcl01": 400,
	"bcast":    accepted, // a response that matches no transaction
	"zeromf":   accepted, // OPTIONS for ourselves
	"cparam01": accepted, "cparam02": accepted, "regescrt": accepted, "sdp01": 406,
	// 3.4 backward compatibility
	"inv2543": accepted,
}

// rfc5118 are those of the twelve messages of RFC 5118 section 4, two each in 4.5 and 4.10.
var rfc5118 = map[string]int{
	"4.1-valid-reference": accepted, "4.2-no-brackets": 400, "4.3-port-ambiguous": accepted, "4.4-port": accepted,
	"4.5-received-brackets": accepted, "4.5-received-plain": accepted, "4.6-sdp": accepted, "4.7-via-mixed": accepted,
	"4.8-sdp-mixed": accepted, "4.9-mapped": accepted, "4.10-three-colons": accepted, "4.10-two-colons": accepted,
}

// outcome is what a server does with a datagram, and the response if there is one.
func outcome(data []byte) (int, *Response) {
	msg, err := Parse(data)
	switch m := msg.(type) {
	case *Request:
		var r *Reject
		if pe, ok := err.(*ParseError); ok {
			r = &Reject{Status: pe.Status}
		} else {
			r = policyOfAServer.CheckRequest(m)
		}
		if m.Via() == nil {
			return dropped, nil
		}
		if r == nil {
			return accepted, nil
		}
		return r.Status, r.response(m, "t")
	case *Response:
		if err == nil && CheckResponse(m) {
			return accepted, nil
		}
	}
	return dropped, nil
}

func TestT02_RFC4475(t *testing.T) { torture(t, "testdata/rfc4475", rfc4475, 49) }
func TestT02_RFC5118(t *testing.T) { torture(t, "testdata/rfc5118", rfc5118, 12) }

func torture(t *testing.T, dir string, want map[string]int, count int) {
	files, err := filepath.Glob(dir + "/*.dat")
	if err != nil || len(files) != count {
		t.Fatalf("%d files, want %d: %v", len(files), count, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".dat")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		status, known := want[name]
		if !known {
			t.Errorf("%s: no expected outcome", name)
			continue
		}
		got, res := outcome(data)
		if got != status {
			_, perr := Parse(data)
			t.Errorf("%s: got %d (%v), want %d", name, got, perr, status)
		}
		if res != nil {
			if _, err := Parse(Append(nil, res)); err != nil {
				t.Errorf("%s: our own response is malformed: %v\n%s", name, err, String(res))
			}
		}
	}
}

// readTorture reads one of the messages, which must be valid.
func readTorture(t *testing.T, name string) Message {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name + ".dat")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}

// TestT02_TortureMeaning looks at what the valid ones mean.
func TestT02_TortureMeaning(t *testing.T) {
	read := func(name string) Message { return readTorture(t, "rfc4475/"+name) }
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	w := read("wsinv").(*Request)
	check("wsinv From tag", FromTag(w), "98asjd8")
	check("wsinv To tag", ToTag(w), "1918181833n")
	check("wsinv display name", Unquote(w.From().DisplayName), `J Rosenberg \"`)
	check("wsinv subject", HeaderValue(w, "Subject"), "")
	check("wsinv folded", HeaderValue(w, "NewFangledHeader"), "newfangled value continued newfangled value")
	vias := Vias(w)
	if len(vias) != 3 || *w.MaxForwards() != 68 || w.CSeq().SeqNo != 9 {
		t.Errorf("wsinv: %d Via, Max-Forwards %d, CSeq %d", len(vias), *w.MaxForwards(), w.CSeq().SeqNo)
	} else {
		check("wsinv third branch", ParamValue(vias[2].Params, "branch"), "z9hG4bK30239")
	}
	check("wsinv contact q", ParamValue(w.Contact().Params, "q"), "0.33")
	check("esc01 user", read("esc01").(*Request).Recipient.User, "sips%3Auser%40example.com")
	check("semiuri user", read("semiuri").(*Request).Recipient.User, "user;par=u%40example.net")
	if d := read("dblreq").(*Request); d.Method != REGISTER || len(d.Body()) != 0 {
		t.Errorf("dblreq: %s with %d bytes of body", d.Method, len(d.Body()))
	}
	if n := len(Contacts(read("escnull"))); n != 2 {
		t.Errorf("escnull: %d contacts", n)
	}
	if m := read("mpart01").(*Request); MediaType(m) != "multipart/mixed" || len(m.Body()) != 553 {
		t.Errorf("mpart01: %s, %d bytes", MediaType(m), len(m.Body()))
	}
	check("noreason", read("noreason").(*Response).Reason, "")
}

// TestT02_IPv6Meaning looks at what the messages of RFC 5118 mean: addresses and ports where their brackets say.
func TestT02_IPv6Meaning(t *testing.T) {
	read := func(name string) *Request { return readTorture(t, "rfc5118/"+name).(*Request) }
	for _, c := range []struct {
		name, host string
		port       int
	}{
		{"4.1-valid-reference", "2001:db8::10", 0}, {"4.3-port-ambiguous", "2001:db8::10:5070", 0}, {"4.4-port", "2001:db8::10", 5070},
		{"4.10-two-colons", "2001:db8::192.0.2.1", 0},
	} {
		if u := read(c.name).Recipient; strings.Trim(u.Host, "[]") != c.host || u.Port != c.port {
			t.Errorf("%s: host %q, port %d", c.name, u.Host, u.Port)
		}
	}
	for _, name := range []string{"4.5-received-brackets", "4.5-received-plain"} {
		if got := strings.Trim(ParamValue(read(name).Via().Params, "received"), "[]"); got != "2001:db8::9:255" {
			t.Errorf("%s: received %q", name, got)
		}
	}
	vias := Vias(read("4.7-via-mixed"))
	if len(vias) != 3 || vias[0].Port != 6050 || vias[1].Host != "192.0.2.1" || ParamValue(vias[2].Params, "received") != "192.0.2.200" {
		t.Errorf("4.7: %+v", vias)
	}
	vias = Vias(read("4.9-mapped"))
	if len(vias) != 2 || vias[0].Host != "::ffff:192.0.2.10" || vias[0].Port != 19823 {
		t.Errorf("4.9: %+v", vias)
	}
}
