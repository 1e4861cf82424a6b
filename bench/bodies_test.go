package main

import (
	"bytes"
	"math"
	"testing"

	"github.com/modicum-dev/modicum/subject"
)

func TestBodySizes(t *testing.T) {
	t.Parallel()
	sizes := map[string]float64{"1.7KB": 1.7e3, "170KB": 170e3, "1.7MB": 1.7e6}
	for _, b := range bodies {
		content, err := b.content()
		if err != nil {
			t.Fatal(err)
		}
		again, err := b.content()
		if err != nil || !bytes.Equal(content, again) {
			t.Errorf("%s is another one each time (%v)", b.name, err)
		}
		if got, want := float64(len(content)), sizes[b.name]; math.Abs(got-want) > want/20 {
			t.Errorf("%s has %v bytes", b.name, got)
		}
	}
}

// TestRemovedIsThere: a path that no record has would remove nothing.
func TestRemovedIsThere(t *testing.T) {
	t.Parallel()
	for _, b := range bodies {
		content, err := b.content()
		if err != nil {
			t.Fatal(err)
		}
		doc, err := decode(content)
		if err != nil {
			t.Fatal(err)
		}
		found := diff(nil, "", doc, without(t, content))
		if want := len(removed) * b.customers; len(found) != want {
			t.Errorf("%s: %d members are removed, want %d", b.name, len(found), want)
		}
	}
}

func without(t *testing.T, content []byte) any {
	t.Helper()
	doc, err := decode(content)
	if err != nil {
		t.Fatal(err)
	}
	remove(doc)
	return doc
}

// TestHistoryIsRead has every kind of line read by who reads the seed.
func TestHistoryIsRead(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{}
	for id := firstCustomer; id < firstCustomer+2000; id++ {
		for _, e := range history(id) {
			line, err := encode(e)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := subject.DecodeEnvelope(bytes.TrimSpace(line)); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			kinds[e.Kind] = true
			if id <= lastInBodies && (e.Kind == "restriction" || e.Kind == "erasure") {
				t.Errorf("%d, who stands in a body, has a %s", id, e.Kind)
			}
		}
	}
	if len(kinds) != 7 {
		t.Errorf("kinds of events: %v", kinds)
	}
}
