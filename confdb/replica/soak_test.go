//go:build soak

package replica

import "testing"

func TestT16_AcknowledgedWritesSurviveKillSoak(t *testing.T) { killRounds(t, 200) }
