package rules

// minimise decides what the purpose needs, whatever the law would allow: rules
// M1 to M4, first match. Only it transforms: a legal condition that fails is
// never made good by a pseudonym (2.1).
func minimise(in *input) verdict {
	f := in.field
	switch {
	case f.credential || f.need == NeedNone: // M1
		return withhold(NotNecessary)
	case in.purpose.stat && f.identifier == DirectIdentifier && f.need != NeedPseudonym: // M2
		return withhold(NotNecessary)
	case in.purpose.stat && f.identifier == QuasiIdentifier: // M2: no generaliser is declared
		return withhold(NotNecessary)
	case f.need == NeedPseudonym: // M3
		return verdict{Transform, Minimised, BasisNone}
	}
	return allow(Needed) // M4
}
