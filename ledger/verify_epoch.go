package ledger

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// epochCheck is the way through one epoch.
type epochCheck struct {
	*verifier
	EpochReport
	r     *epochReader
	first bool // of the ledger
	end   *End
	tree  Tree
	facts map[string]struct{} // of the present segment
	key   note.Verifier       // of the config record; nil without one

	marks  []mark // by size: what the tree must be there
	passed int    // of marks
	good   uint64 // the size of the last mark that held
	broken bool   // one did not: none after it can
	behind bool   // a heartbeat said that the clock went back
}

// mark is the tree as somebody signed or noted it.
type mark struct {
	size  uint64
	root  string
	where string // for people
	file  string
	proof bool // it was kept elsewhere
}

// epoch verifies one epoch.
func (v *verifier) epoch(epoch string, first bool) (err error) {
	c := &epochCheck{verifier: v, EpochReport: EpochReport{Epoch: epoch, How: EndOpen}, first: first, facts: map[string]struct{}{}}
	c.r = &epochReader{dir: v.dir, epoch: epoch, onSegment: func() { clear(c.facts) }, onLeaf: c.leaf}
	defer func() {
		if closeErr := c.r.close(); err == nil {
			err = closeErr
		}
	}()
	if err := c.ended(); err != nil {
		return err
	}
	if err := c.lines(); err != nil {
		return err
	}
	if !c.ends[epoch].bad {
		c.atEnd()
	}
	v.report.Epochs = append(v.report.Epochs, c.EpochReport)
	return nil
}

// ended reads how the epoch ended. The file proves nothing; it says where to stop.
func (c *epochCheck) ended() error {
	end, ok, err := ReadEnd(c.dir, c.Epoch)
	if errors.Is(err, ErrCorrupt) {
		c.found(ProblemDamaged, EndFile, 0, "the end file is not readable; the records are read to the last good one")
		return nil
	}
	if ok {
		c.end, c.How = &end, end.How
	}
	return err
}

func (c *epochCheck) found(p Problem, file string, record uint64, text string, args ...any) {
	c.find(Finding{Problem: p, Epoch: c.Epoch, File: file, Record: record, Text: fmt.Sprintf(text, args...)})
}

// lines reads the records to the end of the epoch, or to the first bad one.
func (c *epochCheck) lines() error {
	defer func() {
		root := c.tree.Root()
		c.ends[c.Epoch] = treeEnd{size: c.tree.Size(), root: root.String(), bad: c.ends[c.Epoch].bad}
	}()
	for c.end == nil || c.tree.Size() < c.end.Size {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		l, err := c.r.line()
		if isEOF(err) {
			return c.runsOut()
		}
		if errors.Is(err, ErrCorrupt) {
			c.bad("record %d is not the one that was written, or records before it were removed", c.r.next)
			return nil
		}
		if err != nil {
			return err
		}
		c.done += int64(len(l.Bytes)) + 1
		c.report.Bytes += int64(len(l.Bytes)) + 1
		c.told(false)
		if err := c.line(l); err != nil {
			return err
		}
	}
	return c.after()
}

// bad ends the way through the epoch.
func (c *epochCheck) bad(text string, args ...any) {
	c.ends[c.Epoch] = treeEnd{bad: true}
	c.found(ProblemDamaged, c.r.segment.Name, c.r.next, text, args...)
}

// runsOut judges where the lines end and the epoch, as far as is known, does not.
func (c *epochCheck) runsOut() error {
	torn, damaged, err := c.r.tail()
	if err != nil {
		return err
	}
	switch {
	case c.end != nil && (torn > 0 || damaged):
		c.bad("record %d is not readable, and the epoch has %d records", c.r.next, c.end.Size)
	case c.end != nil:
		c.ends[c.Epoch] = treeEnd{bad: true}
		c.found(ProblemTruncated, c.r.segment.Name, c.r.next, "the records end after number %d; the end file says %d records", c.r.next, c.end.Size)
	case damaged:
		c.bad("record %d is not readable, and a record after it had been durable", c.r.next)
	default:
		c.Torn = torn
	}
	return nil
}

// after looks what stands behind the end of an epoch.
func (c *epochCheck) after() error {
	c.r.onLeaf = nil
	l, err := c.r.line()
	switch {
	case errors.Is(err, ErrCorrupt), isEOF(err):
		return nil
	case err != nil:
		return err
	}
	// A recovery leaves the lines of a torn batch where they are; a close leaves none.
	if c.How == EndClosed {
		c.found(ProblemAdded, c.r.segment.Name, l.Seq, "records stand after the end of the epoch, which was closed with %d", c.end.Size)
	}
	return nil
}

// leaf is told of each record whose segment has expired.
func (c *epochCheck) leaf(leaf tlog.Hash) {
	c.tree.Append(leaf)
	c.Expired++
	c.Records = c.tree.Size()
	c.reached()
}

// line checks one record and adds it to the tree.
func (c *epochCheck) line(l Line) error {
	c.tree.Append(LeafHash(l.Bytes))
	c.Records = c.tree.Size()
	if !gjson.ValidBytes(l.Bytes) {
		c.content(l, "record %d is not JSON")
	}
	switch l.Kind {
	case KindReleased, KindAborted, KindUnknown, KindIntent, KindRefused:
		switch l.Kind {
		case KindRefused:
			c.Refusals++
		case KindIntent:
		default:
			c.Disclosures++
		}
		c.named(l)
	default:
		if err := c.decoded(l); err != nil {
			return err
		}
	}
	c.time(l)
	c.reached()
	return nil
}

func (c *epochCheck) content(l Line, text string) {
	c.found(ProblemContent, c.r.segment.Name, l.Seq, text, l.Seq)
}

// named checks that the facts that a disclosure names stand before it.
func (c *epochCheck) named(l Line) {
	d := gjson.GetBytes(l.Bytes, "disclosure")
	if !d.IsObject() {
		c.content(l, "record %d has no disclosure")
		return
	}
	missing := false
	has := func(name gjson.Result) {
		if _, ok := c.facts[name.Str]; !ok && name.Str != "" {
			missing = true
		}
	}
	d.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "recipient_fact", "policy_fact":
			has(value)
		case "profiles":
			value.ForEach(func(_, name gjson.Result) bool {
				has(name)
				return true
			})
		}
		return true
	})
	if missing {
		c.content(l, "record %d names a fact that does not stand before it in its segment")
	}
}

// decoded checks the records that are few.
func (c *epochCheck) decoded(l Line) error {
	r, err := l.Record()
	if err != nil {
		c.content(l, "record %d is none of its kind, or a fact is not what its hash says")
		return nil //nolint:nilerr // it is a finding, and the next record may be a good one
	}
	switch {
	case r.Fact != nil:
		c.facts[strings.Clone(r.Hash)] = struct{}{}
	case r.Recovered != nil:
		c.recovered[r.Recovered.Epoch] = *r.Recovered
	case r.Clock != nil:
		c.behind = true
	}
	switch {
	case r.Config != nil && c.Origin == "": // the first may have expired
		return c.config(*r.Config)
	case l.Seq == 0:
		c.content(l, "record %d is no config record, with which an epoch begins")
	}
	return nil
}

// config checks what an epoch says of itself, and takes the marks that its key signed.
func (c *epochCheck) config(cfg Config) error {
	c.Origin = cfg.Origin
	if cfg.Epoch != c.Epoch || !strings.HasSuffix(cfg.Origin, "/"+c.Epoch) {
		c.found(ProblemContent, c.r.segment.Name, 0, "the first record is that of epoch %s", cfg.Epoch)
	}
	switch p := cfg.Previous; {
	case p == nil:
	case c.ends[p.Epoch] == treeEnd{}:
		c.found(ProblemRemoved, "", 0, "the epoch before it, %s with %d records, is not there", p.Epoch, p.Size)
	case c.ends[p.Epoch].bad: // it has its own finding
	case c.ends[p.Epoch].size != p.Size:
		c.found(ProblemTruncated, "", 0, "the epoch before it, %s, had %d records when this one began, and has %d", p.Epoch, p.Size, c.ends[p.Epoch].size)
	case c.ends[p.Epoch].root != p.Root:
		c.found(ProblemRewritten, "", 0, "the epoch before it, %s, had another root when this one began: one of its %d records was changed", p.Epoch, p.Size)
	}
	if cfg.Key != "" {
		key, err := note.NewVerifier(cfg.Key)
		if err != nil || key.Name() != cfg.Origin {
			c.found(ProblemKey, c.r.segment.Name, 0, "the key of its checkpoints is none, or has another name than the log")
		}
		c.key = key
	}
	if c.public != "" && publicOf(cfg.Key) != c.public {
		c.found(ProblemKey, c.r.segment.Name, 0, "its checkpoints are signed with another key than the one given")
	}
	return c.marked()
}

// marked gathers what the tree must be, and at which sizes.
func (c *epochCheck) marked() error {
	all, err := c.read(c.Epoch, CheckpointsFile)
	if err != nil {
		return err
	}
	for _, signed := range splitCheckpoints(all) {
		c.mark(signed, CheckpointsFile, "a checkpoint of its own", false)
	}
	newest, err := c.read(c.Epoch, CheckpointFile)
	if err != nil {
		return err
	}
	switch {
	case newest != nil:
		c.mark(newest, CheckpointFile, "the newest checkpoint", false)
	case c.key != nil && c.How == EndClosed:
		c.found(ProblemRemoved, CheckpointFile, 0, "the checkpoint of the close is missing")
	}
	for _, held := range c.held[c.Epoch] {
		c.mark(held.signed, "", "a checkpoint kept elsewhere", true)
	}
	slices.SortStableFunc(c.marks, func(a, b mark) int { return cmp.Compare(a.size, b.size) })
	return nil
}

func (c *epochCheck) mark(signed []byte, file, where string, proof bool) {
	if c.key == nil {
		c.found(ProblemSignature, file, 0, "there is %s, and its first record names no key", where)
		return
	}
	checkpoint, err := OpenCheckpoint(signed, c.key)
	if err != nil {
		c.found(ProblemSignature, file, 0, "%s is not signed with the key of its first record", where)
		return
	}
	c.Signed = max(c.Signed, checkpoint.Size)
	c.marks = append(c.marks, mark{checkpoint.Size, checkpoint.Root.String(), where, file, proof})
}

// reached compares the tree with the marks of its present size.
func (c *epochCheck) reached() {
	for ; c.passed < len(c.marks) && c.marks[c.passed].size <= c.tree.Size(); c.passed++ {
		m := c.marks[c.passed]
		if c.broken || m.size < c.tree.Size() {
			continue
		}
		root := c.tree.Root()
		if root.String() == m.root {
			c.good = m.size
			continue
		}
		c.broken = true
		c.found(ProblemRewritten, m.file, c.good, "%s of %d records has another root: one of the records %d to %d was changed, added or removed",
			m.where, m.size, c.good, m.size-1)
	}
}

// atEnd compares the whole with what was said of it.
func (c *epochCheck) atEnd() {
	size, root := c.tree.Size(), c.tree.Root()
	if size == 0 && c.end == nil {
		return // it has just begun, or crashed at once
	}
	if c.passed < len(c.marks) {
		m := c.marks[len(c.marks)-1]
		c.found(ProblemTruncated, m.file, size, "%s says %d records, and there are %d: the last %d are missing", m.where, m.size, size, m.size-size)
		c.broken = true
	}
	switch {
	case c.end == nil || c.broken:
	case c.end.Root != root:
		c.found(ProblemRewritten, EndFile, c.good, "the end file has another root: it, or one of the records from %d on, was changed", c.good)
	case c.How == EndClosed && c.key != nil && c.Signed < size && len(c.marks) > 0:
		c.found(ProblemRemoved, CheckpointFile, c.Signed, "the checkpoint of the close is missing: the newest one has %d of %d records", c.Signed, size)
	}
}

// time checks that it does not go back without a word.
func (c *epochCheck) time(l Line) {
	at, ok := l.Time()
	if !ok {
		c.content(l, "record %d has no time")
		return
	}
	if c.From.IsZero() {
		c.From, c.To = at, at
		return
	}
	if at.Before(c.To.Add(-ClockTolerance)) && !c.behind {
		c.found(ProblemTime, c.r.segment.Name, l.Seq, "record %d is %v older than one before it, and no heartbeat says that the clock went back",
			l.Seq, c.To.Sub(at).Round(time.Millisecond))
		c.behind = true // once is enough
	}
	if at.Sub(c.To) > DefaultGap {
		c.report.Gaps = append(c.report.Gaps, Gap{From: c.To, To: at, Epoch: c.Epoch})
	}
	if at.After(c.To) {
		c.To = at
	}
}

// splitCheckpoints cuts signed checkpoints that stand one after the other, an empty
// line after each. What a crash has cut off at the end is passed over.
func splitCheckpoints(b []byte) (all [][]byte) {
	for len(b) > 0 {
		// The text ends at the first empty line, the signatures at the second.
		text := bytes.Index(b, []byte("\n\n"))
		if text < 0 {
			return all
		}
		signatures := bytes.Index(b[text+2:], []byte("\n\n"))
		if signatures < 0 {
			return all
		}
		end := text + 2 + signatures + 1
		all = append(all, b[:end])
		b = b[end+1:]
	}
	return all
}
