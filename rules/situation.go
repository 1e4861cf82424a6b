package rules

// situation is what the state of a subject and the request say that decides about
// one field: a class, narrowed to the field's category. Everything else that decides
// is the policy's: its conditions.
type situation struct {
	flags                     Flags
	regimes                   Regimes
	age                       AgeBand
	li                        EventState
	contested                 bool
	foreign                   bool // the consent under APPI was informed of the country
	status                    ConsentStatus
	valid, explicit, parental [slots]bool
}

// of narrows a class to the category with a number in its kind.
func (c *Class) of(number int) situation {
	s := situation{
		flags: c.Flags, regimes: c.Regimes, age: c.Age, li: c.LI, status: c.Consent,
		contested: c.Contested.has(number), foreign: c.Foreign.has(number),
	}
	for slot := range slots {
		s.valid[slot], s.explicit[slot], s.parental[slot] = c.Valid[slot].has(number), c.Explicit[slot].has(number), c.Parental[slot].has(number)
	}
	return s
}

// reads is a set of the parts of a situation, by part. The flags come first, at
// their own bits.
type reads uint64

// The parts behind the flags.
const (
	readRegimes reads = 1 << (32 + iota)
	readAge
	readLI
	readContested
	readForeign
	readValid    // of slotAPPI; the other slots follow
	readExplicit = readValid << slots
	readParental = readExplicit << slots
)

// The decision tables look at a situation through these alone. Each notes what was
// looked at: where two situations agree on that, the outcome is the same. It is how
// policies are compared by enumeration.

func (in *input) has(f Flags) bool {
	in.seen |= reads(f)
	return in.subject.flags&f != 0
}

// own reports whether the caller is the subject, and asks for its own data.
func (in *input) own() bool {
	if in.recipient.kind == DataSubject && in.purpose.legal == LegalRights {
		in.seen |= reads(FlagOwn)
	}
	return in.subject.own
}

// reached reports whether the legal order of the request reaches the subject, under
// a purpose that may rest on one.
func (in *input) reached() bool {
	if in.purpose.legal != LegalObligation && in.purpose.legal != LegalClaims {
		return false
	}
	in.seen |= reads(FlagOrdered)
	return in.order.reaches
}

// ordered reports whether that order covers the field.
func (in *input) ordered() bool { return in.reached() && in.order.lists }

func (in *input) under(r Regimes) bool {
	in.seen |= readRegimes
	return in.subject.regimes&r != 0
}

func (in *input) age() AgeBand {
	in.seen |= readAge
	return in.subject.age
}

func (in *input) li() EventState {
	in.seen |= readLI
	return in.subject.li
}

func (in *input) contested() bool {
	in.seen |= readContested
	return in.field.contested
}

// scopeJ, rowE and scopeC report whether a notice lists the purpose for the
// subject's group, in the version that the subject was told.
func (in *input) scopeJ() bool {
	in.seen |= reads(FlagUntoldAPPI)
	return in.purpose.scopeJ
}

func (in *input) rowE() bool {
	in.seen |= reads(FlagUntoldEEAUK)
	return in.purpose.rowE
}

func (in *input) scopeC() bool {
	in.seen |= reads(FlagUntoldCalifornia)
	return in.purpose.scopeC
}

func (in *input) consented(slot int) bool {
	in.seen |= readValid << slot
	return in.consent.valid[slot]
}

func (in *input) explicit(slot int) bool {
	if !in.consented(slot) {
		return false
	}
	in.seen |= readExplicit << slot
	return in.consent.explicit[slot]
}

// informed reports a valid consent under APPI that was informed of the country.
func (in *input) informed() bool {
	if !in.consented(slotAPPI) {
		return false
	}
	in.seen |= readForeign
	return in.consent.foreign
}

// unparented reports whether a consent would be a child's own, without a parent's.
func (in *input) unparented(slot int) bool {
	in.seen |= readAge
	child := in.subject.childEEA
	if slot == slotUK {
		child = in.subject.childUK
	}
	if !child {
		return false
	}
	in.seen |= readParental << slot
	return !in.consent.parental[slot]
}
