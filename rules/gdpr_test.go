package rules

import "testing"

// Table GDPR (2.6), row by row, once with the inputs of the EEA and once with
// those of the UK. That there is a row means: in the version of the notice that the
// subject was told (K3). in.purpose.basis is G6 already; its own test is
// TestBasisIsTheStrictest. G1 says of no kind of recipient that it may receive under
// an order abroad without more, so an internal one may not.
func oracleGDPR(in *input, slot int) (string, verdict) {
	if rule, v, matches := oracleX(in); matches {
		abroad := slot == slotEEA && in.recipient.eea == GeoNone || slot == slotUK && in.recipient.uk == GeoNone
		if v == allow(LegalOrder) && abroad && !in.order.transfer {
			return "G1", withhold(TransferNoSafeguard)
		}
		return "G1, " + rule, v
	}
	geo, child := in.recipient.eea, in.subject.childEEA
	if slot == slotUK {
		geo, child = in.recipient.uk, in.subject.childUK
	}
	kind := in.recipient.kind
	external := kind == Processor || kind == ThirdParty || kind == JointUse
	given := in.consent.valid[slot]
	withoutParent := child && !in.consent.parental[slot]
	explicit := given && in.consent.explicit[slot] && !withoutParent
	objected := in.subject.flags&FlagDMObjection != 0
	basis := in.purpose.basis // G6
	if !in.purpose.rowE && given {
		basis = BasisConsent // G3
	}
	return firstMatch(
		row{"G2", in.purpose.dm && objected, withhold(DMObjection)},
		row{"G3", !in.purpose.rowE && !given, withhold(PurposeOutOfScope)},
		row{"G4", !in.field.declaredG, withhold(CategoryNotDeclared)},
		row{"G5", in.field.special && !explicit, withhold(SpecialCategoryNoCondition)},
		row{"G7", basis == BasisConsent && !given, withhold(oracleConsentReason(in.consent.status))},
		row{"G7", basis == BasisConsent && withoutParent, withhold(ConsentChildInvalid)},
		row{"G8", basis == BasisLegitimateInterest && in.subject.li == StatePending, withhold(LIObjectionPending)},
		row{"G8", basis == BasisLegitimateInterest && in.subject.li == StateUpheld, withhold(LIObjectionUpheld)},
		row{"G10", external && !in.recipient.declaredE4, withhold(RecipientCategoryUndeclared)},
		row{"G11", external && geo == GeoNone, withhold(TransferNoSafeguard)},
		row{"G12", true, verdict{verb: Allow, reason: GDPRAllowed, basis: basis}}, // G9 continues to here
	)
}

// oracleConsentReason is "consent_<status>" of G7.
func oracleConsentReason(s ConsentStatus) Reason {
	names := map[ConsentStatus]string{
		ConsentUnknown: "consent_unknown", ConsentWithdrawn: "consent_withdrawn", ConsentRefused: "consent_refused", ConsentExpired: "consent_expired",
		ConsentRevoked: "consent_revoked", ConsentInvalidated: "consent_invalidated", ConsentRequested: "consent_requested",
		ConsentRequestDeferred: "consent_request_deferred",
	}
	name, ok := names[s]
	if !ok {
		name = "consent_unknown" // a grant of another category is no consent here
	}
	r, _ := ParseReason(name)
	return r
}

func oracleEEA(in *input) (string, verdict) { return oracleGDPR(in, slotEEA) }

func oracleUK(in *input) (string, verdict) { return oracleGDPR(in, slotUK) }

func testGDPRTable(t *testing.T, slot int) {
	t.Helper()
	enumerate(t, func(d *draw) {
		var in input
		in.recipient.kind = ordinaryKinds[d.of(4)]
		geo := Geo(d.of(4))
		in.recipient.declaredE4 = d.bool()
		// A row of which the person was not told has its bases, too: they must
		// make no difference. A row without bases does not compile, and counts
		// as one of contract.
		in.purpose.basis, in.purpose.rowE = Basis(d.of(4)), d.bool()
		if in.purpose.rowE {
			in.purpose.basis = max(in.purpose.basis, BasisContract)
		}
		in.purpose.dm = d.bool()
		in.subject.flags = d.flag(FlagDMObjection)
		in.subject.li = liStandings[d.of(5)]
		child := d.bool()
		in.field.declaredG, in.field.special = d.bool(), d.bool()
		in.consent.valid[slot], in.consent.explicit[slot], in.consent.parental[slot] = d.bool(), d.bool(), d.bool()
		in.consent.status = ConsentStatus(d.of(10))
		// The other slot's inputs must make no difference: they are the opposite.
		if slot == slotEEA {
			in.recipient.eea, in.recipient.uk = geo, GeoNone-geo
			in.subject.childEEA, in.subject.childUK = child, !child
		} else {
			in.recipient.uk, in.recipient.eea = geo, GeoNone-geo
			in.subject.childUK, in.subject.childEEA = child, !child
		}
		for other := range slots {
			if other != slot {
				in.consent.valid[other], in.consent.explicit[other], in.consent.parental[other] = !in.consent.valid[slot], !in.consent.explicit[slot], !in.consent.parental[slot]
			}
		}
		if rule, want := oracleGDPR(&in, slot); !gdpr(&in, slot).is(rule, want) {
			t.Errorf("%+v: %v, want %s %v", in, gdpr(&in, slot), rule, want)
		}
	})
}

func TestGDPRTableEEA(t *testing.T) { t.Parallel(); testGDPRTable(t, slotEEA) }

func TestGDPRTableUK(t *testing.T) { t.Parallel(); testGDPRTable(t, slotUK) }

// G6: consent before legitimate interest before contract, unless one is pinned.
func TestBasisIsTheStrictest(t *testing.T) {
	t.Parallel()
	const con, li, cs = BasisContract, BasisLegitimateInterest, BasisConsent
	only := map[RecipientCategory]Basis{CRM: con}
	for _, c := range []struct {
		row  noticeRow
		want Basis
	}{
		{noticeRow{bases: []Basis{con}}, con},
		{noticeRow{bases: []Basis{con, li}}, li},
		{noticeRow{bases: []Basis{li, con}}, li},
		{noticeRow{bases: []Basis{li, cs}}, cs},
		{noticeRow{bases: []Basis{con, li}, pin: con}, con},
		{noticeRow{bases: []Basis{li, cs}, pin: li}, li},
		{noticeRow{bases: []Basis{con, li}, pins: only}, li},
		{noticeRow{bases: []Basis{con, li}, pin: li, pins: only}, li},
		{noticeRow{}, BasisNone},
	} {
		if got := c.row.basis(CategoryOther); got != c.want {
			t.Errorf("%+v: %v, want %v", c.row, got, c.want)
		}
	}
	// A pin of the recipient's category comes before the pin of all.
	row := noticeRow{bases: []Basis{con, li, cs}, pin: li, pins: only}
	for category := CategoryOther; category <= AdTech; category++ {
		want := li
		if category == CRM {
			want = con
		}
		if got := row.basis(category); got != want {
			t.Errorf("pinned for %v: %v, want %v", category, got, want)
		}
	}
}
