package redact

import (
	"reflect"
	"testing"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	for typ, size := range map[reflect.Type]int{
		reflect.TypeFor[item](): itemSize, reflect.TypeFor[Subject](): subjectSize, reflect.TypeFor[outcome](): outcomeSize,
		reflect.TypeFor[cell](): cellSize, reflect.TypeFor[combination](): combinationSize,
		reflect.TypeFor[Fault](): faultSize, reflect.TypeFor[knownKey](): knownSize,
	} {
		if int(typ.Size()) != size && reflect.TypeFor[int]().Size() == 8 {
			t.Errorf("%s has %d bytes, not %d", typ.Name(), typ.Size(), size)
		}
	}
}
