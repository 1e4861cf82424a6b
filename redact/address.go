package redact

import "strconv"

// appendNetwork appends the network of an IP address: the /24 of an IPv4 one, also of
// one mapped into IPv6, and the /48 of another IPv6 one. It parses by itself because
// net/netip makes a string of each address.
func appendNetwork(dst, text []byte) ([]byte, bool) {
	if a, ok := parseIPv4(text); ok {
		return appendIPv4(dst, a), true
	}
	a, ok := parseIPv6(text)
	switch {
	case !ok:
		return dst, false
	case a[0]|a[1]|a[2]|a[3]|a[4] == 0 && a[5] == 0xffff:
		return appendIPv4(dst, [4]byte{byte(a[6] >> 8), byte(a[6] & 0xff), byte(a[7] >> 8)}), true
	}
	kept := 3
	for kept > 0 && a[kept-1] == 0 {
		kept-- // the :: stands for all zeros at the end
	}
	for i := range kept {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = strconv.AppendUint(dst, uint64(a[i]), 16)
	}
	return append(dst, "::/48"...), true
}

func appendIPv4(dst []byte, a [4]byte) []byte {
	for _, part := range a[:3] {
		dst = strconv.AppendUint(dst, uint64(part), 10)
		dst = append(dst, '.')
	}
	return append(dst, "0/24"...)
}

// parseIPv4 reads four numbers without leading zeros, which some readers take for octal.
func parseIPv4(b []byte) (a [4]byte, ok bool) {
	for i := range a {
		n := 0
		for n < len(b) && n < 4 && digit(b[n]) {
			n++
		}
		v, ok := decimal(b[:n])
		if !ok || v > 255 || n > 1 && b[0] == '0' {
			return a, false
		}
		a[i] = byte(v & 0xff)
		b = b[n:]
		if i == 3 {
			break
		}
		if len(b) == 0 || b[0] != '.' {
			return a, false
		}
		b = b[1:]
	}
	return a, len(b) == 0
}

// parseIPv6 reads eight groups, of which a :: may leave out some, and the last two of
// which may stand as an IPv4 address. A zone belongs to one machine and is refused.
func parseIPv6(b []byte) (a [8]uint16, ok bool) {
	gap, n := -1, 0
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 {
		if n == len(a) {
			return a, false
		}
		if v4, ok := parseIPv4(b); ok && n <= 6 {
			a[n], a[n+1] = uint16(v4[0])<<8|uint16(v4[1]), uint16(v4[2])<<8|uint16(v4[3])
			n += 2
			break
		}
		u, digits := hex4(b)
		if digits == 0 {
			return a, false
		}
		a[n] = uint16(u & 0xffff)
		n++
		if b = b[digits:]; len(b) == 0 {
			break
		}
		if b[0] != ':' || len(b) == 1 {
			return a, false
		}
		if b = b[1:]; b[0] != ':' {
			continue
		}
		if gap >= 0 {
			return a, false
		}
		gap, b = n, b[1:]
	}
	switch {
	case gap < 0:
		return a, n == len(a)
	case n == len(a):
		return a, false // the :: stands for nothing
	}
	copy(a[len(a)-(n-gap):], a[gap:n])
	clear(a[gap : len(a)-(n-gap)])
	return a, true
}

// appendDomain appends the domain of an e-mail address in lower case.
func appendDomain(dst, text []byte) ([]byte, bool) {
	at := -1
	for i, c := range text {
		if c != '@' {
			continue
		}
		if at >= 0 {
			return dst, false
		}
		at = i
	}
	if at < 1 || !domain(text[at+1:]) {
		return dst, false
	}
	for _, c := range text[at+1:] {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst, true
}

const (
	maxDomain = 253 // of the DNS
	maxLabel  = 63
)

// domain reports whether b is two or more labels of DNS host names, the last of them
// not a number: an address literal is no domain.
func domain(b []byte) bool {
	labels, length, letter := 1, 0, false
	for i, c := range b {
		switch {
		case c == '.':
			if length == 0 || b[i-1] == '-' {
				return false
			}
			labels++
			length, letter = 0, false
			continue
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letter = true
		case digit(c), c == '-' && length > 0:
		default:
			return false
		}
		if length++; length > maxLabel {
			return false
		}
	}
	return labels > 1 && letter && length > 0 && b[len(b)-1] != '-' && len(b) <= maxDomain
}
