// Package chaos breaks the pipeline in every way that its parts can fail, by a
// seed, and holds what is in the warehouse at the end against what clients were
// told. It is all tests; scripts/chaos runs them.
package chaos
