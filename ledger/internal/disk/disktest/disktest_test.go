package disktest_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/modicum-dev/modicum/ledger/internal/disk"
	"github.com/modicum-dev/modicum/ledger/internal/disk/disktest"
)

// tries is how many outcomes of a power loss each test looks at.
const tries uint64 = 200

func dice(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 7)) }

func newDisk(t *testing.T) (d *disktest.Disk, dir string) {
	t.Helper()
	dir = t.TempDir()
	d, err := disktest.New(dir, dice(0))
	must(t, err)
	return d, dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, fsys disk.FS, path string, content []byte) disk.File {
	t.Helper()
	f, err := fsys.Create(path)
	must(t, err)
	put(t, f, content, 0)
	return f
}

func put(t *testing.T, f disk.File, b []byte, off int64) {
	t.Helper()
	_, err := f.WriteAt(b, off)
	must(t, err)
}

// outcomes cuts the power and returns how often each content of the disk came out,
// as a list of names and contents.
func outcomes(t *testing.T, d *disktest.Disk) map[string]int {
	t.Helper()
	d.Cut()
	seen := map[string]int{}
	for n := range tries {
		seen[listing(t, restored(t, d, n))]++
	}
	return seen
}

func restored(t *testing.T, d *disktest.Disk, n uint64) string {
	t.Helper()
	dir := t.TempDir()
	must(t, d.Restore(dir, dice(n)))
	return dir
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if e.IsDir() {
			all = append(all, path+"/")
			return nil
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		all = append(all, path+"="+string(b))
		return err
	}))
	return strings.Join(all, " ")
}

// exactly checks that the outcomes are those that there can be, and each of them.
func exactly(t *testing.T, got map[string]int, want ...string) {
	t.Helper()
	for _, w := range want {
		if got[w] == 0 {
			t.Errorf("never left: %q", w)
		}
		delete(got, w)
	}
	for left, n := range got {
		t.Errorf("left %d times, and cannot be: %q", n, left)
	}
}

func TestWhatIsSyncedIsThere(t *testing.T) {
	t.Parallel()
	d, dir := newDisk(t)
	p := d.Process()
	must(t, p.Mkdir(filepath.Join(dir, "folder")))
	f := create(t, p, filepath.Join(dir, "folder", "old"), []byte("synced"))
	must(t, f.Sync())
	must(t, p.Rename(filepath.Join(dir, "folder", "old"), filepath.Join(dir, "folder", "new")))
	must(t, p.SyncDir(filepath.Join(dir, "folder")))
	must(t, p.SyncDir(dir))
	must(t, f.Close())
	exactly(t, outcomes(t, d), "folder/ folder/new=synced")
}

func TestBytesNeedASync(t *testing.T) {
	t.Parallel()
	d, dir := newDisk(t)
	p := d.Process()
	f := create(t, p, filepath.Join(dir, "a"), []byte("old"))
	must(t, f.Sync())
	must(t, p.SyncDir(dir))
	put(t, f, []byte("new"), 0)
	must(t, f.Close())
	exactly(t, outcomes(t, d), "a=old", "a=new")
}

// Each sector survives by itself; where one is missing behind the old end of the
// file, zeros stand.
func TestSectorsAreIndependent(t *testing.T) {
	t.Parallel()
	d, dir := newDisk(t)
	p := d.Process()
	const size = disktest.Sector
	f := create(t, p, filepath.Join(dir, "a"), bytes.Repeat([]byte("o"), size))
	must(t, f.Sync())
	must(t, p.SyncDir(dir))
	put(t, f, bytes.Repeat([]byte("n"), 2*size), size/2) // of three sectors
	must(t, f.Close())
	first := strings.Repeat("o", size/2)
	older, newer := first+strings.Repeat("o", size/2), first+strings.Repeat("n", size/2)
	zeros, second, third := strings.Repeat("\x00", size), strings.Repeat("n", size), strings.Repeat("n", size/2)
	var want []string
	for _, a := range []string{older, newer} {
		want = append(want,
			"a="+a, "a="+a+second, "a="+a+zeros+third, "a="+a+second+third, // by sectors
			"a="+a+zeros+zeros[:size/2], "a="+a+second+zeros[:size/2]) // the size came first
	}
	got := outcomes(t, d)
	for left := range got {
		known := false
		for _, w := range want {
			known = known || left == w
		}
		if !known {
			t.Errorf("left, and cannot be: %q", left)
		}
	}
	if len(got) < 9 {
		t.Errorf("%d outcomes of %d", len(got), len(want))
	}
}

func TestEntriesNeedASyncOfTheirFolder(t *testing.T) {
	t.Parallel()
	d, dir := newDisk(t)
	p := d.Process()
	must(t, create(t, p, filepath.Join(dir, "gone"), nil).Close())
	must(t, create(t, p, filepath.Join(dir, "from"), nil).Close())
	must(t, p.SyncDir(dir))
	must(t, p.Remove(filepath.Join(dir, "gone")))
	must(t, p.Rename(filepath.Join(dir, "from"), filepath.Join(dir, "to")))
	exactly(t, outcomes(t, d), "from= gone=", "from=", "gone= to=", "to=")
}

// A sync of a folder says nothing of those inside it.
func TestSyncDirIsOfOneFolder(t *testing.T) {
	t.Parallel()
	d, dir := newDisk(t)
	p := d.Process()
	must(t, p.Mkdir(filepath.Join(dir, "folder")))
	must(t, create(t, p, filepath.Join(dir, "folder", "a"), nil).Close())
	must(t, p.SyncDir(dir))
	exactly(t, outcomes(t, d), "folder/", "folder/ folder/a=")
}

func TestTruncationsNeedASync(t *testing.T) {
	t.Parallel()
	d, dir := newDisk(t)
	p := d.Process()
	f := create(t, p, filepath.Join(dir, "a"), []byte("longer"))
	must(t, f.Sync())
	must(t, p.SyncDir(dir))
	must(t, f.Truncate(4))
	must(t, f.Close())
	exactly(t, outcomes(t, d), "a=longer", "a=long")
}

// A file that was made past the disk, such as a lock, may be there, empty.
func TestFilesBesideTheDisk(t *testing.T) {
	t.Parallel()
	d, dir := newDisk(t)
	must(t, os.WriteFile(filepath.Join(dir, "lock"), []byte("x"), 0o600))
	exactly(t, outcomes(t, d), "", "lock=")
}

// Each operation in turn is the one that the power goes in: it fails, all later
// ones fail, and what it was to make durable may be durable or not.
func TestCutAt(t *testing.T) {
	t.Parallel()
	steps := func(p disk.FS, dir string) (done int, last error) {
		f, err := p.Create(filepath.Join(dir, "a"))
		if err != nil {
			return 0, err
		}
		defer func() { _ = f.Close() }()
		for i, step := range []func() error{
			func() error { _, err := f.WriteAt([]byte("x"), 0); return err },
			f.Sync,
			func() error { return p.SyncDir(dir) },
		} {
			if err := step(); err != nil {
				return i + 1, err
			}
		}
		return 4, nil
	}
	for n, want := range [][]string{
		1: {"", "a="},
		2: {"", "a=", "a=x", "a=\x00"},
		3: {"", "a=", "a=x", "a=\x00"},
		4: {"", "a=x"},
		5: {"a=x"},
	} {
		if n == 0 {
			continue
		}
		d, dir := newDisk(t)
		d.CutAt(n)
		p := d.Process()
		done, err := steps(p, dir)
		if done != n-1 || n <= 4 && !errors.Is(err, disktest.ErrPower) {
			t.Errorf("cut at operation %d: %d done, %v", n, done, err)
		}
		if err := p.SyncDir(dir); !errors.Is(err, disktest.ErrPower) || !d.Off() {
			t.Errorf("cut at operation %d: a later one says %v", n, err)
		}
		exactly(t, outcomes(t, d), want...)
	}
}

// What a killed process wrote is read by the next one. It is durable once that one
// has synced it.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	for _, settled := range []bool{false, true} {
		d, dir := newDisk(t)
		path := filepath.Join(dir, "a")
		p := d.Process()
		f := create(t, p, path, []byte("half")) // two operations
		must(t, p.SyncDir(dir))
		p.KillAt(d.Ops() + 1)
		if _, err := f.WriteAt([]byte("written"), 4); !errors.Is(err, disktest.ErrKilled) {
			t.Errorf("a killed process writes: %v", err)
		}
		if err := f.Sync(); !errors.Is(err, disktest.ErrKilled) {
			t.Errorf("a killed process syncs: %v", err)
		}
		_ = f.Close()
		if b, err := os.ReadFile(path); err != nil || string(b) != "halfwri" {
			t.Errorf("the next process reads %q, %v", b, err)
		}
		if settled {
			must(t, d.Process().SyncFile(path))
			exactly(t, outcomes(t, d), "a=halfwri")
			continue
		}
		if got := outcomes(t, d); got["a="] == 0 || got["a=halfwri"] == 0 {
			t.Errorf("left %v", got)
		}
	}
}

// After a sync that failed, a later one makes nothing durable that the failed one
// lost, although it can still be read. Dropping the cache shows what is there.
func TestFailedSyncLosesBytes(t *testing.T) {
	t.Parallel()
	lost := uint64(0)
	for n := range tries {
		dir := t.TempDir()
		d, err := disktest.New(dir, dice(n))
		must(t, err)
		path := filepath.Join(dir, "a")
		faults := &disktest.Faults{FS: d.Process()}
		f := create(t, faults, path, []byte("old"))
		must(t, f.Sync())
		must(t, faults.SyncDir(dir))
		put(t, f, []byte("new"), 0)
		faults.Set(func(op, at string) error {
			if op == disktest.OpSync && at == path {
				return syscall.EIO
			}
			return nil
		})
		if err := f.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatalf("Sync() = %v", err)
		}
		faults.Set(nil)
		must(t, f.Sync())
		must(t, f.Close())
		if b, err := os.ReadFile(path); err != nil || string(b) != "new" {
			t.Fatalf("before the cache is dropped: %q, %v", b, err)
		}
		must(t, faults.SyncFile(path))
		read, err := os.ReadFile(path)
		must(t, err)
		if string(read) == "old" {
			lost++
		}
		d.Cut()
		if got := listing(t, restored(t, d, n)); got != "a="+string(read) {
			t.Fatalf("left %q, and read was %q", got, read)
		}
	}
	if lost == 0 || lost == tries {
		t.Errorf("lost %d times of %d", lost, tries)
	}
}

// Every operation fails with the error of the hook, and does nothing but what is
// said of it.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, op := range disktest.Ops {
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		var faults disktest.Faults
		f := create(t, &faults, at("a"), []byte("abcd"))
		must(t, faults.Mkdir(at("folder")))
		faults.Set(func(did, _ string) error {
			if did == op {
				return syscall.ENOSPC
			}
			return nil
		})
		var failed []string
		try := func(name string, err error) {
			if errors.Is(err, syscall.ENOSPC) {
				failed = append(failed, name)
			} else if err != nil {
				t.Errorf("%s fails while %s does: %v", name, op, err)
			}
		}
		try(disktest.OpSync, f.Sync())
		_, err := f.WriteAt([]byte("ABCD"), 0)
		try(disktest.OpWrite, err)
		try(disktest.OpLinked, f.Linked(at("a")))
		try(disktest.OpSyncFile, faults.SyncFile(at("a")))
		want := "ABCD"
		if op == disktest.OpWrite {
			want = "ABcd"
		}
		if b, err := os.ReadFile(at("a")); err != nil || string(b) != want {
			t.Errorf("%s fails, the file has %q, %v", op, b, err)
		}
		try(disktest.OpTruncate, f.Truncate(1))
		try(disktest.OpClose, f.Close())
		if g, err := faults.Create(at("b")); err != nil {
			try(disktest.OpCreate, err)
		} else {
			_ = g.Close()
		}
		try(disktest.OpMkdir, faults.Mkdir(at("other")))
		try(disktest.OpRename, faults.Rename(at("a"), at("c")))
		if op != disktest.OpRename {
			try(disktest.OpRemove, faults.Remove(at("c")))
		}
		try(disktest.OpSyncDir, faults.SyncDir(dir))
		if len(failed) != 1 || failed[0] != op {
			t.Errorf("%s should fail, it was %v", op, failed)
		}
	}
}
