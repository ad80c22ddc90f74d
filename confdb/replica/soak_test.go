//go:build soak

package replica

import (
	"fmt"
	"testing"
)

func TestT16_AcknowledgedWritesSurviveKillSoak(t *testing.T) { killRounds(t, 200) }

func TestT16_T19_FaultsByChanceSoak(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { faults(t, 1000+seed, 40) })
	}
}
