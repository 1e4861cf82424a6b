package review

import "github.com/modicum-dev/modicum/rules"

// rule is what a rule says when it decides, as a sentence without its full stop, and
// the clauses of the source text that it serves (docs/clauses.md).
type rule struct {
	says    string
	clauses []string
}

// Says tells in a sentence why a rule came to its outcome. For a rule that both
// withholds and allows it is the withholding; withheld tells which is meant.
func Says(r rules.Rule, withheld bool) string {
	if !withheld {
		if s, ok := allowing[r]; ok {
			return s
		}
	}
	return decisions[r].says
}

// Clauses lists the clauses of the source text that a rule serves.
func Clauses(r rules.Rule) []string {
	if c, ok := gates[r]; ok {
		return c
	}
	return decisions[r].clauses
}

// allowing are the rules that also let something out.
var allowing = map[rules.Rule]string{
	rules.X1:  "it is the person's own data, asked for by the person",
	rules.X2:  "a legal order to this authority covers it",
	rules.X3:  "a legal order covers it",
	rules.U6:  "the recipient is internal, so that nothing is disclosed under CCPA",
	rules.U10: "the California table does not declare the disclosure, and the policy only reports that",
	rules.M1b: "the request of the person, or the order, says what is needed",
}

var decisions = map[rules.Rule]rule{
	rules.S1:         {"the id, the location or the birth date of the person is not understood", []string{"K5"}},
	rules.S2:         {"the person is under 13", []string{"C4.1"}},
	rules.S3:         {"the person's data was erased", []string{"J8.4", "E7.2", "C6.2a"}},
	rules.S4:         {"the policy does not say which group the person is of", []string{"J1"}},
	rules.S5:         {"the person has restricted the processing", []string{"E7.3"}},
	rules.S6:         {"the data is past its retention, or on hold", []string{"E6.1", "E6.2"}},
	rules.S7:         {"the person has asked for erasure, and that is being decided", []string{"J8.4", "E7.2", "C6.2a"}},
	rules.S7b:        {"the data is kept for purposes that erasure leaves, and this is none of them", []string{"E7.5", "C6.2b"}},
	rules.RuleUnseen: {"nobody has told anything about the person yet, and the resource withholds such people", []string{"K5"}},
	rules.S8:         {"the person contests that this is accurate", []string{"J8.4", "E7.2", "C6.3"}},

	rules.X1: {"only the person may ask for this, about itself, for the purpose of its rights", []string{"J8.3", "E7.1", "C6.1e"}},
	rules.X2: {"no legal order to this authority covers it", []string{"J5", "K4"}},
	rules.X3: {"a legal purpose rests on an order, and none covers it", []string{"J5", "K4"}},

	rules.A2:  {"no notice that applies to the person lists the purpose, and the person has not consented to it", []string{"K3", "J4.0"}},
	rules.A3:  {"the person has asked to cease the use for this purpose", []string{"J8.5"}},
	rules.A4:  {"the person objects to direct marketing", []string{"E7.7"}},
	rules.A5:  {"it is special care data, and the person has not explicitly consented", []string{"K1", "J4.8"}},
	rules.A6:  {"the recipient is internal", []string{"J2"}},
	rules.A7:  {"the person has consented to the provision to this third party", []string{"K4", "J5"}},
	rules.A8:  {"the person has asked to cease the provision to third parties", []string{"J8.5"}},
	rules.A9:  {"a third party needs a consent that names it, and there is none", []string{"K4", "J5"}},
	rules.A10: {"the third party is in a country without an equivalent system, and the consent was not informed of that", []string{"J7.2"}},
	rules.A11: {"no notice of the joint use is published", []string{"K4", "J5"}},
	rules.A12: {"the recipient is in a country without an equivalent system, and no informed consent makes up for it", []string{"J7.2"}},
	rules.A13: {"APPI allows it", []string{"J2", "J6.1"}},

	rules.G1:  {"the order does not cover a transfer to a country without adequacy or safeguard", []string{"E5.1"}},
	rules.G2:  {"the person objects to direct marketing", []string{"E7.7"}},
	rules.G3:  {"the notice has no row for the purpose and the person's group, and the person has not consented", []string{"E3.0", "K3"}},
	rules.G4:  {"the notice does not declare the category for the person's group", []string{"E1.1", "E1.2", "E1.3", "E1.4"}},
	rules.G5:  {"it is a special category, and there is no explicit valid consent", []string{"K1"}},
	rules.G7:  {"the basis is consent, and there is no valid one", []string{"E3.0", "E7.8"}},
	rules.G8:  {"the basis is legitimate interest, and the person objects", []string{"E7.6"}},
	rules.G10: {"the notice does not declare recipients of this category", []string{"E4.1"}},
	rules.G11: {"the recipient is in a country without adequacy, and no safeguard is in force", []string{"E5.1", "E5.2"}},
	rules.G12: {"GDPR allows it", []string{"E3.0", "E4.3"}},

	rules.U2:  {"the person objects to direct marketing", []string{"E7.7"}},
	rules.U3:  {"the notice does not list the purpose or the category for the person's group", []string{"C1.1", "C1.2", "C1.3", "C1.4", "C2.1-4"}},
	rules.U4:  {"it is sensitive, and the person has limited its use", []string{"C5", "C6.5"}},
	rules.U5:  {"it is sensitive, and the person has not explicitly consented", []string{"C5"}},
	rules.U6:  {"the contract lacks the terms of a service provider", []string{"K2", "C3.3"}},
	rules.U7:  {"it would be a sale or sharing, which the policy disables", []string{"C3.4", "C6.4", "C7.3"}},
	rules.U8:  {"it would be a sale or sharing, and the person has opted out", []string{"C6.4", "C7.3"}},
	rules.U9:  {"it would be a sale or sharing, and a minor, or somebody of unknown age, has not opted in", []string{"C4.2"}},
	rules.U10: {"the California table does not declare the disclosure", []string{"C3.1", "C3.2", "C3.3"}},
	rules.U11: {"CCPA allows it", []string{"C3.1", "C3.2"}},

	rules.RuleCredential: {"it is a credential, which is disclosed to nobody", []string{"E1.4"}},
	rules.M1:             {"the purpose does not need it", []string{"J6.3"}},
	rules.M1b:            {"what a person's own request or an order does not cover is not needed", []string{"J5", "C6.1e"}},
	rules.M2:             {"statistics get nothing that identifies, and the rest generalised and in large enough cells", []string{"J4.7", "E3.C4"}},
	rules.M3:             {"the purpose needs it in this form only", []string{"J6.3"}},
	rules.M4:             {"the purpose needs it", []string{"J6.3"}},
}
