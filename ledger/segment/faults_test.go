package segment

import (
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/modicum-dev/modicum/ledger/internal/disk/disktest"
)

// faultFS fails the operations that its hook says.
type faultFS struct{ disktest.Faults }

// set replaces the hook, with the log running.
func (f *faultFS) set(hook func(op, path string) error) { f.Set(hook) }

// sector is what a disk writes whole.
const sector = disktest.Sector

// copyTree copies a ledger as it is.
func copyTree(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// files returns the content of every file below dir.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("reading ledger: %w", err))
	}
	return all
}

// writeFile replaces the content of a file of the test.
func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
