package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// MaxWAV bounds the audio data of a WAV file, in bytes: an hour of mono 8 kHz PCM.
const MaxWAV = 3600 * 8000 * 2

// maxChunk bounds a chunk that is not audio data; it is skipped or, for the
// format, read whole.
const maxChunk = 1 << 20

// Format tags of WAV files (RFC 2361).
const (
	wavPCM        = 1
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xfffe
)

// ErrWAV is wrapped by every error about the content of a WAV file.
var ErrWAV = errors.New("not a usable WAV file")

// Audio is linear mono sound.
type Audio struct {
	// Rate in samples per second, 1000 to 192 000.
	Rate    int
	Samples []int16
}

// ReadWAV reads a RIFF WAVE file with 16-bit PCM, A-law or mu-law audio of one or
// two channels; two are mixed to one. Data beyond MaxWAV is an error, as is
// anything else that cannot be played; such errors wrap ErrWAV.
func ReadWAV(r io.Reader) (*Audio, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("%w: no RIFF header: %w", ErrWAV, err)
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, fmt.Errorf("%w: it does not begin with RIFF and WAVE", ErrWAV)
	}
	var format wavFormat
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return nil, fmt.Errorf("%w: no audio data: %w", ErrWAV, err)
		}
		size := binary.LittleEndian.Uint32(chunk[4:])
		switch string(chunk[:4]) {
		case "fmt ":
			if size < 16 || size > maxChunk {
				return nil, fmt.Errorf("%w: format of %d bytes", ErrWAV, size)
			}
			b := make([]byte, size+size&1)
			if _, err := io.ReadFull(r, b); err != nil {
				return nil, fmt.Errorf("%w: format cut short: %w", ErrWAV, err)
			}
			if err := format.parse(b); err != nil {
				return nil, err
			}
		case "data":
			if format.rate == 0 {
				return nil, fmt.Errorf("%w: audio data before its format", ErrWAV)
			}
			return format.read(r, size)
		default:
			if size > maxChunk {
				return nil, fmt.Errorf("%w: chunk %q of %d bytes", ErrWAV, chunk[:4], size)
			}
			if _, err := io.CopyN(io.Discard, r, int64(size+size&1)); err != nil {
				return nil, fmt.Errorf("%w: chunk %q cut short: %w", ErrWAV, chunk[:4], err)
			}
		}
	}
}

type wavFormat struct{ tag, channels, rate, bits int }

func (f *wavFormat) parse(b []byte) error {
	f.tag = int(binary.LittleEndian.Uint16(b))
	f.channels = int(binary.LittleEndian.Uint16(b[2:]))
	rate := binary.LittleEndian.Uint32(b[4:])
	f.bits = int(binary.LittleEndian.Uint16(b[14:]))
	if f.tag == wavExtensible && len(b) >= 26 {
		f.tag = int(binary.LittleEndian.Uint16(b[24:])) // the first two bytes of the sub-format
	}
	if rate < 1000 || rate > 192_000 {
		return fmt.Errorf("%w: %d samples a second", ErrWAV, rate)
	}
	f.rate = int(rate)
	if f.channels != 1 && f.channels != 2 {
		return fmt.Errorf("%w: %d channels", ErrWAV, f.channels)
	}
	want := 8
	if f.tag == wavPCM {
		want = 16
	}
	if f.tag != wavPCM && f.tag != wavALaw && f.tag != wavMuLaw || f.bits != want {
		return fmt.Errorf("%w: encoding %d with %d bits; 16-bit PCM, A-law and mu-law are read", ErrWAV, f.tag, f.bits)
	}
	return nil
}

// read takes size bytes, or all there are when the writer did not know the size
// (it then left all ones or zero) or the file was cut.
func (f *wavFormat) read(r io.Reader, size uint32) (*Audio, error) {
	limit := int64(size)
	if size == 0 || size == 0xffffffff {
		limit = MaxWAV + 1
	}
	if limit > MaxWAV && size != 0 && size != 0xffffffff {
		return nil, fmt.Errorf("%w: %d bytes of audio, at most %d", ErrWAV, size, MaxWAV)
	}
	data, err := io.ReadAll(io.LimitReader(r, limit))
	if err != nil {
		return nil, fmt.Errorf("reading audio data: %w", err)
	}
	if len(data) > MaxWAV {
		return nil, fmt.Errorf("%w: more than %d bytes of audio", ErrWAV, MaxWAV)
	}
	var samples []int16
	switch f.tag {
	case wavALaw:
		samples = aLaw{}.Decode(make([]int16, 0, len(data)), data)
	case wavMuLaw:
		samples = muLaw{}.Decode(make([]int16, 0, len(data)), data)
	default:
		samples = make([]int16, len(data)/2)
		for i := range samples {
			samples[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
		}
	}
	if f.channels == 2 {
		for i := range len(samples) / 2 {
			samples[i] = int16((int(samples[2*i]) + int(samples[2*i+1])) / 2)
		}
		samples = samples[:len(samples)/2]
	}
	return &Audio{Rate: f.rate, Samples: samples}, nil
}

// WAVEncoding selects how WriteWAV stores samples.
type WAVEncoding int

// Encodings of WAV files.
const (
	PCM16    WAVEncoding = wavPCM
	WAVALaw  WAVEncoding = wavALaw
	WAVMuLaw WAVEncoding = wavMuLaw
)

// WriteWAV writes mono audio as a RIFF WAVE file.
func WriteWAV(w io.Writer, a *Audio, encoding WAVEncoding) error {
	var data []byte
	width := 1
	switch encoding {
	case WAVALaw:
		data = aLaw{}.Encode(nil, a.Samples)
	case WAVMuLaw:
		data = muLaw{}.Encode(nil, a.Samples)
	case PCM16:
		width = 2
		data = make([]byte, 0, 2*len(a.Samples))
		for _, s := range a.Samples {
			data = binary.LittleEndian.AppendUint16(data, uint16(s))
		}
	default:
		return fmt.Errorf("unknown WAV encoding %d", encoding)
	}
	le := binary.LittleEndian
	b := append(make([]byte, 0, 44+len(data)+1), "RIFF"...)
	b = le.AppendUint32(b, uint32(36+len(data)+len(data)&1))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, uint16(encoding))
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, uint32(a.Rate))
	b = le.AppendUint32(b, uint32(a.Rate*width))
	b = le.AppendUint16(b, uint16(width))
	b = le.AppendUint16(b, uint16(8*width))
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	if len(data)&1 == 1 {
		b = append(b, 0)
	}
	_, err := w.Write(b)
	return err
}
