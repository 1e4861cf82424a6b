package source_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// withoutGeography is the base policy without lists of countries.
func withoutGeography(t *testing.T) fstest.MapFS {
	t.Helper()
	dir := folder(archive(t, "testdata/base.txtar"))
	var kept []string
	for line := range strings.Lines(string(dir["notices.yaml"].Data)) {
		word := strings.TrimSpace(strings.SplitN(line, ":", 2)[0])
		if !slices.Contains([]string{"geography", "as_of", "eea", "uk"}, word) {
			kept = append(kept, line)
		}
	}
	dir["notices.yaml"].Data = []byte(strings.Join(kept, ""))
	return dir
}

// bundleOf loads a policy without problems.
func bundleOf(t *testing.T, dir fstest.MapFS) *rules.Bundle {
	t.Helper()
	bundle, problems, err := source.Load(dir)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	if alone, err := source.Hash(dir); err != nil || alone != bundle.Hash {
		t.Errorf("Hash is %s, %v, and Load says %s", alone, err, bundle.Hash)
	}
	return bundle
}

// hashOf is the hash as docs/policy.md has it, over files in the order of their names.
func hashOf(files fstest.MapFS, more ...[]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h.Write(fmt.Appendf(nil, "%d %s %d %s", len(name), name, len(files[name].Data), files[name].Data))
	}
	for _, b := range more {
		h.Write(fmt.Appendf(nil, "18 built-in geography %d %s", len(b), b))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestBuiltInGeography(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("geography.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := withoutGeography(t)
	if problems := check(t, dir); len(problems) > 0 {
		t.Fatalf("%v", problems)
	}
	bundle := bundleOf(t, dir)
	g := &bundle.Geography
	if !g.BuiltIn || g.AsOf.IsZero() || len(g.Sources) < 5 {
		t.Errorf("built in %v, as of %v, from %d sources", g.BuiltIn, g.AsOf, len(g.Sources))
	}
	for _, c := range []struct {
		what string
		list []rules.Name
		n    int
		has  string
	}{
		{"eea", g.EEA, 37, "DE GF IS RE"},
		{"uk", g.UK, 1, "GB"},
		{"adequate_eea", g.AdequateEEA, 15, "BR CH GB JP"},
		{"adequate_uk", g.AdequateUK, 43, "CH DE IS JP"},
		{"appi_designated", g.Designated, 31, "DE GB IS"},
	} {
		var codes []string
		for _, n := range c.list {
			codes = append(codes, n.Value)
		}
		if len(codes) != c.n {
			t.Errorf("%s has %d countries", c.what, len(codes))
		}
		for code := range strings.FieldsSeq(c.has) {
			if !slices.Contains(codes, code) {
				t.Errorf("%s lacks %s", c.what, code)
			}
		}
	}
	if want := hashOf(dir, file); bundle.Hash != want {
		t.Errorf("the hash does not cover the built-in lists: %s, want %s", bundle.Hash, want)
	}
}

// Of the built-in lists, too, somebody has to know that they are old.
func TestBuiltInGeographyGrowsOld(t *testing.T) {
	t.Parallel()
	policy, problems, err := source.Policy(withoutGeography(t))
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	asOf := policy.Bundle.Geography.AsOf
	outdated := func(found rules.Problems) string {
		for _, p := range found {
			if errors.Is(p, rules.ErrOutdated) {
				return p.Pos.String()
			}
		}
		return ""
	}
	if at := outdated(policy.Findings(asOf.Add(rules.DefaultMaxGeographyAge))); at != "" {
		t.Errorf("a warning at %s before its time", at)
	}
	at := outdated(policy.Findings(asOf.Add(rules.DefaultMaxGeographyAge + time.Hour)))
	if at != "built-in geography:7:8" {
		t.Errorf("the warning stands at %q", at)
	}
}

// Lists of its own take the place of the built-in ones, and the hash is that of the
// files alone.
func TestOwnGeography(t *testing.T) {
	t.Parallel()
	for what, section := range map[string]string{
		"block":   "geography:\n  as_of: 2026-10-01\n  eea: [DE]\n  uk: [GB]\n",
		"quoted":  "'geography': {as_of: 2026-10-01, eea: [DE], uk: [GB]}\n",
		"escaped": `"geograph\u0079": {as_of: 2026-10-01, eea: [DE], uk: [GB]}` + "\n",
	} {
		dir := withoutGeography(t)
		dir["countries.yaml"] = &fstest.MapFile{Data: []byte("language: 1\n" + section)}
		bundle := bundleOf(t, dir)
		if bundle.Geography.BuiltIn || len(bundle.Geography.EEA) != 1 || bundle.Geography.Pos.File != "countries.yaml" {
			t.Errorf("%s: not the policy's own lists: %+v", what, bundle.Geography)
		}
		if want := hashOf(dir); bundle.Hash != want {
			t.Errorf("%s: the hash is %s, want %s", what, bundle.Hash, want)
		}
	}
	dir := withoutGeography(t)
	dir["a.yaml"] = &fstest.MapFile{Data: []byte("language: 1 # no geography: here\n")}
	if !bundleOf(t, dir).Geography.BuiltIn {
		t.Error("a comment is taken for the section")
	}
}
