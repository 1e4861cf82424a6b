package rules

import (
	"fmt"
	"strings"
)

// public warns of a public member whose name is that of personal data, or of a value
// that is somebody's alone.
func (r *reviewer) public(path Name) {
	word := lastWord(path.Value)
	for _, w := range strings.FieldsFunc(word, func(c rune) bool { return c == '_' || c == '-' }) {
		switch {
		case personalWords[w]:
			r.warn(path.Pos, ErrReveals, fmt.Sprintf("public member %q looks personal", path.Value), "give it a category")
			return
		case uniqueWords[w]:
			r.warn(path.Pos, ErrReveals, fmt.Sprintf("public member %q looks unique: it may single out a person", path.Value), "give it a category")
			return
		}
	}
}

// lastWord returns the last key of a path, in snake case.
func lastWord(path string) string {
	path = strings.TrimRight(path, "[]{}\"")
	var b strings.Builder
	for i, c := range path[strings.LastIndexAny(path, ".]}\"")+1:] {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

var (
	personalWords = words("name surname forename nickname salutation email mail phone telephone mobile fax address street city town zip postcode postal " +
		"birth birthday dob age gender sex nationality country ip login user username account owner contact customer person employee passport ssn iban card " +
		"password secret salary health note notes comment comments remark remarks message subject signature photo avatar latitude longitude location")
	uniqueWords = words("id ids uuid guid key number no code ref reference hash digest url uri link href slug etag cursor token session serial fingerprint checksum")
)

func words(list string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}
