package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/segment"
)

var (
	ownKey   = ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))
	otherKey = ed25519.NewKeyFromSeed([]byte("fedcba9876543210fedcba9876543210"))
)

const origin = "example.org/ledger"

// written is a ledger on disk.
type written struct {
	dir    string
	epochs []string
}

func openLog(t *testing.T, dir string) *segment.Log {
	t.Helper()
	l, err := segment.Open(t.Context(), segment.Options{Dir: dir, Origin: origin, Key: ownKey, SegmentSize: 4 << 10})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closeLog(t *testing.T, l *segment.Log) {
	t.Helper()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// write makes a ledger with an epoch for each number, of so many disclosures.
func write(t *testing.T, disclosures ...int) written {
	t.Helper()
	w := written{dir: filepath.Join(t.TempDir(), "ledger")}
	for _, n := range disclosures {
		l := openLog(t, w.dir)
		add(t, l, n)
		closeLog(t, l)
		w.epochs = append(w.epochs, l.Epoch())
	}
	return w
}

func add(t *testing.T, l *segment.Log, n int) {
	t.Helper()
	fact, err := ledger.NewFact(ledger.KindPolicy, ledger.PolicyFact{Bundle: "6b1d0f3c", RulePack: "1", Signature: "unsigned", Controller: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		now := time.Now()
		d := &ledger.Disclosure{
			ID: fmt.Sprintf("0193578a-9c00-7000-8000-%012d", i), Received: now, Recipient: "support-desk", Outcome: ledger.Disclosed, Status: 200,
			Bytes: 4711, PolicyFact: fact.Hash, Resource: ledger.Resource{Route: "GET /v1/customers", Method: "GET"},
		}
		if _, err := l.Append(t.Context(), &ledger.Record{Kind: ledger.KindReleased, Time: now, Disclosure: d, Uses: []*ledger.Fact{fact}}); err != nil {
			t.Fatal(err)
		}
	}
}

func (w written) path(epoch int, name string) string {
	return filepath.Join(w.dir, w.epochs[epoch], name)
}

func (w written) file(t *testing.T, epoch int, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(w.path(epoch, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w written) put(t *testing.T, epoch int, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(w.path(epoch, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w written) segments(t *testing.T, epoch int) []ledger.Segment {
	t.Helper()
	s, err := ledger.Segments(w.dir, w.epochs[epoch])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w written) verify(t *testing.T, opt ledger.VerifyOptions) *ledger.Report {
	t.Helper()
	r, err := ledger.Verify(t.Context(), w.dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w written) held(t *testing.T, epoch int) ledger.VerifyOptions {
	t.Helper()
	return ledger.VerifyOptions{Held: [][]byte{w.file(t, epoch, ledger.CheckpointFile)}}
}

// rewrite replaces text in the lines of a segment and makes their checksums fit.
func (w written) rewrite(t *testing.T, epoch int, name string, change func(lines [][]byte) [][]byte) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSuffix(w.file(t, epoch, name), []byte("\n")), []byte("\n"))
	w.put(t, epoch, name, append(bytes.Join(change(lines), []byte("\n")), '\n'))
}

func replaced(t *testing.T, line []byte, from, to string) []byte {
	t.Helper()
	l, err := ledger.ParseLine(line)
	if err != nil {
		t.Fatal(err)
	}
	body := line[bytes.Index(line, []byte(`"kind"`)):]
	if !bytes.Contains(body, []byte(from)) {
		t.Fatalf("no %s in %s", from, line)
	}
	return bytes.TrimSuffix(ledger.AppendLine(nil, l.Seq, l.Sync, bytes.Replace(body, []byte(from), []byte(to), 1)), []byte("\n"))
}

// resign makes end and checkpoints of an epoch fit its lines, as who has a key can.
func (w written) resign(t *testing.T, epoch int, key ed25519.PrivateKey) {
	t.Helper()
	tail, err := ledger.ScanEpoch(t.Context(), w.dir, w.epochs[epoch], func(ledger.Line) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	name := origin + "/" + w.epochs[epoch]
	signer, _, err := ledger.NewCheckpointSigner(name, key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := ledger.Checkpoint{Origin: name, Size: tail.Tree.Size(), Root: tail.Tree.Root()}.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	w.put(t, epoch, ledger.CheckpointFile, signed)
	w.put(t, epoch, ledger.CheckpointsFile, append(signed, '\n'))
	end, err := json.Marshal(ledger.End{How: ledger.EndClosed, Size: tail.Tree.Size(), Root: tail.Tree.Root()})
	if err != nil {
		t.Fatal(err)
	}
	w.put(t, epoch, ledger.EndFile, end)
}

func verifierKey(t *testing.T, key ed25519.PrivateKey) string {
	t.Helper()
	_, v, err := ledger.NewCheckpointSigner("anything", key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A ledger that nobody touched has no finding: closed, being written, and crashed and
// recovered.
func TestVerifyUntouched(t *testing.T) {
	t.Parallel()
	w := write(t, 30, 3)
	opt := w.held(t, 0)
	opt.Key = verifierKey(t, ownKey)
	r := w.verify(t, opt)
	if len(r.Findings) > 0 || len(r.Epochs) != 2 || r.Epochs[0].Disclosures != 30 || r.Epochs[0].Signed != r.Epochs[0].Records {
		t.Errorf("%+v", r)
	}
	if len(w.segments(t, 0)) < 3 {
		t.Errorf("%d segments", len(w.segments(t, 0)))
	}
	l := openLog(t, w.dir)
	add(t, l, 5)
	if r := w.verify(t, opt); len(r.Findings) > 0 || r.Epochs[2].How != ledger.EndOpen || r.Epochs[2].Disclosures != 5 {
		t.Errorf("while it is written: %+v", r)
	}
	crashed := written{dir: filepath.Join(t.TempDir(), "crashed"), epochs: append(w.epochs, l.Epoch())}
	if err := os.CopyFS(crashed.dir, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	last := crashed.segments(t, 2)
	name := last[len(last)-1].Name
	b := crashed.file(t, 2, name)
	at := bytes.IndexByte(b, 0)
	copy(b[at:], `{"crc":"00000000","se`)
	crashed.put(t, 2, name, b)
	l = openLog(t, crashed.dir)
	closeLog(t, l)
	if r := crashed.verify(t, opt); len(r.Findings) > 0 || r.Epochs[2].How != ledger.EndRecovered {
		t.Errorf("recovered: %+v", r)
	}
}

// Each tampering is named for what it is.
func TestVerifyNamesTampering(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		tamper  func(t *testing.T, w written)
		held    bool // with a checkpoint that was kept elsewhere
		key     bool // with a key that is known from elsewhere
		problem ledger.Problem
		text    string // part of the first finding
	}{
		{name: "a record removed", tamper: func(t *testing.T, w written) {
			t.Helper()
			w.rewrite(t, 0, w.segments(t, 0)[0].Name, func(l [][]byte) [][]byte { return append(l[:3:3], l[4:]...) })
		}, problem: ledger.ProblemDamaged, text: "record 3 is not the one that was written, or records before it were removed"},
		{name: "two records swapped", tamper: func(t *testing.T, w written) {
			t.Helper()
			w.rewrite(t, 0, w.segments(t, 0)[0].Name, func(l [][]byte) [][]byte { l[2], l[3] = l[3], l[2]; return l })
		}, problem: ledger.ProblemDamaged, text: "record 2 is not the one that was written"},
		{name: "a record inserted", tamper: func(t *testing.T, w written) {
			t.Helper()
			w.rewrite(t, 0, w.segments(t, 0)[0].Name, func(l [][]byte) [][]byte { return append(l[:3:3], l[2:]...) })
		}, problem: ledger.ProblemDamaged, text: "record 3 is not the one that was written"},
		{name: "a record edited, checksum recomputed", tamper: func(t *testing.T, w written) {
			t.Helper()
			w.rewrite(t, 0, w.segments(t, 0)[0].Name, func(l [][]byte) [][]byte {
				l[4] = replaced(t, l[4], "support-desk", "other-desk")
				return l
			})
		}, problem: ledger.ProblemRewritten, text: "was changed, added or removed"},
		{name: "a fact changed", tamper: func(t *testing.T, w written) {
			t.Helper()
			w.rewrite(t, 0, w.segments(t, 0)[0].Name, func(l [][]byte) [][]byte {
				l[1] = replaced(t, l[1], "6b1d0f3c", "6b1d0f3d")
				return l
			})
		}, problem: ledger.ProblemContent, text: "record 1 is none of its kind, or a fact is not what its hash says"},
		{name: "the end cut off", tamper: func(t *testing.T, w written) {
			t.Helper()
			s := w.segments(t, 0)
			w.rewrite(t, 0, s[len(s)-1].Name, func(l [][]byte) [][]byte { return l[:len(l)-1] })
		}, problem: ledger.ProblemTruncated, text: "the end file says"},
		{name: "the end cut off and the end file adjusted", tamper: func(t *testing.T, w written) {
			t.Helper()
			checkpoint, all := w.file(t, 0, ledger.CheckpointFile), w.file(t, 0, ledger.CheckpointsFile)
			s := w.segments(t, 0)
			w.rewrite(t, 0, s[len(s)-1].Name, func(l [][]byte) [][]byte { return l[:len(l)-1] })
			w.resign(t, 0, otherKey)
			w.put(t, 0, ledger.CheckpointFile, checkpoint)
			w.put(t, 0, ledger.CheckpointsFile, all)
		}, problem: ledger.ProblemTruncated, text: "the last 1 are missing"},
		{name: "a middle segment removed", tamper: func(t *testing.T, w written) {
			t.Helper()
			if err := os.Remove(w.path(0, w.segments(t, 0)[1].Name)); err != nil {
				t.Fatal(err)
			}
		}, problem: ledger.ProblemDamaged, text: "records before it were removed"},
		{name: "an epoch removed", tamper: func(t *testing.T, w written) {
			t.Helper()
			if err := os.RemoveAll(w.path(0, "")); err != nil {
				t.Fatal(err)
			}
		}, problem: ledger.ProblemRemoved, text: "is not there"},
		{name: "the newest epoch removed", held: true, tamper: func(t *testing.T, w written) {
			t.Helper()
			if err := os.RemoveAll(w.path(1, "")); err != nil {
				t.Fatal(err)
			}
		}, problem: ledger.ProblemRemoved, text: "a checkpoint kept elsewhere says that it had"},
		{name: "all signed again with the ledger's own key", held: true, tamper: func(t *testing.T, w written) {
			t.Helper()
			w.rewrite(t, 1, w.segments(t, 1)[0].Name, func(l [][]byte) [][]byte {
				l[2] = replaced(t, l[2], "support-desk", "other-desk")
				return l
			})
			w.resign(t, 1, ownKey)
		}, problem: ledger.ProblemRewritten, text: "a checkpoint kept elsewhere of"},
		{name: "rolled back and signed again", held: true, tamper: func(t *testing.T, w written) {
			t.Helper()
			s := w.segments(t, 1)
			w.rewrite(t, 1, s[len(s)-1].Name, func(l [][]byte) [][]byte { return l[:len(l)-1] })
			w.resign(t, 1, ownKey)
		}, problem: ledger.ProblemTruncated, text: "a checkpoint kept elsewhere says"},
		{name: "signed again with another key", tamper: func(t *testing.T, w written) {
			t.Helper()
			w.resign(t, 1, otherKey)
		}, problem: ledger.ProblemSignature, text: "is not signed with the key of its first record"},
		{name: "signed again with another key that it names", key: true, tamper: func(t *testing.T, w written) {
			t.Helper()
			name := origin + "/" + w.epochs[1]
			_, own, err := ledger.NewCheckpointSigner(name, ownKey)
			if err != nil {
				t.Fatal(err)
			}
			_, other, err := ledger.NewCheckpointSigner(name, otherKey)
			if err != nil {
				t.Fatal(err)
			}
			w.rewrite(t, 1, w.segments(t, 1)[0].Name, func(l [][]byte) [][]byte {
				l[0] = replaced(t, l[0], own, other)
				return l
			})
			w.resign(t, 1, otherKey)
		}, problem: ledger.ProblemKey, text: "another key than the one given"},
		{name: "the end file changed", tamper: func(t *testing.T, w written) {
			t.Helper()
			b := w.file(t, 1, ledger.EndFile)
			w.put(t, 1, ledger.EndFile, bytes.Replace(b, []byte(`"root":"`), []byte(`"root":"A`), 1))
		}, problem: ledger.ProblemDamaged, text: "the end file is not readable"},
		{name: "the checkpoints removed", tamper: func(t *testing.T, w written) {
			t.Helper()
			if err := os.Remove(w.path(1, ledger.CheckpointFile)); err != nil {
				t.Fatal(err)
			}
		}, problem: ledger.ProblemRemoved, text: "the checkpoint of the close is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := write(t, 30, 3)
			var opt ledger.VerifyOptions
			if tt.held {
				opt = w.held(t, 1)
			}
			if tt.key {
				opt.Key = verifierKey(t, ownKey)
			}
			tt.tamper(t, w)
			r := w.verify(t, opt)
			if len(r.Findings) == 0 {
				t.Fatal("nothing was found")
			}
			if f := r.Findings[0]; f.Problem != tt.problem || !strings.Contains(f.Text, tt.text) {
				t.Errorf("first of %d: %v", len(r.Findings), f)
			}
			if tt.held {
				if r := w.verify(t, ledger.VerifyOptions{}); len(r.Findings) > 0 {
					t.Errorf("found without the checkpoint: %v", r.Findings)
				}
			}
		})
	}
}

// Every single bit of the records counts, and the record that it is of is named.
func TestVerifyEveryBit(t *testing.T) {
	t.Parallel()
	w := write(t, 1)
	name := w.segments(t, 0)[0].Name
	b := w.file(t, 0, name)
	record := uint64(0)
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			w.put(t, 0, name, b)
			b[i] ^= 1 << bit
			r := w.verify(t, ledger.VerifyOptions{})
			if len(r.Findings) == 0 || r.Findings[0].Record != record || r.Findings[0].Problem != ledger.ProblemDamaged {
				t.Fatalf("byte %d bit %d of record %d: %v", i, bit, record, r.Findings)
			}
		}
		if b[i] == '\n' {
			record++
		}
	}
}

// An interval in which no log was alive is told, and how the one before ended.
func TestVerifyGaps(t *testing.T) {
	t.Parallel()
	w := write(t, 1)
	time.Sleep(5 * time.Millisecond)
	l := openLog(t, w.dir)
	closeLog(t, l)
	r := w.verify(t, ledger.VerifyOptions{})
	if len(r.Gaps) != 1 || r.Gaps[0].Epoch != w.epochs[0] || r.Gaps[0].How != ledger.EndClosed || !r.Gaps[0].To.After(r.Gaps[0].From) {
		t.Errorf("gaps %+v", r.Gaps)
	}
}

// BenchmarkVerify reads a ledger of some MiB.
func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir()
	l, err := segment.Open(b.Context(), segment.Options{Dir: dir, Origin: origin, Key: ownKey})
	if err != nil {
		b.Fatal(err)
	}
	d := ledger.Disclosure{
		ID: "0193578a-9c00-7000-8000-000000000001", Recipient: "support-desk", Outcome: ledger.Disclosed, Status: 200, Trace: strings.Repeat("0", 500),
		Resource: ledger.Resource{Route: "GET /v1/customers", Method: "GET"},
	}
	for range 64 {
		b.StopTimer()
		done := make(chan error, 64)
		for range cap(done) {
			go func() {
				_, err := l.Append(b.Context(), &ledger.Record{Kind: ledger.KindReleased, Disclosure: &d})
				done <- err
			}()
		}
		for range cap(done) {
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := l.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
	for b.Loop() {
		r, err := ledger.Verify(b.Context(), dir, ledger.VerifyOptions{})
		if err != nil || len(r.Findings) > 0 {
			b.Fatal(err, r.Findings)
		}
		b.SetBytes(r.Bytes)
	}
}

// expire leaves of a segment what the end of its retention leaves.
func (w written) expire(t *testing.T, epoch int, s ledger.Segment) {
	t.Helper()
	var leaves []byte
	for line := range bytes.Lines(w.file(t, epoch, s.Name)) {
		leaf := ledger.LeafHash(bytes.TrimSuffix(line, []byte("\n")))
		leaves = append(leaves, leaf[:]...)
	}
	w.put(t, epoch, ledger.LeavesName(s.First), leaves)
	if err := os.Remove(w.path(epoch, s.Name)); err != nil {
		t.Fatal(err)
	}
}

// Of an expired segment the hashes are left, and the tree holds with them; another
// hash is found.
func TestVerifyExpiredSegments(t *testing.T) {
	t.Parallel()
	w := write(t, 30, 3)
	segments := w.segments(t, 0)
	for i, s := range segments[:2] {
		w.expire(t, 0, s)
		if r := w.verify(t, w.held(t, 0)); len(r.Findings) > 0 || r.Epochs[0].Expired != segments[i+1].First {
			t.Fatalf("%d segments expired: %+v", i+1, r)
		}
	}
	name := ledger.LeavesName(segments[1].First)
	b := w.file(t, 0, name)
	b[0] ^= 1
	w.put(t, 0, name, b)
	if r := w.verify(t, ledger.VerifyOptions{}); len(r.Findings) == 0 || r.Findings[0].Problem != ledger.ProblemRewritten {
		t.Errorf("a changed hash: %v", r.Findings)
	}
}
