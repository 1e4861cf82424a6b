package rules

import "testing"

// Table APPI (2.6), row by row. That a notice lists the purpose means: the version
// that the subject was told, of those in effect (K3, J11).
func oracleAPPI(in *input) (string, verdict) {
	if rule, v, matches := oracleX(in); matches {
		return "A1, " + rule, v
	}
	kind, geo := in.recipient.kind, in.recipient.appi
	has := func(f Flags) bool { return in.subject.flags&f == f }
	consent := in.consent.valid[slotAPPI]
	explicit := consent && in.consent.explicit[slotAPPI]
	foreignInfo := consent && in.consent.foreign
	eeaOrUK := in.subject.regimes&EEA == EEA || in.subject.regimes&UK == UK
	california := in.subject.regimes&CCPA == CCPA
	regionalNotice := eeaOrUK && in.purpose.rowE || california && in.purpose.scopeC
	return firstMatch(
		row{"A2", !in.purpose.scopeJ && !regionalNotice && !consent, withhold(PurposeOutOfScope)},
		row{"A3", has(FlagCeaseUse), withhold(APPIUseCeased)},
		row{"A4", in.purpose.dm && has(FlagDMObjection), withhold(DMObjection)},
		row{"A5", in.field.special && !in.purpose.health && !explicit, withhold(SpecialCareNoConsent)},
		row{"A6", kind == Internal, allow(APPIAllowed)},
		row{"A8", kind == ThirdParty && has(FlagCeaseProvision), withhold(APPIProvisionCeased)},
		row{"A9", kind == ThirdParty && !consent, withhold(ThirdPartyNoConsent)},
		row{"A10", kind == ThirdParty && geo == GeoNone && !foreignInfo, withhold(APPIForeignConsentUninformed)},
		row{"A7", kind == ThirdParty, allow(APPIAllowed)},
		row{"A11", kind == JointUse && !in.recipient.jointUseNotice, withhold(JointUseNoNotice)},
		row{"A12", (kind == Processor || kind == JointUse) && geo == GeoNone && !foreignInfo, withhold(APPIForeignNoSafeguard)},
		row{"A13", true, allow(APPIAllowed)},
	)
}

func TestAPPITable(t *testing.T) {
	t.Parallel()
	enumerate(t, func(d *draw) {
		var in input
		in.recipient.kind = ordinaryKinds[d.of(4)]
		in.recipient.appi = Geo(d.of(4))
		in.recipient.jointUseNotice = d.bool()
		in.purpose.scopeJ, in.purpose.rowE, in.purpose.scopeC = d.bool(), d.bool(), d.bool()
		in.purpose.dm, in.purpose.health = d.bool(), d.bool()
		in.subject.regimes = Regimes(d.of(8))
		in.subject.flags = d.flag(FlagCeaseUse) | d.flag(FlagCeaseProvision) | d.flag(FlagDMObjection)
		in.field.special = d.bool()
		in.consent.valid[slotAPPI], in.consent.explicit[slotAPPI], in.consent.foreign = d.bool(), d.bool(), d.bool()
		in.order.reaches, in.order.lists = d.bool(), d.bool() // no purpose here may rest on an order
		if rule, want := oracleAPPI(&in); !appi(&in).is(rule, want) {
			t.Errorf("%+v: %v, want %s %v", in, appi(&in), rule, want)
		}
	})
}
