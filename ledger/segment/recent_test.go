package segment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/ledger"
)

// plain hides that a bound keeps entries.
type plain struct{ ledger.Bound }

// counted counts the entries that a log hands over.
type counted struct {
	*Log
	n int
}

func (c *counted) Recent(seq uint64) (ledger.Entry, uint64, bool) {
	e, segment, ok := c.Log.Recent(seq)
	if ok {
		c.n++
	}
	return e, segment, ok
}

// What is handed over is what decoding the line gives, for every kind of record
// and everything that a line spells otherwise than its record.
func TestRecentIsWhatIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dead := openLog(t, Options{Dir: dir})
	appendRecord(t, dead, intent(1))
	crash(t, dead)

	// Opening writes config, recovered and unknown.
	l := openLog(t, Options{Dir: dir, Recent: DefaultRecent})
	change := func(f func(*ledger.Record)) *ledger.Record {
		r := releasedOf(2, 3)
		f(r)
		return r
	}
	local := time.FixedZone("local", 9*3600)
	for _, r := range []*ledger.Record{
		releasedOf(3, 3), releasedOf(4, 0), intent(5),
		change(func(r *ledger.Record) { r.Kind = ledger.KindRefused }),
		change(func(r *ledger.Record) { r.Kind = ledger.KindAborted }),
		change(func(r *ledger.Record) { r.Kind = ledger.KindUnknown }),
		change(func(r *ledger.Record) { r.Time = time.Time{} }),
		change(func(r *ledger.Record) { r.Time = time.Now().In(local) }),
		change(func(r *ledger.Record) { r.Disclosure.Received = time.Now().In(local) }),
		change(func(r *ledger.Record) { r.Disclosure.Received = time.Time{} }),
		change(func(r *ledger.Record) { r.Disclosure.Resource.Method = "" }),
		change(func(r *ledger.Record) { r.Disclosure.Resource = ledger.Resource{} }),
		change(func(r *ledger.Record) { r.Disclosure.Auth.Actors = []string{} }),
		change(func(r *ledger.Record) { r.Disclosure.Auth.Actors = []string{"a", ""} }),
		change(func(r *ledger.Record) { r.Disclosure.Subjects = []ledger.Subject{} }),
		change(func(r *ledger.Record) { r.Disclosure.Subjects[1].Ref = []byte{} }),
		change(func(r *ledger.Record) { r.Disclosure.Subjects[1].Emitted = []byte{} }),
		change(func(r *ledger.Record) { r.Disclosure.Subjects[1].Emitted = []byte{1, 0, 0} }),
		change(func(r *ledger.Record) { r.Disclosure.Subjects[1].Emitted = []byte{0} }),
		change(func(r *ledger.Record) { r.Disclosure.Subjects[1].Consent = []uint64{} }),
		change(func(r *ledger.Record) { r.Disclosure.Ref = "no utf-8: \xff\xfe" }),
		change(func(r *ledger.Record) { r.Disclosure.Ref = "replaced: \uFFFD" }),
		change(func(r *ledger.Record) { r.Disclosure.Ref = `escaped: "\<&>` + "\n\u2028" }),
		change(func(r *ledger.Record) { r.Disclosure.Ref = "事例八一二" }),
		{Kind: ledger.KindState, Time: instant, State: &ledger.StateChange{Snapshot: ledger.Snapshot{Store: "s", Seq: 9, Head: "ab"}, Kinds: map[string]int{"consent": 2}}},
		{Kind: ledger.KindHeartbeat, Time: instant},
		{Kind: ledger.KindSummary, Time: instant, Summary: &ledger.Summary{From: instant, To: instant, Reasons: map[string]int64{"recipient_unauthenticated": 3}}},
	} {
		appendRecord(t, l, r)
	}
	seen := &counted{Log: l}
	got, want := readAll(t, dir, seen), readAll(t, dir, plain{l})
	same(t, want, got)
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(got)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("in JSON they are not the same: %v, %v", errA, errB)
	}
	ofEpoch := slices.DeleteFunc(slices.Clone(got), func(e ledger.Entry) bool { return e.Epoch != l.Epoch() })
	if seen.n != len(ofEpoch) {
		t.Errorf("%d of %d entries were handed over", seen.n, len(ofEpoch))
	}
	for _, kind := range []ledger.Kind{
		ledger.KindReleased, ledger.KindRefused, ledger.KindIntent, ledger.KindAborted, ledger.KindUnknown, ledger.KindState, ledger.KindPolicy,
		ledger.KindRecipient, ledger.KindProfile, ledger.KindConfig, ledger.KindHeartbeat, ledger.KindRecovered, ledger.KindSummary,
	} {
		if len(ofKind(ofEpoch, kind)) == 0 {
			t.Errorf("no %s record was handed over", kind)
		}
	}
	closeLog(t, l)
}

// What is kept is bounded by the lines, also when the texts of a record are parts
// of larger ones.
func TestKeptRecordsHoldNothingElse(t *testing.T) {
	const records, around = 20, 256 << 10
	l := openLog(t, Options{Dir: t.TempDir(), Recent: DefaultRecent})
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, texts := heap(), 0
	for i := range records {
		r := released(i)
		r.Disclosure.Auth.Actors = []string{"actor"}
		texts = cutFromLarger(reflect.ValueOf(r.Disclosure).Elem(), around)
		appendRecord(t, l, r)
	}
	if texts < 20 {
		t.Fatalf("only %d texts in a disclosure", texts)
	}
	if after := heap(); after > before+4*around {
		t.Errorf("%d bytes are kept for %d records", after-before, records)
	}
	if _, _, ok := l.Recent(l.Durable().Seq - records); !ok {
		t.Error("the records are not kept")
	}
	closeLog(t, l)
}

// cutFromLarger makes every text in v a part of a larger one, but for those of the
// subjects, which are names of facts.
func cutFromLarger(v reflect.Value, size int) (texts int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString((strings.Repeat(" ", size) + v.String() + "x")[size : size+max(1, v.Len())])
		return 1
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				texts += cutFromLarger(field, size)
			}
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]ledger.Subject]() {
			return 0
		}
		for i := range v.Len() {
			texts += cutFromLarger(v.Index(i), size)
		}
	case reflect.Map:
		by := map[string]int{(strings.Repeat(" ", size) + "reason")[size:]: 1}
		v.Set(reflect.ValueOf(by))
		return 1
	default:
	}
	return texts
}

// failer is a test or a rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// same compares down to what is nil and what is empty.
func same(t failer, want, got []ledger.Entry) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("(-file +memory):\n%s", cmp.Diff(want, got))
	}
}

// follower reads a ledger as the export does.
type follower struct {
	reader *ledger.FolderReader
	at     ledger.Cursor
	seen   []ledger.Entry
}

// read reads at most n entries, and looks every fact up that they name.
func (f *follower) read(t *rapid.T, n int) {
	for range n {
		e, next, err := f.reader.Next(t.Context(), f.at)
		if errors.Is(err, io.EOF) {
			if next != f.at {
				t.Fatalf("the end moved the cursor from %v to %v", f.at, next)
			}
			return
		}
		if err != nil {
			t.Fatalf("after %v: %v", f.at, err)
		}
		if want := (ledger.Cursor{Epoch: e.Epoch, Seq: e.Seq + 1}); next != want {
			t.Fatalf("cursor %v, want %v", next, want)
		}
		e.Line = slices.Clone(e.Line)
		f.at, f.seen = next, append(f.seen, e)
		if e.Disclosure == nil {
			continue
		}
		hashes := []string{e.Disclosure.PolicyFact, e.Disclosure.RecipientFact}
		for _, s := range e.Disclosure.Subjects {
			hashes = append(hashes, s.Profile)
		}
		for _, hash := range hashes {
			if fact, ok := f.reader.Fact(hash); !ok || ledger.FactHash(fact.Kind, fact.JSON) != hash {
				t.Fatalf("record %d names a fact that is not found", e.Seq)
			}
		}
	}
}

// A reader that is handed entries and one that reads the files see the same,
// however appends, reads, rotations, new epochs and restarts of the readers fall
// together and however little is kept.
func TestRecentOrFileIsTheSame(t *testing.T) {
	t.Parallel()
	var handed, total int
	n := 0
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(root, fmt.Sprint(n))
		opt := Options{
			Dir: dir, SegmentSize: 4 << 10,
			Recent: rapid.SampledFrom([]int{4000, 8000, 2500, 1 << 20, 1}).Draw(t, "kept"),
		}
		must := func(err error) {
			if err != nil {
				t.Fatalf("%v", err)
			}
		}
		l, err := Open(t.Context(), opt)
		must(err)
		keeper := &counted{Log: l}
		memory, file := new(follower), new(follower)
		reopen := func() {
			for _, f := range []*follower{memory, file} {
				if f.reader != nil {
					must(f.reader.Close())
				}
			}
			memory.reader, err = ledger.OpenReader(dir, keeper)
			must(err)
			file.reader, err = ledger.OpenReader(dir, plain{l})
			must(err)
		}
		reopen()
		count := 0
		write := func(t *rapid.T) {
			for range rapid.IntRange(1, 5).Draw(t, "records") {
				count++
				r := releasedOf(count, rapid.IntRange(0, 4).Draw(t, "subjects"))
				r.Disclosure.Ref = rapid.SampledFrom([]string{"", "case-1", `"`, "\xff"}).Draw(t, "ref")
				if _, err := l.Append(t.Context(), r); err != nil {
					t.Fatalf("%v", err)
				}
			}
		}
		seldom := func(t *rapid.T) bool { return rapid.IntRange(0, 4).Draw(t, "seldom") == 4 }
		t.Repeat(map[string]func(*rapid.T){
			"append":  write,
			"memory":  func(t *rapid.T) { memory.read(t, rapid.IntRange(1, 12).Draw(t, "entries")) },
			"keep up": func(t *rapid.T) { memory.read(t, 1<<20); write(t); memory.read(t, 1) },
			"file":    func(t *rapid.T) { file.read(t, rapid.IntRange(1, 12).Draw(t, "entries")) },
			"restart": func(t *rapid.T) {
				if seldom(t) {
					reopen()
				}
			},
			"epoch": func(t *rapid.T) {
				if !seldom(t) {
					return
				}
				must(l.Close(context.Background()))
				l, err = Open(t.Context(), opt)
				must(err)
				handed += keeper.n
				keeper = &counted{Log: l}
				reopen()
			},
			"": func(t *rapid.T) {
				l.recent.mu.Lock()
				defer l.recent.mu.Unlock()
				if l.recent.size > opt.Recent {
					t.Fatalf("%d bytes are kept", l.recent.size)
				}
			},
		})
		must(l.Close(context.Background()))
		memory.read(t, 1<<20)
		file.read(t, 1<<20)
		same(t, file.seen, memory.seen)
		handed += keeper.n
		total += len(memory.seen)
		must(errors.Join(memory.reader.Close(), file.reader.Close(), os.RemoveAll(dir)))
	})
	if handed == 0 || handed == total {
		t.Errorf("%d of %d entries were handed over: the test misses one of the two ways", handed, total)
	}
}
