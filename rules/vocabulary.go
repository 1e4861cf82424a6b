package rules

import "strings"

// RecipientKind says in what capacity a recipient receives.
type RecipientKind uint8

// The recipient kinds. The zero value is none of them.
const (
	_ RecipientKind = iota
	Internal
	Processor
	ThirdParty
	JointUse
	DataSubject
	Authority
)

var recipientKinds = enum[RecipientKind]{"", "internal", "processor", "third_party", "joint_use", "data_subject", "authority"}

// String returns the name that the policy uses.
func (k RecipientKind) String() string { return recipientKinds.name(k) }

// ParseRecipientKind is the inverse of String.
func ParseRecipientKind(s string) (RecipientKind, bool) { return recipientKinds.parse(s) }

// External reports whether the recipient is outside the controller.
func (k RecipientKind) External() bool { return k != Internal && k != DataSubject }

// contracted reports whether such a recipient needs a contract and the handling
// terms (R4, K2); an internal one has a grant.
func (k RecipientKind) contracted() bool {
	return k == Processor || k == ThirdParty || k == JointUse
}

// RecipientCategory is what a recipient does, as the notices declare it (E4, C3).
type RecipientCategory uint8

// The recipient categories.
const (
	CategoryOther RecipientCategory = iota
	ITInfra
	CRM
	HostingSecurity
	Payment
	AnalyticsModule
	AdTech
)

var recipientCategories = enum[RecipientCategory]{"other", "it_infra", "crm", "hosting_security", "payment", "analytics_module", "adtech"}

// String returns the name that the policy uses.
func (c RecipientCategory) String() string { return recipientCategories.name(c) }

// ParseRecipientCategory is the inverse of String.
func ParseRecipientCategory(s string) (RecipientCategory, bool) { return recipientCategories.parse(s) }

// SubjectCategory is the group that a person belongs to.
type SubjectCategory uint8

// The subject categories. Data about a subject of unknown category is withheld (S4).
const (
	CategoryUnknown SubjectCategory = iota
	Customer
	BusinessPartner
	Staff
	EmployeeFamily
	Visitor
)

var subjectCategories = enum[SubjectCategory]{"unknown", "customer", "business_partner", "staff", "employee_family", "visitor"}

// String returns the name that the policy uses.
func (c SubjectCategory) String() string { return subjectCategories.name(c) }

// ParseSubjectCategory is the inverse of String.
func ParseSubjectCategory(s string) (SubjectCategory, bool) { return subjectCategories.parse(s) }

// Regimes is a set of legal regimes.
type Regimes uint8

// The regimes. APPI applies to everybody (J1), so the regimes of a subject leave
// it out; the scope of a consent may name it.
const (
	EEA Regimes = 1 << iota
	UK
	CCPA
	APPI

	AllRegimes = EEA | UK | CCPA // of a subject whose location is unknown
)

var regimeNames = []string{"EEA", "UK", "CCPA", "APPI"}

// Names lists the regimes that apply to a subject, APPI first.
func (r Regimes) Names() []string {
	names := []string{"APPI"}
	for i, n := range regimeNames[:3] {
		if r&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// String joins Names by commas.
func (r Regimes) String() string { return strings.Join(r.Names(), ",") }

// ParseRegime returns the set of one regime.
func ParseRegime(s string) (Regimes, bool) {
	for i, n := range regimeNames {
		if n == s {
			return 1 << i, true
		}
	}
	return 0, false
}

// Geo is how one regime regards the countries that a recipient's data reaches.
// The worst of all its countries counts.
type Geo uint8

// The classes, from the best. APPI knows GeoInside (jp), GeoAdequate
// (designated), GeoMechanism (equivalent) and GeoNone (other).
const (
	GeoInside Geo = iota
	GeoAdequate
	GeoMechanism
	GeoNone
)

var (
	geoNames     = enum[Geo]{"inside", "adequate", "mechanism", "none"}
	appiGeoNames = enum[Geo]{"jp", "designated", "equivalent", "other"}
)

// String returns the name under GDPR.
func (g Geo) String() string { return geoNames.name(g) }

// APPI returns the name under APPI.
func (g Geo) APPI() string { return appiGeoNames.name(g) }

// Basis is a legal basis of GDPR Art. 6.
type Basis uint8

// The bases that the notices list, from the one that binds least. Where a row
// lists several and none is pinned, the strictest governs (G6).
const (
	BasisNone Basis = iota
	BasisContract
	BasisLegitimateInterest
	BasisConsent
)

var bases = enum[Basis]{"", "contract", "legitimate_interest", "consent"}

// String returns the name that the policy uses, empty for BasisNone.
func (b Basis) String() string { return bases.name(b) }

// ParseBasis is the inverse of String.
func ParseBasis(s string) (Basis, bool) { return bases.parse(s) }

// LegalPurpose marks the purposes that do not come from a notice.
type LegalPurpose uint8

// The legal purposes.
const (
	LegalNone LegalPurpose = iota
	LegalObligation
	LegalClaims
	LegalRights // a data subject's own request
)

var legalPurposes = enum[LegalPurpose]{"", "obligation", "claims", "rights_fulfil"}

// ParseLegalPurpose returns the legal purpose of that name.
func ParseLegalPurpose(s string) (LegalPurpose, bool) { return legalPurposes.parse(s) }

// Need is what a contract lets a purpose see of a data category. The zero Need
// is nothing.
type Need uint8

// The needs. NeedGeneralised comes with a [Generaliser], by whose form the policy
// names it.
const (
	NeedNone Need = iota
	NeedPseudonym
	NeedGeneralised
	NeedClear
)

var needs = enum[Need]{"none", "pseudonym", "generalised", "clear"}

// String returns the name of the need.
func (n Need) String() string { return needs.name(n) }

// ParseNeed is the inverse of String.
func ParseNeed(s string) (Need, bool) { return needs.parse(s) }

// IdentifierClass says how a category points at a person.
type IdentifierClass uint8

// The identifier classes.
const (
	Attribute IdentifierClass = iota
	QuasiIdentifier
	DirectIdentifier
)

var identifierClasses = enum[IdentifierClass]{"attribute", "quasi", "direct"}

// ParseIdentifierClass returns the class of that name.
func ParseIdentifierClass(s string) (IdentifierClass, bool) { return identifierClasses.parse(s) }

// Entropy says whether the values of a category can be guessed.
type Entropy uint8

// The entropies. Values that can be guessed are generalised, never pseudonymised.
const (
	EntropyUnsaid Entropy = iota
	EntropyLow
	EntropyHigh
)

var entropies = enum[Entropy]{"", "low", "high"}

// ParseEntropy returns the entropy of that name.
func ParseEntropy(s string) (Entropy, bool) { return entropies.parse(s) }

// Notice is one of the published notices that the rules read: those whose purposes
// have rows. A document of the policy may be one of them.
type Notice uint8

// The notices.
const (
	_                Notice = iota
	NoticeAPPI              // the general notice
	NoticeEEAUK             // for the EEA and the United Kingdom
	NoticeCalifornia        // for California

	noticeCount = int(NoticeCalifornia) + 1
)

var notices = enum[Notice]{"", "appi", "eea_uk", "california"}

// String returns the name that the policy uses.
func (n Notice) String() string { return notices.name(n) }

// ParseNotice is the inverse of String.
func ParseNotice(s string) (Notice, bool) { return notices.parse(s) }

// OrderGround is a ground of GDPR Art. 18(2) on which a legal order reaches data
// whose processing is restricted.
type OrderGround uint8

// The grounds. Without one a restriction stands against the order (S5).
const (
	GroundNone OrderGround = iota
	GroundLegalClaims
	GroundRightsOfOthers
	GroundPublicInterest
)

var orderGrounds = enum[OrderGround]{"", "legal_claims", "rights_of_others", "public_interest"}

// String returns the name that the policy uses, empty for GroundNone.
func (g OrderGround) String() string { return orderGrounds.name(g) }

// ParseOrderGround is the inverse of String.
func ParseOrderGround(s string) (OrderGround, bool) { return orderGrounds.parse(s) }

// DataKinds is a set of the kinds of data that a certification covers.
type DataKinds uint8

// The kinds. Data about staff, applicants and their families is HR data.
const (
	DataHR DataKinds = 1 << iota
	DataNonHR
)

// hr reports whether data about the group is HR data.
func (c SubjectCategory) hr() bool { return c == Staff || c == EmployeeFamily }

// CCPAClass is a category of personal information as the California notice
// lists them (C1).
type CCPAClass uint8

// The classes.
const (
	CCPAUndeclared CCPAClass = iota
	CCPAIdentifiers
	CCPACommercial
	CCPAProfessional
	CCPAInternetActivity
)

var ccpaClasses = enum[CCPAClass]{"", "identifiers", "commercial", "professional", "internet_activity"}

// String returns the name that the policy uses, empty for CCPAUndeclared.
func (c CCPAClass) String() string { return ccpaClasses.name(c) }

// ParseCCPAClass is the inverse of String.
func ParseCCPAClass(s string) (CCPAClass, bool) { return ccpaClasses.parse(s) }

// ConsentStatus is the state of a consent, by the names of the W3C Data
// Privacy Vocabulary.
type ConsentStatus uint8

// The statuses. Only ConsentGiven and ConsentRenewed are valid; all others
// have the same effect and differ in the reason alone. ConsentUnknown is the
// zero value: no event is no consent.
const (
	ConsentUnknown ConsentStatus = iota
	ConsentGiven
	ConsentRenewed
	ConsentWithdrawn
	ConsentRefused
	ConsentExpired
	ConsentRevoked
	ConsentInvalidated
	ConsentRequested
	ConsentRequestDeferred
)

var consentStatuses = enum[ConsentStatus]{
	"ConsentUnknown", "ConsentGiven", "RenewedConsentGiven", "ConsentWithdrawn", "ConsentRefused", "ConsentExpired",
	"ConsentRevoked", "ConsentInvalidated", "ConsentRequested", "ConsentRequestDeferred",
}

// String returns the DPV name.
func (s ConsentStatus) String() string { return consentStatuses.name(s) }

// ParseConsentStatus is the inverse of String.
func ParseConsentStatus(s string) (ConsentStatus, bool) { return consentStatuses.parse(s) }

// Valid reports whether the status is a grant.
func (s ConsentStatus) Valid() bool { return s == ConsentGiven || s == ConsentRenewed }
