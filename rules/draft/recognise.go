package draft

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/modicum-dev/modicum/rules/openapi"
)

// The forms of ids in paths and keys. What looks like one is never taken for a
// name: names go into a draft, and values do not.
var (
	integerForm = regexp.MustCompile(`^[0-9]{1,18}$`)
	uuidForm    = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	hexForm     = regexp.MustCompile(`^[0-9a-fA-F]{12,}$`)
	dateForm    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$`)
	versionForm = regexp.MustCompile(`^v[0-9]{1,3}([._][0-9]{1,3})?$`)
	memberForm  = regexp.MustCompile(`^[A-Za-z_$@][A-Za-z0-9_$.:@-]{0,63}$`)
)

// idLike reports whether a text has the form of an id: it is a number, a UUID, a
// hash, a date or an address, or it has a digit and is no version.
func idLike(s string) bool {
	switch {
	case integerForm.MatchString(s), uuidForm.MatchString(s), hexForm.MatchString(s), dateForm.MatchString(s), strings.ContainsAny(s, "@% "):
		return true
	case versionForm.MatchString(s):
		return false
	}
	digits, letters := 0, 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			letters++
		}
	}
	return digits >= 2 && digits+letters >= 4 || len(s) > 64
}

// formOf is the schema of one value as an id or parameter.
func formOf(s string) *openapi.Schema {
	switch {
	case integerForm.MatchString(s):
		return &openapi.Schema{Types: openapi.Integer}
	case uuidForm.MatchString(s):
		return &openapi.Schema{Types: openapi.String, Format: "uuid"}
	case dateForm.MatchString(s) && len(s) == 10:
		return &openapi.Schema{Types: openapi.String, Format: "date"}
	case s == "true" || s == "false":
		return &openapi.Schema{Types: openapi.Boolean}
	}
	return &openapi.Schema{Types: openapi.String}
}

// idNames are the members whose value a path may name.
var idNames = regexp.MustCompile(`(?i)^(id|uuid|guid|key|slug|login|handle|username|user_name|code|name|sku|email|number|.*_id|.*Id|.*_key|.*_code)$`)

// route turns a recorded path into one with parameters. A segment is a parameter
// when it is in braces, looks like an id, or is the value of an id in the body: a
// user's name in /users/ann is nobody's route.
func route(path string, ids map[string]bool) (pattern string, params []openapi.Param) {
	var out []string
	previous := ""
	for i, segment := range strings.Split(strings.Trim(path, "/"), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			plain = segment
		}
		braced := strings.HasPrefix(plain, "{") && strings.HasSuffix(plain, "}") && len(plain) > 2
		if !braced && !idLike(plain) && (i == 0 || !ids[plain]) {
			out, previous = append(out, segment), segment
			continue
		}
		name, schema := singular(snake(previous))+"_id", formOf(plain)
		if previous == "" || versionForm.MatchString(previous) {
			name = "id"
		}
		if braced {
			name, schema = plain[1:len(plain)-1], &openapi.Schema{Types: openapi.String}
		}
		for n := 2; has(params, name); n++ {
			name = strings.TrimRight(name, "0123456789") + string(rune('0'+n%10))
		}
		params = append(params, openapi.Param{Name: name, Required: true, Schema: schema})
		out, previous = append(out, "{"+name+"}"), ""
	}
	return "/" + strings.Join(out, "/"), params
}

func has(params []openapi.Param, name string) bool {
	for _, p := range params {
		if p.Name == name {
			return true
		}
	}
	return false
}
