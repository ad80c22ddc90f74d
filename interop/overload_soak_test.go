//go:build soak

package interop

import (
	"testing"
	"time"
)

// TestSoakT23_TenTimesTooManyCalls is ten times too many calls for a minute.
func TestSoakT23_TenTimesTooManyCalls(t *testing.T) { overload(t, time.Minute) }
