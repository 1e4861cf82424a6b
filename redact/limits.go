package redact

import "math"

const (
	// DefaultMaxDepth is how many containers may stand inside each other.
	// Real APIs stay below 20. A deeper body is refused with ErrDepth.
	DefaultMaxDepth = 128

	// DefaultMaxSubjects is how many subjects one body may hold. Each costs
	// about 200 bytes while the document is open, however short it is in the
	// body, and one decision. A body with more is refused with ErrSubjects.
	DefaultMaxSubjects = 100_000

	// MaxSize is how many bytes a body may have; places in it are kept in 32
	// bits. A longer body is refused with ErrSize. It is no budget: callers
	// bound what they buffer far below it.
	MaxSize = math.MaxInt32
)

// Limits bounds one document. The zero value means the defaults.
type Limits struct {
	Depth    int // containers inside each other; 0 means DefaultMaxDepth
	Subjects int // persons in one body; 0 means DefaultMaxSubjects
	// Budget is asked for what a body takes besides its bytes, as far as that
	// is bounded by nothing but them. What it refuses is ErrRoom. Nil: there
	// is room for everything.
	Budget Budget
}

// Budget is memory that is used together with others.
type Budget interface {
	// Take reports whether n bytes more may be used. They are part of what
	// [Document.Size] tells afterwards, and nobody gives them back. Only what
	// [Terms.Complete] needs beyond the room of dst is no part of that Size: it is
	// in what Emit returns.
	Take(n int) bool
}

func (l Limits) orDefault() Limits {
	if l.Depth <= 0 {
		l.Depth = DefaultMaxDepth
	}
	if l.Subjects <= 0 {
		l.Subjects = DefaultMaxSubjects
	}
	return l
}
