package phone

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"tandem/media/codec"
	"tandem/phone/audio"
	"tandem/wire/sdp"
)

// eventPayload is the payload type that the phone offers for telephone events.
const eventPayload = 101

// errNoCodec: the other end has no codec of ours.
var errNoCodec = errors.New("no common codec")

// describe makes the phone's description of a call: an offer with all codecs, or
// with the one that is agreed when answering.
func (d *sipPhone) describe(x *leg, codecs []*codec.Codec, direction sdp.Direction) ([]byte, error) {
	s, err := d.ports(x)
	if err != nil {
		return nil, err
	}
	local := s.Local()
	if x.sessionID == "" {
		x.sessionID = strconv.FormatUint(uint64(local.Port())<<16|uint64(d.next), 10)
	}
	at := local.Addr().String()
	if direction != sdp.SendRecv && d.p.cfg.Habits.OldHold {
		at, direction = "0.0.0.0", sdp.SendRecv
	}
	m := sdp.Media{Kind: "audio", Port: int(local.Port()), Ports: 1, Proto: "RTP/AVP", Direction: direction, Ptime: 20}
	for _, c := range codecs {
		if f, ok := sdp.Static(int(c.PayloadType)); ok {
			f.Mapped = true
			m.Formats = append(m.Formats, f)
		}
	}
	event := x.event
	if event == 0 && !x.answered {
		event = eventPayload
	}
	if event != 0 {
		m.Formats = append(m.Formats, sdp.Format{Payload: event, Name: "telephone-event", Clock: 8000, Channels: 1, Fmtp: "0-15", Mapped: true})
	}
	desc := &sdp.Session{Origin: sdp.Origin{User: "-", SessionID: x.sessionID, Address: local.Addr().String()}, Name: "-",
		Connection: sdp.Connection{Address: at}}
	// Every line of an offer is answered in its place; what is not audio is refused.
	placed := false
	for i := range x.offer {
		o := x.offer[i]
		if o.Kind == "audio" && !placed && o.Port != 0 {
			desc.Media = append(desc.Media, m)
			placed = true
			continue
		}
		o.Port, o.Connection, o.Attributes = 0, sdp.Connection{}, nil
		desc.Media = append(desc.Media, o)
	}
	if !placed {
		desc.Media = append(desc.Media, m)
	}
	return x.versions.Stamp(desc), nil
}

// ports gives the leg its audio ports.
func (d *sipPhone) ports(x *leg) (*audio.Session, error) {
	if x.call.media == nil {
		x.call.media = d.p.newMedia(d.local)
	}
	return x.call.media.open()
}

// offer describes all that the phone can, and opens its ears for the first codec.
func (d *sipPhone) makeOffer(x *leg) ([]byte, error) {
	x.offer = nil
	codecs := d.p.cfg.Codecs
	if x.codec != nil { // in a call that stands, the agreed one first
		codecs = []*codec.Codec{x.codec}
	}
	body, err := d.describe(x, codecs, x.direction())
	if err == nil && x.codec == nil {
		x.call.media.session.Receive(audio.Format{Codec: codecs[0], PayloadType: codecs[0].PayloadType, EventType: eventPayload})
	}
	return body, err
}

// answerOffer takes an offer and makes the answer.
func (d *sipPhone) answerOffer(x *leg, body []byte) ([]byte, error) {
	s, err := sdp.Parse(body)
	if err != nil {
		return nil, err
	}
	x.offer = s.Media
	if err := d.applyRemote(x, s); err != nil {
		return nil, err
	}
	a := s.Audio()
	answer, err := d.describe(x, []*codec.Codec{x.codec}, s.Flow(a).Answer(x.direction()))
	x.offer = nil
	return answer, err
}

// takeAnswer applies the answer to our offer.
func (d *sipPhone) takeAnswer(x *leg, body []byte) error {
	s, err := sdp.Parse(body)
	if err != nil {
		return err
	}
	return d.applyRemote(x, s)
}

// applyRemote sends to where the other end's description says, with the first codec
// of it that the phone has, as far as the directions of both sides allow.
func (d *sipPhone) applyRemote(x *leg, s *sdp.Session) error {
	a := s.Audio()
	if a == nil || a.Rejected() {
		return errNoCodec
	}
	session, err := d.ports(x)
	if err != nil {
		return err
	}
	used := (*codec.Codec)(nil)
	payload := 0
	for i := range a.Formats {
		for _, c := range d.p.cfg.Codecs {
			f := &a.Formats[i]
			if strings.EqualFold(f.Name, c.Name) && f.Clock == c.ClockRate {
				used, payload = c, f.Payload
				break
			}
		}
		if used != nil {
			break
		}
	}
	if used == nil {
		return errNoCodec
	}
	x.codec = used
	if e := a.Find("telephone-event", 8000); e != nil {
		x.event = e.Payload
	} else {
		x.event = 0
	}
	x.answered = true
	format := audio.Format{Codec: used, PayloadType: uint8(payload), Packet: a.Ptime, EventType: uint8(x.event)}
	flow := s.Flow(a) // as the other end sees it
	ours := x.direction()
	x.remoteHold = flow == sdp.SendOnly || flow == sdp.Inactive
	listens := (flow == sdp.SendRecv || flow == sdp.RecvOnly) && (ours == sdp.SendRecv || ours == sdp.SendOnly)
	speaks := (flow == sdp.SendRecv || flow == sdp.SendOnly) && (ours == sdp.SendRecv || ours == sdp.RecvOnly)
	if d.p.cfg.Habits.NoMedia {
		return nil
	}
	ip, known := s.Address(a).IP()
	if known && listens && !x.held && !ip.IsUnspecified() {
		session.Send(netip.AddrPortFrom(ip, uint16(a.Port)), format, d.p.cfg.Sound)
	} else {
		session.StopSending()
	}
	if speaks {
		if st := session.Statistics(); !st.Receiving || st.ReceiveCodec != used.Name || x.heardAs != format {
			session.Receive(format)
			x.heardAs = format
		}
	} else {
		session.StopReceiving()
	}
	return nil
}
