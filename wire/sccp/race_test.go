//go:build race

package sccp

const raceDetector = true
