package rules

// Reason is the code of an outcome: a closed list, stable in ledger, spans,
// metrics and problem documents. Reasons about a subject never reach a
// recipient.
type Reason uint8

// The reasons. Comments name the rules that give them.
const (
	ReasonNone Reason = iota

	// Request gates.
	RecipientUnauthenticated // R1
	RecipientUnknown         // R2
	RecipientSuspended       // R3
	RecipientNotEvaluated    // R3
	EvaluationOverdue        // R3
	RecipientNoContract      // R4
	PurposeMissing           // R5
	PurposeAmbiguous         // R5
	PurposeMalformed         // R5
	PurposeUnknown           // R6
	PurposeNotPermitted      // R7
	VolumeExceeded           // R7b
	RefMissing               // R7b
	RefMalformed             // R7b
	PolicyUnavailable        // R8
	StateUnavailable         // R9
	LedgerUnavailable        // R10
	ResponseUninspectable    // R11
	RouteUnmapped            // R12
	PathNotCanonical         // the request's own form
	ProbeRefused             // a parameter that the route does not declare
	BodyRefused              // a body on a method that has none
	StreamingUnsupported     // the upstream would stream
	NotFound                 // the upstream knows no such thing, or everything about its subject is withheld
	UpstreamUnavailable      // the upstream gave no answer
	UpstreamStatus           // the upstream answered with a status that the route does not let through
	UpstreamRefused          // the upstream answered 400
	ClientGone               // the caller left before anything was recorded
	Overloaded               // the memory for answers is used up
	APIObserved              // the api is observed, and the recipient is not internal

	// Subject gates.
	SubjectUnresolved      // S1
	ChildUnder13           // S2
	SubjectErased          // S3
	SubjectCategoryUnknown // S4
	Restricted             // S5
	RetentionExpired       // S6
	RetentionHold          // S6
	ErasurePending         // S7
	ErasureExcepted        // S7b
	AccuracyContested      // S8
	SubjectUnseen          // unseen_subject: withhold

	// All regimes.
	RecipientPurposeMismatch // X1
	RightsFulfil             // X1
	AuthorityNoOrder         // X2
	LegalPurposeNoOrder      // X3
	LegalOrder               // X2, X3

	// APPI.
	PurposeOutOfScope            // A2, G3, U3
	APPIUseCeased                // A3
	DMObjection                  // A4, G2, U2
	SpecialCareNoConsent         // A5
	APPIProvisionCeased          // A8
	ThirdPartyNoConsent          // A9
	APPIForeignConsentUninformed // A10
	JointUseNoNotice             // A11
	APPIForeignNoSafeguard       // A12
	APPIAllowed                  // A6, A7, A13
	CategoryNotDeclared          // G4, U3
	SpecialCategoryNoCondition   // G5
	ConsentStatusUnknown         // G7
	ConsentStatusWithdrawn       // G7
	ConsentStatusRefused         // G7
	ConsentStatusExpired         // G7
	ConsentStatusRevoked         // G7
	ConsentStatusInvalidated     // G7
	ConsentStatusRequested       // G7
	ConsentStatusDeferred        // G7
	ConsentChildInvalid          // G7
	LIObjectionPending           // G8
	LIObjectionUpheld            // G8
	RecipientCategoryUndeclared  // G10
	TransferNoSafeguard          // G1, G11
	GDPRAllowed                  // G12
	SPILimited                   // U4
	SPINoConsent                 // U5
	CCPANoContract               // U6
	CCPASaleShareDisabled        // U7
	CCPAOptOut                   // U8
	GPCOptOut                    // U8
	MinorNoOptIn                 // U9
	DisclosureNotDeclared        // U10
	CCPAAllowed                  // U6, U11

	// Minimisation.
	NotNecessary // M1, M1b, M2
	Minimised    // M2, M3
	SmallCell    // M2
	Needed       // M1b, M4
	FieldPublic  // not personal

	// Values that no rule lets out, whoever asks.
	FieldUnmapped
	TypeUnexpected    // another JSON type than the place is for
	ValueDefect       // a coarser form was asked for, and the value is not understood
	LoneSurrogate     // half a surrogate pair, which readers decode differently
	DuplicateMember   // a deciding member stands twice, or below two parents
	MemberUnreachable // a deciding member should stand in an object, and something else stands there

	// Defects of one subject (S1): why it is not understood, beside those of values.
	IDAbsent            // no id
	IDMalformed         // an id of another form than its population has
	BirthDateUnreadable // no date
	LocationUnknown     // no country, or no state of the United States
)

var reasons = enum[Reason]{
	"",
	"recipient_unauthenticated", "recipient_unknown", "recipient_suspended", "recipient_not_evaluated", "evaluation_overdue",
	"recipient_no_contract", "purpose_missing", "purpose_ambiguous", "purpose_malformed", "purpose_unknown", "purpose_not_permitted",
	"volume_exceeded", "ref_missing", "ref_malformed", "policy_unavailable", "state_unavailable", "ledger_unavailable",
	"response_uninspectable", "route_unmapped", "path_not_canonical", "probe_refused", "body_refused", "streaming_unsupported",
	"not_found", "upstream_unavailable", "upstream_status", "upstream_refused", "client_gone", "overloaded", "api_observed",
	"subject_unresolved", "child_under_13", "subject_erased", "subject_category_unknown", "restricted", "retention_expired",
	"retention_hold", "erasure_pending", "erasure_excepted", "accuracy_contested", "subject_unseen",
	"recipient_purpose_mismatch", "rights_fulfil", "authority_no_order", "legal_purpose_no_order", "legal_order",
	"purpose_out_of_scope", "appi_use_ceased", "dm_objection", "special_care_no_consent", "appi_provision_ceased",
	"third_party_no_consent", "appi_foreign_consent_uninformed", "joint_use_no_notice", "appi_foreign_no_safeguard", "appi_allowed",
	"category_not_declared", "special_category_no_condition", "consent_unknown", "consent_withdrawn", "consent_refused",
	"consent_expired", "consent_revoked", "consent_invalidated", "consent_requested", "consent_request_deferred",
	"consent_child_invalid", "li_objection_pending", "li_objection_upheld", "recipient_category_not_declared",
	"transfer_no_safeguard", "gdpr_allowed", "spi_limited", "spi_no_consent", "ccpa_no_contract", "ccpa_sale_share_disabled",
	"ccpa_opt_out", "gpc_opt_out", "minor_no_opt_in", "disclosure_not_declared", "ccpa_allowed",
	"not_necessary", "minimised", "small_cell", "needed", "public", "field_unmapped", "type_unexpected", "value_defect",
	"lone_surrogate", "duplicate_member", "member_unreachable", "id_absent", "id_malformed", "birth_date_unreadable", "location_unknown",
}

// String returns the code.
func (r Reason) String() string { return reasons.name(r) }

// ParseReason is the inverse of String.
func ParseReason(s string) (Reason, bool) { return reasons.parse(s) }

// consentReason is the reason of a consent that is not valid (G7).
func consentReason(s ConsentStatus) Reason {
	switch s {
	case ConsentWithdrawn:
		return ConsentStatusWithdrawn
	case ConsentRefused:
		return ConsentStatusRefused
	case ConsentExpired:
		return ConsentStatusExpired
	case ConsentRevoked:
		return ConsentStatusRevoked
	case ConsentInvalidated:
		return ConsentStatusInvalidated
	case ConsentRequested:
		return ConsentStatusRequested
	case ConsentRequestDeferred:
		return ConsentStatusDeferred
	case ConsentUnknown, ConsentGiven, ConsentRenewed:
		return ConsentStatusUnknown
	}
	return ConsentStatusUnknown
}
