package redact

import "testing"

// Two combinations are equal if their values are, whatever their hashes say: somebody
// may write values whose hashes meet.
func TestCombinationsAreComparedExactly(t *testing.T) {
	t.Parallel()
	d := &Document{subjects: []Subject{{}, {Kind: 1}}, cells: []cell{{0, 1, 0, 2}, {1, 1, 2, 4}, {2, 2, 0, 2}, {3, 1, 0, 2}, {4, 1, 0, 2}, {4, 1, 0, 2}}}
	out := []byte("abac")
	of := func(first, last int32) *combination { return &combination{hash: 7, first: first, last: last} }
	for name, c := range map[string]struct {
		other *combination
		equal bool
	}{
		"another value": {of(1, 2), false},
		"another field": {of(2, 3), false},
		"the same":      {of(3, 4), true},
		"one more":      {of(4, 6), false},
		"another kind":  {&combination{hash: 7, subject: 1, first: 3, last: 4}, false},
	} {
		if order := d.compare(out, of(0, 1), c.other); (order == 0) != c.equal {
			t.Errorf("%s: %d", name, order)
		}
	}
}
