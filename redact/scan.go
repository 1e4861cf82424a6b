package redact

// scanner checks JSON. Its methods take the place where something starts and
// return the place after it, or -1 after fail has noted why.
type scanner struct {
	b     []byte
	marks []byte // of b, see markAll
	depth int    // how many containers may stand inside each other

	kind   ErrorKind // of the failure
	offset int       // of the failure

	escaped bool // a string with an escape was read since this was cleared
	lone    bool // a string with half a surrogate pair was read since this was cleared

	nest []byte // closing brackets that skip waits for; kept for its room
}

func (s *scanner) fail(kind ErrorKind, at int) int {
	s.kind, s.offset = kind, at
	return -1
}

// unexpected fails at i, which may be the end.
func (s *scanner) unexpected(i int) int {
	if i >= len(s.b) {
		return s.fail(Truncated, len(s.b))
	}
	return s.fail(Unexpected, i)
}

// space returns the place of the next byte that is not insignificant.
func (s *scanner) space(i int) int {
	if uint(i) < uint(len(s.b)) && s.b[i] > ' ' { // mostly
		return i
	}
	return whitespace(s.b, i)
}

// whitespace is space for where there is some: a newline and its indentation, eight
// bytes at a time.
func whitespace(b []byte, i int) int {
	for i >= 0 && i < len(b) && insignificant(b[i]) {
		i++
		for i <= len(b)-8 && word(b, i) == lows*' ' {
			i += 8
		}
	}
	return i
}

func insignificant(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// colon needs a colon after the key that ends at i and returns the place of
// the value.
func (s *scanner) colon(i int) int {
	if i = s.space(i); i >= len(s.b) || s.b[i] != ':' {
		return s.unexpected(i)
	}
	if i = s.space(i + 1); i >= len(s.b) {
		return s.fail(Truncated, i)
	}
	return i
}

// scalar checks the string, number or literal at i.
func (s *scanner) scalar(i int) int {
	switch c := s.b[i]; {
	case c == '"':
		return s.text(i)
	case c == '-' || digit(c):
		return s.number(i)
	case c == 't':
		return s.literal(i, "true")
	case c == 'f':
		return s.literal(i, "false")
	case c == 'n':
		return s.literal(i, "null")
	}
	return s.fail(Unexpected, i)
}

func (s *scanner) literal(i int, word string) int {
	if end := i + len(word); end <= len(s.b) && string(s.b[i:end]) == word {
		return end
	}
	for k := range len(word) {
		if i+k >= len(s.b) {
			return s.fail(Truncated, len(s.b))
		}
		if s.b[i+k] != word[k] {
			break
		}
	}
	return s.fail(Unexpected, i)
}

// skip checks the value at i and everything below it, and remembers nothing.
// depth is how many containers stand around it. It keeps its own stack, so
// that no limit of depth can exhaust that of the goroutine.
func (s *scanner) skip(i, depth int) int {
	b := s.b
	s.nest = s.nest[:0]
	var end byte // of the container that i is in, in ASCII; 0 for that around the value
	for {
		// A value starts at i.
		if uint(i) >= uint(len(b)) {
			return s.fail(Truncated, len(b))
		}
		switch c := b[i]; c {
		case '"':
			if i = s.mark(i + 1); uint(i) < uint(len(b)) && b[i] == '"' { // mostly
				i++
			} else if i = s.rest(i); i < 0 {
				return i
			}
		case '{', '[':
			if depth+len(s.nest) >= s.depth {
				return s.fail(TooDeep, i)
			}
			s.nest = append(s.nest, end)
			end = c + 2
			if i++; i < len(b) && b[i] <= ' ' {
				i = s.space(i)
			}
			if i < len(b) && b[i] == end {
				break // closed below
			}
			if c == '{' {
				if i = s.key(i); i < 0 {
					return i
				}
			}
			continue
		default:
			if digit(c) && end == '}' {
				i = s.alike(i)
			} else {
				i = s.scalar(i)
			}
			if i < 0 {
				return i
			}
		}
		// Before i a value ended, or a container begins that holds none: close what ends
		// here, up to the next value.
		for end != 0 {
			if uint(i) >= uint(len(b)) {
				return s.fail(Truncated, len(b))
			}
			c := b[i]
			if c == ',' {
				i++
				if end == ']' {
					i = s.space(i)
					break
				}
				if uint(i) < uint(len(b)) && b[i] == '"' {
					colon := s.mark(i+1) + 1
					if colon > 0 && colon < len(b)-1 && b[colon-1] == '"' && b[colon] == ':' && b[colon+1] > ' ' { // mostly
						i = colon + 1
						break
					}
				}
				if i = s.key(i); i < 0 {
					return i
				}
				break
			}
			switch {
			case c == end:
				i++
				end = s.nest[len(s.nest)-1]
				s.nest = s.nest[:len(s.nest)-1]
			case insignificant(c):
				i = whitespace(b, i)
			default:
				return s.fail(Unexpected, i)
			}
		}
		if end == 0 {
			return i
		}
	}
}

// key checks the next key, at i or after whitespace, and its colon and returns the
// place of the value.
func (s *scanner) key(i int) int {
	b := s.b
	if uint(i) >= uint(len(b)) || b[i] != '"' {
		if i = s.space(i); i >= len(b) || b[i] != '"' {
			return s.unexpected(i)
		}
	}
	if i = s.mark(i + 1); uint(i) < uint(len(b)) && b[i] == '"' { // mostly
		i++
	} else if i = s.rest(i); i < 0 {
		return i
	}
	if i >= 0 && i < len(b)-1 && b[i] == ':' && b[i+1] > ' ' { // mostly
		return i + 1
	}
	return s.colon(i)
}
