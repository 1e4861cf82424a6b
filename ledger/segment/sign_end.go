package segment

import (
	"bytes"
	"fmt"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// signEnd signs the tree that a dead epoch came to, so that its last records can be
// proved like those before them. It says no more than the recovered record does, and
// only for an epoch that the same key signed. A damaged one is left as it is.
func (l *Log) signEnd(d *deadEpoch) error {
	size := d.tail.Tree.Size()
	if l.opt.Key == nil || d.config.Key == "" || d.tail.Damaged || size == 0 {
		return nil
	}
	signer, key, err := ledger.NewCheckpointSigner(d.config.Origin, l.opt.Key)
	if err != nil || key != d.config.Key {
		return err
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	all, err := ledger.KeptCheckpoints(l.opt.Dir, d.id)
	if err != nil {
		return err
	}
	var last ledger.Checkpoint
	if n := len(all); n > 0 {
		// What somebody has changed stays for verify to find.
		if last, err = ledger.OpenCheckpoint(all[n-1], verifier); err != nil {
			return err
		}
	}
	if last.Size > size {
		return fmt.Errorf("%w: a checkpoint says %d records, and %d are left", ledger.ErrCorrupt, last.Size, size)
	}
	folder := filepath.Join(l.opt.Dir, d.id)
	if last.Size < size {
		signed, err := ledger.Checkpoint{Origin: d.config.Origin, Size: size, Root: d.tail.Tree.Root()}.Sign(signer)
		if err != nil {
			return err
		}
		all = append(all, signed)
		// An empty line after each.
		kept := append(bytes.Join(all, []byte{'\n'}), '\n')
		if err := disk.WriteFile(l.opt.fs, filepath.Join(folder, ledger.CheckpointsFile), kept); err != nil {
			return err
		}
	}
	return disk.WriteFile(l.opt.fs, filepath.Join(folder, ledger.CheckpointFile), all[len(all)-1])
}
