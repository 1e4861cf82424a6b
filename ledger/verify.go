package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// VerifyOptions say what to hold a ledger against. All of it is optional; without any
// a ledger is held against itself, which proves nothing against who has its key.
type VerifyOptions struct {
	// Held are signed checkpoints that were kept elsewhere.
	Held [][]byte
	// Key is a verifier key that is known from elsewhere. Only its public key
	// counts: each epoch signs with it under the name of its own log.
	Key string
	// Progress is told now and then how many of the ledger's bytes were read.
	Progress func(done, total int64)
}

// Verify reads the whole ledger in dir and reports everything that is not as
// docs/ledger-format.md says. It names the first bad record of each epoch and goes on
// with the next epoch. Memory is bounded by the longest line, the facts of one segment
// and the number of epochs. The error is that of ctx, of reading, or of an option;
// whatever is wrong with the ledger is a [Finding].
func Verify(ctx context.Context, dir string, opt VerifyOptions) (*Report, error) {
	v := &verifier{ctx: ctx, dir: dir, opt: opt, report: new(Report), ends: map[string]treeEnd{}, recovered: map[string]Recovered{}}
	if err := v.options(); err != nil {
		return nil, err
	}
	epochs, err := Epochs(dir)
	if err != nil {
		return nil, err
	}
	if v.total, err = size(dir, epochs); err != nil {
		return nil, err
	}
	for i, epoch := range epochs {
		if err := v.epoch(epoch, i == 0); err != nil {
			return nil, err
		}
	}
	v.missing(epochs)
	v.recoveries()
	v.gaps()
	v.told(true)
	return v.report, nil
}

// verifier is one run.
type verifier struct {
	ctx    context.Context //nolint:containedctx // of the one call of Verify
	dir    string
	opt    VerifyOptions
	public string // of the key that is known from elsewhere; empty if none is
	held   map[string][]heldCheckpoint
	report *Report

	total, done, said int64
	ends              map[string]treeEnd   // as computed
	recovered         map[string]Recovered // as later epochs say
}

// treeEnd is the end of an epoch's tree.
type treeEnd struct {
	size uint64
	root string
	bad  bool // it could not be read to its end
}

// heldCheckpoint is a checkpoint that was kept elsewhere, not yet verified: the key
// is that of its epoch.
type heldCheckpoint struct {
	signed []byte
	Checkpoint
}

func (v *verifier) options() error {
	if v.opt.Key != "" {
		if _, err := note.NewVerifier(v.opt.Key); err != nil {
			return fmt.Errorf("the key is not a verifier key NAME+HASH+KEY: %w", err)
		}
		v.public = publicOf(v.opt.Key)
	}
	v.held = map[string][]heldCheckpoint{}
	for _, signed := range v.opt.Held {
		c, err := parseCheckpoint(string(signed))
		if err != nil {
			return fmt.Errorf("a checkpoint that was kept is none: %w", err)
		}
		epoch := c.Origin[strings.LastIndexByte(c.Origin, '/')+1:]
		v.held[epoch] = append(v.held[epoch], heldCheckpoint{signed, c})
	}
	for _, held := range v.held {
		slices.SortFunc(held, func(a, b heldCheckpoint) int { return cmp.Compare(a.Size, b.Size) })
	}
	return nil
}

// publicOf is the part of a verifier key NAME+HASH+KEY that does not depend on its
// name. It may itself hold plus signs, and the two before it hold none.
func publicOf(key string) string {
	_, rest, _ := strings.Cut(key, "+")
	_, public, _ := strings.Cut(rest, "+")
	return public
}

func size(dir string, epochs []string) (total int64, err error) {
	for _, epoch := range epochs {
		segments, err := Segments(dir, epoch)
		if err != nil {
			return 0, err
		}
		for _, s := range segments {
			info, err := os.Stat(filepath.Join(dir, epoch, s.Name))
			if err != nil {
				return 0, err
			}
			total += info.Size()
		}
	}
	return total, nil
}

// told tells of progress, each 16 MiB.
func (v *verifier) told(end bool) {
	if v.opt.Progress != nil && (end || v.done-v.said >= 16<<20) {
		v.said = v.done
		v.opt.Progress(v.done, max(v.total, v.done))
	}
}

func (v *verifier) find(f Finding) { v.report.Findings = append(v.report.Findings, f) }

// missing names the epochs that somebody has a checkpoint of, and that are not there.
func (v *verifier) missing(epochs []string) {
	for epoch, held := range v.held {
		if !slices.Contains(epochs, epoch) {
			last := held[len(held)-1]
			v.find(Finding{
				Problem: ProblemRemoved, Epoch: epoch, Record: last.Size,
				Text: fmt.Sprintf("the epoch is not there; a checkpoint kept elsewhere says that it had %d records or more", last.Size),
			})
		}
	}
}

// recoveries holds the ends of epochs against the records that say how they ended.
func (v *verifier) recoveries() {
	for i := range v.report.Epochs {
		e := &v.report.Epochs[i]
		end := v.ends[e.Epoch]
		r, said := v.recovered[e.Epoch]
		switch {
		case end.bad:
		case !said && e.How == EndRecovered:
			v.find(Finding{
				Problem: ProblemRemoved, Epoch: e.Epoch, File: EndFile, Record: e.Records,
				Text: "the end file says that the epoch was recovered, and no later record says so",
			})
		case said && r.Size != end.size:
			v.find(Finding{
				Problem: ProblemTruncated, Epoch: e.Epoch, Record: min(r.Size, end.size),
				Text: fmt.Sprintf("its recovered record says %d records, and there are %d", r.Size, end.size),
			})
		case said && r.Root != end.root:
			v.find(Finding{
				Problem: ProblemRewritten, Epoch: e.Epoch, Record: e.Signed,
				Text: fmt.Sprintf("the root is not that of its recovered record: a record from number %d on was changed", e.Signed),
			})
		}
		if said && r.Damaged {
			v.find(Finding{
				Problem: ProblemDamaged, Epoch: e.Epoch, File: r.Segment, Record: r.Size,
				Text: fmt.Sprintf("it was damaged when it was recovered: %d bytes after record %d had been records", r.Torn, r.Size),
			})
		}
	}
}

// gaps finds when no log was alive: epochs may overlap.
func (v *verifier) gaps() {
	var last *EpochReport
	for i := range v.report.Epochs {
		e := &v.report.Epochs[i]
		if e.Records == 0 {
			continue
		}
		if last != nil && e.From.After(last.To) {
			v.report.Gaps = append(v.report.Gaps, Gap{From: last.To, To: e.From, Epoch: last.Epoch, How: last.How})
		}
		if last == nil || e.To.After(last.To) {
			last = e
		}
	}
	slices.SortStableFunc(v.report.Gaps, func(a, b Gap) int { return a.From.Compare(b.From) })
}

// read returns a file of an epoch, or nothing if it is not there.
func (v *verifier) read(epoch, name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Clean(filepath.Join(v.dir, epoch, name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}
