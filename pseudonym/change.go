package pseudonym

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Rotate adds a root to a key file and returns its id. New tokens come from it;
// earlier roots stay, so that their tokens can be told from the new ones. A
// running gateway uses it once it has read the file again.
func Rotate(path string) (string, error) {
	var kid string
	err := change(path, func(f *keyFile) error {
		if len(f.Roots) == 0 {
			return ErrKeysetInvalid
		}
		last := mustNumber(f.Roots[len(f.Roots)-1].KeyID)
		kid = "a" + strconv.Itoa(last+1)
		f.Roots = append(f.Roots, fileRoot{
			KeyID: kid, State: rootActive, Created: time.Now().UTC().Truncate(time.Second), Key: randomKey(),
		})
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("rotating keys: %w", err)
	}
	return kid, nil
}

// DestroyBefore makes a period the first readable one: the stored key is
// replaced by its successor of that month, from which no earlier key can be
// computed. It cannot be undone, except from a copy of the old file: copies must
// be destroyed as well. A running gateway forgets the keys when it has read the
// file again.
func DestroyBefore(path, period string) error {
	err := change(path, func(f *keyFile) error {
		k, err := f.keyset()
		if err != nil {
			return err
		}
		k.refs.mu.Lock()
		defer k.refs.mu.Unlock()
		key, err := k.refs.at(period)
		if err != nil {
			return err
		}
		f.Refs = &fileRefs{Period: period, Key: key.b[:]}
		return nil
	})
	if err != nil {
		return fmt.Errorf("destroying reference keys: %w", err)
	}
	return nil
}

// change rewrites a key file whole: a reader sees the old or the new one. The
// file beside it, where the new one is written, is the lock of changes: of two
// at once the second is refused before it has read anything.
func change(path string, edit func(*keyFile) error) (err error) {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // beside the operator's path
	if errors.Is(err, fs.ErrExist) {
		return ErrKeyFileBusy
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(next))
		}
	}()
	text, err := edited(path, edit)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(next, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// edited returns the text of a key file after an edit that leaves it valid.
func edited(path string, edit func(*keyFile) error) ([]byte, error) {
	file, err := read(path)
	if err != nil {
		return nil, err
	}
	if err := edit(file); err != nil {
		return nil, err
	}
	if _, err := file.keyset(); err != nil {
		return nil, err
	}
	return file.encode()
}
