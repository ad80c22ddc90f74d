package sipua

import (
	"bufio"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/wire/sip"
)

// ua is a phone that does what its test says, message by message. It knows no transactions: what it sends is sent once.
type ua struct {
	t       testing.TB
	r       *rig
	name    string // of the device and of its digest user
	number  string // line
	pass    string
	server  netip.AddrPort
	local   netip.AddrPort
	tcp     net.Conn
	udp     *net.UDPConn
	contact string // URI
	allow   string
	support string
	auto    atomic.Bool // answers 200 to NOTIFY, OPTIONS, UPDATE without a body and INFO by itself

	mu       sync.Mutex
	inbox    []sip.Message
	arrived  chan struct{}
	cseq     uint32
	seq      int
	regID    string
	realmWas string
	nonce    string
	nc       int
}

// waitLimit bounds every wait for a message.
const waitLimit = 30 * time.Second

func (r *rig) ua(name, number string) *ua {
	r.t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		r.t.Fatal(err)
	}
	u := r.newUA(name, number)
	u.over(c)
	return u
}

// over uses a socket.
func (u *ua) over(c *net.UDPConn) {
	u.udp, u.server, u.local = c, u.r.udp, c.LocalAddr().(*net.UDPAddr).AddrPort()
	u.contact = fmt.Sprintf("sip:%s@%s", u.number, u.local)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 65536)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			u.take(buf[:n])
		}
	}()
	u.t.Cleanup(func() { c.Close(); <-done })
}

func (r *rig) uaTCP(name, number string) *ua {
	r.t.Helper()
	u := r.newUA(name, number)
	u.server = r.tcp
	u.dial()
	u.contact = fmt.Sprintf("sip:%s@%s;transport=tcp", number, u.local)
	return u
}

// dial connects (again).
func (u *ua) dial() {
	u.t.Helper()
	c, err := net.Dial("tcp", u.server.String())
	if err != nil {
		u.t.Fatal(err)
	}
	u.tcp, u.local = c, c.LocalAddr().(*net.TCPAddr).AddrPort()
	done := make(chan struct{})
	go func() {
		defer close(done)
		in := bufio.NewReader(c)
		for {
			b, err := readStream(in)
			if err != nil {
				return
			}
			u.take(b)
		}
	}()
	u.t.Cleanup(func() { c.Close(); <-done })
}

func readStream(in *bufio.Reader) ([]byte, error) {
	var b []byte
	length := 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(line) == "" {
			if len(b) == 0 {
				continue
			}
			b = append(b, line...)
			break
		}
		b = append(b, line...)
		if v, ok := strings.CutPrefix(strings.ToLower(line), "content-length:"); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(v))
		}
	}
	body := make([]byte, length)
	_, err := io.ReadFull(in, body)
	return append(b, body...), err
}

func (r *rig) newUA(name, number string) *ua {
	r.phones++
	u := &ua{t: r.t, r: r, name: name, number: number, pass: password + name, arrived: make(chan struct{}, 1), seq: r.phones * 1000,
		allow: "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER, INFO, PRACK, UPDATE"}
	u.auto.Store(true)
	return u
}

func (u *ua) take(b []byte) {
	m, err := sip.Parse(b)
	if m == nil || err != nil {
		u.t.Errorf("%s got what is not SIP: %v\n%s", u.name, err, b)
		return
	}
	if req, ok := m.(*sip.Request); ok && u.auto.Load() {
		switch req.Method {
		case sip.NOTIFY, sip.OPTIONS, sip.INFO:
			u.reply(req, 200, "")
		case sip.UPDATE:
			if len(req.Body()) == 0 {
				u.reply(req, 200, "")
			}
		}
	}
	u.mu.Lock()
	u.inbox = append(u.inbox, m)
	u.mu.Unlock()
	select {
	case u.arrived <- struct{}{}:
	default:
	}
}

// send puts a message on the wire.
func (u *ua) send(m sip.Message) { u.raw(sip.Append(nil, m)) }

func (u *ua) raw(b []byte) {
	u.t.Helper()
	var err error
	if u.tcp != nil {
		_, err = u.tcp.Write(b)
	} else {
		_, err = u.udp.WriteToUDPAddrPort(b, u.server)
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		u.t.Error(err)
	}
}

// until takes the first message that fits out of the inbox, waiting for it.
func (u *ua) until(what string, fits func(sip.Message) bool) sip.Message {
	u.t.Helper()
	if m := u.within(waitLimit, fits); m != nil {
		return m
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	var have []string
	for _, m := range u.inbox {
		have = append(have, firstLine(m))
	}
	u.t.Fatalf("%s waited in vain for %s; it has %q", u.name, what, have)
	return nil
}

func (u *ua) within(limit time.Duration, fits func(sip.Message) bool) sip.Message {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		u.mu.Lock()
		for i, m := range u.inbox {
			if fits(m) {
				u.inbox = append(u.inbox[:i], u.inbox[i+1:]...)
				u.mu.Unlock()
				return m
			}
		}
		u.mu.Unlock()
		select {
		case <-u.arrived:
		case <-deadline.C:
			return nil
		}
	}
}

func firstLine(m sip.Message) string {
	l, _, _ := strings.Cut(sip.String(m), "\r\n")
	return l
}

// request waits for a request of a method.
func (u *ua) request(m sip.Method) *sip.Request {
	u.t.Helper()
	return u.until(string(m), func(x sip.Message) bool {
		r, ok := x.(*sip.Request)
		return ok && r.Method == m
	}).(*sip.Request)
}

// none fails if a message that fits comes within the time.
func (u *ua) none(limit time.Duration, what string, fits func(sip.Message) bool) {
	u.t.Helper()
	if m := u.within(limit, fits); m != nil {
		u.t.Fatalf("%s got %s:\n%s", u.name, what, sip.String(m))
	}
}

func isRequest(method sip.Method) func(sip.Message) bool {
	return func(x sip.Message) bool {
		r, ok := x.(*sip.Request)
		return ok && r.Method == method
	}
}

// response waits for the response with this status to a method in a call; status 0 means any final one.
func (u *ua) response(callID string, m sip.Method, status int) *sip.Response {
	u.t.Helper()
	got := u.until(fmt.Sprint("a ", status, " to ", m), func(x sip.Message) bool {
		r, ok := x.(*sip.Response)
		if !ok || sip.CallIDOf(r) != callID || r.CSeq().MethodName != m {
			return false
		}
		return r.StatusCode == status || r.StatusCode >= 200
	}).(*sip.Response)
	if status != 0 && got.StatusCode != status {
		u.t.Fatalf("%s got %s instead of %d", u.name, sip.String(got), status)
	}
	return got
}

func (u *ua) transport() string {
	if u.tcp != nil {
		return "TCP"
	}
	return "UDP"
}

func (u *ua) token() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seq++
	return fmt.Sprintf("%s%d", strings.ToLower(u.name), u.seq)
}

// text makes a request from its parts; headers are whole lines.
func (u *ua) text(method sip.Method, uri, from, to, callID string, cseq uint32, body string, headers ...string) *sip.Request {
	u.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n",
		method, uri, u.transport(), u.local, u.token(), from, to, callID, cseq, method)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if body != "" && !strings.Contains(b.String(), "Content-Type:") {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	m, err := sip.Parse([]byte(b.String()))
	if err != nil {
		u.t.Fatalf("the test made a bad message: %v\n%s", err, b.String())
	}
	return m.(*sip.Request)
}

// authorize makes the Authorization header for a challenge.
func (u *ua) authorize(res *sip.Response, req *sip.Request) string {
	var challenge string
	for _, v := range sip.HeaderValues(res, "WWW-Authenticate") {
		if strings.Contains(v, "algorithm=MD5") {
			challenge = v
		}
	}
	param := func(name string) string {
		_, rest, _ := strings.Cut(challenge, name+`="`)
		v, _, _ := strings.Cut(rest, `"`)
		return v
	}
	u.realmWas, u.nonce, u.nc = param("realm"), param("nonce"), 0
	return u.credentials(string(req.Method), sip.URIString(&req.Recipient))
}

// credentials uses the nonce that is at hand once more.
func (u *ua) credentials(method, uri string) string {
	u.nc++
	nc := fmt.Sprintf("%08x", u.nc)
	ha1 := sip.HA1(sip.MD5, u.name, u.realmWas, u.pass)
	response := md5hex(ha1 + ":" + u.nonce + ":" + nc + ":cnonce:auth:" + ha2(method, uri))
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5, qop=auth, nc=%s, cnonce="cnonce"`,
		u.name, u.realmWas, u.nonce, uri, response, nc)
}

// answered401 repeats a request with credentials after its challenge.
func (u *ua) answered401(req *sip.Request) *sip.Request {
	u.t.Helper()
	res := u.response(sip.CallIDOf(req), req.Method, 401)
	if req.Method == sip.INVITE {
		u.send(u.ackFor(req, res))
	}
	return u.again(req, "Authorization: "+u.authorize(res, req))
}

// again sends a request anew with the next CSeq and one more header.
func (u *ua) again(req *sip.Request, header string) *sip.Request {
	u.t.Helper()
	head, body, _ := strings.Cut(sip.String(req), "\r\n\r\n")
	var lines []string
	for i, l := range strings.Split(head, "\r\n") {
		switch {
		case strings.HasPrefix(l, "Via:"):
			l = fmt.Sprintf("Via: SIP/2.0/%s %s;rport;branch=z9hG4bK%s", u.transport(), u.local, u.token())
		case strings.HasPrefix(l, "CSeq:"):
			l = fmt.Sprintf("CSeq: %d %s", req.CSeq().SeqNo+1, req.Method)
		case strings.HasPrefix(l, "Authorization:"):
			continue
		}
		lines = append(lines, l)
		if i == 0 {
			lines = append(lines, header)
		}
	}
	m, err := sip.Parse([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body))
	if err != nil {
		u.t.Fatal(err)
	}
	next := m.(*sip.Request)
	u.send(next)
	return next
}

// ackFor is the ACK of a failure.
func (u *ua) ackFor(req *sip.Request, res *sip.Response) *sip.Request {
	var b strings.Builder
	fmt.Fprintf(&b, "ACK %s SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d ACK\r\nContent-Length: 0\r\n\r\n",
		sip.URIString(&req.Recipient), req.Via().Value(), req.From().Value(), res.To().Value(), sip.CallIDOf(req), req.CSeq().SeqNo)
	m, err := sip.Parse([]byte(b.String()))
	if err != nil {
		u.t.Fatal(err)
	}
	return m.(*sip.Request)
}

func (u *ua) aor() string { return fmt.Sprintf("<sip:%s@%s>", u.number, u.server) }

// register registers for an hour, or unregisters with 0, and returns the final response.
func (u *ua) register(expires int, headers ...string) *sip.Response {
	u.t.Helper()
	if u.regID == "" {
		u.regID = u.token() + "@reg"
	}
	u.cseq++
	h := append([]string{fmt.Sprintf("Contact: <%s>", u.contact), fmt.Sprintf("Expires: %d", expires), "User-Agent: scripted/1.0"}, headers...)
	req := u.text(sip.REGISTER, fmt.Sprintf("sip:%s", u.server), u.aor()+";tag="+u.token(), u.aor(), u.regID, u.cseq, "", h...)
	u.send(req)
	u.answered401(req)
	u.cseq++
	return u.response(u.regID, sip.REGISTER, 0)
}

// registered registers and fails the test if that fails.
func (u *ua) registered() *ua {
	u.t.Helper()
	if res := u.register(3600); res.StatusCode != 200 {
		u.t.Fatalf("%s was not registered: %s", u.name, sip.String(res))
	}
	return u
}

// reply answers a request. Headers are whole lines.
func (u *ua) reply(req *sip.Request, status int, body string, headers ...string) {
	u.t.Helper()
	u.send(u.response2(req, status, "tag-"+strings.ToLower(u.name), body, headers...))
}

func (u *ua) response2(req *sip.Request, status int, tag, body string, headers ...string) *sip.Response {
	res := sip.NewResponse(req, status, "", tag)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		res.AppendHeader(sip.NewHeader(name, strings.TrimSpace(value)))
	}
	if body != "" {
		sip.SetBody(res, "application/sdp", []byte(body))
	}
	return res
}

// dlg is a dialog as the phone sees it.
type dlg struct {
	u         *ua
	callID    string
	from, to  string // ours and theirs, with tags
	target    string
	cseq      uint32
	invite    *sip.Request // the last one of ours
	offered   *sip.Request // the last one of theirs
	tag       string
	remoteSDP string
}

// call sends an INVITE and answers the challenge.
func (u *ua) call(number, body string, headers ...string) *dlg {
	u.t.Helper()
	d := &dlg{u: u, callID: u.token() + "@call", from: u.aor() + ";tag=" + u.token(), to: fmt.Sprintf("<sip:%s@%s>", number, u.server), cseq: 1}
	h := append([]string{"Contact: <" + u.contact + ">", "Allow: " + u.allow}, headers...)
	if u.support != "" {
		h = append(h, "Supported: "+u.support)
	}
	d.invite = u.text(sip.INVITE, fmt.Sprintf("sip:%s@%s", number, u.server), d.from, d.to, d.callID, d.cseq, body, h...)
	u.send(d.invite)
	d.invite = u.answered401(d.invite)
	d.cseq++
	return d
}

// expect waits for a status to the last INVITE.
func (d *dlg) expect(status int) *sip.Response {
	d.u.t.Helper()
	res := d.u.response(d.callID, sip.INVITE, status)
	if res.StatusCode >= 300 {
		d.u.send(d.u.ackFor(d.invite, res))
		return res
	}
	if res.StatusCode > 100 {
		d.to = res.To().Value()
		if c := res.Contact(); c != nil {
			d.target = sip.URIString(&c.Address)
		}
		if len(res.Body()) > 0 {
			d.remoteSDP = string(res.Body())
		}
	}
	return res
}

// ack acknowledges the 200.
func (d *dlg) ack(body string) {
	d.u.t.Helper()
	d.u.send(d.u.text(sip.ACK, d.target, d.from, d.to, d.callID, d.cseq, body))
}

// send sends a request in the dialog.
func (d *dlg) send(m sip.Method, body string, headers ...string) *sip.Request {
	d.u.t.Helper()
	d.cseq++
	h := headers
	if m == sip.INVITE || m == sip.UPDATE || m == sip.REFER {
		h = append([]string{"Contact: <" + d.u.contact + ">", "Allow: " + d.u.allow}, headers...)
	}
	req := d.u.text(m, d.target, d.from, d.to, d.callID, d.cseq, body, h...)
	if m == sip.INVITE {
		d.invite = req
	}
	d.u.send(req)
	return req
}

// final waits for the final response to a request of ours and wants this status.
func (d *dlg) final(m sip.Method, status int) *sip.Response {
	d.u.t.Helper()
	if m == sip.INVITE {
		return d.expect(status)
	}
	return d.u.response(d.callID, m, status)
}

// bye hangs up.
func (d *dlg) bye(headers ...string) {
	d.u.t.Helper()
	d.send(sip.BYE, "", headers...)
	d.final(sip.BYE, 200)
}

// ring waits for an INVITE from the server.
func (u *ua) ring() *dlg {
	u.t.Helper()
	req := u.until("an INVITE", func(x sip.Message) bool {
		r, ok := x.(*sip.Request)
		return ok && r.Method == sip.INVITE && sip.ToTag(r) == ""
	}).(*sip.Request)
	tag := u.token()
	d := &dlg{u: u, callID: sip.CallIDOf(req), offered: req, tag: tag, to: req.From().Value(), from: req.To().Value() + ";tag=" + tag,
		remoteSDP: string(req.Body()), cseq: 100}
	if c := req.Contact(); c != nil {
		d.target = sip.URIString(&c.Address)
	}
	return d
}

// reply answers the INVITE of the dialog.
func (d *dlg) reply(status int, body string, headers ...string) {
	d.u.t.Helper()
	h := headers
	if status > 100 && status < 400 {
		h = append([]string{"Contact: <" + d.u.contact + ">", "Allow: " + d.u.allow}, headers...)
	}
	d.u.send(d.u.response2(d.offered, status, d.tag, body, h...))
}

// request waits for a request of the server in the dialog; an INVITE becomes the one that reply answers.
func (d *dlg) request(m sip.Method) *sip.Request {
	d.u.t.Helper()
	req := d.u.until(string(m)+" in the dialog", func(x sip.Message) bool {
		r, ok := x.(*sip.Request)
		return ok && r.Method == m && sip.CallIDOf(r) == d.callID
	}).(*sip.Request)
	if m == sip.INVITE {
		d.offered = req
		if len(req.Body()) > 0 {
			d.remoteSDP = string(req.Body())
		}
	}
	if m == sip.BYE {
		d.u.reply(req, 200, "")
	}
	return req
}

// audio is a description of one audio stream.
func audio(port int, extra ...string) string {
	return audioAt("127.0.0.1", port, 1, extra...)
}

func audioAt(ip string, port, version int, extra ...string) string {
	s := fmt.Sprintf("v=0\r\no=ua 77 %d IN IP4 %s\r\ns=call\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n", version, ip, ip, port)
	for _, e := range extra {
		s += e + "\r\n"
	}
	return s
}

// talk makes a call from a to b and answers it.
func talk(t testing.TB, a, b *ua) (from, to *dlg) {
	t.Helper()
	from = a.call(b.number, audio(40000))
	to = b.ring()
	to.reply(180, "")
	from.expect(180)
	to.reply(200, audio(50000))
	to.request(sip.ACK)
	from.expect(200)
	from.ack("")
	return from, to
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func ha2(method, uri string) string { return md5hex(method + ":" + uri) }

// reply2 answers the last request of the server in a dialog that the phone began: there To is ours already.
func (d *dlg) reply2(status int, body string) {
	d.u.t.Helper()
	res := sip.NewResponse(d.offered, status, "", "")
	res.AppendHeader(sip.NewHeader("Contact", "<"+d.u.contact+">"))
	if body != "" {
		sip.SetBody(res, "application/sdp", []byte(body))
	}
	d.u.send(res)
}
