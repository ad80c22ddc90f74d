package sipua

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"tandem/call/signal"
	"tandem/wire/sdp"
)

// errAddress: a media address is a name; phones give IP addresses, and names are not looked up during a call.
var errAddress = errors.New("the session description names no IP address")

// private are session or media attributes that say something about the program that wrote them, not about the media:
// they stay on their leg.
var private = map[string]bool{"tool": true, "keywds": true, "charset": true, "sdplang": true, "lang": true, "type": true, "cat": true}

// parseDescription reads a body into the vocabulary of calls.
func parseDescription(body []byte) (*signal.Session, sdp.Origin, error) {
	d, err := sdp.Parse(body)
	if err != nil {
		return nil, sdp.Origin{}, err
	}
	s, err := fromSDP(d)
	return s, d.Origin, err
}

// fromSDP converts a description. An old phone's hold by the null address becomes a direction as well (R-27 f).
func fromSDP(d *sdp.Session) (*signal.Session, error) {
	s := &signal.Session{Streams: make([]signal.Stream, len(d.Media)), Bandwidth: d.Bandwidth, Attributes: attributeLines(d.Attributes)}
	for i := range d.Media {
		m := &d.Media[i]
		t := &s.Streams[i]
		addr, ok := d.Address(m).IP()
		if !ok && m.Port != 0 {
			return nil, errAddress
		}
		*t = signal.Stream{Kind: m.Kind, Address: netip.AddrPortFrom(addr, uint16(m.Port)), Protocol: m.Proto,
			Direction: signal.Direction(d.Flow(m)), Ptime: uint16(min(max(m.Ptime, 0), 1000))}
		if m.Port == 0 {
			t.Address = netip.AddrPort{}
		}
		if m.RTP() {
			t.Codecs = make([]signal.Codec, 0, len(m.Formats))
			for _, f := range m.Formats {
				if f.Name == "" || f.Payload < 0 || f.Payload > 127 {
					continue // a dynamic type without rtpmap means nothing to anybody
				}
				c := signal.Codec{Name: f.Name, Payload: uint8(f.Payload), Clock: uint32(f.Clock), Fmtp: f.Fmtp}
				if f.Channels > 1 && f.Channels < 256 {
					c.Channels = uint8(f.Channels)
				}
				t.Codecs = append(t.Codecs, c)
			}
		} else {
			names := make([]string, len(m.Formats))
			for j := range m.Formats {
				names[j] = m.Formats[j].Name
			}
			t.Formats = strings.Join(names, " ")
		}
		for _, c := range m.Crypto {
			line := strconv.Itoa(c.Tag) + " " + c.Suite + " " + c.Key
			if c.Params != "" {
				line += " " + c.Params
			}
			t.Crypto = append(t.Crypto, line)
		}
		t.Attributes = attributeLines(m.Attributes)
		if m.RTCP.Port != 0 {
			v := "rtcp:" + strconv.Itoa(m.RTCP.Port)
			if a, err := netip.ParseAddr(m.RTCP.Address); err == nil {
				v += " IN " + family(a) + " " + m.RTCP.Address
			}
			t.Attributes = append(t.Attributes, v)
		}
		if m.Mux {
			t.Attributes = append(t.Attributes, "rtcp-mux")
		}
		if m.MaxPtime > 0 {
			t.Attributes = append(t.Attributes, "maxptime:"+strconv.Itoa(m.MaxPtime))
		}
	}
	return s, nil
}

func family(a netip.Addr) string {
	if a.Is6() && !a.Is4In6() {
		return "IP6"
	}
	return "IP4"
}

func attributeLines(list []sdp.Attribute) []string {
	var out []string
	for _, a := range list {
		switch {
		case private[strings.ToLower(a.Name)]:
		case a.HasValue:
			out = append(out, a.Name+":"+a.Value)
		default:
			out = append(out, a.Name)
		}
	}
	return out
}

func toAttributes(lines []string) []sdp.Attribute {
	if len(lines) == 0 {
		return nil
	}
	out := make([]sdp.Attribute, len(lines))
	for i, l := range lines {
		out[i].Name, out[i].Value, out[i].HasValue = strings.Cut(l, ":")
	}
	return out
}

// toSDP converts streams to a description; the o= line is the leg's own and filled in by it.
func toSDP(s *signal.Session, streams []signal.Stream) *sdp.Session {
	d := &sdp.Session{Name: "-", Bandwidth: s.Bandwidth, Attributes: toAttributes(s.Attributes), Media: make([]sdp.Media, len(streams))}
	for i := range streams {
		if a := streams[i].Address; a.Port() != 0 && a.Addr().IsValid() {
			d.Connection = sdp.Connection{Address: a.Addr().Unmap().String()}
			break
		}
	}
	for i := range streams {
		toMedia(&d.Media[i], &streams[i], d.Connection.Address)
	}
	return d
}

func toMedia(m *sdp.Media, t *signal.Stream, session string) {
	m.Kind, m.Proto, m.Port = t.Kind, t.Protocol, int(t.Address.Port())
	if m.Proto == "" {
		m.Proto = "RTP/AVP"
	}
	if m.RTP() {
		m.Formats = make([]sdp.Format, 0, max(len(t.Codecs), 1))
		for _, c := range t.Codecs {
			f := sdp.Format{Payload: int(c.Payload), Name: c.Name, Clock: int(c.Clock), Channels: max(int(c.Channels), 1), Fmtp: c.Fmtp}
			if std, ok := sdp.Static(f.Payload); !ok || !strings.EqualFold(std.Name, f.Name) || std.Clock != f.Clock || std.Channels != f.Channels {
				f.Mapped = true
			}
			m.Formats = append(m.Formats, f)
		}
		if len(m.Formats) == 0 {
			m.Formats = append(m.Formats, sdp.Format{Channels: 1})
		}
	} else {
		for _, n := range strings.Fields(t.Formats) {
			m.Formats = append(m.Formats, sdp.Format{Name: n})
		}
		if len(m.Formats) == 0 {
			m.Formats = append(m.Formats, sdp.Format{Name: "-"})
		}
	}
	if m.Port == 0 {
		m.Direction = sdp.Inactive
		return
	}
	if a := t.Address.Addr().Unmap().String(); a != session {
		m.Connection = sdp.Connection{Address: a}
	}
	m.Direction, m.Ptime = sdp.Direction(t.Direction), int(t.Ptime)
	for _, line := range t.Crypto {
		tag, rest, _ := strings.Cut(line, " ")
		suite, rest, _ := strings.Cut(rest, " ")
		key, params, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(tag)
		if err == nil && suite != "" && key != "" {
			m.Crypto = append(m.Crypto, sdp.Crypto{Tag: n, Suite: suite, Key: key, Params: params})
		}
	}
	m.Attributes = toAttributes(t.Attributes)
}

// slot is what an m= line of a dialog must keep for ever: its place and its kind (RFC 3264 8).
type slot struct{ kind, proto string }

// fit arranges streams for the m= lines that are wanted: each takes the next stream of its kind, a line without one is
// refused by port 0, and nothing is lost: what is left comes behind if more is set.
func fit(streams []signal.Stream, wanted []slot, more bool) []signal.Stream {
	same := len(streams) == len(wanted)
	for i := 0; same && i < len(wanted); i++ {
		same = streams[i].Kind == wanted[i].kind
	}
	if same {
		return streams
	}
	used := make([]bool, len(streams))
	out := make([]signal.Stream, 0, max(len(streams), len(wanted)))
	for _, w := range wanted {
		found := false
		for i := range streams {
			if !used[i] && streams[i].Kind == w.kind {
				used[i], found = true, true
				out = append(out, streams[i])
				break
			}
		}
		if !found {
			out = append(out, signal.Stream{Kind: w.kind, Protocol: w.proto, Direction: signal.Inactive})
		}
	}
	for i := range streams {
		if more && !used[i] {
			out = append(out, streams[i])
		}
	}
	return out
}

func slotsOf(streams []signal.Stream) []slot {
	out := make([]slot, len(streams))
	for i := range streams {
		out[i] = slot{streams[i].Kind, streams[i].Protocol}
	}
	return out
}

// live says that at least one stream is not refused.
func live(s *signal.Session) bool {
	if s == nil {
		return false
	}
	for i := range s.Streams {
		if s.Streams[i].Address.Port() != 0 {
			return true
		}
	}
	return false
}

// match makes an answer to offer in the name of the end that described itself as own, which had made an offer as well:
// formats that both list, under the payload numbers of offer. ok is false when no stream is left. Dynamic numbers that
// differ are left out, because own has promised to receive its own.
func match(offer, own *signal.Session) (answer *signal.Session, ok bool) {
	answer = &signal.Session{Attributes: own.Attributes, Bandwidth: own.Bandwidth}
	streams := fit(own.Streams, slotsOf(offer.Streams), false)
	answer.Streams = make([]signal.Stream, len(streams))
	for i := range streams {
		o, t := &offer.Streams[i], streams[i]
		answer.Streams[i] = signal.Stream{Kind: o.Kind, Protocol: o.Protocol, Direction: signal.Inactive}
		if t.Address.Port() == 0 || o.Address.Port() == 0 || t.Protocol != o.Protocol || len(t.Crypto) > 0 && len(o.Crypto) == 0 {
			continue
		}
		var codecs []signal.Codec
		audio := false
		for _, c := range o.Codecs {
			for _, mine := range t.Codecs {
				if c.Is(mine.Name) && c.Clock == mine.Clock && c.Payload == mine.Payload {
					codecs = append(codecs, mine)
					audio = audio || !mine.Is("telephone-event") && !mine.Is("CN")
				}
			}
		}
		if !audio {
			continue
		}
		t.Codecs = codecs
		t.Direction = answerDirection(o.Direction, t.Direction)
		answer.Streams[i], ok = t, true
	}
	return answer, ok
}

// answerDirection is the direction of an answer to an offer when we want ours: never more than the offer allows.
func answerDirection(offer, ours signal.Direction) signal.Direction {
	return signal.Direction(sdp.Direction(offer).Answer(sdp.Direction(ours)))
}

// alike says that two descriptions of one end agree in everything that matters to the other: addresses, directions,
// protocols, keys.
func alike(a, b *signal.Session) bool {
	if a == nil || b == nil || len(a.Streams) != len(b.Streams) {
		return a == b
	}
	for i := range a.Streams {
		x, y := &a.Streams[i], &b.Streams[i]
		if x.Kind != y.Kind || x.Address != y.Address || x.Direction != y.Direction || x.Protocol != y.Protocol || len(x.Crypto) != len(y.Crypto) {
			return false
		}
		for j := range x.Crypto {
			if x.Crypto[j] != y.Crypto[j] {
				return false
			}
		}
	}
	return true
}

// equal says that two descriptions of one end are the same in every detail.
func equal(a, b *signal.Session) bool {
	if !alike(a, b) {
		return false
	}
	if a == b {
		return true
	}
	for i := range a.Streams {
		x, y := &a.Streams[i], &b.Streams[i]
		if len(x.Codecs) != len(y.Codecs) || x.Ptime != y.Ptime || x.Formats != y.Formats || len(x.Attributes) != len(y.Attributes) {
			return false
		}
		for j := range x.Codecs {
			if x.Codecs[j] != y.Codecs[j] {
				return false
			}
		}
		for j := range x.Attributes {
			if x.Attributes[j] != y.Attributes[j] {
				return false
			}
		}
	}
	return true
}

// has says that a live audio stream of the description lists a format.
func has(s *signal.Session, name string) bool {
	a := s.Audio()
	if a == nil {
		return false
	}
	for i := range a.Codecs {
		if a.Codecs[i].Is(name) {
			return true
		}
	}
	return false
}
