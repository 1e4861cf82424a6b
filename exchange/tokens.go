package exchange

import (
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// tokens executes the transforms of one answer.
type tokens struct {
	domain *pseudonym.Domain
	fields []rules.Field
	people []person
}

var _ redact.Tokens = (*tokens)(nil)

// AppendToken implements [redact.Tokens]. A pseudonym is bound to the person and
// the field's link class, not to the value: equal values of two people are
// unrelated.
func (t *tokens) AppendToken(dst []byte, subject, field int, need rules.Need, value redact.Scalar) ([]byte, bool) {
	p := &t.people[subject]
	if need != rules.NeedPseudonym || !p.known || len(value.Text) == 0 {
		return dst, false
	}
	f := &t.fields[field]
	class := f.Link
	if class == "" {
		class = f.Category
	}
	return t.domain.AppendToken(dst, f.Token, class, p.key), true
}
