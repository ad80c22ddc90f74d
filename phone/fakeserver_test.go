package phone

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/wire/sccp"
)

// fakeServer is a call manager of a few pages that says what the reference says, in
// its order, so that the phone is tested against the reference and not against our
// server. Numbers have four digits; a phone's number is the last four of its name.
type fakeServer struct {
	t        *testing.T
	listener net.Listener
	max      sccp.Version

	mu      sync.Mutex
	phones  map[string]*fakeStation
	nextRef uint32
	reject  string
	token   uint32 // refuse the next token with this time to wait
	// spoil may replace a message before it is sent; nil result drops it.
	spoil func(name string, m sccp.Message) []sccp.Message
	ended []string // names of the phones whose connections ended
	// heard are the messages of the phones.
	heard map[string][]sccp.Message
}

type fakeStation struct {
	server *fakeServer
	conn   net.Conn
	codec  sccp.Codec
	name   string
	number string
	keys   bool

	ref      uint32
	dialed   string
	peer     *fakeStation
	media    netip.AddrPort
	state    sccp.CallStateCode
	handset  bool
	original *sccp.Register
}

func newFakeServer(t *testing.T) *fakeServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeServer{t: t, listener: l, max: 17, phones: map[string]*fakeStation{}, nextRef: 0x01000010, heard: map[string][]sccp.Message{}}
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		defer all.Done()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Add(1)
			go func() {
				defer all.Done()
				s.serve(conn)
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, p := range s.phones {
			p.conn.Close()
		}
		s.mu.Unlock()
		all.Wait()
	})
	return s
}

func (s *fakeServer) address() string { return s.listener.Addr().String() }

func (s *fakeServer) serve(conn net.Conn) {
	defer conn.Close()
	st := &fakeStation{server: s, conn: conn, codec: sccp.NewCodec(sccp.MaxVersion)}
	r := sccp.NewReader(conn)
	for {
		f, err := r.ReadFrame()
		if err != nil {
			s.mu.Lock()
			s.ended = append(s.ended, st.name)
			s.mu.Unlock()
			return
		}
		m, err := st.codec.DecodeFrame(f)
		if err != nil {
			s.t.Errorf("the phone sent nonsense: %v", err)
			return
		}
		s.mu.Lock()
		s.heard[st.name] = append(s.heard[st.name], m)
		st.handle(m)
		s.mu.Unlock()
	}
}

func (st *fakeStation) send(ms ...sccp.Message) {
	for _, m := range ms {
		out := []sccp.Message{m}
		if st.server.spoil != nil {
			out = st.server.spoil(st.name, m)
		}
		for _, m := range out {
			var b []byte
			if raw, ok := m.(*sccp.Raw); ok {
				b = sccp.AppendFrame(nil, st.codec.Version.HeaderWord(), raw.Type, raw.Body)
			} else {
				var err error
				if b, err = st.codec.Append(nil, m); err != nil {
					st.server.t.Errorf("fake server: %v", err)
					return
				}
			}
			if _, err := st.conn.Write(b); err != nil {
				return
			}
		}
	}
}

const (
	yourOptions = "\x80\x13"
	fullMask    = sccp.AllKeys
)

func (st *fakeStation) lamp(mode sccp.LampMode) sccp.Message {
	return &sccp.SetLamp{Stimulus: sccp.StimulusLine, Instance: 1, Mode: mode}
}

func (st *fakeStation) softKeys(ref uint32, set sccp.SoftKeySet) {
	if st.keys {
		line := uint32(1)
		if ref == 0 {
			line = 0
		}
		st.send(&sccp.SelectSoftKeys{LineInstance: line, CallReference: ref, Set: set, Mask: fullMask})
	}
}

func (st *fakeStation) prompt(text string, ref uint32) {
	line := uint32(1)
	if ref == 0 {
		line = 0
	}
	st.send(&sccp.DisplayPromptStatus{Text: text, LineInstance: line, CallReference: ref})
}

func (st *fakeStation) enter(state sccp.CallStateCode) {
	st.state = state
	st.send(sccp.NewCallState(state, 1, st.ref))
}

// templateEvents and the sets are those of CallManager 4.x (sccp.md 3.5, 3.6).
var templateEvents = []sccp.SoftKeyCode{1, 2, 3, 4, 5, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 21, 28, 29, 30, 33}

var setEvents = [][]sccp.SoftKeyCode{{1, 2, 5}, {3, 9, 4}, {10, 2}, {11}, {1, 9, 5}, {0, 9, 4}, {8, 9}, {0, 9, 13}, {0, 9, 4}, {1, 9}, {2, 1, 21}}

func (st *fakeStation) handle(m sccp.Message) {
	s := st.server
	switch m := m.(type) {
	case *sccp.KeepAlive:
		st.send(&sccp.KeepAliveAck{})
	case *sccp.SPCPRegisterTokenReq:
		st.name = m.Name
		if w := s.token; w != 0 {
			s.token = 0
			st.send(&sccp.SPCPRegisterTokenReject{Wait: w})
			return
		}
		st.send(&sccp.SPCPRegisterTokenAck{})
	case *sccp.RegisterTokenReq:
		if w := s.token; w != 0 {
			s.token = 0
			st.send(&sccp.RegisterTokenReject{Wait: w})
			return
		}
		st.send(&sccp.RegisterTokenAck{})
	case *sccp.Register:
		if s.reject != "" {
			st.send(&sccp.RegisterReject{Text: s.reject})
			return
		}
		st.original, st.name, st.number = m, m.Name, m.Name[len(m.Name)-4:]
		s.phones[m.Name] = st
		v := min(sccp.Negotiate(m.DeviceType, m.Version), s.max)
		st.codec = sccp.NewCodec(v)
		st.send(sccp.NewRegisterAck(v, 30, 60, "D.M.Y"), &sccp.CapabilitiesReq{})
	case *sccp.UnregisterReq:
		delete(s.phones, st.name)
		st.send(&sccp.UnregisterAck{})
	case *sccp.ButtonTemplateReq:
		st.send(&sccp.ButtonTemplateRes{Buttons: []sccp.Button{{Instance: 1, Type: sccp.ButtonLine}, {Instance: 1, Type: sccp.ButtonSpeedDial}}})
	case *sccp.SoftKeyTemplateReq:
		st.keys = true
		var keys []sccp.SoftKey
		for _, e := range templateEvents {
			keys = append(keys, sccp.SoftKey{Label: string([]byte{0x80, byte(e)}), Event: e})
		}
		st.send(&sccp.SoftKeyTemplateRes{Keys: keys})
	case *sccp.SoftKeySetReq:
		var sets []sccp.SoftKeySetKeys
		for _, events := range setEvents {
			var set sccp.SoftKeySetKeys
			for i, e := range events {
				for n, t := range templateEvents {
					if t == e {
						set.Set(i, uint8(n+1), e)
					}
				}
			}
			sets = append(sets, set)
		}
		st.send(&sccp.SoftKeySetRes{Sets: sets})
		st.softKeys(0, sccp.KeysOnHook)
	case *sccp.ConfigStatReq:
		st.send(&sccp.ConfigStatRes{DeviceName: st.name, Lines: 1, SpeedDials: 1})
	case *sccp.LineStatReq:
		st.send(&sccp.LineStatRes{Line: m.Line, Number: st.number, DisplayName: "User " + st.number, Label: st.number, Options: sccp.ShowAll})
	case *sccp.ForwardStatReq:
		st.send(&sccp.ForwardStatRes{Line: m.Line})
	case *sccp.SpeedDialStatReq:
		st.send(&sccp.SpeedDialStatRes{SpeedDial: m.SpeedDial, Number: "2002", Label: "Two"})
	case *sccp.VersionReq:
		st.send(&sccp.VersionRes{Load: "x"})
	case *sccp.ServerReq:
		st.send(&sccp.ServerRes{})
	case *sccp.TimeDateReq:
		st.send(sccp.NewTimeDate(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)))
		st.prompt(yourOptions, 0)
		st.softKeys(0, sccp.KeysOnHook)
	case *sccp.OffHook:
		if st.state == sccp.CallStateRingIn {
			st.answer(false)
		} else {
			st.handset = true
			st.dialTone()
		}
	case *sccp.OnHook:
		st.handset = false
		st.hangup()
	case *sccp.SoftKeyEvent:
		switch m.Event {
		case sccp.SoftKeyNewCall:
			st.dialTone()
		case sccp.SoftKeyAnswer:
			st.answer(true)
		case sccp.SoftKeyEndCall:
			st.hangup()
		case sccp.SoftKeyHold:
			st.hold()
		case sccp.SoftKeyResume:
			st.resume()
		}
	case *sccp.KeypadButton:
		if st.state == sccp.CallStateOffHook {
			if st.dialed == "" {
				st.send(&sccp.StopTone{LineInstance: 1, CallReference: st.ref})
				st.softKeys(st.ref, sccp.KeysDigits)
			}
			if st.dialed += m.Key.String(); len(st.dialed) == 4 {
				st.route(st.dialed)
			}
		}
	case *sccp.EnblocCall:
		if st.ref == 0 {
			st.offHook(true, false)
		}
		st.route(m.Number)
	case *sccp.StimulusMessage:
		if m.Stimulus == sccp.StimulusSpeedDial {
			st.offHook(true, false)
			st.route("2002")
		}
	case *sccp.OpenReceiveChannelAck:
		st.media = m.Address
		st.connectMedia()
	}
}

func (st *fakeStation) dialTone() { st.offHook(!st.handset, true) }

func (st *fakeStation) offHook(speaker, tone bool) {
	st.server.nextRef++
	st.ref, st.dialed = st.server.nextRef, ""
	st.send(&sccp.SetRinger{Mode: sccp.RingOff, Duration: sccp.RingNormal})
	if speaker {
		st.send(&sccp.SetSpeakerMode{Mode: sccp.SwitchOn})
	}
	st.send(st.lamp(sccp.LampOn))
	st.enter(sccp.CallStateOffHook)
	st.softKeys(st.ref, sccp.KeysOffHook)
	st.prompt("\x80\x20", st.ref)
	st.send(&sccp.ActivateCallPlane{LineInstance: 1})
	if tone {
		st.send(&sccp.StartTone{Tone: sccp.ToneInsideDial, LineInstance: 1, CallReference: st.ref})
	}
}

func (st *fakeStation) info(typ sccp.CallType, calling, called *fakeStation, number string) sccp.Message {
	i := &sccp.CallInfo{LineInstance: 1, CallReference: st.ref, Type: typ, CallInstance: 1,
		Calling: sccp.Party{Name: "User " + calling.number, Number: calling.number}, Called: sccp.Party{Number: number}}
	if called != nil {
		i.Called.Name = "User " + called.number
	}
	return i
}

func (st *fakeStation) route(number string) {
	st.send(&sccp.StopTone{LineInstance: 1, CallReference: st.ref}, st.lamp(sccp.LampOn))
	var peer *fakeStation
	for _, p := range st.server.phones {
		if p.number == number && p != st {
			peer = p
		}
	}
	st.send(st.info(sccp.CallOutbound, st, peer, number), &sccp.DialedNumber{Number: number, LineInstance: 1, CallReference: st.ref})
	st.enter(sccp.CallStateProceed)
	if peer == nil {
		st.send(&sccp.StartTone{Tone: sccp.ToneReorder, LineInstance: 1, CallReference: st.ref})
		st.prompt("\x80\x38", st.ref)
		st.enter(sccp.CallStateInvalidNumber)
		return
	}
	if peer.ref != 0 {
		st.send(&sccp.StartTone{Tone: sccp.ToneLineBusy, LineInstance: 1, CallReference: st.ref})
		st.prompt("\x80\x19", st.ref)
		st.enter(sccp.CallStateBusy)
		return
	}
	st.peer, peer.peer = peer, st
	peer.ring()
	st.send(&sccp.StartTone{Tone: sccp.ToneAlerting, LineInstance: 1, CallReference: st.ref})
	st.prompt("\x80\x16", st.ref)
	st.enter(sccp.CallStateRingOut)
	st.softKeys(st.ref, sccp.KeysRingOut)
	st.send(st.info(sccp.CallOutbound, st, peer, number))
}

func (st *fakeStation) ring() {
	st.server.nextRef++
	st.ref = st.server.nextRef
	text := "\x80\x17" + st.peer.number
	st.enter(sccp.CallStateRingIn)
	st.softKeys(st.ref, sccp.KeysRingIn)
	st.prompt(text, st.ref)
	st.send(&sccp.DisplayPriNotify{Timeout: 10, Priority: 5, Text: text}, st.info(sccp.CallInbound, st.peer, st, st.number),
		st.lamp(sccp.LampBlink), &sccp.SetRinger{Mode: sccp.RingInside, Duration: sccp.RingNormal, LineInstance: 1, CallReference: st.ref})
}

func (st *fakeStation) open() {
	st.media = netip.AddrPort{}
	st.send(&sccp.OpenReceiveChannel{ConferenceID: st.ref, PassThroughPartyID: st.ref + 1, PacketMillis: 20,
		Payload: sccp.PayloadG711ULaw64k, CallReference: st.ref})
}

func (st *fakeStation) answer(speaker bool) {
	st.send(&sccp.SetRinger{Mode: sccp.RingOff, Duration: sccp.RingNormal})
	if speaker {
		st.send(&sccp.SetSpeakerMode{Mode: sccp.SwitchOn})
	}
	st.send(st.lamp(sccp.LampOn))
	st.enter(sccp.CallStateOffHook)
	st.send(&sccp.ActivateCallPlane{LineInstance: 1},
		&sccp.SetRinger{Mode: sccp.RingOff, Duration: sccp.RingNormal, LineInstance: 1, CallReference: st.ref},
		&sccp.StopTone{LineInstance: 1, CallReference: st.ref})
	st.open()
	st.enter(sccp.CallStateConnected)
	st.softKeys(st.ref, sccp.KeysConnected)
	st.send(st.info(sccp.CallInbound, st.peer, st, st.number))
	st.prompt("\x80\x18", st.ref)
	st.send(&sccp.ClearPriNotify{Priority: 5})

	p := st.peer
	p.send(&sccp.StopTone{LineInstance: 1, CallReference: p.ref})
	p.open()
	p.enter(sccp.CallStateConnected)
	p.send(p.info(sccp.CallOutbound, p, st, st.number))
	p.softKeys(p.ref, sccp.KeysConnected)
	p.prompt("\x80\x18", p.ref)
}

// connectMedia lets both send when both have said where they listen.
func (st *fakeStation) connectMedia() {
	p := st.peer
	if p == nil || !st.media.IsValid() || !p.media.IsValid() {
		return
	}
	for _, x := range []*fakeStation{st, p} {
		x.send(&sccp.StartMediaTransmission{ConferenceID: x.ref, PassThroughPartyID: x.ref + 1, Remote: x.peer.media,
			PacketMillis: 20, Payload: sccp.PayloadG711ULaw64k, Precedence: sccp.PrecedenceEF, CallReference: x.ref})
	}
}

func (st *fakeStation) closeMedia() {
	if st.state == sccp.CallStateConnected {
		st.send(&sccp.CloseReceiveChannel{ConferenceID: st.ref, PassThroughPartyID: st.ref + 1, CallReference: st.ref},
			&sccp.StopMediaTransmission{ConferenceID: st.ref, PassThroughPartyID: st.ref + 1, CallReference: st.ref})
	}
}

func (st *fakeStation) hold() {
	st.closeMedia()
	st.enter(sccp.CallStateHold)
	st.send(st.lamp(sccp.LampWink))
	st.prompt("\x80\x03", st.ref)
	st.softKeys(st.ref, sccp.KeysOnHold)
	st.send(&sccp.SetSpeakerMode{Mode: sccp.SwitchOff})
	p := st.peer
	p.send(&sccp.StopMediaTransmission{ConferenceID: p.ref, PassThroughPartyID: p.ref + 1, CallReference: p.ref})
}

func (st *fakeStation) resume() {
	st.send(&sccp.SetSpeakerMode{Mode: sccp.SwitchOn}, st.lamp(sccp.LampOn))
	st.enter(sccp.CallStateConnected)
	st.send(&sccp.ActivateCallPlane{LineInstance: 1})
	st.open()
	st.softKeys(st.ref, sccp.KeysConnected)
	st.prompt("\x80\x18", st.ref)
}

func (st *fakeStation) hangup() {
	if st.ref == 0 {
		return
	}
	p := st.peer
	st.idle()
	if p != nil && p.ref != 0 {
		p.idle()
	}
}

func (st *fakeStation) idle() {
	st.closeMedia()
	if st.state == sccp.CallStateRingIn {
		st.send(&sccp.SetRinger{Mode: sccp.RingOff, Duration: sccp.RingNormal})
	}
	st.send(&sccp.ConnectionStatisticsReq{Number: st.number, CallReference: st.ref},
		&sccp.StopTone{LineInstance: 1, CallReference: st.ref}, st.lamp(sccp.LampOff),
		&sccp.ClearPromptStatus{LineInstance: 1, CallReference: st.ref})
	st.enter(sccp.CallStateOnHook)
	st.softKeys(0, sccp.KeysOnHook)
	st.prompt(yourOptions, 0)
	if !strings.HasPrefix(st.name, "ATA") {
		st.send(&sccp.SetSpeakerMode{Mode: sccp.SwitchOff})
	}
	st.send(&sccp.SetRinger{Mode: sccp.RingOff, Duration: sccp.RingNormal})
	st.ref, st.peer, st.state = 0, nil, sccp.CallStateIdle
}
