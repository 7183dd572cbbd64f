package wire

import (
	"fmt"
	"net/http"
	"strconv"
)

// VersionHeader carries the wire version: in a request the one that the body
// is written in, in an answer the newest that the API reads.
const VersionHeader = "DataLoaf-Wire-Version"

// The wire versions. A version is a whole number. It changes only when a body
// that was right before would be refused or read as something else; what is
// merely added leaves it as it is.
const (
	// Version is the version that this package writes, and the newest it reads.
	Version = 1
	// OldestVersion is the oldest version that this package still reads.
	OldestVersion = 1
)

// Why a body is refused for its version.
const (
	CodeVersionInvalid     Code = "wire_version_invalid"
	CodeVersionUnsupported Code = "wire_version_unsupported"
)

// ParseVersion reads the header of a request. Without one the body is of the
// first version, which had no header. A version that this package does not read
// is refused rather than guessed at, since what is stored wrongly stays wrong.
// The error is a *BodyError.
func ParseVersion(header string) (int, error) {
	if header == "" {
		return 1, nil
	}
	// Six digits are plenty, and keep a sign, an overflow and a list out.
	version, err := strconv.ParseUint(header, 10, 20)
	if err != nil || version == 0 {
		return 0, badBody(CodeVersionInvalid, fmt.Sprintf("%s %.40q is no version; send a whole number such as %d, or leave the header out", VersionHeader, header, Version))
	}
	if version > Version {
		return 0, &BodyError{Status: http.StatusBadRequest, Code: CodeVersionUnsupported, Message: fmt.Sprintf("wire version %d is newer than this API, which reads %s; update the stack, or use an older SDK", version, readable())}
	}
	if version < OldestVersion {
		return 0, &BodyError{Status: http.StatusBadRequest, Code: CodeVersionUnsupported, Message: fmt.Sprintf("wire version %d is no longer read; this API reads %s; update the SDK", version, readable())}
	}
	return int(version), nil
}

// readable names the versions that are read.
func readable() string {
	if OldestVersion == Version {
		return fmt.Sprintf("version %d", Version)
	}
	return fmt.Sprintf("versions %d to %d", OldestVersion, Version)
}
