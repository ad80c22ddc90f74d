package phone

import (
	"net/netip"
	"time"

	"tandem/phone/audio"
	"tandem/wire/sccp"
)

// anyReceiving reports whether some call has its receive channel open.
func (d *station) anyReceiving() bool {
	for _, x := range d.live {
		if x.receiving {
			return true
		}
	}
	return false
}

// ears makes the ports of a call.
func (d *station) ears(c *Call) (*audio.Session, error) {
	if c.media == nil {
		c.media = d.p.newMedia(d.local)
		c.media.port = d.fixedPort
	}
	s, err := c.media.renew()
	if err != nil && d.profile.Port != 0 {
		// Another program has the model's port: any other will be this phone's one.
		c.media.port = 0
		if s, err = c.media.renew(); err == nil {
			d.fixedPort = s.Local().Port()
			c.media.port = d.fixedPort
		}
	}
	return s, err
}

func (d *station) openReceive(m *sccp.OpenReceiveChannel) {
	c := d.known(m.CallReference, "OpenReceiveChannel")
	if c == nil {
		d.ackReceive(m, netip.AddrPort{}, sccp.MediaInvalidCallReference)
		return
	}
	extra := d.live[m.CallReference]
	if extra.receiving {
		d.p.violation("OpenReceiveChannel for call %d while its channel is open", m.CallReference)
	}
	for r, other := range d.live {
		if r != m.CallReference && other.receiving {
			d.p.violation("OpenReceiveChannel for call %d while that of call %d is open (R-11)", m.CallReference, r)
			if d.profile.OneChannel {
				d.ackReceive(m, netip.AddrPort{}, sccp.MediaNotEnoughChannels)
				return
			}
		}
	}
	if !d.profile.NoSpeaker && !d.handset && !d.p.state.Speaker {
		d.p.violation("OpenReceiveChannel for call %d while the phone is on hook: SetSpeakerMode comes first (4.4, 4.6)", m.CallReference)
	}
	used := d.codecOf(m.Payload)
	if used == nil {
		d.p.violation("OpenReceiveChannel with %v, which the phone does not have", m.Payload)
		d.ackReceive(m, netip.AddrPort{}, sccp.MediaInvalidCodec)
		return
	}
	if m.PacketMillis < 10 || m.PacketMillis > 120 {
		d.p.violation("OpenReceiveChannel with packets of %d ms", m.PacketMillis)
	}
	extra.receiving, extra.party, extra.conference = true, m.PassThroughPartyID, m.ConferenceID
	d.live[m.CallReference] = extra
	if d.p.cfg.Habits.NoMedia {
		d.ackReceive(m, netip.AddrPortFrom(d.local, uint16(16384+2*(m.CallReference%8000))), sccp.MediaOK)
		return
	}
	s, err := d.ears(c)
	if err != nil {
		d.p.note("no ports for audio: %v", err)
		d.ackReceive(m, netip.AddrPort{}, sccp.MediaOutOfSockets)
		return
	}
	s.Receive(audio.Format{Codec: used, PayloadType: used.PayloadType, Packet: int(m.PacketMillis), EventType: uint8(m.Options.RFC2833Payload)})
	d.ackReceive(m, s.Local(), sccp.MediaOK)
}

func (d *station) ackReceive(m *sccp.OpenReceiveChannel, at netip.AddrPort, status sccp.MediaStatus) {
	ack := &sccp.OpenReceiveChannelAck{Status: status, Address: at, PassThroughPartyID: m.PassThroughPartyID, CallReference: m.CallReference}
	h := d.p.cfg.Habits
	if h.AckWithoutParty {
		ack.PassThroughPartyID = 0
	}
	body := sccp.MaxBody
	if h.AckWithoutCall || d.profile.AcksWithoutCall {
		// Status, address, party: the old form ends there.
		if body = 16; d.codec.Version >= 17 {
			body = 32
		}
	}
	d.acknowledge(func() { d.sendShort(ack, body) })
}

// acknowledge sends an answer to a media request now, later, twice or never.
func (d *station) acknowledge(send func()) {
	h := d.p.cfg.Habits
	d.medias++
	if h.NoAcks || d.profile.ForgetsAcks && d.medias%4 == 0 {
		return
	}
	conn := d.conn
	twice := func() {
		if d.conn != conn {
			return
		}
		send()
		if h.DoubleAcks {
			send()
		}
	}
	if h.AckDelay > 0 {
		d.p.after(h.AckDelay, twice)
		return
	}
	twice()
}

func (d *station) closeReceive(m *sccp.CloseReceiveChannel) {
	c := d.calls[m.CallReference]
	if c == nil {
		// A late acknowledgement is answered like this (sccp.md 4.7).
		if _, dead := d.dead[m.CallReference]; !dead {
			d.known(m.CallReference, "CloseReceiveChannel")
		}
		return
	}
	extra := d.live[m.CallReference]
	if extra.receiving && m.PassThroughPartyID != extra.party {
		d.p.violation("CloseReceiveChannel for party %d, open is %d", m.PassThroughPartyID, extra.party)
	}
	extra.receiving = false
	d.live[m.CallReference] = extra
	if c.media != nil && c.media.session != nil {
		c.media.session.StopReceiving()
	}
	d.freePort(c, extra)
}

// freePort gives the one port of small models back when both directions are closed.
func (d *station) freePort(c *Call, extra callExtra) {
	if d.profile.Port != 0 && !extra.receiving && !extra.sending && c.media != nil {
		c.media.close()
	}
}

func (d *station) startTransmission(m *sccp.StartMediaTransmission) {
	c := d.known(m.CallReference, "StartMediaTransmission")
	if c == nil {
		d.ackTransmit(m, netip.AddrPort{}, sccp.MediaInvalidCallReference)
		return
	}
	extra := d.live[m.CallReference]
	if extra.sending {
		d.p.violation("StartMediaTransmission for call %d, which is sending; the old stream stops first (R-11)", m.CallReference)
	}
	if !m.Remote.IsValid() || m.Remote.Addr().IsUnspecified() || m.Remote.Port() == 0 {
		d.p.violation("StartMediaTransmission to %v", m.Remote)
		d.ackTransmit(m, netip.AddrPort{}, sccp.MediaUnknown)
		return
	}
	used := d.codecOf(m.Payload)
	if used == nil {
		d.p.violation("StartMediaTransmission with %v, which the phone does not have", m.Payload)
		d.ackTransmit(m, netip.AddrPort{}, sccp.MediaInvalidCodec)
		return
	}
	extra.sending = true
	d.live[m.CallReference] = extra
	if d.p.cfg.Habits.NoMedia {
		d.ackTransmit(m, netip.AddrPortFrom(d.local, 16384), sccp.MediaOK)
		return
	}
	if c.media == nil || c.media.session == nil {
		if _, err := d.ears(c); err != nil {
			d.p.note("no ports for audio: %v", err)
			d.ackTransmit(m, netip.AddrPort{}, sccp.MediaOutOfSockets)
			return
		}
	}
	s := c.media.session
	s.Send(m.Remote, audio.Format{Codec: used, PayloadType: used.PayloadType, Packet: int(m.PacketMillis),
		EventType: uint8(m.Options.RFC2833Payload)}, d.p.cfg.Sound)
	d.ackTransmit(m, s.Local(), sccp.MediaOK)
}

func (d *station) ackTransmit(m *sccp.StartMediaTransmission, at netip.AddrPort, status sccp.MediaStatus) {
	if !d.profile.TransmitAck || d.codec.Version < 11 {
		return
	}
	ack := &sccp.StartMediaTransmissionAck{ConferenceID: m.ConferenceID, PassThroughPartyID: m.PassThroughPartyID,
		CallReference: m.CallReference, Address: at, Status: status}
	extra, ok := d.live[m.CallReference]
	if d.p.cfg.Habits.AckWithoutParty || d.profile.PartylessSecond && extra.acksOfSend > 0 {
		ack.PassThroughPartyID = 0
	}
	if ok {
		extra.acksOfSend++
		d.live[m.CallReference] = extra
	}
	d.acknowledge(func() { d.send(ack) })
}

func (d *station) stopTransmission(m *sccp.StopMediaTransmission) {
	c := d.calls[m.CallReference]
	if c == nil {
		if _, dead := d.dead[m.CallReference]; !dead {
			d.known(m.CallReference, "StopMediaTransmission")
		}
		return
	}
	extra := d.live[m.CallReference]
	extra.sending = false
	d.live[m.CallReference] = extra
	if c.media != nil && c.media.session != nil {
		c.media.session.StopSending()
	}
	d.freePort(c, extra)
}

// statistics answers with the counts of a call that is there or has just ended.
func (d *station) statistics(m *sccp.ConnectionStatisticsReq) {
	c := d.calls[m.CallReference]
	for i := len(d.p.state.Past) - 1; c == nil && i >= 0; i-- {
		if d.p.state.Past[i].Reference == m.CallReference {
			c = d.p.state.Past[i]
		}
	}
	if c == nil {
		d.known(m.CallReference, "ConnectionStatisticsReq")
		return
	}
	if l := d.p.state.Line(c.Line); l != nil && m.Number != l.Number {
		d.p.violation("ConnectionStatisticsReq for %q on line %q (4.7)", m.Number, l.Number)
	}
	st := c.Media()
	res := &sccp.ConnectionStatisticsRes{
		Number: m.Number, CallReference: m.CallReference, Processing: m.Processing,
		PacketsSent: uint32(st.Sent), OctetsSent: uint32(st.SentOctets),
		PacketsReceived: uint32(st.Received), OctetsReceived: uint32(st.ReceivedOctets),
		PacketsLost: uint32(max(st.Lost, 0)), Jitter: uint32(st.Jitter / time.Millisecond),
	}
	if d.codec.Version >= 11 {
		res.Quality = "MLQK=4.5000;MLQKav=4.5000;MLQKmn=4.5000;MLQKmx=4.5000;ICR=0.0000;CCR=0.0000;ICRmx=0.0000;CS=0;SCS=0"
	}
	d.send(res)
}

// keyTone lets a key be heard as a telephone event where the server asked for it.
func (d *station) keyTone(c *Call, key byte) {
	if c.media != nil && c.media.session != nil {
		c.media.session.Press(key, keyLength)
	}
}
