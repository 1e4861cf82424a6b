package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/modicum-dev/modicum/ledger"
)

// witness remembers what a log acknowledged, and holds it against what a ledger
// says later.
type witness struct {
	mu    sync.Mutex
	acked []acked
	ids   int // disclosures that were begun
}

// acked is an append that returned nil.
type acked struct {
	id      string
	kind    ledger.Kind
	receipt ledger.Receipt
}

// next returns the number of a new disclosure.
func (w *witness) next() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids++
	return w.ids
}

func (w *witness) append(ctx context.Context, l *Log, r *ledger.Record) error {
	receipt, err := l.Append(ctx, r)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acked = append(w.acked, acked{id: r.Disclosure.ID, kind: r.Kind, receipt: receipt})
	return nil
}

// verdict counts what was found wrong, over many ledgers.
type verdict struct {
	lost     int // acknowledged records that are not there
	rejected int // ledgers with something that a reader rejects, or that contradict themselves
}

// judge opens the ledger in dir as the next process does, closes it, and holds it
// against the witness. What is wrong is reported under the name what.
func (v *verdict) judge(t *testing.T, what, dir string, w *witness) {
	t.Helper()
	// OnError is called from any goroutine, and Close waits for them all.
	var mu sync.Mutex
	var damage error
	opt := Options{Dir: dir, SegmentSize: 16 << 10, Key: testKey, OnError: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if errors.Is(err, ledger.ErrCorrupt) {
			damage = err
		}
	}}
	next, err := Open(t.Context(), opt)
	if err != nil {
		v.rejected++
		t.Errorf("%s: opening the ledger afterwards: %v", what, err)
		return
	}
	if err := w.append(t.Context(), next, released(w.next())); err != nil {
		t.Errorf("%s: appending afterwards: %v", what, err)
	}
	closeLog(t, next)
	entries, wrong := replay(t.Context(), dir)
	wrong = append(wrong, contradictions(dir, entries)...)
	if damage != nil {
		wrong = append(wrong, fmt.Errorf("something was taken for damage: %w", damage))
	}
	if len(wrong) > 0 {
		v.rejected++
		t.Errorf("%s: the ledger is wrong: %v", what, errors.Join(wrong...))
	}
	if lost := w.missing(entries); len(lost) > 0 {
		v.lost += len(lost)
		t.Errorf("%s: %d records were acknowledged and are not there: %+v", what, len(lost), lost)
	}
}

// missing returns what was acknowledged and is not in the ledger, at its place and
// with its hash.
func (w *witness) missing(entries []ledger.Entry) []acked {
	found := map[ledger.Receipt]acked{}
	for _, e := range entries {
		if e.Disclosure != nil {
			found[e.Receipt] = acked{id: e.Disclosure.ID, kind: e.Kind, receipt: e.Receipt}
		}
	}
	var lost []acked
	for _, a := range w.acked {
		if found[a.receipt] != a {
			lost = append(lost, a)
		}
	}
	return lost
}

// replay reads the ledger as everybody reads it.
func replay(ctx context.Context, dir string) (entries []ledger.Entry, wrong []error) {
	r, err := ledger.OpenReader(dir)
	if err != nil {
		return nil, []error{err}
	}
	defer func() { wrong = append(wrong, noError(r.Close())...) }()
	for at := (ledger.Cursor{}); ; {
		e, to, err := r.Next(ctx, at)
		if errors.Is(err, io.EOF) {
			return entries, wrong
		}
		if err != nil {
			return entries, append(wrong, err)
		}
		if e.Disclosure != nil {
			wrong = append(wrong, explained(r, &e)...)
		}
		e.Line = nil
		entries = append(entries, e)
		at = to
	}
}

func noError(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}

// explained checks that every fact that a record names stands before it.
func explained(r *ledger.FolderReader, e *ledger.Entry) (wrong []error) {
	names := []string{e.Disclosure.RecipientFact, e.Disclosure.PolicyFact}
	for _, s := range e.Disclosure.Subjects {
		names = append(names, s.Profile)
	}
	for _, name := range names {
		if f, ok := r.Fact(name); !ok || f.Hash != ledger.FactHash(f.Kind, f.JSON) {
			wrong = append(wrong, fmt.Errorf("%s record %d names a fact that is not there", e.Epoch, e.Seq))
		}
	}
	return wrong
}

// contradictions checks what the records of a ledger say of each other.
func contradictions(dir string, entries []ledger.Entry) (wrong []error) {
	c := &contradiction{trees: map[string]*grownTree{}, recovered: map[string]int{}, open: map[string]bool{}, unknown: map[string]int{}}
	for i := range entries {
		c.add(&entries[i])
	}
	epochs, err := ledger.Epochs(dir)
	wrong = append(c.wrong, noError(err)...)
	for _, epoch := range epochs {
		wrong = append(wrong, c.ends(dir, epoch)...)
	}
	for id := range c.open {
		wrong = append(wrong, fmt.Errorf("intent %s has no end", id))
	}
	return wrong
}

type contradiction struct {
	wrong     []error
	trees     map[string]*grownTree
	recovered map[string]int  // records, by the epoch that they are about
	open      map[string]bool // intents without an end
	unknown   map[string]int  // records, by intent
}

// grownTree is the tree of an epoch with all the roots that it had.
type grownTree struct {
	tree  ledger.Tree
	roots []tlog.Hash // by size
	key   string      // that checks its checkpoints
}

func newGrownTree() *grownTree {
	g := new(grownTree)
	g.roots = append(g.roots, g.tree.Root())
	return g
}

func (g *grownTree) had(size uint64, root tlog.Hash) bool {
	return size < uint64(len(g.roots)) && g.roots[size] == root
}

func (c *contradiction) tree(epoch string) *grownTree {
	if c.trees[epoch] == nil {
		c.trees[epoch] = newGrownTree()
	}
	return c.trees[epoch]
}

func (c *contradiction) say(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Errorf(format, args...))
}

// whole compares what is said of an epoch with all of its records.
func (c *contradiction) whole(what, epoch string, size uint64, root string) {
	g := c.tree(epoch)
	if h, err := tlog.ParseHash(root); err != nil || size != g.tree.Size() || h != g.tree.Root() {
		c.say("%s says %d records of epoch %s, it has %d", what, size, epoch, g.tree.Size())
	}
}

func (c *contradiction) add(e *ledger.Entry) {
	g := c.tree(e.Epoch)
	g.tree.Append(e.Leaf)
	g.roots = append(g.roots, g.tree.Root())
	switch {
	case (e.Kind == ledger.KindConfig) != (e.Seq == 0):
		c.say("record %d of epoch %s is %s", e.Seq, e.Epoch, e.Kind)
	case e.Config != nil:
		g.key = e.Config.Key
		if p := e.Config.Previous; p != nil {
			c.whole("the next epoch", p.Epoch, p.Size, p.Root)
		}
	case e.Recovered != nil:
		if c.recovered[e.Recovered.Epoch]++; c.recovered[e.Recovered.Epoch] > 1 {
			c.say("epoch %s has two recovered records", e.Recovered.Epoch)
		}
		if e.Recovered.Damaged {
			c.say("epoch %s is called damaged", e.Recovered.Epoch)
		}
		c.whole("the recovered record", e.Recovered.Epoch, e.Recovered.Size, e.Recovered.Root)
	case e.Kind == ledger.KindIntent:
		c.open[e.Disclosure.ID] = true
	case e.Disclosure != nil:
		if e.Kind == ledger.KindUnknown {
			if c.unknown[e.Disclosure.Of]++; c.unknown[e.Disclosure.Of] > 1 || !c.open[e.Disclosure.Of] {
				c.say("intent %s is called unknown and has another end", e.Disclosure.Of)
			}
		}
		delete(c.open, e.Disclosure.ID)
		delete(c.open, e.Disclosure.Of)
	}
}

// ends compares what the files of an epoch say with its records.
func (c *contradiction) ends(dir, epoch string) []error {
	c.wrong = nil
	end, ended, err := ledger.ReadEnd(dir, epoch)
	if err != nil || !ended {
		c.say("epoch %s has no end: %w", epoch, err)
	} else {
		c.whole("the end", epoch, end.Size, end.Root.String())
	}
	signed, err := os.ReadFile(filepath.Join(dir, epoch, ledger.CheckpointFile))
	if errors.Is(err, os.ErrNotExist) {
		return c.wrong
	}
	g := c.tree(epoch)
	verifier, failed := note.NewVerifier(g.key)
	if err = errors.Join(err, failed); err != nil {
		c.say("the checkpoint of epoch %s: %w", epoch, err)
		return c.wrong
	}
	if point, err := ledger.OpenCheckpoint(signed, verifier); err != nil || !g.had(point.Size, point.Root) {
		c.say("the checkpoint of epoch %s is of other records: %w", epoch, err)
	}
	return c.wrong
}
