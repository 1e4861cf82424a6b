//go:build !unix

package disk

import (
	"errors"
	"os"
)

// Without a lock two processes could recover one epoch twice, so there is no
// ledger on such a system.
func tryLock(*os.File) error { return errors.ErrUnsupported }
