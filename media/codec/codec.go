// Package codec turns linear samples into the bytes of audio codecs and back:
// G.711 in both laws and G.722, a file each, with WAV files, tones, a tone
// detector and resampling between 8 and 16 kHz.
//
// Everything here is arithmetic on slices. Which codec a call uses is decided by
// media/session; packets are wire/rtp; mixing and pacing are media/engine.
package codec

// Encoder turns samples of one stream into payload bytes. It may keep state from
// call to call and is not safe for concurrent use.
type Encoder interface {
	// Encode appends the encoding of samples to dst and returns the longer slice.
	Encode(dst []byte, samples []int16) []byte
}

// Decoder turns payload bytes of one stream into samples. It may keep state from
// call to call and is not safe for concurrent use.
type Decoder interface {
	// Decode appends the decoded samples to dst and returns the longer slice.
	Decode(dst []int16, payload []byte) []int16
}

// Codec describes one audio codec.
type Codec struct {
	// Name as in session descriptions (RFC 3551 table 4), e.g. "PCMU".
	Name string
	// PayloadType is the static RTP payload type (RFC 3551 6).
	PayloadType uint8
	// SampleRate of the audio in hertz.
	SampleRate int
	// ClockRate of RTP timestamps in hertz. G.722 samples at 16 000 and counts at
	// 8000 (RFC 3551 4.5.2).
	ClockRate int
	// BytesPerMillisecond of the payload.
	BytesPerMillisecond int
	// Silence is the payload byte of a silent sample, for filling.
	Silence byte

	NewEncoder func() Encoder
	NewDecoder func() Decoder
}

// The codecs of this package.
var (
	MuLaw = &Codec{"PCMU", 0, 8000, 8000, 8, 0xff,
		func() Encoder { return muLaw{} }, func() Decoder { return muLaw{} }}
	ALaw = &Codec{"PCMA", 8, 8000, 8000, 8, 0xd5,
		func() Encoder { return aLaw{} }, func() Decoder { return aLaw{} }}
	G722 = &Codec{"G722", 9, 16000, 8000, 8, 0xfa,
		func() Encoder { return NewG722Encoder() }, func() Decoder { return NewG722Decoder() }}
)

// All lists the codecs of this package, the most common first.
func All() []*Codec { return []*Codec{MuLaw, ALaw, G722} }

// ForPayloadType finds the codec of a static payload type, nil if there is none.
func ForPayloadType(pt uint8) *Codec {
	for _, c := range All() {
		if c.PayloadType == pt {
			return c
		}
	}
	return nil
}
