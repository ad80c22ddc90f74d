package lab

import (
	"fmt"
	"runtime"

	"tandem/sim/peer"
)

// Pinned is the beginning of a command line that keeps a program to the first core, or to the others; nothing where there is only one, or no
// taskset.
func Pinned(core int) []string {
	path, err := peer.Find("taskset")
	if err != nil || runtime.NumCPU() < 2 {
		return nil
	}
	cores := "0"
	if core > 0 {
		cores = fmt.Sprintf("1-%d", runtime.NumCPU()-1)
	}
	return []string{path, "-c", cores}
}
