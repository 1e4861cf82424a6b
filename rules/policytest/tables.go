package policytest

import (
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// tableRules are the rows of the decision tables that a policy test can reach, by
// the ids of docs/decisions.md.
var tableRules = strings.Fields("R1 R2 R3 R4 R5 R6 R7 R7b R8 R12 S1 S2 S3 S4 S5 S6 S7 S7b S8 X1 X2 X3 " +
	"A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 G1 G2 G3 G4 G5 G6 G7 G8 G9 G10 G11 G12 U1 U2 U3 U4 U5 U6 U7 U8 U9 U10 U11 M1 M1b M2 M3 M4")

// asked are the rows that the trail of a field has shown. Those that have no outcome of
// their own are seen with what stands behind them: A1, G1 and U1 ask X1 to X3, A7 asks
// A8 to A10, and G6 chooses the basis that G7 to G12 go by, which G9 lets through.
func asked(t rules.Trail) map[rules.Rule]bool {
	out := make(map[rules.Rule]bool)
	for _, s := range t.Steps {
		out[s.Rule] = true
		switch s.Rule {
		case rules.X1, rules.X2, rules.X3:
			out[first[s.Table]] = true
		case rules.A8, rules.A9, rules.A10:
			out[rules.A7] = true
		case rules.G7, rules.G8, rules.G10, rules.G11, rules.G12:
			out["G6"] = true
			if s.Basis == rules.BasisContract {
				out["G9"] = true
			}
		default: // it has an outcome of its own
		}
	}
	return out
}

// first are the rows by which the tables ask X1 to X3.
var first = map[string]rules.Rule{"APPI": "A1", "GDPR": rules.G1, "UK GDPR": rules.G1, "CCPA": "U1"}

var subjectRules = map[rules.Reason]string{
	rules.SubjectUnresolved: "S1", rules.ChildUnder13: "S2", rules.SubjectErased: "S3", rules.SubjectCategoryUnknown: "S4", rules.Restricted: "S5",
	rules.RetentionExpired: "S6", rules.RetentionHold: "S6", rules.ErasurePending: "S7", rules.ErasureExcepted: "S7b", rules.AccuracyContested: "S8",
}

// What follows is for tests with a body, of which a record tells the reasons and not the
// class that was decided.
//
// The tables give reasons of their own, and some that others give as well. A table
// whose own reason stands among those of a decision has matched there and nowhere
// else; otherwise it has matched where one of the shared ones leads.
type table struct {
	own    map[string]string // reason: rule
	shared map[string]string
}

var (
	appiTable = table{
		own: map[string]string{
			"appi_use_ceased": "A3", "special_care_no_consent": "A5", "appi_provision_ceased": "A8", "third_party_no_consent": "A9",
			"appi_foreign_consent_uninformed": "A10", "joint_use_no_notice": "A11", "appi_foreign_no_safeguard": "A12", "appi_allowed": "A13",
		},
		shared: map[string]string{"purpose_out_of_scope": "A2", "dm_objection": "A4"},
	}
	gdprTable = table{
		own: map[string]string{
			"special_category_no_condition": "G5", "consent_unknown": "G7", "consent_withdrawn": "G7", "consent_refused": "G7", "consent_expired": "G7",
			"consent_revoked": "G7", "consent_invalidated": "G7", "consent_requested": "G7", "consent_request_deferred": "G7",
			"consent_child_invalid": "G7", "li_objection_pending": "G8", "li_objection_upheld": "G8",
			"recipient_category_not_declared": "G10", "transfer_no_safeguard": "G11", "gdpr_allowed": "G12",
		},
		shared: map[string]string{"dm_objection": "G2", "purpose_out_of_scope": "G3", "category_not_declared": "G4"},
	}
	ccpaTable = table{
		own: map[string]string{
			"spi_limited": "U4", "spi_no_consent": "U5", "ccpa_no_contract": "U6", "ccpa_sale_share_disabled": "U7", "ccpa_opt_out": "U8",
			"gpc_opt_out": "U8", "minor_no_opt_in": "U9", "disclosure_not_declared": "U10", "ccpa_allowed": "U11",
		},
		shared: map[string]string{"dm_objection": "U2", "purpose_out_of_scope": "U3", "category_not_declared": "U3"},
	}
	commonRules = []string{"rights_fulfil", "recipient_purpose_mismatch", "authority_no_order", "legal_purpose_no_order", "legal_order"}
)

// matched returns the rules of the table that gave one of the reasons.
func (t table) matched(reasons []string) (ids []string) {
	for _, from := range []map[string]string{t.own, t.shared} {
		for _, r := range reasons {
			if id := from[r]; id != "" {
				ids = append(ids, id)
			}
		}
		if ids != nil {
			return ids
		}
	}
	return nil
}

// decision is what is the same for all fields of one subject.
type decision struct {
	*coverage
	kind    rules.RecipientKind
	purpose rules.PurposeDef
	regimes rules.Regimes
}

func (c *coverage) decision(recipient, purpose string, regimes rules.Regimes) decision {
	d := decision{coverage: c, regimes: regimes}
	b := c.policy.Bundle
	for i := range b.Recipients {
		if b.Recipients[i].Name.Value == recipient {
			d.kind = b.Recipients[i].Kind
		}
	}
	for i := range b.Purposes {
		if b.Purposes[i].Name.Value == purpose {
			d.purpose = b.Purposes[i]
		}
	}
	return d
}

// field notes the rules behind the reasons of one field: those of every regime that
// applies, and of minimisation.
func (d *decision) field(cell string, reasons []string, basis string, need rules.Need) {
	for _, r := range reasons {
		d.reasons[r]++
	}
	if slices.Contains(reasons, rules.AccuracyContested.String()) {
		d.rules["S8"]++
		return
	}
	eeauk, california := d.regimes&(rules.EEA|rules.UK) != 0, d.regimes&rules.CCPA != 0
	if common := d.common(reasons); common != "" {
		d.rules[common]++
		d.rules["A1"]++
		if eeauk {
			d.rules["G1"]++
		}
		if california {
			d.rules["U1"]++
		}
	} else {
		d.appi(reasons)
		if eeauk {
			d.gdpr(reasons, basis)
		}
		if california {
			d.ccpa(reasons)
		}
	}
	d.minimise(cell, reasons, need)
}

// common returns which of X1 to X3 decided, if any did.
func (d *decision) common(reasons []string) string {
	if !slices.ContainsFunc(reasons, func(r string) bool { return slices.Contains(commonRules, r) }) {
		return ""
	}
	switch {
	case d.kind == rules.DataSubject, d.purpose.Legal == rules.LegalRights:
		return "X1"
	case d.kind == rules.Authority:
		return "X2"
	}
	return "X3"
}

func (d *decision) appi(reasons []string) {
	for _, id := range appiTable.matched(reasons) {
		switch {
		case id == "A13" && d.kind == rules.Internal:
			id = "A6"
		case d.kind == rules.ThirdParty && (id == "A8" || id == "A9" || id == "A10"):
			d.rules["A7"]++
		case id == "A13" && d.kind == rules.ThirdParty:
			id = "A7"
		}
		d.rules[id]++
	}
}

func (d *decision) gdpr(reasons []string, basis string) {
	for _, id := range gdprTable.matched(reasons) {
		d.rules[id]++
		switch id { // what comes behind the choice of a basis
		case "G7", "G8", "G10", "G11", "G12":
			d.rules["G6"]++
		}
		if id == "G12" && basis == rules.BasisContract.String() {
			d.rules["G9"]++
		}
	}
}

func (d *decision) ccpa(reasons []string) {
	for _, id := range ccpaTable.matched(reasons) {
		if id == "U11" && d.kind == rules.Internal {
			id = "U6"
		}
		d.rules[id]++
	}
}

func (d *decision) minimise(cell string, reasons []string, need rules.Need) {
	has := func(r rules.Reason) bool { return slices.Contains(reasons, r.String()) }
	ordered := d.kind == rules.DataSubject || has(rules.LegalOrder)
	switch {
	case has(rules.NotNecessary) && ordered:
		d.rules["M1b"]++
	case has(rules.NotNecessary) && d.purpose.Statistical && cell != rules.NeedNone.String():
		d.rules["M2"]++
	case has(rules.NotNecessary):
		d.rules["M1"]++
	case has(rules.SmallCell), has(rules.Minimised) && d.purpose.Statistical && need == rules.NeedGeneralised:
		d.rules["M2"]++
	case has(rules.Minimised):
		d.rules["M3"]++
	case has(rules.Needed) && ordered:
		d.rules["M1b"]++
	case has(rules.Needed):
		d.rules["M4"]++
	}
}
