package rules

// minimise decides what the purpose needs, whatever the law would allow: rules
// M1 to M4, first match. Only it transforms: a legal condition that fails is
// never made good by a transform (2.1).
func minimise(in *input) verdict {
	f := in.field
	switch {
	case f.credential: // disclosed to nobody
		return withhold(NotNecessary)
	case in.recipient.kind == DataSubject && f.notInCopies && in.subject.regimes&CCPA != 0: // M1b, C6.1e
		return withhold(NotNecessary)
	case in.recipient.kind == DataSubject: // M1b
		return allow(Needed)
	case in.recipient.kind == Authority && in.ordered(): // M1b
		return allow(Needed)
	case in.recipient.kind == Authority: // M1b: it needs what its order lists, and nothing else
		return withhold(NotNecessary)
	case in.ordered() && f.need != NeedNone: // M1b
		return allow(Needed)
	case f.need == NeedNone: // M1
		return withhold(NotNecessary)
	case in.purpose.stat && f.identifier == DirectIdentifier && f.need != NeedPseudonym: // M2
		return withhold(NotNecessary)
	case in.purpose.stat && f.identifier == QuasiIdentifier && !f.generaliser: // M2
		return withhold(NotNecessary)
	case in.purpose.stat && f.identifier == QuasiIdentifier: // M2, whatever else the need says
		return minimised(NeedGeneralised)
	case f.need == NeedPseudonym, f.need == NeedGeneralised: // M3
		return minimised(f.need)
	}
	return allow(Needed) // M4
}

func minimised(n Need) verdict { return verdict{verb: Transform, reason: Minimised, need: n} }
