package segment

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

func atInstant() time.Time { return instant }

// killed leaves an epoch that died with a checkpoint of an early record and records
// after it, and returns its name.
func killed(t *testing.T, dir string) string {
	t.Helper()
	l := openLog(t, Options{Dir: dir, Key: testKey, Origin: "example.org/ledger", sign: time.Millisecond, Clock: atInstant})
	mustAppend(t, l, released(0))
	size, _ := l.Tree()
	eventually(t, "a checkpoint of the first record", func() bool { return checkpointSize(t, l, l.Checkpoint()) == size })
	for i := 1; i < 10; i++ {
		mustAppend(t, l, released(i))
	}
	crash(t, l)
	// Those of more records may be there already.
	folder := filepath.Join(dir, l.Epoch())
	all, err := ledger.KeptCheckpoints(dir, l.Epoch())
	must(t, err)
	i := slices.IndexFunc(all, func(signed []byte) bool { return checkpointSize(t, l, signed) == size })
	must(t, os.WriteFile(filepath.Join(folder, ledger.CheckpointFile), all[i], 0o600))
	must(t, os.WriteFile(filepath.Join(folder, ledger.CheckpointsFile), append(bytes.Clone(all[i]), '\n'), 0o600))
	return l.Epoch()
}

// reopened starts and ends the next epoch, and returns what it had to say.
func reopened(t *testing.T, dir string, key ed25519.PrivateKey) (told []error) {
	t.Helper()
	l := openLog(t, Options{Dir: dir, Key: key, Origin: "example.org/other", Clock: atInstant, OnError: func(err error) { told = append(told, err) }})
	closeLog(t, l)
	return told
}

// The next process signs what a crash left, under the name that the epoch had, and
// then each of its records can be proved.
func TestWhatACrashLeftIsSigned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	epoch := killed(t, dir)
	if _, _, err := ledger.Prove(t.Context(), dir, disclosureID(9), nil); !errors.Is(err, ledger.ErrNotSigned) {
		t.Fatalf("before the recovery: %v", err)
	}
	// A torn write at the end of the kept checkpoints is passed over.
	f, err := os.OpenFile(filepath.Join(dir, epoch, ledger.CheckpointsFile), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString("example.org/ledger/" + epoch + "\n9")
	must(t, errors.Join(err, f.Close()))

	if told := reopened(t, dir, testKey); len(told) > 0 {
		t.Fatal(told)
	}
	p, key, err := ledger.Prove(t.Context(), dir, disclosureID(9), nil)
	must(t, err)
	c, err := p.Verify(key)
	must(t, err)
	end, _, err := ledger.ReadEnd(dir, epoch)
	must(t, err)
	if c.Size != end.Size || c.Root != end.Root || c.Origin != "example.org/ledger/"+epoch {
		t.Errorf("signed %+v, and the epoch ended with %+v", c, end)
	}
	all, err := ledger.KeptCheckpoints(dir, epoch)
	must(t, err)
	if len(all) != 2 || !bytes.Equal(all[1], p.Checkpoint) {
		t.Errorf("%d checkpoints are kept, and the newest is not the last of them", len(all))
	}
	report, err := ledger.Verify(t.Context(), dir, ledger.VerifyOptions{})
	must(t, err)
	if len(report.Findings) > 0 {
		t.Error(report.Findings)
	}
}

// Another key does not sign for an epoch that was not its own.
func TestAnotherKeyDoesNotSignTheEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	epoch := killed(t, dir)
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))
	if told := reopened(t, dir, other); len(told) > 0 {
		t.Fatal(told)
	}
	if all, err := ledger.KeptCheckpoints(dir, epoch); err != nil || len(all) != 1 {
		t.Errorf("%d checkpoints, %v", len(all), err)
	}
}

// Fewer records than a checkpoint says are told of, not signed away.
func TestATruncatedEndIsNotSigned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	epoch := killed(t, dir)
	folder := filepath.Join(dir, epoch)
	segments, err := ledger.Segments(dir, epoch)
	must(t, err)
	path := filepath.Join(folder, segments[0].Name)
	b, err := os.ReadFile(path)
	must(t, err)
	first := bytes.IndexByte(b, '\n') + 1
	must(t, os.WriteFile(path, b[:first], 0o600))
	before, err := os.ReadFile(filepath.Join(folder, ledger.CheckpointsFile))
	must(t, err)
	told := reopened(t, dir, testKey)
	if len(told) != 1 || !errors.Is(told[0], ledger.ErrCorrupt) {
		t.Errorf("told of %v", told)
	}
	after, err := os.ReadFile(filepath.Join(folder, ledger.CheckpointsFile))
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Error("the kept checkpoints were changed")
	}
}
