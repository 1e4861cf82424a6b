package exchange

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/modicum-dev/modicum/rules"
)

// canonicalPath is a path in its only accepted spelling.
type canonicalPath struct {
	segments       []string // unescaped
	plain, escaped string   // as URL.Path and URL.RawPath have them
}

// canonical takes a path apart. It is false for every spelling but one: with
// empty or dot segments, an escaped or literal separator, control characters, or
// an escape that need not be or is spelt otherwise, the upstream might see
// another path than the policy does.
func canonical(u *url.URL) (canonicalPath, bool) {
	escaped := u.EscapedPath()
	if !strings.HasPrefix(escaped, "/") {
		return canonicalPath{}, false
	}
	parts := strings.Split(escaped[1:], "/")
	p := canonicalPath{segments: make([]string, len(parts)), plain: u.Path, escaped: escaped}
	for i, part := range parts {
		s, err := url.PathUnescape(part)
		if err != nil || s == "" || s == "." || s == ".." || url.PathEscape(s) != part || !utf8.ValidString(s) {
			return canonicalPath{}, false
		}
		if strings.ContainsFunc(s, separates) {
			return canonicalPath{}, false
		}
		p.segments[i] = s
	}
	if p.escaped == p.plain {
		p.escaped = ""
	}
	return p, true
}

// separates reports whether some server ends or splits a segment at r, however
// it is escaped. The percent sign is among them because an upstream that
// unescapes twice would find a separator behind it.
func separates(r rune) bool {
	switch r {
	case '/', '\\', ';', '%', '?', '#':
		return true
	}
	return unicode.IsControl(r)
}

// allowedQuery re-encodes the query from the parameters that the resource
// allows, each once. It is false when there is any other.
func allowedQuery(u *url.URL, res *rules.Resource) (string, url.Values, bool) {
	if u.RawQuery == "" {
		return "", nil, true
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", nil, false
	}
	for name, v := range values {
		if len(v) != 1 || !utf8.ValidString(v[0]) || !res.AcceptsQuery(name, v[0]) {
			return "", nil, false
		}
	}
	if !plainIDs(values, res) {
		return "", nil, false
	}
	return values.Encode(), values, true
}

// plainIDs reports whether every subject id in the query has the spelling that
// its population gives it, up to the case that it folds: an upstream that reads
// 0017 otherwise than 17 would answer about another person than the one who is
// decided about.
func plainIDs(values url.Values, res *rules.Resource) bool {
	for i := range res.Shape.Subjects {
		k := &res.Shape.Subjects[i]
		if k.ID != rules.IDQuery || !values.Has(k.Param) {
			continue
		}
		v := values.Get(k.Param)
		id, err := k.Population.Canonical(v, false)
		if folds := k.Population.Type == rules.IDUUID || k.Population.FoldCase; err != nil || id != v && !folds {
			return false
		}
	}
	return true
}
