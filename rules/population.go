package rules

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ErrSubjectForm is returned for an id that has another type or lexical form
// than its population declares. The text never holds the id.
var ErrSubjectForm = errors.New("subject id has not the form of its population")

// DefaultMaxSubjectID bounds a subject id in bytes. A longer one is no id
// ([ErrSubjectForm]), so its subject is withheld.
const DefaultMaxSubjectID = 256

// IDType is the lexical type of a population's ids.
type IDType uint8

// The id types.
const (
	_ IDType = iota
	IDInteger
	IDUUID
	IDString
)

var idTypes = enum[IDType]{"", "integer", "uuid", "string"}

// String returns the name that the policy uses.
func (t IDType) String() string { return idTypes.name(t) }

// ParseIDType is the inverse of String.
func ParseIDType(s string) (IDType, bool) { return idTypes.parse(s) }

// Population is a group of subjects with ids of one form: customer, staff, ...
type Population struct {
	Name string
	Type IDType
	// FoldCase treats ids that differ in ASCII case as one person's. Of
	// IDString only; a UUID always folds.
	FoldCase bool
	// StripZeros treats 17 and "0017" as one person's. Of IDInteger only;
	// without it leading zeros are no id.
	StripZeros bool
	// Number is the population's number in its policy, from 0.
	Number int

	told told // the notices under which the group's data was collected
}

// Canonical returns the one spelling of an id: the same person has the same
// canonical id in bodies, paths, tokens, commands and imports. number is true
// when the id stood as a JSON number, which only integers may.
func (p *Population) Canonical(id string, number bool) (string, error) {
	if id == "" || len(id) > DefaultMaxSubjectID {
		return "", ErrSubjectForm
	}
	switch p.Type {
	case IDInteger:
		return canonicalInteger(id, p.StripZeros && !number)
	case IDUUID:
		if number {
			return "", ErrSubjectForm
		}
		return canonicalUUID(id)
	case IDString:
		if number || !plainText(id) {
			return "", ErrSubjectForm
		}
		if p.FoldCase {
			return lowerASCII(id), nil
		}
		return id, nil
	}
	return "", ErrSubjectForm
}

// canonicalInteger accepts decimal digits alone: a sign, a fraction or an
// exponent would be a second spelling.
func canonicalInteger(id string, strip bool) (string, error) {
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return "", ErrSubjectForm
		}
	}
	if strip {
		id = strings.TrimLeft(id[:len(id)-1], "0") + id[len(id)-1:]
	}
	if id[0] == '0' && len(id) > 1 {
		return "", ErrSubjectForm
	}
	return id, nil
}

func canonicalUUID(id string) (string, error) {
	if len(id) != 36 {
		return "", ErrSubjectForm
	}
	for i := range len(id) {
		c := id[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return "", ErrSubjectForm
			}
		default:
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return "", ErrSubjectForm
			}
		}
	}
	return lowerASCII(id), nil
}

// lowerASCII folds the case of ASCII letters alone. Unicode's folding joins what
// are two ids to everybody else, such as k and the sign of the kelvin.
func lowerASCII(id string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r | 0x20
		}
		return r
	}, id)
}

// plainText refuses what has several spellings or cannot be seen: invalid UTF-8,
// letters that are not composed (NFC), characters that do not print, and space
// at the ends or of another width.
func plainText(id string) bool {
	if !utf8.ValidString(id) || strings.TrimSpace(id) != id || !norm.NFC.IsNormalString(id) {
		return false
	}
	for _, r := range id {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}
