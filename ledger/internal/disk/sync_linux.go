package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Datasync makes the bytes of f durable without the metadata that nobody reads,
// such as times.
func Datasync(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var syncErr error
	err = conn.Control(func(fd uintptr) {
		for {
			syncErr = unix.Fdatasync(int(fd))
			if !errors.Is(syncErr, unix.EINTR) {
				return
			}
		}
	})
	return errors.Join(err, os.NewSyscallError("fdatasync", syncErr))
}

// dropCache lets the next reader of f ask the disk. Only clean pages go.
func dropCache(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var adviseErr error
	err = conn.Control(func(fd uintptr) {
		adviseErr = unix.Fadvise(int(fd), 0, 0, unix.FADV_DONTNEED)
	})
	return errors.Join(err, os.NewSyscallError("fadvise", adviseErr))
}
