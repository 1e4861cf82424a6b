package retention

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// ErrNotDue is returned for a segment whose retention has not ended.
var ErrNotDue = errors.New("the segment is not due")

// Expirer ends segments of the ledger in Dir.
type Expirer struct {
	Dir        string
	Log        ledger.Log // an epoch of this process, in Dir
	Years      int        // that records are kept after their month
	By, Reason string     // of the records

	fs disk.FS // nil means the operating system's
}

// Expire removes a segment: its leaves become durable, then the record of it,
// then it is removed. A crash between leaves the segment readable, and a later
// Look and Expire go on from there. [ErrNotDue] wraps why not.
func (e *Expirer) Expire(ctx context.Context, s *Survey, g *Segment, at time.Time) error {
	if why := s.Judge(g, at, e.Years); why != Due {
		return fmt.Errorf("%w: %s", ErrNotDue, why)
	}
	fsys := e.fs
	if fsys == nil {
		fsys = disk.OS{}
	}
	var leaves []byte
	_, err := ledger.ScanEpoch(ctx, e.Dir, g.Epoch, func(l ledger.Line) error {
		if l.Seq >= g.First && l.Seq < g.First+g.Records {
			leaf := ledger.LeafHash(l.Bytes)
			leaves = append(leaves, leaf[:]...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	folder := filepath.Join(e.Dir, g.Epoch)
	if err := disk.WriteFile(fsys, filepath.Join(folder, ledger.LeavesName(g.First)), leaves); err != nil {
		return fmt.Errorf("leaves of %s: %w", g.Name, err)
	}
	if !g.said {
		hash := sha256.Sum256(leaves)
		_, err := e.Log.Append(ctx, &ledger.Record{Kind: ledger.KindExpired, Time: at, Expired: &ledger.Expired{
			What: ledger.ExpiredSegment, Epoch: g.Epoch, Segment: g.Name, First: g.First, Records: g.Records,
			Hash: base64.StdEncoding.EncodeToString(hash[:]), KeepUntil: KeepUntil(g.Newest, e.Years), By: e.By, Reason: e.Reason,
		}})
		if err != nil {
			return err
		}
		g.said = true
	}
	if err := fsys.Remove(filepath.Join(folder, g.Name)); err != nil {
		return fmt.Errorf("removing %s: %w", g.Name, err)
	}
	return fsys.SyncDir(folder)
}
