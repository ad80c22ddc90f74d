//go:build soak

package replica

import (
	"fmt"
	"testing"
)

func TestSoakT16_AcknowledgedWritesSurviveKill(t *testing.T) { killRounds(t, 200) }

func TestSoakT16_T19_FaultsByChance(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { faults(t, 1000+seed, 40) })
	}
}
