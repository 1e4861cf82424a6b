package rules

import "slices"

// Form is in what form a field leaves: not at all, replaced, or as it is. The zero
// Form is not at all.
type Form struct {
	Verb        Verb
	Need        Need
	Generaliser string // form of the policy, with NeedGeneralised
	// Cell: only in a combination that enough subjects of the answer share.
	Cell bool
	// Link and Group are the link class and the domain of a pseudonym: equal ones
	// can be joined.
	Link, Group string
}

// String returns the word that reports use: clear, withheld, pseudonym, or the form of
// a generaliser.
func (f Form) String() string {
	switch {
	case f.Verb == Withhold:
		return "withheld"
	case f.Verb == Allow:
		return NeedClear.String()
	case f.Need == NeedGeneralised && f.Cell:
		return f.Generaliser + " in cells"
	case f.Need == NeedGeneralised:
		return f.Generaliser
	}
	return f.Need.String()
}

// Weaker reports whether a form may show something that the one before did not. Only
// what is known to show no more is not weaker.
func (f Form) Weaker(before Form) bool {
	switch {
	case f == before, f.Verb == Withhold, before.Verb == Allow:
		return false
	case before.Verb == Withhold, f.Verb == Allow, f.Need != before.Need:
		return true
	case f.Need == NeedPseudonym: // one that is joined with no more than before
		return f.Link != before.Link || f.Group != before.Group && f.Group != ""
	}
	return before.Cell && !f.Cell || !coarser(f.Generaliser, before.Generaliser)
}

// coarser reports whether a generaliser is known to show nothing that another does
// not.
func coarser(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := ParseGeneraliser(a)
	y, errY := ParseGeneraliser(b)
	switch {
	case errX != nil || errY != nil:
		return false
	case x.Kind == GeneraliseYear && y.Kind == GeneraliseDay:
		return true
	case x.Kind != y.Kind:
		return false
	case x.Kind == GeneralisePrefix, x.Kind == GeneraliseLast:
		return x.N <= y.N
	case x.Kind == GeneraliseBand:
		return !slices.ContainsFunc(x.Edges, func(e float64) bool { return !slices.Contains(y.Edges, e) })
	}
	return true
}

// forms are those that the needs of one field take.
type forms struct {
	generaliser string
	cell        bool
	link, group string
}

func (p *Plan) forms(f *Field) forms {
	var out forms
	if g, cell := p.generaliser(f); g != nil {
		out.generaliser, out.cell = g.String(), cell
	}
	out.link, out.group = f.Link, p.grant.LinkGroup
	return out
}

func (f *forms) of(v verdict) Form {
	out := Form{Verb: v.verb}
	switch {
	case v.verb == Allow:
		out.Need = NeedClear
	case v.verb == Withhold:
	case v.need == NeedPseudonym:
		out.Need, out.Link, out.Group = v.need, f.link, f.group
	default:
		out.Need, out.Generaliser, out.Cell = v.need, f.generaliser, f.cell
	}
	return out
}
