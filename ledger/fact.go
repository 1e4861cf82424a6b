package ledger

import "time"

// PolicyFact is a policy edition as the ledger remembers it.
type PolicyFact struct {
	Bundle     string           `json:"bundle"`    // sha256 of the policy's files, hex
	RulePack   string           `json:"rule_pack"` // version of the decision tables
	Signature  string           `json:"signature"` // "unsigned", or the ids of the keys that signed, NAME+HASH, a space between them
	Controller string           `json:"controller"`
	Documents  []PolicyDocument `json:"documents"`
}

// PolicyDocument is one published notice.
type PolicyDocument struct {
	ID            string    `json:"id"`
	Version       string    `json:"version"`
	EffectiveFrom time.Time `json:"effective_from"`
}

// RecipientFact is a recipient by value, as registered at the time: what APPI
// Art. 29 and GDPR Art. 30 ask to be able to print.
type RecipientFact struct {
	ID               string     `json:"id"`
	LegalName        string     `json:"legal_name"`
	Address          string     `json:"address,omitempty"`
	Representative   string     `json:"representative,omitempty"`
	Kind             string     `json:"kind"`
	Category         string     `json:"category"`
	Country          string     `json:"country"`
	OnwardCountries  []string   `json:"onward_countries,omitempty"`
	ContractRef      string     `json:"contract_ref,omitempty"`
	EvaluationRef    string     `json:"evaluation_ref,omitempty"`
	EvaluatedUntil   *time.Time `json:"evaluated_until,omitempty"`
	Transfers        []Transfer `json:"transfers,omitempty"`
	HandlingTermsRef string     `json:"handling_terms_ref,omitempty"`
}

// Transfer is how data may go to the recipient's country under one regime.
type Transfer struct {
	Regime     string     `json:"regime"`
	Class      string     `json:"class"` // APPI jp, designated, equivalent, other; else inside, adequate, mechanism, none
	Mechanism  string     `json:"mechanism,omitempty"`
	Ref        string     `json:"ref,omitempty"`
	ValidUntil *time.Time `json:"valid_until,omitempty"`
}

// ProfileFact is what one class of subjects gets under one plan: the fields of
// the resource with outcome, reasons and basis. A subject's emitted bitset
// counts Fields.
type ProfileFact struct {
	Resource string         `json:"resource"`
	Shape    string         `json:"shape"`
	Purpose  string         `json:"purpose"`
	DPV      string         `json:"dpv,omitempty"`
	Category string         `json:"category"` // of the subject
	Regimes  []string       `json:"regimes"`
	AgeBand  string         `json:"age_band"`
	Gate     string         `json:"gate,omitempty"` // reason of the subject gate that withheld everything
	CCPA     string         `json:"ccpa_nature,omitempty"`
	APPI29   *APPI29        `json:"appi29,omitempty"`
	Fields   []ProfileField `json:"fields"`
}

// APPI29 says whether Art. 29 asks for a record of this provision.
type APPI29 struct {
	Required bool   `json:"required"`
	Ground   string `json:"ground,omitempty"`
}

// ProfileField is one field of a profile.
type ProfileField struct {
	Path      string   `json:"path"` // policy path, a template
	Category  string   `json:"category"`
	Outcome   string   `json:"outcome"`             // allow, transform, withhold
	Transform string   `json:"transform,omitempty"` // pseudonym, or the form of a generaliser: prefix(3)
	Reasons   []string `json:"reasons"`             // primary first
	Basis     string   `json:"basis,omitempty"`
	CCPAClass string   `json:"ccpa_class,omitempty"`
	SPI       bool     `json:"spi,omitempty"`
	Source    string   `json:"source,omitempty"`
	Domain    string   `json:"pseudonym_domain,omitempty"`
	KeyID     string   `json:"pseudonym_key,omitempty"`
}
