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
	Contracts  []ContractTermsDef
	Recipients []RecipientDef
	Orders     []OrderDef
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

// Document is one version of a published document. The versions of one document
// share its ID and stand in their order.
type Document struct {
	ID            string
	Version       string
	EffectiveFrom time.Time
	Notice        Notice // zero: the rules read nothing of it
	// Material: a consent that was given under an earlier version does not
	// hold any more once this one is in effect.
	Material bool
	Pos      Pos
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
	// MinCell is how many subjects of one answer must share a combination of
	// generalised values under a statistical purpose; at least 2.
	MinCell int
}

func (c *Choices) minCell() int {
	if c.MinCell == 0 {
		return DefaultMinCell
	}
	return c.MinCell
}

// DefaultMinCell is the MinCell of a policy that does not say one.
const DefaultMinCell = 5

// belowDigitalAge reports whether somebody of that band needs a parent's consent
// in the EEA and in the UK. A national age above 13 counts the whole band 13_15.
func (c *Choices) belowDigitalAge(age AgeBand) (eea, uk bool) {
	return belowDigitalAge(age, c.DigitalAgeEEA), belowDigitalAge(age, c.DigitalAgeUK)
}

func belowDigitalAge(age AgeBand, digital int) bool {
	return age == Under13 || age == Age13To15 && digital > 13
}

// Geography is dated data on countries.
type Geography struct {
	AsOf                                         time.Time
	EEA, UK, AdequateEEA, AdequateUK, Designated []Name
	Sources                                      []Name // where the lists were read
	BuiltIn                                      bool   // the policy has none of its own
	Pos                                          Pos
}

// DisclosureRules are the recipient categories that the notices declare.
type DisclosureRules struct {
	EEAUK      []RecipientCategory // E4
	California []RecipientCategory // C3
	// Only limits what a category of recipients may ever get data for: an
	// analytics module web.analytics (E4.2).
	Only []CategoryPurposes
}

// CategoryPurposes is the purposes of one category of recipients.
type CategoryPurposes struct {
	Category RecipientCategory
	Purposes []Name
}

// CategoryDef declares a data category.
type CategoryDef struct {
	Name                     Name
	Identifier               IdentifierClass
	IdentifierUnsaid         bool // then that of the category that it is within
	Special, SPI, Credential bool
	NotInCopies              bool
	Entropy                  Entropy
	Generaliser              *Generaliser
	Purposes                 []Name
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
	SinceAPPI, SinceCCPA                Name    // version of the notice that first lists it; empty: the first one
	Retention                           *Period // after the purpose is achieved (E6.1); nil: not said
}

// Period is a length of calendar time, as ISO 8601 writes it: P3Y, P18M, P30D.
type Period struct{ Years, Months, Days int }

// After returns the instant one period after t. Where the month is too short it is
// the month's last day: one month from 31 January ends in February.
func (p *Period) After(t time.Time) time.Time {
	first := time.Date(t.Year()+p.Years, t.Month()+time.Month(p.Months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1+p.Days)
}

// RowDef is one row of the EEA/UK notice: a purpose for a group on its bases.
type RowDef struct {
	Subject SubjectCategory
	Row     string
	Bases   []Basis
	Pin     Basis
	// Pins are those of single recipient categories; they win over Pin.
	Pins  map[RecipientCategory]Basis
	Since Name // version of the notice that first lists it; empty: the first one
	// Assessment refers to the balancing of a legitimate interest (E3.LI).
	Assessment string
	Pos        Pos
}

// RecipientDef registers a recipient.
type RecipientDef struct {
	Name                               Name
	LegalName, Address, Representative string
	Kind                               RecipientKind
	Category                           RecipientCategory
	Country                            Name
	Onward                             []Name
	Users                              []UserDef
	Certificates                       []CertificateDef
	Persons                            []PersonsDef // of the kind data_subject
	Terms                              TermsDef
	Evaluation                         *EvaluationDef
	Safeguards                         []SafeguardDef
	Consideration, JointUseNotice      bool
	Suspended                          bool
	Complete                           bool         // objects have every mapped member, null where it does not leave
	Contract                           *ContractDef // or grant, for the kind internal
}

// UserDef is a name that Caddy's authentication gives.
type UserDef struct {
	Name     Name
	Purposes []Name // what the credential is narrowed to; empty: not narrowed
}

// CertificateDef is names under which an authority certifies the recipient. Each
// of them by itself is enough.
type CertificateDef struct {
	CA        Name // defined by the gateway's configuration
	DNS, URIs []Name
	Purposes  []Name // what the credential is narrowed to; empty: not narrowed
	Pos       Pos
}

// PersonsDef says which callers are data subjects: a user name that begins with
// Prefix and goes on with the id of somebody of Population is that person.
type PersonsDef struct {
	Population Name
	Prefix     Name
	Pos        Pos
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
	Countries  []Name    // that it covers; empty: all that the recipient names
	Covers     DataKinds // of a data privacy framework; zero: nothing
	SignedAt   time.Time // zero: not said
	ValidUntil time.Time // zero: no end
	// LastChecked and CheckEvery are the periodic check of an equivalent
	// system (APPI enforcement rules, Rule 18). It does not count once a
	// check is overdue.
	LastChecked time.Time
	CheckEvery  *Period
	TIARef      string
	Pos         Pos
}

// ContractDef is a contract, or the grant of an internal recipient.
type ContractDef struct {
	Ref         string
	From, Until time.Time // Until zero: no end
	CCPATerms   bool
	// NoAutomatedDecision: the recipient declares that it decides nothing about
	// people solely by automated processing (E3.ADM).
	NoAutomatedDecision bool
	Uses                []Name // contract terms that it refers to
	Purposes            []ContractPurposeDef
	Pos                 Pos
}

// ContractTermsDef is purposes that several contracts share by its name.
type ContractTermsDef struct {
	Name     Name
	Purposes []ContractPurposeDef
}

// ContractPurposeDef is one purpose of a contract and what it needs.
type ContractPurposeDef struct {
	Purpose     Name
	Needs       []NeedDef
	RefRequired bool
	RefPattern  Name // anchored regular expression; empty accepts any well-formed ref
	LinkGroup   string
	Limits      *Limits // nil: none agreed
}

// Limits is how much one purpose of a contract may read. A zero number is no limit.
type Limits struct {
	SubjectsPerResponse                               int
	SubjectsPerHour, SubjectsPerDay, SubjectsPerMonth int  // distinct ones
	NotFoundPercent                                   int  // of the requests of an hour
	NoLists                                           bool // only answers about one subject
}

// NeedDef is one cell of the need matrix.
type NeedDef struct {
	Category    Name
	Need        Need
	Generaliser *Generaliser // with NeedGeneralised
}

// OrderDef is a legal order on file. A request names it by its ref.
type OrderDef struct {
	Name           Name // the ref
	Kind, Issuer   string
	Purpose        Name
	Recipients     []Name
	Categories     []Name // that it lists, each with its descendants
	Populations    []Name // it reaches everybody of these
	Named          bool   // it reaches the people whose state has an event with its ref
	Ground         OrderGround
	CoversTransfer bool
	From, Until    time.Time // Until zero: no end
	Pos            Pos
}

// PopulationDef declares the form of a group's ids.
type PopulationDef struct {
	Name       Name
	Type       IDType
	FoldCase   bool
	StripZeros bool
	// Told is the version of each notice under which the group's data was
	// collected, for people without a notice event of their own. A notice
	// that is not listed counts as told in its first version.
	Told []ToldDef
}

// ToldDef is a version of a document.
type ToldDef struct{ Document, Version Name }

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
	Caller     bool // whoever the caller's own credential names
	Country    Name // paths, relative to the object
	Region     Name
	Residence  Name
	Born       Name
	FromState  bool // everybody's age and location are in the state
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
	// About is the person besides the enclosing subject that the field is about, nil
	// for none. Its paths are relative to the object of the shape.
	About *SubjectDef
}

// ResourceDef is one route.
type ResourceDef struct {
	Name       Name
	Route      Name // "GET /v1/customers/{id}"
	Params     []ParamDef
	Query      []QueryDef
	Subject    *SubjectDef
	NoSubjects bool
	// ConsumerFacing: a browser of the data subject asks, so that its Sec-GPC is
	// the subject's word (2.8b.6).
	ConsumerFacing bool
	Unseen         Unseen
	Purposes       []Name // empty: any
	Body           []BodyDef
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
