package redact

// number checks the number that starts at i and returns the place after it.
func (s *scanner) number(i int) int {
	b := s.b
	start := i
	if b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return s.fail(Truncated, i)
	case b[i] == '0':
		i++
		if i < len(b) && digit(b[i]) {
			return s.fail(InvalidNumber, start)
		}
	case digit(b[i]):
		i = s.digits(i)
	default:
		return s.fail(InvalidNumber, start)
	}
	if i < len(b) && b[i] == '.' {
		if i = s.someDigits(i+1, start); i < 0 {
			return i
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return s.someDigits(i, start)
	}
	return i
}

// someDigits needs at least one digit at i.
func (s *scanner) someDigits(i, start int) int {
	if i >= len(s.b) {
		return s.fail(Truncated, i)
	}
	if !digit(s.b[i]) {
		return s.fail(InvalidNumber, start)
	}
	return s.digits(i)
}

func (s *scanner) digits(i int) int {
	for i < len(s.b) && digit(s.b[i]) {
		i++
	}
	return i
}

func digit(c byte) bool { return c-'0' < 10 }
