//go:build race

package dataloaf

const raceDetector = true
