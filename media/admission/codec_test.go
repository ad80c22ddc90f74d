package admission

import "testing"

func TestBetween(t *testing.T) {
	c := Codecs{{"HQ", "HQ"}: "G722", {"HQ", "Branch"}: "G729", {"Branch", "Branch"}: "G711", {"A", "B"}: "G722", {"B", "A"}: "G711"}
	for _, test := range []struct{ a, b, want string }{
		{"HQ", "HQ", "G722"}, {"HQ", "Branch", "G729"}, {"Branch", "HQ", "G729"}, {"Branch", "Branch", "G711"},
		{"A", "B", "G711"}, {"B", "A", "G711"}, {"A", "HQ", Default},
	} {
		if got := c.Between(test.a, test.b); got != test.want {
			t.Errorf("between %s and %s: %s, want %s", test.a, test.b, got, test.want)
		}
	}
}
