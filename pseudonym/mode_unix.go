//go:build unix

package pseudonym

import "io/fs"

// ownerOnly reports whether group and others have no right at all.
func ownerOnly(mode fs.FileMode) bool { return mode.Perm()&0o077 == 0 }
