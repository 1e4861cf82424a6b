package subject_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/storetest"
)

// benchSubjects is how many subjects the benchmarks look among: far more than
// caches hold.
const benchSubjects = 200_000

func benchKey(n int) (key rules.Key) {
	binary.BigEndian.PutUint64(key[:], uint64(n)*0x9e3779b97f4a7c15) //nolint:gosec // wraps on purpose
	binary.BigEndian.PutUint64(key[8:], uint64(n))                   //nolint:gosec // positive
	return key
}

func benchReplica(b *testing.B) (*subject.Replica, map[rules.Key]*rules.State, [][]rules.Key) {
	b.Helper()
	store := newStore(b)
	plainMap := make(map[rules.Key]*rules.State, benchSubjects)
	var last rules.Seq
	for n := 0; n < benchSubjects; n += subject.DefaultMaxBatch {
		events := make([]subject.Keyed, subject.DefaultMaxBatch)
		for i := range events {
			events[i] = storetest.Event(benchKey(n+i), 0)
			plainMap[benchKey(n+i)] = rules.Fold([]rules.Event{events[i].Event})
		}
		last = appendTo(b, store, events...).Seq
	}
	r := run(b, store, subject.Options{})
	ready(b, r, last)
	batches := make([][]rules.Key, 64)
	for i := range batches {
		for range 1000 {
			batches[i] = append(batches[i], benchKey(rand.IntN(benchSubjects)))
		}
	}
	return r, plainMap, batches
}

func BenchmarkRead(b *testing.B) {
	r, plainMap, batches := benchReplica(b)
	into := make([]*rules.State, 1000)
	b.Run("replica/1000", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := r.Read(batches[i%len(batches)], into); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("map/1000", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			for j, key := range batches[i%len(batches)] {
				into[j] = plainMap[key]
			}
		}
	})
	b.Run("replica/1", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			j := i % 1000
			if _, err := r.Read(batches[i/1000%len(batches)][j:j+1], into); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("map/1", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			into[0] = plainMap[batches[i/1000%len(batches)][i%1000]]
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	d := newDesk(b)
	batch := []subject.Envelope{restriction("17", rules.StateActive, day0)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Record(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodePayload(b *testing.B) {
	e := storetest.Event(storetest.Key(1), 0)
	payload := subject.AppendPayload(nil, &e.Event, e.Provenance)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := subject.DecodePayload(payload); err != nil {
			b.Fatal(err)
		}
	}
}

func TestReadDoesNotAllocate(t *testing.T) {
	store := newStore(t)
	appendTo(t, store, storetest.Event(storetest.Key(1), 0))
	r := run(t, store, subject.Options{})
	ready(t, r, 1)
	keys, into := []rules.Key{storetest.Key(1), storetest.Key(2)}, make([]*rules.State, 2)
	n := testing.AllocsPerRun(1000, func() {
		if _, err := r.Read(keys, into); err != nil {
			t.Error(err)
		}
	})
	if n >= 1 {
		t.Errorf("%v allocations", n)
	}
}
