package provision

import (
	"math"
	"strings"

	"tandem/provision/cnf"
)

// Three rings are built in, so that a phone's ring menu works before anybody adds a file: raw mu-law, 8 kHz, one second,
// a multiple of 240 samples (sccp.md 5.6).

const ringSamples = 8160 // 34 times 240

type melody struct {
	name, file string
	notes      []float64 // Hz, each with an equal share of the second; 0: silence
}

var melodies = []melody{
	{"Tandem Classic", "TandemClassic.raw", []float64{440, 480, 440, 480, 440, 480, 440, 480, 440, 480, 440, 480, 0, 0, 0, 0}},
	{"Tandem Chime", "TandemChime.raw", []float64{784, 784, 659, 659, 523, 523, 0, 0}},
	{"Tandem Low", "TandemLow.raw", []float64{220, 277, 330, 0}},
}

// builtInRing returns the samples of a built-in ring, or nil.
func builtInRing(file string) []byte {
	for _, m := range melodies {
		if strings.EqualFold(m.file, file) {
			return m.samples()
		}
	}
	return nil
}

func (m melody) samples() []byte {
	out := make([]byte, ringSamples)
	each := ringSamples / len(m.notes)
	for i := range out {
		note, at := min(i/each, len(m.notes)-1), i%each
		fade := min(1, float64(at)/80, float64(each-at)/80) // no clicks
		sample := 0.4 * fade * math.Sin(2*math.Pi*m.notes[note]*float64(i)/8000)
		out[i] = muLaw(int(sample * 32767))
	}
	return out
}

// muLaw encodes a 16-bit sample (ITU-T G.711).
func muLaw(sample int) byte {
	const bias, clip = 0x84, 32635
	sign := byte(0)
	if sample < 0 {
		sample, sign = -sample, 0x80
	}
	sample = min(sample, clip) + bias
	exponent := 7
	for mask := 0x4000; sample&mask == 0 && exponent > 0; mask >>= 1 {
		exponent--
	}
	mantissa := byte(sample>>(exponent+3)) & 0x0F
	return ^(sign | byte(exponent)<<4 | mantissa)
}

// rings lists the rings that were added, then the built-in ones.
func rings(c Configuration) []cnf.Ring {
	var list []cnf.Ring
	for f := range c.FirmwareFiles() {
		if f.Category != "ring" || strings.Contains(f.Name, "/") {
			continue
		}
		name, ok := strings.CutSuffix(f.Name, ".raw")
		if !ok {
			continue
		}
		list = append(list, cnf.Ring{Name: strings.NewReplacer("_", " ", "-", " ").Replace(name), File: f.Name})
	}
	for _, m := range melodies {
		if len(list) < cnf.MaximumRings {
			list = append(list, cnf.Ring{Name: m.name, File: m.file})
		}
	}
	return list
}
