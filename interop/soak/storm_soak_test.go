//go:build soak

package soak

import (
	"context"
	"testing"
	"time"
)

// T-12 as it is written: ten thousand phones.
func TestSoakT12_TenThousandPhonesLoseTheirServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	storm(t, ctx, 10000, 20, 200, 20, 30*time.Second)
}
