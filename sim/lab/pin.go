package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"tandem/sim/peer"
)

// cores are the first core, for servers, and the others; ok is false where there is only one, or no taskset to choose with.
func cores() (taskset, first, others string, ok bool) {
	taskset, err := peer.Find("taskset")
	if err != nil || runtime.NumCPU() < 2 {
		return "", "", "", false
	}
	return taskset, "0", fmt.Sprintf("1-%d", runtime.NumCPU()-1), true
}

// Pinned is the beginning of a command line that keeps a program to the first core, or to the others; nothing where there is no choice.
func Pinned(core int) []string {
	taskset, first, others, ok := cores()
	switch {
	case !ok:
		return nil
	case core == 0:
		return []string{taskset, "-c", first}
	}
	return []string{taskset, "-c", others}
}

// LeaveFirstCore keeps this process, with its phones, away from the first core, that of the servers, until back is called. Where there is
// no choice it changes nothing.
func LeaveFirstCore() (back func(), err error) {
	taskset, first, others, ok := cores()
	if !ok {
		return func() {}, nil
	}
	pin := func(list string) error {
		out, err := exec.Command(taskset, "-a", "-c", "-p", list, strconv.Itoa(os.Getpid())).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", taskset, err, out)
		}
		return nil
	}
	return func() { _ = pin(first + "," + others) }, pin(others)
}
