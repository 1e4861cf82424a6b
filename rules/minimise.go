package rules

// minimise decides what the purpose needs, whatever the law would allow: rules
// M1 to M4, first match. Only it transforms: a legal condition that fails is
// never made good by a transform (2.1).
func minimise(in *input) verdict {
	f := in.field
	switch {
	case f.credential: // disclosed to nobody
		return RuleCredential.withholds(NotNecessary)
	case in.recipient.kind == DataSubject && f.notInCopies && in.under(CCPA): // C6.1e
		return M1b.withholds(NotNecessary)
	case in.recipient.kind == DataSubject:
		return M1b.allows(Needed)
	case in.recipient.kind == Authority && in.ordered():
		return M1b.allows(Needed)
	case in.recipient.kind == Authority: // it needs what its order lists, and nothing else
		return M1b.withholds(NotNecessary)
	case f.need == NeedNone:
		return M1.withholds(NotNecessary)
	case in.ordered():
		return M1b.allows(Needed)
	case in.purpose.stat && f.identifier == DirectIdentifier && f.need != NeedPseudonym:
		return M2.withholds(NotNecessary)
	case in.purpose.stat && f.identifier == QuasiIdentifier && !f.generaliser:
		return M2.withholds(NotNecessary)
	case in.purpose.stat && f.identifier == QuasiIdentifier: // whatever else the need says
		return M2.minimises(NeedGeneralised)
	case f.need == NeedPseudonym, f.need == NeedGeneralised:
		return M3.minimises(f.need)
	}
	return M4.allows(Needed)
}
