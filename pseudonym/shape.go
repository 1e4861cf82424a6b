package pseudonym

import (
	"encoding/base32"
	"encoding/hex"

	"github.com/modicum-dev/modicum/rules"
)

// EmailDomain is the domain of tokens in the shape of an e-mail address. Nobody
// can own a name under .invalid (RFC 2606), so no mail ever arrives.
const EmailDomain = "pseudonym.invalid"

var base32lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// appendShape writes a token as a JSON string: letters, digits, dots, hyphens
// and @ alone, so that it needs no escape and is a valid local part.
func appendShape(dst []byte, shape rules.TokenShape, version, kid string, mac *[16]byte) []byte {
	dst = append(dst, '"')
	switch shape {
	case rules.TokenUUID:
		dst = appendUUID(dst, *mac)
	case rules.TokenEmail:
		dst = appendOpaque(dst, version, kid, mac)
		dst = append(dst, "@"+EmailDomain...)
	case rules.TokenOpaque:
		dst = appendOpaque(dst, version, kid, mac)
	default: // a shape of a later version: a string says less than a guess
		dst = appendOpaque(dst, version, kid, mac)
	}
	return append(dst, '"')
}

func appendOpaque(dst []byte, version, kid string, mac *[16]byte) []byte {
	dst = append(dst, version...)
	dst = append(dst, kid...)
	dst = append(dst, '.')
	return base32lower.AppendEncode(dst, mac[:])
}

// appendUUID writes a UUIDv8 (RFC 9562): 122 bits of the MAC around the six of
// version and variant. It has no room for a key id.
func appendUUID(dst []byte, mac [16]byte) []byte {
	mac[6] = mac[6]&0x0f | 0x80
	mac[8] = mac[8]&0x3f | 0x80
	for i, part := range [][]byte{mac[0:4], mac[4:6], mac[6:8], mac[8:10], mac[10:16]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}
