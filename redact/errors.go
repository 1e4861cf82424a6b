package redact

import (
	"errors"
	"strconv"
)

// The classes of errors, for errors.Is. All but ErrUse describe the body and
// come as a [*SyntaxError].
var (
	// ErrSyntax means that the body is not one JSON document in valid UTF-8.
	ErrSyntax = errors.New("not strict JSON")
	// ErrDepth means that the body nests deeper than its limit.
	ErrDepth = errors.New("JSON nested too deeply")
	// ErrSize means that the body is longer than [MaxSize].
	ErrSize = errors.New("JSON too long")
	// ErrSubjects means that the body holds more subjects than its limit.
	ErrSubjects = errors.New("too many subjects")
	// ErrRoom means that the budget has no room for what is in the body.
	ErrRoom = errors.New("no room for what is in the JSON")
	// ErrUse means that the caller broke the contract of Emit: there is no
	// open document, the actions or keys do not belong to it, or a token is not
	// JSON. Nothing was appended.
	ErrUse = errors.New("redact: misuse")
)

// ErrorKind says what is wrong with a body. It is stable and safe to record.
type ErrorKind uint8

// The kinds.
const (
	Unexpected       ErrorKind = iota // a byte that cannot stand there
	Empty                             // no document at all
	Truncated                         // the body ends inside the document
	Trailing                          // something follows the document
	ByteOrderMark                     // the body begins with U+FEFF
	InvalidUTF8                       // not UTF-8, or a surrogate encoded in it
	ControlCharacter                  // below U+0020, unescaped in a string
	InvalidEscape                     // \x, \u12
	InvalidNumber                     // 01, 1., -, 1e
	TooDeep                           // more containers inside each other than the limit
	TooLong                           // more bytes than MaxSize
	TooManySubjects                   // more subjects than the limit
	NoRoom                            // more items than the budget has room for
)

var kindNames = [...]string{
	"unexpected_byte", "empty", "truncated", "trailing_bytes", "byte_order_mark", "invalid_utf8", "control_character",
	"invalid_escape", "invalid_number", "too_deep", "too_long", "too_many_subjects", "no_room",
}

// String returns the word that records use.
func (k ErrorKind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// SyntaxError says where a body is refused and why. It holds nothing of the
// body itself.
type SyntaxError struct {
	Offset int // in bytes from the start of the body
	Kind   ErrorKind
}

// Error returns kind and offset.
func (e *SyntaxError) Error() string {
	return "JSON refused: " + e.Kind.String() + " at byte " + strconv.Itoa(e.Offset)
}

// Unwrap returns the class of the error.
func (e *SyntaxError) Unwrap() error {
	switch e.Kind {
	case TooDeep:
		return ErrDepth
	case TooLong:
		return ErrSize
	case TooManySubjects:
		return ErrSubjects
	case NoRoom:
		return ErrRoom
	case Unexpected, Empty, Truncated, Trailing, ByteOrderMark, InvalidUTF8, ControlCharacter, InvalidEscape, InvalidNumber:
		return ErrSyntax
	}
	return ErrSyntax
}
