package node

import (
	"testing"

	"go.uber.org/goleak"
)

// Whole servers are started and stopped here: nothing of them may stay behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
