package rules_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/modicum-dev/modicum/rules"
)

func TestFieldSetIsASet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		room := rapid.IntRange(0, 200).Draw(t, "room")
		member := map[int]bool{}
		s, other := rules.NewFieldSet(room), rules.NewFieldSet(room)
		if room > 0 {
			for _, i := range rapid.SliceOfN(rapid.IntRange(0, room-1), 0, 30).Draw(t, "fields") {
				member[i] = true
				if i%2 == 0 {
					s.Add(i)
				} else {
					other.Add(i)
				}
			}
		}
		s.Union(other)
		bits := s.AppendBits([]byte("x"))
		for i := -1; i < room+70; i++ {
			if s.Has(i) != member[i] {
				t.Fatalf("Has(%d) is %v", i, s.Has(i))
			}
			written := i >= 0 && 1+i/8 < len(bits) && bits[1+i/8]&(1<<(i%8)) != 0
			if written != member[i] {
				t.Fatalf("bit %d of %x is %v", i, bits, written)
			}
		}
		if s.Len() != len(member) || bits[0] != 'x' || len(bits) > 1 && bits[len(bits)-1] == 0 {
			t.Fatalf("%d fields in %x, want %d", s.Len(), bits, len(member))
		}
		s.Clear()
		if s.Len() != 0 || !bytes.Equal(s.AppendBits(nil), nil) {
			t.Fatal("not empty after Clear")
		}
	})
	if rules.FieldSet(nil).Has(3) {
		t.Error("the zero set has a field")
	}
}
