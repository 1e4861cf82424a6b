package segment

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk/disktest"
)

var (
	losses   = flag.Int("losses", 120, "how often TestPowerLoss loses the power")
	lossSeed = flag.Uint64("loss-seed", 1, "of TestPowerLoss")
)

// The power fails at any moment: under load, while a log opens, rotates or closes,
// and again while the next one recovers what the last one left. Some of the logs
// were killed before, so that what they wrote is read and not durable. Whatever of
// it is on the disk then, what was acknowledged is in the ledger, nothing in it is
// taken for damage, and every intent has one end.
func TestPowerLoss(t *testing.T) {
	var v verdict
	lost, kills, opened := 0, 0, 0
	for series := uint64(0); lost < *losses && !t.Failed(); series++ {
		dice := rand.New(rand.NewPCG(*lossSeed, series))
		s := &lossSeries{dice: dice, w: new(witness), root: t.TempDir()}
		s.dir = s.folder(t)
		for range 1 + dice.IntN(4) {
			s.lose(t)
			lost++
		}
		v.judge(t, fmt.Sprintf("seed %d, series %d, %d losses", *lossSeed, series, s.losses), s.dir, s.w)
		kills, opened = kills+s.kills, opened+s.opened
		must(t, os.RemoveAll(s.root))
	}
	if kills == 0 || opened == 0 {
		t.Errorf("%d kills, %d logs that opened: the test did not try what it says", kills, opened)
	}
	fmt.Printf("crash power_losses %d\ncrash power_lost %d\ncrash power_rejected %d\n", lost, v.lost, v.rejected)
}

// lossSeries is a ledger whose machine loses power again and again.
type lossSeries struct {
	dice   *rand.Rand
	w      *witness
	root   string // of the folders
	dir    string // what the last loss left
	losses int
	kills  int // processes that were killed before
	opened int // logs that opened and took records
}

func (s *lossSeries) folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(s.root, fmt.Sprint(s.losses))
	must(t, os.Mkdir(dir, 0o700))
	return dir
}

// lose runs a process on what the last loss left, perhaps another one after it was
// killed, and cuts the power somewhere on the way.
func (s *lossSeries) lose(t *testing.T) {
	t.Helper()
	d, err := disktest.New(s.dir, s.dice)
	must(t, err)
	// Opening takes about 15 operations, and more to recover; what follows
	// takes some hundred.
	few := func() int {
		if s.dice.IntN(3) == 0 {
			return 1 + s.dice.IntN(45)
		}
		return 1 + s.dice.IntN(250)
	}
	if s.dice.IntN(2) == 0 {
		p := d.Process()
		p.KillAt(few())
		s.run(t, p)
		s.kills++
	}
	d.CutAt(d.Ops() + few())
	s.run(t, d.Process())
	d.Cut()
	s.losses++
	dir := s.folder(t)
	must(t, d.Restore(dir, s.dice))
	s.dir = dir
}

// run is the life of a process: open, load, close, as far as it gets.
func (s *lossSeries) run(t *testing.T, p *disktest.Process) {
	t.Helper()
	l, err := Open(t.Context(), Options{Dir: s.dir, SegmentSize: 4 << 10 << s.dice.IntN(4), Key: testKey, fs: p, prepare: time.Millisecond})
	if err != nil {
		return
	}
	s.opened++
	var callers sync.WaitGroup
	for range 1 + s.dice.IntN(6) {
		// Each with its own dice: they are not for several goroutines.
		dice := rand.New(rand.NewPCG(s.dice.Uint64(), 0))
		callers.Go(func() {
			for range 12 {
				if s.w.disclose(t.Context(), l, dice) != nil {
					return
				}
			}
		})
	}
	callers.Wait()
	_ = l.Close(context.WithoutCancel(t.Context()))
}

// disclose appends a disclosure of any form, sometimes with an intent before, which
// may be left without an end.
func (w *witness) disclose(ctx context.Context, l *Log, dice *rand.Rand) error {
	id, subjects := w.next(), dice.IntN(4)
	if dice.IntN(8) == 0 {
		subjects = 60 // more than the rest of most segments
	}
	r := releasedOf(id, subjects)
	r.Uses = append(r.Uses, someProfile(dice.IntN(5)))
	for i := range r.Disclosure.Subjects {
		r.Disclosure.Subjects[i].Profile = r.Uses[2+i%2].Hash
	}
	if dice.IntN(3) == 0 {
		if err := w.append(ctx, l, intent(id)); err != nil {
			return err
		}
		switch dice.IntN(4) {
		case 0:
			return nil // its end is not known
		case 1:
			r.Kind, r.Disclosure.ID, r.Disclosure.Of = ledger.KindAborted, disclosureID(w.next()), disclosureID(id)
		case 2:
			r.Kind, r.Disclosure.Outcome = ledger.KindRefused, ledger.Refused
		default:
		}
	}
	return w.append(ctx, l, r)
}

// someProfile is one of a few facts, so that segments need different ones.
func someProfile(n int) *ledger.Fact {
	return mustFact(ledger.KindProfile, ledger.ProfileFact{
		Resource: "orders", Shape: "order", Purpose: "support.provide", Category: "customer", AgeBand: fmt.Sprint("band ", n),
		Fields: []ledger.ProfileField{{Path: "id", Category: "user.unique_id", Outcome: "allow", Reasons: []string{"need_clear"}}},
	})
}
