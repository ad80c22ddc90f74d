package admission

import (
	"testing"

	"tandem/telephony"
)

func TestBetween(t *testing.T) {
	c := Codecs{{"HQ", "HQ"}: "G722", {"HQ", "Branch"}: "G729", {"A", "B"}: "G722", {"B", "A"}: "G711"}
	for _, test := range []struct {
		a, b telephony.RegionName
		want telephony.Codec
	}{
		{"HQ", "HQ", "G722"}, {"HQ", "Branch", "G729"}, {"Branch", "HQ", "G729"},
		{"A", "B", "G711"}, {"B", "A", "G711"},
		{"Branch", "Branch", telephony.DefaultCodecWithin}, {"A", "HQ", telephony.DefaultCodecBetween},
	} {
		if got := c.Between(test.a, test.b); got != test.want {
			t.Errorf("between %s and %s: %s, want %s", test.a, test.b, got, test.want)
		}
	}
}
