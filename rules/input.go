package rules

// input is everything that decides about one field of one subject: closed
// values only. Each regime function reads its own part of it and nothing of
// another regime's state.
type input struct {
	recipient recipientInput
	purpose   purposeInput
	subject   subjectInput
	order     orderInput
	field     fieldInput
	consent   consentInput

	seen reads // of the situation, by the decision so far
}

type recipientInput struct {
	kind           RecipientKind
	declaredE4     bool // category listed in the EEA/UK notice
	consideration  bool
	jointUseNotice bool
	ccpaTerms      bool
	appi, eea, uk  Geo
}

type purposeInput struct {
	legal     LegalPurpose
	dm        bool // direct marketing, or profiling related to it
	adShare   bool
	stat      bool
	health    bool
	m7027     bool
	scopeJ    bool // listed in the general notice for the subject's category
	rowE      bool // has a row in the EEA/UK notice for the category
	basis     Basis
	contract  bool // the row's only listed basis is contract
	scopeC    bool // listed in the California notice for the category
	cell      bool // (class, recipient category, purpose) is a declared California cell
	saleShare bool // the policy enables sale and sharing
	report    bool // undeclared California disclosures are reported, not withheld
}

type subjectInput struct {
	category          SubjectCategory
	regimes           Regimes
	age               AgeBand
	flags             Flags
	own               bool // the caller is the subject, and asks for its own data
	li                EventState
	under13California bool
	childEEA, childUK bool // below the age of digital consent
}

// orderInput is the legal order of the request.
type orderInput struct {
	reaches  bool // in force, to this recipient, and about the subject
	ground   bool // one of GDPR Art. 18(2)
	transfer bool // it covers transfers
	lists    bool // the field
}

type fieldInput struct {
	special, spi, credential bool
	notInCopies              bool
	declaredG, declaredC     bool
	identifier               IdentifierClass
	need                     Need
	generaliser              bool // the cell or, under a statistical purpose, the category names one
	contested                bool
}

// consentInput is the consent for this purpose, recipient and data category.
type consentInput struct {
	valid, explicit, parental [slots]bool
	foreign                   bool // informed of the country, under APPI
	status                    ConsentStatus
}
