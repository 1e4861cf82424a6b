package rules

// enum is a closed list of names, by value. Every closed vocabulary of the
// policy language is one, so that parsing, printing and suggesting agree.
type enum[T ~uint8] []string

func (e enum[T]) name(v T) string {
	if int(v) < len(e) {
		return e[v]
	}
	return "invalid"
}

func (e enum[T]) parse(s string) (T, bool) {
	for i, n := range e {
		if n == s && n != "" {
			return T(i), true
		}
	}
	return 0, false
}
