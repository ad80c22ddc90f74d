package audio

import (
	"math"
	"sync"

	"tandem/media/codec"
)

// Sound is what a phone says: a tone, a recording, or nothing. The zero value is
// silence.
type Sound struct {
	// Tone is sent when there is no recording.
	Tone codec.Tone
	// Recording is played; at any rate, it is converted.
	Recording *codec.Audio
	// Once plays the recording once, followed by silence, instead of over and over.
	Once bool
}

// level is the peak of a tone that is sent: -9 dB of full scale.
const level = 11600

// Tones of IdentityTone: 32 low frequencies by 33 high ones, all multiples of
// 20 Hz and never closer than 60 Hz to each other.
const (
	lowTones  = 32
	highTones = 33
)

// IdentityTone is a pair of frequencies by which phone number n (0 and up) is
// recognised at the other end; it repeats after 1056.
func IdentityTone(n int) codec.Tone {
	n %= lowTones * highTones
	if n < 0 {
		n = -n
	}
	return codec.Tone{First: float64(300 + 20*(n%lowTones)), Second: float64(1000 + 40*(n/lowTones))}
}

// player makes the payloads of one stream.
type player struct {
	loop     []byte // a tone, encoded for as long as it takes to repeat exactly
	position int

	sound     Sound
	encoder   codec.Encoder
	generator *codec.Generator
	recording []int16
	at        int
	samples   []int16
}

func newPlayer(c *codec.Codec, s Sound) *player {
	p := &player{sound: s}
	if s.Recording == nil && c != codec.G722 && repeats(s.Tone) {
		p.loop = toneLoop(c, s.Tone)
		return p
	}
	p.encoder = c.NewEncoder()
	if s.Recording != nil {
		p.recording = s.Recording.AtRate(c.SampleRate).Samples
	} else {
		p.generator = codec.NewGenerator(c.SampleRate, s.Tone, level)
	}
	return p
}

// payload appends the encoding of the next n samples.
func (p *player) payload(dst []byte, n int) []byte {
	if p.loop != nil {
		for n > 0 {
			part := min(n, len(p.loop)-p.position)
			dst = append(dst, p.loop[p.position:p.position+part]...)
			p.position = (p.position + part) % len(p.loop)
			n -= part
		}
		return dst
	}
	if cap(p.samples) < n {
		p.samples = make([]int16, n)
	}
	frame := p.samples[:n]
	if p.generator != nil {
		p.generator.Fill(frame)
		return p.encoder.Encode(dst, frame)
	}
	for i := range frame {
		if p.at >= len(p.recording) && !p.sound.Once && len(p.recording) > 0 {
			p.at = 0
		}
		if p.at < len(p.recording) {
			frame[i] = p.recording[p.at]
			p.at++
		} else {
			frame[i] = 0
		}
	}
	return p.encoder.Encode(dst, frame)
}

// repeats reports whether a tone is the same every 100 ms.
func repeats(t codec.Tone) bool {
	return math.Mod(t.First, 10) == 0 && math.Mod(t.Second, 10) == 0
}

type loopKey struct {
	payloadType uint8
	tone        codec.Tone
}

// maxLoops bounds the cache; identity tones need 1056 entries of 800 bytes.
const maxLoops = 4096

var loops = struct {
	sync.Mutex
	of map[loopKey][]byte
}{of: map[loopKey][]byte{}}

// toneLoop is 100 ms of a tone, encoded; shared by all phones that send it.
func toneLoop(c *codec.Codec, t codec.Tone) []byte {
	loops.Lock()
	defer loops.Unlock()
	key := loopKey{c.PayloadType, t}
	if b, ok := loops.of[key]; ok {
		return b
	}
	samples := make([]int16, c.SampleRate/10)
	codec.NewGenerator(c.SampleRate, t, level).Fill(samples)
	b := c.NewEncoder().Encode(nil, samples)
	if len(loops.of) < maxLoops {
		loops.of[key] = b
	}
	return b
}
