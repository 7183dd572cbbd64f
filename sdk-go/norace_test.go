//go:build !race

package dataloaf

const raceDetector = false
