package redact_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/modicum-dev/modicum/redact"
)

// purse is a budget.
type purse struct{ left, taken int }

func (p *purse) Take(n int) bool {
	if n > p.left {
		return false
	}
	p.left, p.taken = p.left-n, p.taken+n
	return true
}

// A body that has more in it than there is room for is refused wherever that
// shows. Nothing was taken that the budget did not give, nothing is left open,
// and the document is as good as new.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	for _, w := range workloads(t) {
		var whole redact.Document
		all := &purse{left: 1 << 30}
		if err := whole.Open(w.shape, nil, w.body, redact.Limits{Budget: all}); err != nil {
			t.Fatal(err)
		}
		want := w.minimise(&whole, nil)
		for room := 0; room < all.taken; room += 1 + all.taken/50 {
			var doc redact.Document
			budget := &purse{left: room}
			err := doc.Open(w.shape, nil, w.body, redact.Limits{Budget: budget})
			if bad, ok := errors.AsType[*redact.SyntaxError](err); !errors.Is(err, redact.ErrRoom) || !ok || bad.Kind.String() != "no_room" {
				t.Fatalf("%s with room for %d of %d: %v", w.name, room, all.taken, err)
			}
			if budget.taken > room || len(doc.Subjects()) != 0 {
				t.Fatalf("%s: %d taken of %d, %d subjects", w.name, budget.taken, room, len(doc.Subjects()))
			}
			if _, err := doc.Emit(nil, nil, redact.Terms{}); !errors.Is(err, redact.ErrUse) {
				t.Errorf("%s: a refused document can be emitted: %v", w.name, err)
			}
			if got := w.minimise(&doc, nil); !bytes.Equal(got, want) {
				t.Fatalf("%s: after a refusal: %s", w.name, got)
			}
		}
	}
}

// Many small values take many times their bytes: of that a refused document has
// only what the budget gave.
func TestNoRoomBoundsTheSize(t *testing.T) {
	t.Parallel()
	shape := mustShape(t, "tags[] public")
	body := append(append([]byte(`{"tags":[1`), bytes.Repeat([]byte(",1"), 1<<20)...), `]}`...)
	const room = 1 << 20
	var doc redact.Document
	if err := doc.Open(shape, nil, body, redact.Limits{Budget: &purse{left: room}}); !errors.Is(err, redact.ErrRoom) {
		t.Fatal(err)
	}
	if size := doc.Size(); size > room+4<<10 {
		t.Errorf("%d bytes are used of a budget of %d", size, room)
	}
	if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil || doc.Size() < 10*len(body) {
		t.Errorf("without a budget it takes %d: %v", doc.Size(), err)
	}
}
