package rules

import "testing"

// Table CCPA (2.6), row by row. U7 to U9 read "same" as: ad sharing, or
// consideration of a third party or a joint user. GPC is set by routes that face
// consumers alone (2.8b.6). That the notice lists the purpose means: the version
// that the subject was told.
func oracleCCPA(in *input) (string, verdict) {
	if rule, v, matches := oracleX(in); matches {
		return "U1, " + rule, v
	}
	kind, age := in.recipient.kind, in.subject.age
	has := func(f Flags) bool { return in.subject.flags&f == f }
	consent := in.consent.valid[slotCCPA]
	explicit := consent && in.consent.explicit[slotCCPA]
	beyondM := (in.field.spi || age == Age13To15) && !in.purpose.m7027
	saleOrShare := in.purpose.adShare || kind == ThirdParty && in.recipient.consideration || kind == JointUse && in.recipient.consideration
	minorOrUnknown := age == Age13To15 || age == AgeUnknown
	u10 := row{"U10", !in.purpose.cell, withhold(DisclosureNotDeclared)}
	if in.purpose.report {
		u10.then = allow(DisclosureNotDeclared) // the CHOICE: reported, not withheld
	}
	return firstMatch(
		row{"U2", in.purpose.dm && has(FlagDMObjection), withhold(DMObjection)},
		row{"U3", !in.purpose.scopeC && !consent, withhold(PurposeOutOfScope)},
		row{"U3", !in.field.declaredC, withhold(CategoryNotDeclared)},
		row{"U4", beyondM && has(FlagLimitSPI), withhold(SPILimited)},
		row{"U5", beyondM && !explicit, withhold(SPINoConsent)},
		row{"U6", kind == Internal, allow(CCPAAllowed)},
		row{"U6", kind == Processor && !in.recipient.ccpaTerms, withhold(CCPANoContract)},
		row{"U7", saleOrShare && !in.purpose.saleShare, withhold(CCPASaleShareDisabled)},
		row{"U8", saleOrShare && has(FlagOptOut), withhold(CCPAOptOut)},
		row{"U8", saleOrShare && has(FlagGPC), withhold(GPCOptOut)},
		row{"U9", saleOrShare && minorOrUnknown && !has(FlagMinorOptIn), withhold(MinorNoOptIn)},
		u10,
		row{"U11", true, allow(CCPAAllowed)},
	)
}

func TestCCPATable(t *testing.T) {
	t.Parallel()
	enumerate(t, func(d *draw) {
		var in input
		in.recipient.kind = ordinaryKinds[d.of(4)]
		in.recipient.ccpaTerms, in.recipient.consideration = d.bool(), d.bool()
		in.purpose.dm, in.purpose.adShare, in.purpose.m7027 = d.bool(), d.bool(), d.bool()
		in.purpose.scopeC, in.purpose.cell, in.purpose.saleShare, in.purpose.report = d.bool(), d.bool(), d.bool(), d.bool()
		in.subject.age = AgeBand(d.of(5))
		in.subject.flags = d.flag(FlagDMObjection) | d.flag(FlagLimitSPI) | d.flag(FlagOptOut) | d.flag(FlagGPC) | d.flag(FlagMinorOptIn)
		in.field.spi, in.field.declaredC = d.bool(), d.bool()
		in.consent.valid[slotCCPA], in.consent.explicit[slotCCPA] = d.bool(), d.bool()
		if rule, want := oracleCCPA(&in); !ccpa(&in).is(rule, want) {
			t.Errorf("%+v: %v, want %s %v", in, ccpa(&in), rule, want)
		}
	})
}
