package phone

import (
	"net/netip"

	"tandem/phone/audio"
)

// maxRetired is how many earlier port pairs of a call are kept open to see whether
// anything still arrives there.
const maxRetired = 3

// media is the audio of one call. Every opening of the receiver gets new ports, as
// on real phones, so that a far end which was not told the new address is noticed.
// The fields are guarded by Phone.mu, except that calls into sessions are safe at
// any time.
type media struct {
	engine  *audio.Engine
	local   netip.Addr
	session *audio.Session
	retired []*audio.Session
	port    uint16 // fixed port of models with one, else 0
	before  audio.Statistics
}

// renew gives the call fresh ports and retires the old.
func (m *media) renew() (*audio.Session, error) {
	if m.session != nil && m.port != 0 {
		return m.session, nil // a model with one port keeps it
	}
	s, err := m.engine.Open(m.local, m.port)
	if err != nil {
		return nil, err
	}
	m.retire()
	m.session = s
	return s, nil
}

// open returns the current ports, making them if there are none.
func (m *media) open() (*audio.Session, error) {
	if m.session != nil {
		return m.session, nil
	}
	return m.renew()
}

func (m *media) retire() {
	if m.session == nil {
		return
	}
	m.session.StopReceiving()
	m.session.StopSending()
	m.retired = append(m.retired, m.session)
	m.session = nil
	if len(m.retired) > maxRetired {
		m.discard(m.retired[0])
		m.retired = m.retired[1:]
	}
}

// discard closes a session and keeps its counts. Its readers take no lock of ours.
func (m *media) discard(s *audio.Session) {
	s.Close()
	m.before = add(m.before, s.Statistics())
}

// close ends all ports and keeps the counts.
func (m *media) close() {
	m.retire()
	for _, s := range m.retired {
		m.discard(s)
	}
	m.retired = nil
}

func (m *media) statistics() audio.Statistics {
	total := m.before
	for _, s := range m.retired {
		total = add(total, s.Statistics())
	}
	if m.session != nil {
		total = add(total, m.session.Statistics())
	}
	return total
}

// add sums counts; the addresses and states are those of the newer.
func add(old, newer audio.Statistics) audio.Statistics {
	sum := newer
	if !newer.From.IsValid() {
		sum.From = old.From
	}
	if !newer.To.IsValid() {
		sum.To = old.To
	}
	if newer.SendCodec == "" {
		sum.SendCodec = old.SendCodec
	}
	if newer.ReceiveCodec == "" {
		sum.ReceiveCodec = old.ReceiveCodec
	}
	sum.Sent += old.Sent
	sum.SentOctets += old.SentOctets
	sum.Received += old.Received
	sum.ReceivedOctets += old.ReceivedOctets
	sum.Expected += old.Expected
	sum.Lost += old.Lost
	sum.Reordered += old.Reordered
	sum.Duplicates += old.Duplicates
	sum.Stray += old.Stray
	sum.Foreign += old.Foreign
	sum.Reports += old.Reports
	sum.Digits = old.Digits + newer.Digits
	return sum
}
