package exchange_test

import (
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

func TestPurposeHeader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines  []string
		reason string
	}{
		"none":                  {nil, "purpose_missing"},
		"two lines":             {[]string{"support.provide", "support.provide"}, "purpose_ambiguous"},
		"two lines, one empty":  {[]string{"support.provide", ""}, "purpose_ambiguous"},
		"a list":                {[]string{"support.provide, newsletter.send"}, "purpose_ambiguous"},
		"empty":                 {[]string{""}, "purpose_malformed"},
		"a string":              {[]string{`"support.provide"`}, "purpose_malformed"},
		"a number":              {[]string{"7"}, "purpose_malformed"},
		"an inner list":         {[]string{"(support.provide)"}, "purpose_malformed"},
		"bytes":                 {[]string{":c3VwcG9ydA==:"}, "purpose_malformed"},
		"two words":             {[]string{"support provide"}, "purpose_malformed"},
		"trailing comma":        {[]string{"support.provide,"}, "purpose_malformed"},
		"not ASCII":             {[]string{"support.provid\u00e9"}, "purpose_malformed"},
		"a misspelt parameter":  {[]string{`support.provide;reff="case-812"`}, "purpose_malformed"},
		"a parameter more":      {[]string{`support.provide;ref="case-812";urgent`}, "purpose_malformed"},
		"upper case":            {[]string{"Support.Provide"}, "purpose_unknown"},
		"unknown":               {[]string{"support.sell"}, "purpose_unknown"},
		"outside the contract":  {[]string{"licence.manage"}, "purpose_not_permitted"},
		"ref of another form":   {[]string{`support.provide;ref="ticket-1"`}, "ref_malformed"},
		"ref empty":             {[]string{`support.provide;ref=""`}, "ref_malformed"},
		"ref is true":           {[]string{`support.provide;ref`}, "ref_malformed"},
		"ref is a number":       {[]string{`support.provide;ref=812`}, "ref_malformed"},
		"ref with a space":      {[]string{`case.handle;ref="a b"`}, "ref_malformed"},
		"ref with an address":   {[]string{`case.handle;ref="ada@example.com"`}, "ref_malformed"},
		"ref too long":          {[]string{`case.handle;ref="` + strings.Repeat("a", 65) + `"`}, "ref_malformed"},
		"ref missing":           {[]string{"case.handle"}, "ref_missing"},
		"ref misspelt required": {[]string{`case.handle;Ref="a"`}, "purpose_malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := get("/v1/customers/17")
			r.Header["Data-Purpose"] = c.lines
			if c.lines == nil {
				r.Header.Del("Data-Purpose")
			}
			s := w.serve(t, r)
			if got := reason(t, s); got != c.reason {
				t.Errorf("reason %s, want %s", got, c.reason)
			}
			w.upstream.untouched(t)
			w.ledger.only(t, ledger.KindRefused)
		})
	}
}

func TestRefIsRecorded(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("a", 64)
	for line, want := range map[string]string{
		`support.provide;ref="case-812"`: "case-812", `support.provide; ref=case-812`: "case-812",
		`support.provide`: "", `case.handle;ref="` + longest + `"`: longest,
		`case.handle;ref="Az.09:_-"`: "Az.09:_-",
	} {
		w := newWorld(t)
		w.upstream.answer = answers(200, one)
		if s := w.serve(t, get("/v1/customers/17", "Data-Purpose", line)); s.status != 200 {
			t.Fatalf("%s: %s", line, s.body.String())
		}
		d := w.ledger.only(t, ledger.KindReleased).Disclosure
		if d.Ref != want || d.Purpose != strings.Split(line, ";")[0] {
			t.Errorf("%s: recorded as %q, %q", line, d.Purpose, d.Ref)
		}
	}
}
