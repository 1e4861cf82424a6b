package rules

// Rule is a row of the decision tables, by its id in docs/decisions.md.
type Rule string

// The rules about a subject, by the order in which they are asked.
const (
	S1         Rule = "S1"
	S2         Rule = "S2"
	S3         Rule = "S3"
	S4         Rule = "S4"
	S5         Rule = "S5"
	S6         Rule = "S6"
	S7         Rule = "S7"
	S7b        Rule = "S7b"
	RuleUnseen Rule = "unseen_subject"
	S8         Rule = "S8"
)

// The rules of every regime.
const (
	X1 Rule = "X1"
	X2 Rule = "X2"
	X3 Rule = "X3"
)

// The rules of APPI. A1 is X1 to X3.
const (
	A2  Rule = "A2"
	A3  Rule = "A3"
	A4  Rule = "A4"
	A5  Rule = "A5"
	A6  Rule = "A6"
	A7  Rule = "A7"
	A8  Rule = "A8"
	A9  Rule = "A9"
	A10 Rule = "A10"
	A11 Rule = "A11"
	A12 Rule = "A12"
	A13 Rule = "A13"
)

// The rules of GDPR, in the EEA and in the United Kingdom. G1 is X1 to X3 and what
// an order does not lift; G6 and G9 decide the basis and end in G12.
const (
	G1  Rule = "G1"
	G2  Rule = "G2"
	G3  Rule = "G3"
	G4  Rule = "G4"
	G5  Rule = "G5"
	G7  Rule = "G7"
	G8  Rule = "G8"
	G10 Rule = "G10"
	G11 Rule = "G11"
	G12 Rule = "G12"
)

// The rules of CCPA. U1 is X1 to X3.
const (
	U2  Rule = "U2"
	U3  Rule = "U3"
	U4  Rule = "U4"
	U5  Rule = "U5"
	U6  Rule = "U6"
	U7  Rule = "U7"
	U8  Rule = "U8"
	U9  Rule = "U9"
	U10 Rule = "U10"
	U11 Rule = "U11"
)

// The rules of minimisation.
const (
	RuleCredential Rule = "credential"
	M1             Rule = "M1"
	M1b            Rule = "M1b"
	M2             Rule = "M2"
	M3             Rule = "M3"
	M4             Rule = "M4"
)

// verdict is the outcome of one function, and the rule that gave it.
type verdict struct {
	rule   Rule
	verb   Verb
	reason Reason
	basis  Basis
	need   Need // which transform, of a verdict that transforms
}

func (r Rule) withholds(why Reason) verdict { return verdict{rule: r, verb: Withhold, reason: why} }
func (r Rule) allows(why Reason) verdict    { return verdict{rule: r, verb: Allow, reason: why} }
func (r Rule) minimises(n Need) verdict {
	return verdict{rule: r, verb: Transform, reason: Minimised, need: n}
}
