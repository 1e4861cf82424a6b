package rules_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

var (
	integers = rules.Population{Type: rules.IDInteger}
	stripped = rules.Population{Type: rules.IDInteger, StripZeros: true}
	uuids    = rules.Population{Type: rules.IDUUID}
	texts    = rules.Population{Type: rules.IDString}
	folded   = rules.Population{Type: rules.IDString, FoldCase: true}
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	const id = "3f2b1a00-0000-4000-8000-00000000abcd"
	for _, c := range []struct {
		what       string
		population *rules.Population
		id         string
		number     bool
		want       string // empty: no id
	}{
		{"integer", &integers, "17", false, "17"},
		{"integer as a number", &integers, "17", true, "17"},
		{"zero", &integers, "0", true, "0"},
		{"longer than any machine's", &integers, "123456789012345678901234567890", true, "123456789012345678901234567890"},
		{"leading zeros", &integers, "0017", false, ""},
		{"leading zeros, stripped", &stripped, "0017", false, "17"},
		{"zeros, stripped", &stripped, "000", false, "0"},
		{"leading zeros of a number", &stripped, "0017", true, ""},
		{"a sign", &integers, "-17", true, ""},
		{"a plus", &integers, "+17", false, ""},
		{"a fraction", &integers, "17.0", true, ""},
		{"an exponent", &integers, "1e3", true, ""},
		{"other digits", &integers, "١٧", false, ""},
		{"space", &integers, " 17", false, ""},
		{"nothing", &integers, "", false, ""},
		{"hexadecimal", &integers, "0x11", false, ""},

		{"uuid", &uuids, id, false, id},
		{"uuid in capitals", &uuids, strings.ToUpper(id), false, id},
		{"uuid in braces", &uuids, "{" + id + "}", false, ""},
		{"uuid without hyphens", &uuids, strings.ReplaceAll(id, "-", ""), false, ""},
		{"uuid with hyphens elsewhere", &uuids, "3f2b1a000-000-4000-8000-00000000abcd", false, ""},
		{"uuid as a number", &uuids, "17", true, ""},
		{"uuid with another letter", &uuids, strings.Replace(id, "a", "g", 1), false, ""},

		{"text", &texts, "Ab-1", false, "Ab-1"},
		{"text, folded", &folded, "Ab-1", false, "ab-1"},
		{"only ASCII folds", &folded, "ÄB", false, "Äb"},
		{"the kelvin sign is not composed", &folded, "\u212a", false, ""},
		{"text as a number", &texts, "17", true, ""},
		{"space at the end", &texts, "a ", false, ""},
		{"space within", &texts, "a b", false, "a b"},
		{"another space within", &texts, "a\u00a0b", false, ""},
		{"a tab", &texts, "a\tb", false, ""},
		{"a C1 control", &texts, "a\u0085b", false, ""},
		{"a space of no width", &texts, "a\u200bb", false, ""},
		{"written from right to left", &texts, "a\u202eb", false, ""},
		{"composed", &texts, "\u00e9", false, "\u00e9"},
		{"decomposed", &texts, "e\u0301", false, ""},
		{"not UTF-8", &texts, "a\xff", false, ""},
		{"the replacement character", &texts, "a\ufffd", false, ""},
		{"too long", &texts, strings.Repeat("a", rules.DefaultMaxSubjectID+1), false, ""},
		{"as long as may be", &texts, strings.Repeat("a", rules.DefaultMaxSubjectID), false, strings.Repeat("a", rules.DefaultMaxSubjectID)},
		{"no type", &rules.Population{}, "17", false, ""},
	} {
		got, err := c.population.Canonical(c.id, c.number)
		if got != c.want || (err != nil) != (c.want == "") || err != nil && !errors.Is(err, rules.ErrSubjectForm) {
			t.Errorf("%s: %q, %v, want %q", c.what, got, err, c.want)
		}
	}
}

// Two spellings of one id never have two canonical forms: the canonical form is
// one of its own, the other spellings of an id have the same, and none is longer
// than an id may be.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"17", "0017", "3F2B1A00-0000-4000-8000-00000000ABCD", "Ab", "É", "\u212a", "İ", "a b", ""} {
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, id string, number bool) {
		for _, p := range []*rules.Population{&integers, &stripped, &uuids, &texts, &folded} {
			got, err := p.Canonical(id, number)
			if err != nil {
				if got != "" || !errors.Is(err, rules.ErrSubjectForm) {
					t.Errorf("%q: %q, %v", id, got, err)
				}
				continue
			}
			spellings := []string{got}
			if p.StripZeros && !number && len(id) < rules.DefaultMaxSubjectID {
				spellings = append(spellings, "0"+id)
			}
			if p.Type == rules.IDUUID {
				spellings = append(spellings, strings.ToUpper(id), strings.ToLower(id))
			}
			if p.FoldCase {
				spellings = append(spellings, asciiUpper(id))
			}
			for _, s := range spellings {
				if again, err := p.Canonical(s, number); again != got || err != nil {
					t.Errorf("%q is %q, but its spelling %q is %q, %v", id, got, s, again, err)
				}
			}
			if number {
				if text, err := p.Canonical(id, false); text != got || err != nil {
					t.Errorf("%q is %q as a number and %q as a text, %v", id, got, text, err)
				}
			}
		}
	})
}

func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r &^ 0x20
		}
		return r
	}, s)
}
