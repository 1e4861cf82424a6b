package draft

import (
	"strings"
	"unicode"
)

// words splits a name of any habit into small words: billingAddress,
// billing_address and Billing-Address are the same.
func words(name string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out, word = append(out, strings.ToLower(string(word))), nil
		}
	}
	runes := []rune(name)
	for i, c := range runes {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			flush()
			continue
		case unicode.IsUpper(c) && i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1]) ||
			unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			flush()
		}
		word = append(word, c)
	}
	flush()
	return out
}

// snake writes a name as a word of a policy.
func snake(name string) string {
	var b strings.Builder
	for i, w := range words(name) {
		if i > 0 {
			b.WriteByte('_')
		}
		for _, c := range w {
			if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
				b.WriteRune(c)
			}
		}
	}
	return strings.Trim(b.String(), "_")
}

// singular of an English plural, as far as names of routes go.
func singular(s string) string {
	for _, ending := range [][2]string{{"ies", "y"}, {"sses", "ss"}, {"xes", "x"}, {"ches", "ch"}, {"shes", "sh"}, {"uses", "us"}} {
		if rest, ok := strings.CutSuffix(s, ending[0]); ok && len(rest) > 1 {
			return rest + ending[1]
		}
	}
	if rest, ok := strings.CutSuffix(s, "people"); ok {
		return rest + "person"
	}
	if rest, ok := strings.CutSuffix(s, "s"); ok && len(rest) > 1 && !strings.HasSuffix(rest, "s") && !strings.HasSuffix(rest, "u") {
		return rest
	}
	return s
}
