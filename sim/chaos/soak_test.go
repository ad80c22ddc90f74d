//go:build soak

package chaos

import (
	"testing"
	"time"
)

// TestSoakT16_T19_ClusterUnderFaults is half an hour with three servers and half an hour with six, in pieces with a seed each, so that what
// is found can be found again.
func TestSoakT16_T19_ClusterUnderFaults(t *testing.T) {
	here, network := inside(t)
	if !here {
		return
	}
	for _, servers := range []int{3, 6} {
		for i := range uint64(15) {
			passes(t, Options{Servers: servers, Seed: seed(t, 1000*uint64(servers)+i), Length: 2 * time.Minute}, network)
			if t.Failed() {
				t.Fatalf("seed %d failed", 1000*uint64(servers)+i)
			}
		}
	}
}
