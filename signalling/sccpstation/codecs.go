package sccpstation

import (
	"strings"

	"tandem/call/signal"
	"tandem/wire/sccp"
)

// format is one codec as SCCP numbers it and as sessions name it (sccp.md 3.2, RFC 3551 6).
type format struct {
	payload sccp.Payload
	codec   signal.Codec
	millis  uint16 // of audio per packet
	mode    uint8  // CodecParameters.Mode
	dynamic bool   // the RTP payload type must be told
}

// formats are the codecs that this adapter can name, with those first that stand for a name where a phone has several.
var formats = []format{
	{payload: sccp.PayloadG711ULaw64k, codec: signal.Codec{Name: "PCMU", Payload: 0, Clock: 8000}, millis: 20},
	{payload: sccp.PayloadG711ALaw64k, codec: signal.Codec{Name: "PCMA", Payload: 8, Clock: 8000}, millis: 20},
	{payload: sccp.PayloadG722At64k, codec: signal.Codec{Name: "G722", Payload: 9, Clock: 8000}, millis: 20},
	{payload: sccp.PayloadG729A, codec: signal.Codec{Name: "G729", Payload: 18, Clock: 8000, Fmtp: "annexb=no"}, millis: 20},
	{payload: sccp.PayloadG729, codec: signal.Codec{Name: "G729", Payload: 18, Clock: 8000, Fmtp: "annexb=no"}, millis: 20},
	{payload: sccp.PayloadG729AB, codec: signal.Codec{Name: "G729", Payload: 18, Clock: 8000, Fmtp: "annexb=yes"}, millis: 20},
	{payload: sccp.PayloadG729B, codec: signal.Codec{Name: "G729", Payload: 18, Clock: 8000, Fmtp: "annexb=yes"}, millis: 20},
	{payload: sccp.PayloadILBC, codec: signal.Codec{Name: "iLBC", Payload: 98, Clock: 8000, Fmtp: "mode=20"}, millis: 20, mode: 20, dynamic: true},
	{payload: sccp.PayloadOPUS, codec: signal.Codec{Name: "opus", Payload: 114, Clock: 48000, Channels: 2}, millis: 20, dynamic: true},
	{payload: sccp.PayloadG728, codec: signal.Codec{Name: "G728", Payload: 15, Clock: 8000}, millis: 20},
	{payload: sccp.PayloadG7231, codec: signal.Codec{Name: "G723", Payload: 4, Clock: 8000}, millis: 30, mode: sccp.G723At6_3k},
	{payload: sccp.PayloadGSM, codec: signal.Codec{Name: "GSM", Payload: 3, Clock: 8000}, millis: 20},
	{payload: sccp.PayloadGSMFullRate, codec: signal.Codec{Name: "GSM", Payload: 3, Clock: 8000}, millis: 20},
}

var formatOf = func() map[sccp.Payload]*format {
	m := map[sccp.Payload]*format{}
	for i := range formats {
		m[formats[i].payload] = &formats[i]
	}
	return m
}()

// eventPayload is the RTP payload type that we ask DTMF events to be sent with (sccp.md 2.5).
const eventPayload = 101

// telephoneEvent is DTMF as RTP events (RFC 4733).
var telephoneEvent = signal.Codec{Name: "telephone-event", Payload: eventPayload, Clock: 8000, Fmtp: "0-15"}

// capabilitiesOf reads the codecs of a phone, in its own order. events says that it sends and takes DTMF as RTP events: it
// lists them, and its version has the words for them. The feature bits of Register are no guide (sccp.md 7).
func capabilitiesOf(audio []sccp.Capability, v sccp.Version) (caps signal.Capabilities, payloads []sccp.Payload, events bool) {
	for _, a := range audio {
		switch a.Payload {
		case sccp.PayloadRFC2833Dynamic, sccp.PayloadDTMFInBandRFC2833:
			events = v >= 7
			continue
		}
		f := formatOf[a.Payload]
		if f == nil {
			continue
		}
		payloads = append(payloads, a.Payload)
		known := false
		for i := range caps.Codecs {
			known = known || caps.Codecs[i].Is(f.codec.Name)
		}
		if !known {
			caps.Codecs = append(caps.Codecs, f.codec)
		}
	}
	if events {
		caps.Codecs = append(caps.Codecs, telephoneEvent)
	}
	return caps, payloads, events
}

// choose takes the first codec of a list that the phone has, as the list writes it, and the peer's payload type of DTMF
// events, 0 for none.
func (st *station) choose(list []signal.Codec) (f *format, codec signal.Codec, ok bool) {
	for _, c := range list {
		if best := st.formatFor(c); best != nil {
			return best, c, true
		}
	}
	return nil, signal.Codec{}, false
}

// formatFor is how the phone speaks a codec: of several numbers of G.729 the one whose silence suppression agrees.
func (st *station) formatFor(c signal.Codec) *format {
	var found *format
	for _, p := range st.payloads {
		f := formatOf[p]
		if !f.codec.Is(c.Name) {
			continue
		}
		if found == nil || quiet(c.Fmtp) == quiet(f.codec.Fmtp) && quiet(c.Fmtp) != quiet(found.codec.Fmtp) {
			found = f
		}
	}
	return found
}

// quiet says that a G.729 without annex B is meant.
func quiet(fmtp string) bool { return strings.Contains(strings.ReplaceAll(fmtp, " ", ""), "annexb=no") }

// eventsOf is the payload type of DTMF events in a list, 0 for none.
func eventsOf(list []signal.Codec) uint8 {
	for _, c := range list {
		if c.Is("telephone-event") && c.Clock == 8000 {
			return c.Payload
		}
	}
	return 0
}
