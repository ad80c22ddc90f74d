package sccpstation

import (
	"net/netip"
	"testing"

	"tandem/call/signal"
	"tandem/telephony"
	"tandem/wire/sccp"
)

func TestChooseCodec(t *testing.T) {
	caps := func(p ...sccp.Payload) (out []sccp.Capability) {
		for _, x := range p {
			out = append(out, sccp.Capability{Payload: x, MaxFrames: 40})
		}
		return out
	}
	for _, test := range []struct {
		name   string
		phone  []sccp.Capability
		list   []signal.Codec
		want   sccp.Payload
		rtp    uint8
		events bool
		ok     bool
	}{
		{"first that the phone has", caps(2, 4), []signal.Codec{{Name: "opus", Payload: 111}, {Name: "PCMU"}, {Name: "PCMA", Payload: 8}}, sccp.PayloadG711ULaw64k, 0, false, true},
		{"G.729 without annex B", caps(16, 11), []signal.Codec{{Name: "G729", Payload: 18, Fmtp: "annexb=no"}}, sccp.PayloadG729, 18, false, true},
		{"G.729 with annex B", caps(11, 16), []signal.Codec{{Name: "G729", Payload: 18}}, sccp.PayloadG729AB, 18, false, true},
		{"G.729 as there is", caps(16), []signal.Codec{{Name: "G729", Payload: 18, Fmtp: "annexb=no"}}, sccp.PayloadG729AB, 18, false, true},
		{"dynamic payload of the offer", caps(86), []signal.Codec{{Name: "ilbc", Payload: 123}}, sccp.PayloadILBC, 123, false, true},
		{"events", caps(4, 257), []signal.Codec{{Name: "PCMU"}}, sccp.PayloadG711ULaw64k, 0, true, true},
		{"nothing in common", caps(4), []signal.Codec{{Name: "G722", Payload: 9}, {Name: "telephone-event", Payload: 101}}, 0, 0, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			st := &station{}
			st.caps, st.payloads, st.events = capabilitiesOf(test.phone, 17)
			f, codec, ok := st.choose(test.list)
			if ok != test.ok || st.events != test.events {
				t.Fatalf("ok %v, events %v", ok, st.events)
			}
			if ok && (f.payload != test.want || codec.Payload != test.rtp) {
				t.Errorf("%v with payload type %d", f.payload, codec.Payload)
			}
		})
	}
}

// An answer names DTMF events only if the offer did, with the offer's number; an offer names ours.
func TestEventsInDescriptions(t *testing.T) {
	for _, test := range []struct {
		list []signal.Codec
		why  purpose
		want uint8
	}{
		{[]signal.Codec{{Name: "PCMU"}}, forAnswer, 0},
		{[]signal.Codec{{Name: "PCMU"}, {Name: "telephone-event", Payload: 96, Clock: 8000}}, forAnswer, 96},
		{[]signal.Codec{{Name: "PCMU"}}, forOffer, eventPayload},
	} {
		st, c, _, sent := inState(t, sConnected, telephony.SoftkeyTemplate{})
		st.events = true
		st.openMedia(c, test.list, 20, test.why)
		got := uint8(0)
		for _, codec := range st.describe(c, signal.SendRecv).Streams[0].Codecs {
			if codec.Is("telephone-event") {
				got = codec.Payload
			}
		}
		asked := uint32(0)
		for _, m := range *sent {
			if o, ok := m.(*sccp.OpenReceiveChannel); ok {
				asked = o.Options.RFC2833Payload
			}
		}
		if got != test.want || asked != uint32(test.want) {
			t.Errorf("%v: described with %d, asked for %d, want %d", test.list, got, asked, test.want)
		}
		finish(st)
	}
}

// A phone below version 17 cannot send to IPv6: the offer is refused, not cut short.
func TestPeerOutOfReach(t *testing.T) {
	st, c, x, _ := inState(t, sConnected, telephony.SoftkeyTemplate{})
	defer finish(st)
	st.sess.version = 11
	st.command(c, signal.OfferMedia{Media: &signal.Session{Streams: []signal.Stream{{Kind: "audio",
		Address: netip.MustParseAddrPort("[2001:db8::1]:4000"), Codecs: []signal.Codec{{Name: "PCMU"}}}}}})
	if len(x.told) != 1 || x.told[0] != (signal.RefuseMedia{Cause: signal.CauseIncompatibleDestination}) {
		t.Errorf("told %v", x.told)
	}
}

func TestDirectionOfAnswers(t *testing.T) {
	at, nowhere := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("0.0.0.0:4000")
	for _, test := range []struct {
		d    signal.Direction
		at   netip.AddrPort
		want signal.Direction
	}{
		{signal.SendRecv, at, signal.SendRecv}, {signal.SendOnly, at, signal.RecvOnly}, {signal.RecvOnly, at, signal.SendOnly},
		{signal.Inactive, at, signal.Inactive}, {signal.SendRecv, nowhere, signal.RecvOnly},
	} {
		got := replyTo(&signal.Session{Streams: []signal.Stream{{Kind: "audio", Address: test.at, Direction: test.d}}})
		if got != test.want {
			t.Errorf("%v at %v is answered %v, want %v", test.d, test.at, got, test.want)
		}
	}
}
