package rules

import "strings"

// fieldName is a decision about a field: that of the enclosing subject, or that of the
// other person whom it is about. The field leaves only if both let it, so that two
// policies answer alike if both decisions are alike.
type fieldName struct {
	path  string
	other bool
}

func (n fieldName) compare(m fieldName) int {
	switch {
	case n.path != m.path:
		return strings.Compare(n.path, m.path)
	case n.other == m.other:
		return 0
	case m.other:
		return -1
	}
	return 1
}

// release notes of a policy that it has the field and no other person for it.
func (n fieldName) release(readings map[fieldName]fieldReading, fields map[fieldName]*Field) {
	if r, ok := readings[fieldName{path: n.path}]; ok && n.other && !readings[n].mapped {
		r.free = true
		readings[n], fields[n] = r, fields[fieldName{path: n.path}]
	}
}

// freely answers for a policy that knows of no other person: what the subject lets
// leave in any situation may leave, as far as that person is concerned.
func (p *Plan) freely(f *Field, reading fieldReading, c *conditions, forms *forms) question {
	reading.free = false
	var most answer
	m := p.atlasOf(f, reading)
	for _, l := range m.enumerate([2]question{c.question(forms, false), nothing}, func(a [2]answer) bool { return a[0].Verb != Withhold }) {
		most = l.answers[0] // minimisation alone replaces, and looks at nobody
		break
	}
	return func(*situation) (answer, reads) { return most, 0 }
}
