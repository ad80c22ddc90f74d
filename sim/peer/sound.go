package peer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tandem/media/codec"
)

// soundRate is the sample rate of the files that programs say, in hertz.
const soundRate = 8000

// soundLevel is the peak of a tone in a file.
const soundLevel = 11600

// WriteTone writes a WAV file of a tone, of any length up to a minute.
func WriteTone(path string, t codec.Tone, length time.Duration) error {
	samples := make([]int16, int(min(length, time.Minute).Seconds()*soundRate))
	codec.NewGenerator(soundRate, t, soundLevel).Fill(samples)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = codec.WriteWAV(f, &codec.Audio{Rate: soundRate, Samples: samples}, codec.PCM16)
	return errors.Join(err, f.Close())
}

// recording reads what a program has recorded so far: the audio of all WAV files that match a pattern, in the order of
// their names. The heading of a file that is still being written has no lengths yet; they are taken from the file.
func recording(pattern string) (samples []int16, err error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return samples, err
		}
		rate, audio := wave(data)
		if rate == 0 {
			continue
		}
		samples = append(samples, (&codec.Audio{Rate: rate, Samples: audio}).AtRate(soundRate).Samples...)
	}
	return samples, nil
}

// unfinished is the length of the heading that linphone fills in when it closes the file.
const unfinished = 44

// wave takes the samples out of a RIFF file of 16-bit mono PCM, whose audio is taken to reach to the end: what the
// heading says of its length was true when it was written, if ever. The rate is 0 for anything else.
func wave(data []byte) (rate int, samples []int16) {
	if len(data) >= unfinished && bytes.Count(data[:unfinished], []byte{0}) == unfinished {
		return soundRate, linear(data[unfinished:])
	}
	if len(data) < 12 || string(data[:4]) != "RIFF" {
		return 0, nil
	}
	channels := 0
	for at := 12; at+8 <= len(data); {
		size := int(binary.LittleEndian.Uint32(data[at+4:]))
		body := data[at+8:]
		switch id := string(data[at : at+4]); {
		case id == "data":
			if channels != 1 {
				return 0, nil
			}
			return rate, linear(body)
		case size < 0 || size > len(body):
			return 0, nil
		case id == "fmt " && size >= 16:
			channels, rate = int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint32(body[4:]))
		}
		at += 8 + size + size&1
	}
	return 0, nil
}

func linear(body []byte) []int16 {
	samples := make([]int16, len(body)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
	}
	return samples
}

// listen describes samples as segments of one sound each.
func listen(samples []int16) []codec.Segment {
	d := codec.NewDetector(soundRate)
	d.Write(samples)
	return d.Heard()
}

// describe is a list of segments for messages.
func describe(segments []codec.Segment) string {
	if len(segments) == 0 {
		return "nothing"
	}
	text := ""
	for i, s := range segments {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%v %v for %v", s.Sound, s.Tone, s.Length.Round(10*time.Millisecond))
	}
	return text
}
