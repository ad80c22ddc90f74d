package sccp

import (
	"bytes"
	"io"
	"net/netip"
	"testing"
)

// aCall is what one phone gets and sends in a short call: the mix that a server codes all day.
func aCall() []Message {
	return []Message{
		&OffHook{1, 7}, NewCallState(CallStateOffHook, 1, 7), &SelectSoftKeys{1, 7, KeysOffHook, AllKeys},
		&DisplayPromptStatus{Text: LabelEnterNumber.Text(), LineInstance: 1, CallReference: 7},
		&StartTone{ToneInsideDial, ToneToUser, 1, 7}, &KeypadButton{Key1, 1, 7}, &StopTone{1, 7, 0},
		&CallInfo{LineInstance: 1, CallReference: 7, Type: CallOutbound, CallInstance: 1,
			Calling: Party{"Ada Lovelace", "1001", ""}, Called: Party{"Charles Babbage", "1002", ""}},
		&DialedNumber{"1002", 1, 7}, &OpenReceiveChannel{ConferenceID: 7, PassThroughPartyID: 7, PacketMillis: 20,
			Payload: PayloadG711ULaw64k, CallReference: 7},
		&OpenReceiveChannelAck{Address: netip.MustParseAddrPort("192.0.2.1:17000"), PassThroughPartyID: 7, CallReference: 7},
		&StartMediaTransmission{ConferenceID: 7, PassThroughPartyID: 7, Remote: netip.MustParseAddrPort("192.0.2.2:17000"),
			PacketMillis: 20, Payload: PayloadG711ULaw64k, Precedence: PrecedenceEF, CallReference: 7},
		&SetLamp{StimulusLine, 1, LampOn}, &KeepAlive{}, &OnHook{1, 7},
	}
}

func encodeAll(b testing.TB, dst []byte, ms []Message, codec Codec) []byte {
	for _, m := range ms {
		var err error
		if dst, err = codec.Append(dst, m); err != nil {
			b.Fatal(err)
		}
	}
	return dst
}

// Encoding into a buffer with room allocates nothing, in any version: 40,000 messages a second must not
// keep the collector busy.
func TestEncodingDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool forget on purpose")
	}
	ms := aCall()
	dst := make([]byte, 0, 1<<16)
	for _, v := range []Version{5, 11, 17} {
		codec := NewCodec(v)
		if n := testing.AllocsPerRun(200, func() { encodeAll(t, dst[:0], ms, codec) }); n >= 1 {
			t.Errorf("version %d: %v allocations for %d messages", v, n, len(ms))
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, v := range []Version{5, 11, 17} {
		b.Run("version "+string(rune('0'+v/10))+string(rune('0'+v%10)), func(b *testing.B) {
			ms, codec := aCall(), NewCodec(v)
			dst := make([]byte, 0, 1<<16)
			b.ReportAllocs()
			for b.Loop() {
				dst = encodeAll(b, dst[:0], ms, codec)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ms)), "ns/message")
		})
	}
}

func BenchmarkReadAndDecode(b *testing.B) {
	codec := NewCodec(17)
	ms := aCall()
	stream := encodeAll(b, nil, ms, codec)
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(bytes.NewReader(stream))
		for {
			f, err := r.ReadFrame()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if _, err := codec.DecodeFrame(f); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ms)), "ns/message")
}
