package owner

import (
	"testing"

	"tandem/call/signal"
)

func TestOwnerOfALine(t *testing.T) {
	for _, test := range []struct {
		name    string
		devices []string
		where   map[string]signal.NodeID
		want    signal.NodeID
	}{
		{"one phone, here", []string{"a"}, map[string]signal.NodeID{"a": 2}, 2},
		{"one phone, elsewhere", []string{"a"}, map[string]signal.NodeID{"a": 3}, 3},
		{"shared by two servers", []string{"a", "b"}, map[string]signal.NodeID{"a": 3, "b": 1}, 1},
		{"shared, one not registered", []string{"a", "b"}, map[string]signal.NodeID{"a": 3}, 3},
		{"nobody registered", []string{"a", "b"}, nil, 2},
		{"nobody has it", nil, map[string]signal.NodeID{"a": 1}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Of(test.devices, func(d string) (signal.NodeID, bool) { n, ok := test.where[d]; return n, ok }, 2)
			if got != test.want {
				t.Errorf("owned by %d, want %d", got, test.want)
			}
		})
	}
}
