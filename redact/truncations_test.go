package redact_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// brokenBytes are put in the place of each byte: everything that has a meaning in
// JSON, and what is no text.
const brokenBytes = "\"\\,:{}[]\x00\x80\xff 1"

// flipsInAll is how many bodies with another byte are tried in all; more are drawn from.
const flipsInAll = 100_000

// TestTruncationsAndFlips breaks every body of the corpus, after the Document has
// read it unbroken and so expects its keys: at each place it ends, and at each
// place another byte stands. How it is refused must not depend on what is expected, nor
// on the shape, nor on what follows the body in memory.
func TestTruncationsAndFlips(t *testing.T) {
	t.Parallel()
	var broken []*brokenCase
	places := 0
	for _, c := range wholeCorpus(t) {
		c := newBrokenCase(t, c)
		broken = append(broken, c)
		places += len(c.body)
	}
	share := min(1, float64(flipsInAll)/float64(places*len(brokenBytes)))
	if testing.Short() {
		share /= 10
	}
	r := rand.New(rand.NewPCG(6, 1))
	read, tried := 0, 0
	for _, c := range broken {
		for n := range len(c.body) + 1 {
			c.check(t, c.body[:n:n])
			c.check(t, c.body[:n])
		}
		for i, was := range c.body {
			for _, flip := range []byte(brokenBytes) {
				if flip == was || r.Float64() > share {
					continue
				}
				body := slices.Clone(c.body)
				body[i] = flip
				tried++
				if !c.check(t, body).refused {
					read++
				}
			}
		}
	}
	if read < tried/20 || read > tried/2 {
		t.Errorf("of %d flips %d were read: one half of the test has nothing to compare", tried, read)
	}
}

// brokenCase is a case of the corpus with what its bodies are checked with.
type brokenCase struct {
	corpusCase
	body    []byte
	parsed  *rules.Shape
	warm    redact.Document             // has read the unbroken body
	decided map[string][]*rules.Actions // by the kinds of the subjects
	kinds   []byte
}

func newBrokenCase(tb testing.TB, c corpusCase) *brokenCase {
	tb.Helper()
	return &brokenCase{corpusCase: c, body: []byte(c.body), parsed: mustShape(tb, c.shape), decided: map[string][]*rules.Actions{}}
}

// check opens a broken body and returns how it was refused.
func (c *brokenCase) check(tb testing.TB, body []byte) refusal {
	tb.Helper()
	openIn(tb, &c.warm, c.parsed, nil, c.body)
	got := openIn(tb, &c.warm, c.parsed, nil, body)
	if want := openIn(tb, &redact.Document{}, nil, nil, body); got != want {
		tb.Fatalf("%s: %v, without a shape %v\n%q", c.name, got, want, body)
	}
	if want := validBody(body, redact.DefaultMaxDepth); want == got.refused {
		tb.Fatalf("%s: %v, but the oracle says %v\n%q", c.name, got, want, body)
	}
	if !got.refused {
		var fresh redact.Document
		openIn(tb, &fresh, c.parsed, nil, body)
		if diff := cmp.Diff(c.tell(tb, &fresh), c.tell(tb, &c.warm)); diff != "" {
			tb.Fatalf("%s: -fresh +warm\n%q\n%s", c.name, body, diff)
		}
	}
	return got
}

// tell decides as the case says, and is told of the body.
func (c *brokenCase) tell(tb testing.TB, doc *redact.Document) string {
	tb.Helper()
	c.kinds = c.kinds[:0]
	for _, s := range doc.Subjects() {
		c.kinds = append(c.kinds, byte(s.Kind&0xff))
	}
	actions, ok := c.decided[string(c.kinds)]
	if !ok {
		var err error
		if actions, err = decisions(c.parsed, doc.Subjects(), c.actions); err != nil {
			tb.Fatal(err)
		}
		c.decided[string(c.kinds)] = actions
	}
	return tell(tb, doc, c.parsed, actions, redact.Terms{Tokens: hashTokens{}, At: decided, Complete: c.complete})
}

// wholeCorpus returns all cases of testdata.
func wholeCorpus(tb testing.TB) []corpusCase {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatal("no corpus", err)
	}
	var cases []corpusCase
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		cases = append(cases, corpusCases(tb, parseArchive(string(text)))...)
	}
	return cases
}
