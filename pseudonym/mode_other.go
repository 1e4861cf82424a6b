//go:build !unix

package pseudonym

import "io/fs"

// ownerOnly is true where the mode of a file says nothing about who may read it;
// there, access is the operator's to restrict.
func ownerOnly(fs.FileMode) bool { return true }
