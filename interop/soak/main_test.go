package soak

import (
	"os"
	"testing"

	"tandem/sim/lab"
)

func TestMain(m *testing.M) {
	lab.Serve()
	os.Exit(m.Run())
}
