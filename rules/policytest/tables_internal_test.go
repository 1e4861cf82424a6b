package policytest

import (
	"maps"
	"slices"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// A reason that somebody adds to the tables is counted here, or the test says so.
func TestEveryReasonHasARule(t *testing.T) {
	t.Parallel()
	elsewhere := []rules.Reason{ // not of a decision table: the stores, the upstream, the form of a request, single values
		rules.PurposeAmbiguous, rules.PurposeMalformed, rules.StateUnavailable, rules.LedgerUnavailable, rules.ResponseUninspectable, rules.PathNotCanonical,
		rules.ProbeRefused, rules.BodyRefused, rules.StreamingUnsupported, rules.NotFound, rules.UpstreamUnavailable, rules.UpstreamStatus,
		rules.UpstreamRefused, rules.ClientGone, rules.Overloaded, rules.APIObserved, rules.SubjectUnseen, rules.FieldPublic, rules.FieldUnmapped, rules.TypeUnexpected,
		rules.ValueDefect, rules.LoneSurrogate, rules.DuplicateMember, rules.MemberUnreachable, rules.IDAbsent, rules.IDMalformed, rules.BirthDateUnreadable,
		rules.LocationUnknown,
	}
	minimisation := []rules.Reason{rules.NotNecessary, rules.Minimised, rules.SmallCell, rules.Needed}
	for _, code := range reasons {
		r, ok := rules.ParseReason(code)
		if !ok {
			t.Fatalf("%q is no reason", code)
		}
		found := review.RequestRule(r) != "" || subjectRules[r] != "" || slices.Contains(commonRules, code) ||
			slices.Contains(elsewhere, r) || slices.Contains(minimisation, r)
		for _, table := range []table{appiTable, gdprTable, ccpaTable} {
			found = found || table.own[code] != "" || table.shared[code] != ""
		}
		if !found {
			t.Errorf("no rule gives %s", code)
		}
	}
	if len(reasons) < 80 {
		t.Errorf("only %d reasons", len(reasons))
	}
}

// A row without an outcome of its own is seen with what stands behind it.
func TestRowsOfATrail(t *testing.T) {
	t.Parallel()
	step := func(table string, r rules.Rule, b rules.Basis) rules.Step {
		return rules.Step{Table: table, Rule: r, Basis: b}
	}
	for name, c := range map[string]struct {
		steps []rules.Step
		want  []rules.Rule
	}{
		"contract":       {[]rules.Step{step("GDPR", rules.G12, rules.BasisContract)}, []rules.Rule{rules.G12, "G6", "G9"}},
		"consent":        {[]rules.Step{step("UK GDPR", rules.G12, rules.BasisConsent)}, []rules.Rule{rules.G12, "G6"}},
		"no row":         {[]rules.Step{step("GDPR", rules.G3, rules.BasisNone)}, []rules.Rule{rules.G3}},
		"a third party":  {[]rules.Step{step("APPI", rules.A9, rules.BasisNone)}, []rules.Rule{"A7", rules.A9}},
		"an order":       {[]rules.Step{step("APPI", rules.X3, 0), step("GDPR", rules.G1, 0), step("CCPA", rules.X3, 0)}, []rules.Rule{"A1", rules.G1, "U1", rules.X3}},
		"own data in EU": {[]rules.Step{step("APPI", rules.X1, 0), step("GDPR", rules.X1, 0)}, []rules.Rule{"A1", rules.G1, rules.X1}},
	} {
		if got := slices.Sorted(maps.Keys(asked(rules.Trail{Steps: c.steps}))); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestRulesOfAField(t *testing.T) {
	t.Parallel()
	all := rules.AllRegimes
	for name, c := range map[string]struct {
		kind    rules.RecipientKind
		purpose rules.PurposeDef
		regimes rules.Regimes
		cell    string
		reasons []string
		basis   string
		need    rules.Need
		want    []string
	}{
		"allowed everywhere":   {rules.Processor, rules.PurposeDef{}, all, "clear", []string{"appi_allowed", "gdpr_allowed", "ccpa_allowed", "needed"}, "contract", rules.NeedClear, []string{"A13", "G12", "G6", "G9", "M4", "U11"}},
		"inside":               {rules.Internal, rules.PurposeDef{}, rules.CCPA, "clear", []string{"appi_allowed", "ccpa_allowed", "needed"}, "", rules.NeedClear, []string{"A6", "M4", "U6"}},
		"a third party":        {rules.ThirdParty, rules.PurposeDef{}, 0, "clear", []string{"third_party_no_consent", "needed"}, "", rules.NeedNone, []string{"A7", "A9", "M4"}},
		"an objection":         {rules.Processor, rules.PurposeDef{}, all, "clear", []string{"dm_objection", "needed"}, "", rules.NeedNone, []string{"A4", "G2", "M4", "U2"}},
		"no row in the EEA":    {rules.Processor, rules.PurposeDef{}, rules.EEA, "clear", []string{"purpose_out_of_scope", "appi_allowed", "needed"}, "", rules.NeedNone, []string{"A13", "G3", "M4"}},
		"no scope in Japan":    {rules.Processor, rules.PurposeDef{}, 0, "clear", []string{"purpose_out_of_scope", "needed"}, "", rules.NeedNone, []string{"A2", "M4"}},
		"an order":             {rules.Authority, rules.PurposeDef{}, rules.EEA, "none", []string{"legal_order", "needed"}, "", rules.NeedClear, []string{"A1", "G1", "M1b", "X2"}},
		"an order for others":  {rules.Internal, rules.PurposeDef{}, rules.CCPA, "clear", []string{"legal_purpose_no_order", "not_necessary"}, "", rules.NeedNone, []string{"A1", "M1", "U1", "X3"}},
		"own data":             {rules.DataSubject, rules.PurposeDef{}, 0, "none", []string{"rights_fulfil", "needed"}, "", rules.NeedClear, []string{"A1", "M1b", "X1"}},
		"contested":            {rules.Processor, rules.PurposeDef{}, all, "clear", []string{"accuracy_contested"}, "", rules.NeedNone, []string{"S8"}},
		"statistics":           {rules.Processor, rules.PurposeDef{Statistical: true}, 0, "year", []string{"minimised", "appi_allowed"}, "", rules.NeedGeneralised, []string{"A13", "M2"}},
		"no form for them":     {rules.Processor, rules.PurposeDef{Statistical: true}, 0, "clear", []string{"not_necessary", "appi_allowed"}, "", rules.NeedNone, []string{"A13", "M2"}},
		"not in the contract":  {rules.Processor, rules.PurposeDef{Statistical: true}, 0, "none", []string{"not_necessary", "appi_allowed"}, "", rules.NeedNone, []string{"A13", "M1"}},
		"a pseudonym":          {rules.Processor, rules.PurposeDef{}, 0, "pseudonym", []string{"minimised", "appi_allowed"}, "", rules.NeedPseudonym, []string{"A13", "M3"}},
		"an objection to that": {rules.Processor, rules.PurposeDef{}, rules.UK, "clear", []string{"li_objection_upheld", "appi_allowed", "needed"}, "", rules.NeedNone, []string{"A13", "G6", "G8", "M4"}},
	} {
		d := decision{
			coverage: &coverage{rules: make(map[string]int), reasons: make(map[string]int)}, kind: c.kind, purpose: c.purpose, regimes: c.regimes,
		}
		d.field(c.cell, c.reasons, c.basis, c.need)
		if got := slices.Sorted(maps.Keys(d.rules)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		for id := range d.rules {
			if !slices.Contains(tableRules, id) {
				t.Errorf("%s: rule %s is of no table", name, id)
			}
		}
	}
}
