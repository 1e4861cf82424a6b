package exchange

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/modicum-dev/modicum/rules"
)

// canonicalPath is a path in its only accepted spelling.
type canonicalPath struct {
	segments       []string // unescaped
	plain, escaped string
}

// canonical takes a path apart. It is false for every spelling but one: with
// empty or dot segments, an escaped or literal separator, a semicolon, control
// characters, or an escape that need not be or is spelt otherwise, the upstream
// might see another path than the policy does.
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
		if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '/' || r == '\\' || r == ';' }) {
			return canonicalPath{}, false
		}
		p.segments[i] = s
	}
	if p.escaped == p.plain {
		p.escaped = ""
	}
	return p, true
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
		if len(v) != 1 || !res.AcceptsQuery(name, v[0]) {
			return "", nil, false
		}
	}
	return values.Encode(), values, true
}
