package rules

import "time"

// Bundle is a policy as its authors wrote it: every name with the place where
// it stands, nothing resolved. Package source reads one from YAML.
type Bundle struct {
	Hash       string // hex SHA-256 over the names and bytes of the files
	Controller Controller
	Documents  []Document
	Choices    Choices
	Geography  Geography
	Disclosure DisclosureRules
	Categories []CategoryDef
	Purposes   []PurposeDef
	Recipients []RecipientDef
	Population []PopulationDef
	APIs       []APIDef
}

// Name is a word of the policy and where it stands.
type Name struct {
	Value string
	Pos   Pos
}

// Controller is who answers for the data.
type Controller struct {
	ID, LegalName, Country, Contact string
	Pos                             Pos
}

// Document is one published notice with its own line of versions.
type Document struct {
	ID            string
	Version       string
	EffectiveFrom time.Time
	Pos           Pos
}

// Choices are the interpretations that an operator may set.
type Choices struct {
	// Under13California limits S2 to subjects under CCPA.
	Under13California bool
	// ReportUndeclared records disclosures that the California table does
	// not declare instead of withholding them (U10).
	ReportUndeclared bool
	// SaleShare enables sale and sharing (U7).
	SaleShare bool
	// DigitalAgeEEA and DigitalAgeUK are the ages of digital consent.
	DigitalAgeEEA, DigitalAgeUK int
}

// belowDigitalAge reports whether somebody of that band needs a parent's consent
// in the EEA and in the UK. A national age above 13 counts the whole band 13_15.
func (c *Choices) belowDigitalAge(age AgeBand) (eea, uk bool) {
	below := func(digital int) bool { return age == Under13 || age == Age13To15 && digital > 13 }
	return below(c.DigitalAgeEEA), below(c.DigitalAgeUK)
}

// Geography is dated data on countries.
type Geography struct {
	AsOf                                         time.Time
	EEA, UK, AdequateEEA, AdequateUK, Designated []Name
	Pos                                          Pos
}

// DisclosureRules are the recipient categories that the notices declare.
type DisclosureRules struct {
	EEAUK      []RecipientCategory // E4
	California []RecipientCategory // C3
}

// CategoryDef declares a data category.
type CategoryDef struct {
	Name                     Name
	Identifier               IdentifierClass
	Special, SPI, Credential bool
	CCPA                     map[SubjectCategory]CCPAClass
	EEAUK                    []SubjectCategory
}

// PurposeDef declares a purpose and its rows in the notices.
type PurposeDef struct {
	Name                                Name
	DPV                                 string
	Legal                               LegalPurpose
	DirectMarketing, Profiling, AdShare bool
	Statistical, Health                 bool
	APPI                                []SubjectCategory // in the general notice for these
	Rows                                []RowDef
	CCPA                                []SubjectCategory // in the California notice for these
	Cells                               map[SubjectCategory][]CCPAClass
	M7027                               []int
}

// RowDef is one row of the EEA/UK notice: a purpose for a group on its bases.
type RowDef struct {
	Subject SubjectCategory
	Row     string
	Bases   []Basis
	Pin     Basis
	Pos     Pos
}

// RecipientDef registers a recipient.
type RecipientDef struct {
	Name                               Name
	LegalName, Address, Representative string
	Kind                               RecipientKind
	Category                           RecipientCategory
	Country                            Name
	Onward                             []Name
	Users                              []Name // names that Caddy's authentication gives
	Certificates                       []CertificateDef
	Terms                              TermsDef
	Evaluation                         *EvaluationDef
	Safeguards                         []SafeguardDef
	Consideration, JointUseNotice      bool
	Suspended                          bool
	Contract                           *ContractDef // or grant, for the kind internal
}

// CertificateDef is names under which an authority certifies the recipient. Each
// of them by itself is enough.
type CertificateDef struct {
	CA        Name // defined by the gateway's configuration
	DNS, URIs []Name
	Pos       Pos
}

// TermsDef is the recipient's acceptance of the handling terms (K2).
type TermsDef struct {
	Ref        string
	AcceptedAt time.Time
}

// EvaluationDef is the assessment before selection (J6.2).
type EvaluationDef struct {
	Ref, Standard, By string
	Passed            bool
	At, Until         time.Time
	Pos               Pos
}

// SafeguardDef is what makes a transfer to the recipient lawful in one regime.
type SafeguardDef struct {
	Regime     string // appi, eea, uk
	Type, Ref  string
	ValidUntil time.Time // zero: no end
	Pos        Pos
}

// ContractDef is a contract, or the grant of an internal recipient.
type ContractDef struct {
	Ref         string
	From, Until time.Time // Until zero: no end
	CCPATerms   bool
	Purposes    []ContractPurposeDef
	Pos         Pos
}

// ContractPurposeDef is one purpose of a contract and what it needs.
type ContractPurposeDef struct {
	Purpose     Name
	Needs       []NeedDef
	RefRequired bool
	RefPattern  Name // anchored regular expression; empty accepts any well-formed ref
	LinkGroup   string
}

// NeedDef is one cell of the need matrix.
type NeedDef struct {
	Category Name
	Need     Need
}

// PopulationDef declares the form of a group's ids.
type PopulationDef struct {
	Name       Name
	Type       IDType
	FoldCase   bool
	StripZeros bool
}

// Unseen says what becomes of a subject without any event. It has no default.
type Unseen uint8

// The values.
const (
	UnseenUnset Unseen = iota
	UnseenAllow
	UnseenWithhold
)

// APIDef is one internal API.
type APIDef struct {
	Name      Name
	Unseen    Unseen
	Shapes    []ShapeDef
	Resources []ResourceDef
}

// ShapeDef describes one kind of object.
type ShapeDef struct {
	Name    Name
	Subject *SubjectDef
	Fields  []FieldDef
}

// SubjectDef says whose data an object is.
type SubjectDef struct {
	Population Name
	Category   SubjectCategory
	At         Name // path of the id member
	Key        bool // the map key is the id
	Param      Name // path parameter
	Query      Name // query parameter
	Country    Name // paths, relative to the object
	Region     Name
	Residence  Name
	Born       Name
	Pos        Pos
}

// FieldDef is one rule of a shape.
type FieldDef struct {
	Path     Name
	Public   bool
	Category Name
	Subtree  bool
	Link     string
	Token    TokenShape
	Source   string
}

// ResourceDef is one route.
type ResourceDef struct {
	Name       Name
	Route      Name // "GET /v1/customers/{id}"
	Params     []ParamDef
	Query      []QueryDef
	Subject    *SubjectDef
	NoSubjects bool
	Unseen     Unseen
	Purposes   []Name // empty: any
	Body       []BodyDef
}

// ParamDef gives a path parameter its form: the ids of a population, or a
// pattern. Without one a parameter is a plain word.
type ParamDef struct {
	Name       Name
	Population Name // empty with a Pattern
	Pattern    Name // anchored regular expression
}

// QueryDef allows one query parameter.
type QueryDef struct {
	Name    Name
	Pattern Name // anchored regular expression
}

// BodyDef places a shape, or a public member, in a body.
type BodyDef struct {
	Path   Name
	Shape  Name // empty when Public
	Public bool
}
