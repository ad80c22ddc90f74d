//go:build !race

package sccp

const raceDetector = false
