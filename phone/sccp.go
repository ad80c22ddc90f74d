package phone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"tandem/wire/sccp"
)

// How long an SCCP phone waits.
const (
	dialTimeout   = 5 * time.Second
	writeTimeout  = 5 * time.Second
	answerTimeout = 10 * time.Second // of each question in registration
	leaveTimeout  = 2 * time.Second
	lostAfter     = 3 // intervals of keep-alives without an answer (sccp.md 1.5)
)

// station is the SCCP side of a phone. Its fields are guarded by Phone.mu, except
// that only serve reads from the connection.
type station struct {
	p       *Phone
	profile Profile

	conn  net.Conn
	local netip.Addr
	ack   *sccp.RegisterAck // nil until registered
	codec sccp.Codec

	steps      []request  // registration questions not yet sent
	rest       []question // those that wait for the button template
	waiting    map[expected]struct{}
	deadline   *time.Timer
	acked      bool // RegisterAck came
	served     bool // the registration over this connection was complete
	begun      bool // capabilities were asked for, the questions are running
	keepAlive  *time.Timer
	standbyFor time.Duration
	missed     int
	last       string // "Last=" of the next alarm
	restart    bool   // read the configuration again
	restartDue bool   // …when the last call has ended
	unregister chan sccp.UnregisterStatus

	template     []sccp.SoftKey
	sets         []sccp.SoftKeySetKeys
	buttons      []sccp.Button
	idleKeys     []string
	calls        map[uint32]*Call
	live         map[uint32]callExtra
	dead         map[uint32]time.Time
	handset      bool
	active       uint32 // reference of the call in front
	plane        int    // line whose call plane is active, 0 none
	flows        []*flow
	idleShown    bool // the idle prompt came after registration
	selectedIdle bool
	previous     sccp.MessageID // the message before this one
	medias       int            // media requests so far, for models that forget some
	fixedPort    uint16         // the one RTP port of the model
}

// callExtra is what the SCCP side keeps of a call beside what is shown.
type callExtra struct {
	party       uint32 // pass-through party id
	conference  uint32
	receiving   bool
	sending     bool
	acksOfSend  int
	haveInfo    bool
	closedAudio bool
}

// request is one question of registration.
type request struct {
	message sccp.Message
	answer  expected // zero id: none expected
}

// expected names an answer: the message and, for those with an instance, which.
type expected struct {
	id       sccp.MessageID
	instance uint32
}

func newSCCP(p *Phone) driver {
	return &station{p: p, profile: Profiles[p.cfg.Model], last: "Initialized", dead: map[uint32]time.Time{}}
}

// outcome is why serving a connection ended.
type outcome uint8

const (
	outcomeStopped  outcome = iota // the phone was stopped
	outcomeLost                    // the connection broke
	outcomeRejected                // the server said no
	outcomeRestart                 // the server reset the phone
	outcomeMoved                   // the phone goes back to a better server
)

// run keeps the phone registered with the best server that it can reach until it is stopped or reset. A lost server is
// left for the one with a spare connection, else for the next in the list.
func (d *station) run(ctx context.Context) {
	n := min(len(d.p.cfg.Servers), maxServers)
	var next *link
	for at, failed := 0, 0; ctx.Err() == nil; {
		if failed >= n { // nobody takes the phone: from the beginning, after a pause
			at, failed = 0, 0
			if next != nil {
				next.conn.Close()
				next = nil
			}
			d.p.pause(ctx, d.p.cfg.Retry)
			continue
		}
		current := next
		if next = nil; current == nil {
			address := withPort(d.p.cfg.Servers[at], "2000")
			d.p.update(func(s *State) { s.Registration, s.Server = Connecting, address })
			var err error
			if current, err = d.connect(ctx, at); err != nil {
				d.p.update(func(s *State) { s.Registration, s.Reason = Lost, err.Error() })
				at, failed = (at+1)%n, failed+1
				continue
			}
		}
		end, left := d.serve(ctx, current)
		best, others := left.take()
		if end != outcomeStopped && end != outcomeRestart && best != nil && (end != outcomeRejected || best.at != current.at) {
			next, best = best, nil
		}
		d.release(append(others, best)...)
		if end == outcomeStopped || end == outcomeRestart {
			return
		}
		if d.served {
			failed = 0
		}
		if end != outcomeMoved {
			failed++
		}
		if at = (current.at + 1) % n; next != nil {
			at = next.at
		}
	}
	if next != nil {
		next.conn.Close()
	}
}

// release closes links that are of no more use. Those of a phone that vanishes stay open, so that no server sees an end.
func (d *station) release(links ...*link) {
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	for _, l := range links {
		switch {
		case l == nil:
		case d.p.vanish:
			d.p.orphans = append(d.p.orphans, l.conn)
		default:
			l.conn.Close()
		}
	}
}

func withPort(address, port string) string {
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), port)
}

func (d *station) dial(ctx context.Context, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	if d.p.cfg.Local.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.p.cfg.Local, 0))
	}
	return dialer.DialContext(ctx, "tcp", address)
}

// reset forgets what belonged to the connection before.
func (d *station) reset(conn net.Conn) {
	d.conn = conn
	if a, ok := conn.LocalAddr().(*net.TCPAddr); ok {
		d.local = a.AddrPort().Addr().Unmap()
	}
	d.ack, d.acked, d.begun, d.served = nil, false, false, false
	d.codec = sccp.NewCodec(d.offered())
	d.steps, d.rest, d.waiting = nil, nil, map[expected]struct{}{}
	d.missed, d.restart, d.restartDue = 0, false, false
	d.unregister = make(chan sccp.UnregisterStatus, 1)
	d.template, d.sets, d.buttons, d.idleKeys = nil, nil, nil, nil
	d.calls, d.live = map[uint32]*Call{}, map[uint32]callExtra{}
	d.dead = map[uint32]time.Time{}
	d.handset, d.active, d.plane, d.flows = false, 0, 0, nil
	d.idleShown, d.selectedIdle, d.previous = false, false, ^sccp.MessageID(0)
	d.fixedPort = d.profile.Port
	s := &d.p.state
	s.Lines, s.Buttons, s.SoftKeys = nil, nil, nil
	s.Tone, s.Ringer, s.Prompt, s.Notice = "", "off", "", ""
	s.Lamps, s.MessageWaiting = map[string]string{}, false
	s.Speaker, s.OffHook = false, false
}

// offered is the version with which Register is written.
func (d *station) offered() sccp.Version {
	return min(max(d.profile.Offer, sccp.MinVersion), sccp.MaxVersion)
}

// serve registers on a connection and stays until it ends.
func (d *station) serve(ctx context.Context, l *link) (outcome, *spares) {
	p, conn, left := d.p, l.conn, &spares{}
	p.mu.Lock()
	d.reset(conn)
	p.state.Registration, p.state.Server = Registering, l.address
	p.state.Connections++
	p.broadcast()
	d.greet()
	p.mu.Unlock()

	// Leaving runs beside the reading below, which must go on to see the answer.
	leaving := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(leaving)
		d.leave(conn)
	})
	helpers, endHelpers := context.WithCancel(ctx)
	helpersDone := d.keepOthers(helpers, l.at, left)

	end := d.read(l.reader)
	if end == outcomeLost && ctx.Err() == nil {
		d.preserve(ctx)
	}

	endHelpers()
	<-helpersDone
	if !stop() {
		<-leaving
		end = outcomeStopped
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopTimer(d.keepAlive)
	p.stopTimer(d.deadline)
	if d.restart && end == outcomeLost {
		end = outcomeRestart
		p.state.Resets++
	}
	if best, _ := left.take(); best != nil && best.granted && (end == outcomeLost || end == outcomeRestart) {
		end = outcomeMoved
	}
	if p.vanish && end == outcomeStopped {
		p.orphans = append(p.orphans, conn)
	} else {
		conn.Close()
	}
	if p.state.Registration != Rejected || end != outcomeRejected {
		p.state.Registration = Lost
	}
	p.endAllCalls("connection lost")
	p.state.SoftKeys, p.state.Ringer, p.state.Tone = nil, "off", ""
	p.broadcast()
	return end, left
}

// read handles messages until the connection ends.
func (d *station) read(reader *sccp.Reader) outcome {
	for {
		frame, err := reader.ReadFrame()
		p := d.p
		p.mu.Lock()
		if err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				p.note("connection ended: %v", err)
			}
			if errors.Is(err, sccp.ErrLength) {
				p.violation("%v", err)
			}
			if p.state.Registration != Rejected {
				p.state.Reason = fmt.Sprintf("connection ended: %v", err)
			}
			rejected := p.state.Registration == Rejected
			p.mu.Unlock()
			if rejected {
				return outcomeRejected
			}
			return outcomeLost
		}
		fatal := d.receive(frame)
		p.broadcast()
		rejected := p.state.Registration == Rejected
		if fatal != nil {
			// What a real phone does with nonsense: close, come back, and tell.
			d.last = "Unknown-Message"
			p.state.Reason = fatal.Error()
			p.mu.Unlock()
			return outcomeLost
		}
		p.mu.Unlock()
		if rejected {
			return outcomeRejected
		}
	}
}

// leave unregisters politely when the phone is stopped, or falls silent.
func (d *station) leave(conn net.Conn) {
	p := d.p
	p.mu.Lock()
	vanish := p.vanish
	answered := d.unregister
	if !vanish && d.ack != nil {
		d.send(&sccp.UnregisterReq{})
	}
	polite := !vanish && d.ack != nil
	p.mu.Unlock()
	if polite {
		t := time.NewTimer(leaveTimeout)
		defer t.Stop()
		select {
		case <-answered:
		case <-t.C:
		}
	}
	_ = conn.SetReadDeadline(time.Unix(1, 0)) // wakes the reader; the connection may stay open
}

// greet sends what comes before the server says anything.
func (d *station) greet() {
	if d.profile.KeepAliveFirst {
		d.send(&sccp.KeepAlive{})
	}
	d.sendAlarm()
	if d.profile.Token == sipuraToken {
		d.send(&sccp.SPCPRegisterTokenReq{Name: d.p.cfg.Name, Instance: 1, IP: d.local, DeviceType: d.profile.Device, MaxStreams: 2})
		d.expectWithin("token", d.answerTime())
		return
	}
	d.sendRegister()
}

func (d *station) sendAlarm() {
	blank := " "
	if d.profile.AlarmJoined {
		blank = ""
	}
	text := fmt.Sprintf("25: Name=%s%sLoad=%s Last=%s", d.p.cfg.Name, blank, d.profile.Load, d.last)
	d.send(&sccp.Alarm{Severity: sccp.SeverityInformational, Text: text, Param1: 0x400})
	if d.profile.XMLAlarm && d.offered() >= 11 {
		d.send(&sccp.XMLAlarm{XML: fmt.Sprintf(`<x-cisco-alarm><Alarm Name="LastOutOfServiceInformation"><ParameterList>`+
			`<String name="DeviceName">%s</String><String name="ReasonForOutOfService">%s</String>`+
			`</ParameterList></Alarm></x-cisco-alarm>`, d.p.cfg.Name, d.last)})
	}
}

func (d *station) sendRegister() {
	r := &sccp.Register{
		Name: d.p.cfg.Name, Instance: 1, IP: d.local, DeviceType: d.profile.Device, MaxStreams: 5,
		Version: d.profile.Offer, Features: d.profile.Features, MaxLines: uint32(d.profile.Buttons),
		FirmwareLoad: d.profile.Load,
	}
	if !d.local.Is4() {
		r.IP, r.IPv6 = netip.Addr{}, d.local
	}
	if mac, ok := strings.CutPrefix(d.p.cfg.Name, "SEP"); ok {
		r.MAC = mac
	}
	size := d.profile.RegisterBody
	if size == 0 {
		size = 124
	}
	d.sendShort(r, size)
	if d.profile.IPPort {
		d.send(&sccp.IPPort{Port: 16384})
	}
	d.expectWithin("the answer to Register", d.answerTime())
}

// answerTime is how long the phone waits for an answer in registration.
func (d *station) answerTime() time.Duration {
	if t := d.p.cfg.Habits.AnswerTimeout; t > 0 {
		return t
	}
	return answerTimeout
}

// expectWithin closes the connection when registration does not go on in time: the
// phone waits for an answer that never comes.
func (d *station) expectWithin(what string, within time.Duration) {
	d.p.stopTimer(d.deadline)
	conn := d.conn
	d.deadline = d.p.after(within, func() {
		if d.conn != conn {
			return
		}
		d.p.violation("%s did not come within %v", what, within)
		d.last = "TCP-timeout"
		_ = conn.SetReadDeadline(time.Unix(1, 0))
	})
}

// send writes one message; the caller holds Phone.mu. A connection that cannot be
// written to is noticed by the reader.
func (d *station) send(m sccp.Message) { d.sendShort(m, sccp.MaxBody) }

func (d *station) sendShort(m sccp.Message, body int) {
	buffer, err := d.codec.AppendShort(nil, m, body)
	if err != nil {
		d.p.violation("own %v could not be written: %v", m.ID(), err)
		return
	}
	d.trace(true, m)
	_ = d.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	step := len(buffer)
	if n := d.p.cfg.Habits.Segment; n > 0 {
		step = n
	}
	for len(buffer) > 0 {
		n := min(step, len(buffer))
		if _, err := d.conn.Write(buffer[:n]); err != nil {
			d.p.note("sending %v: %v", m.ID(), err)
			_ = d.conn.SetReadDeadline(time.Unix(1, 0))
			return
		}
		buffer = buffer[n:]
	}
}

func (d *station) trace(sent bool, m sccp.Message) {
	d.p.trace.add(sent, m.ID().String(), func() string {
		return readable(strings.TrimPrefix(fmt.Sprintf("%+v", m), "&"))
	})
}

// readable replaces the label codes of display texts by their English words.
func readable(text string) string {
	if strings.IndexByte(text, 0x80) < 0 && strings.IndexByte(text, 0x1e) < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if c := text[i]; (c == 0x80 || c == 0x1e) && i+1 < len(text) {
			b.WriteString(sccp.Label(uint16(c)<<8 | uint16(text[i+1])).String())
			i++
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
