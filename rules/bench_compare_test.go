package rules_test

import (
	"bytes"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/internal/largepolicy"
	"github.com/modicum-dev/modicum/rules/source"
)

// The example policy against one in which every recipient of a category has another,
// which changes who is meant by consents: the most that one change asks of a comparison.
func BenchmarkCompareExample(b *testing.B) {
	files := os.DirFS("../examples/software-vendor/policy")
	before := read(b, files)
	bundle, _, err := source.Load(files)
	if err != nil {
		b.Fatal(err)
	}
	for i := range bundle.Recipients {
		if r := &bundle.Recipients[i]; r.Kind == rules.Processor {
			r.Kind, r.Category = rules.ThirdParty, rules.Payment
		}
	}
	after, problems := rules.Compile(bundle)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	compare(b, before, after)
}

// A policy of 1,000 resources, 100 recipients and 50 purposes, of whose cells one in a
// hundred has changed.
func BenchmarkCompareLarge(b *testing.B) {
	files := largepolicy.Files()
	before := large(b)
	compare(b, before, read(b, everyHundredthCell(files)))
}

func everyHundredthCell(files fstest.MapFS) fstest.MapFS {
	lines, n := bytes.Split(files["contracts.yaml"].Data, []byte("\n")), 0
	for i, line := range lines {
		if bytes.HasSuffix(line, []byte(": clear")) {
			if n++; n%100 == 0 {
				lines[i] = bytes.Replace(line, []byte(": clear"), []byte(": pseudonym"), 1)
			}
		}
	}
	files["contracts.yaml"].Data = bytes.Join(lines, []byte("\n"))
	return files
}

func read(b *testing.B, files fs.FS) *rules.Policy {
	b.Helper()
	p, problems, err := source.Policy(files)
	if err != nil || len(problems) > 0 {
		b.Fatal(err, problems)
	}
	return p
}

func compare(b *testing.B, before, after *rules.Policy) {
	b.Helper()
	b.ReportAllocs()
	places := 0
	for b.Loop() {
		places = 0
		rules.Compare(before, after, now, func(d *rules.Difference) { places += len(d.Places) })
	}
	if places == 0 {
		b.Fatal("nothing differs")
	}
	b.ReportMetric(float64(places), "places")
}
