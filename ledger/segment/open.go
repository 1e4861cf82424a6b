package segment

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// newPrefix begins the name of an epoch's folder until its lock is held: nobody
// may take a folder without a lock for an epoch whose process died.
const newPrefix = ".new-"

// staleAfter is the age at which a folder that never became an epoch is removed.
const staleAfter = time.Minute

// Open begins a new epoch of the ledger in opt.Dir. Earlier epochs that ended
// without a close are recovered: what survived of them is read, and a recovered
// record says what that is. Open does not wait for another process's epoch. Its
// errors match [ledger.ErrUnavailable], or are those of ctx.
func Open(ctx context.Context, opt Options) (*Log, error) {
	l, err := open(ctx, opt.withDefaults())
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: opening: %w", ledger.ErrUnavailable, err)
	}
	return l, nil
}

func open(ctx context.Context, opt Options) (*Log, error) {
	if err := disk.MkdirAll(opt.Dir); err != nil {
		return nil, err
	}
	removeStale(opt)
	found, err := findEpochs(ctx, opt)
	defer found.release()
	if err != nil {
		return nil, err
	}
	l, err := begin(opt, found)
	if err != nil {
		return nil, err
	}
	if err := l.recover(ctx, found); err != nil {
		return nil, errors.Join(err, l.Close(context.WithoutCancel(ctx)))
	}
	l.adoptLater(found.live)
	return l, nil
}

// begin makes the new epoch's folder, starts its committer and appends its
// config record.
func begin(opt Options, found *epochs) (*Log, error) {
	l := &Log{
		opt: opt, recent: recent{max: opt.Recent}, committed: make(chan struct{}), closed: make(chan struct{}), stopAdopting: func() {},
		latest: found.latest, hangs: make(chan struct{}), stop: make(chan struct{}),
	}
	l.wake.L = &l.mu
	l.epoch = newID(opt.Clock(), found.newest)
	l.folder = filepath.Join(opt.Dir, l.epoch)
	l.config = ledger.Config{
		Format: ledger.Format, Origin: opt.Origin + "/" + l.epoch, Epoch: l.epoch, Instance: opt.Instance,
		Version: opt.Version, Revision: opt.Revision, Hash: opt.ConfigHash, Previous: found.previous,
	}
	if opt.Key != nil {
		var err error
		if l.signer, l.config.Key, err = ledger.NewCheckpointSigner(l.config.Origin, opt.Key); err != nil {
			return nil, err
		}
	}
	if err := l.makeFolder(); err != nil {
		return nil, err
	}
	l.watch = time.AfterFunc(opt.Timeout, l.hang)
	l.watch.Stop()
	go l.run()
	config := l.config
	if err := l.appendOwn(&ledger.Record{Kind: ledger.KindConfig, Config: &config}); err != nil {
		return nil, errors.Join(err, l.Close(context.Background()))
	}
	// Only now, because the config record is the first.
	l.beside.Go(func() { l.keepBeating(l.stop) })
	if l.signer != nil {
		l.beside.Go(func() { l.writer.keepSigning(l.stop) })
	}
	return l, nil
}

// makeFolder makes the epoch with its lock held and its first segment filled,
// and only then gives it its name.
func (l *Log) makeFolder() (err error) {
	temp := filepath.Join(l.opt.Dir, newPrefix+l.epoch)
	if err := l.opt.fs.Mkdir(temp); err != nil {
		return err
	}
	if l.lock, err = disk.TryLock(filepath.Join(temp, ledger.LockFile)); err != nil {
		return err
	}
	s, err := createSegment(l.opt.fs, filepath.Join(temp, ledger.SegmentName(0)), min(DefaultFirstSegment, l.opt.SegmentSize))
	if err != nil {
		return errors.Join(err, l.lock.Unlock())
	}
	err = l.opt.fs.SyncDir(temp)
	if err == nil {
		err = l.opt.fs.Rename(temp, l.folder)
	}
	if err == nil {
		err = l.opt.fs.SyncDir(l.opt.Dir)
	}
	if err != nil {
		return errors.Join(err, s.Close(), l.lock.Unlock())
	}
	s.path = filepath.Join(l.folder, filepath.Base(s.path))
	l.writer = writer{
		log: l, current: s, known: map[string]struct{}{}, intents: map[string]*item{},
		begun: l.opt.Clock(), latest: l.latest, sign: make(chan struct{}, 1),
	}
	l.writer.prepare()
	return nil
}

// appendOwn appends a record of the log itself, whatever happens to the request
// that the log was opened by.
func (l *Log) appendOwn(r *ledger.Record) error {
	r.Time = l.now()
	_, err := l.Append(context.Background(), r)
	return err
}

// newID returns a UUIDv7. Given the newest epoch there is, it sorts after it, also
// when the clock went back.
func newID(now time.Time, newest string) string {
	ms := uint64(max(now.UnixMilli(), 0))
	if newest != "" {
		ms = max(ms, epochMillis(newest)+1)
	}
	var id uuid.UUID
	// Never fails: crypto/rand ends the process instead.
	_, _ = rand.Read(id[:])
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], ms)
	copy(id[:6], stamp[2:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// epochMillis returns the time in an epoch's id.
func epochMillis(epoch string) uint64 {
	id, err := uuid.Parse(epoch)
	if err != nil {
		return 0
	}
	var stamp [8]byte
	copy(stamp[2:], id[:6])
	return binary.BigEndian.Uint64(stamp[:])
}

// removeStale removes folders that a crash left before they became epochs.
func removeStale(opt Options) {
	entries, err := os.ReadDir(opt.Dir)
	if err != nil {
		return // findEpochs reports it
	}
	limit := opt.Clock().Add(-staleAfter).UnixMilli()
	for _, e := range entries {
		id, ok := strings.CutPrefix(e.Name(), newPrefix)
		if !ok || int64(epochMillis(id)) > limit { //nolint:gosec // 48 bits
			continue
		}
		path := filepath.Join(opt.Dir, e.Name())
		lock, err := disk.TryLock(filepath.Join(path, ledger.LockFile))
		if err != nil {
			continue
		}
		if err := errors.Join(os.RemoveAll(path), lock.Unlock()); err != nil {
			opt.OnError(fmt.Errorf("removing unfinished epoch: %w", err))
		}
	}
}

// writeEnd makes the end of an epoch known to readers.
func writeEnd(fsys disk.FS, folder string, end ledger.End) error {
	b, err := json.Marshal(end)
	if err != nil {
		return fmt.Errorf("encoding end of epoch: %w", err)
	}
	if err := disk.WriteFile(fsys, filepath.Join(folder, ledger.EndFile), append(b, '\n')); err != nil {
		return fmt.Errorf("end of epoch: %w", err)
	}
	return nil
}

// statesOf is never nil: nil means that nobody looked.
func statesOf(s *ledger.States) []ledger.Snapshot {
	if list := s.List(); list != nil {
		return list
	}
	return []ledger.Snapshot{}
}

// removePrepared removes the segment of zeros that a crash left in an epoch.
func removePrepared(opt Options, epoch string) {
	err := opt.fs.Remove(filepath.Join(opt.Dir, epoch, nextFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		opt.OnError(fmt.Errorf("removing unused segment: %w", err))
	}
}
