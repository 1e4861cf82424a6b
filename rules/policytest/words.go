package policytest

import "github.com/modicum-dev/modicum/rules"

// phrase says a reason in plain words, to the people who write the policy. A caller is
// never told most of them.
type phrase struct{ rule, words string }

// phrases are by reason; docs/decisions.md has the rules.
var phrases = map[rules.Reason]phrase{
	rules.RecipientUnauthenticated: {"R1", "the caller has no credential"},
	rules.RecipientUnknown:         {"R2", "the credential is no recipient's"},
	rules.RecipientSuspended:       {"R3", "the recipient is suspended"},
	rules.RecipientNotEvaluated:    {"R3", "the recipient has no passed evaluation"},
	rules.EvaluationOverdue:        {"R3", "the recipient's evaluation has expired"},
	rules.RecipientNoContract:      {"R4", "no contract or grant with the recipient is in force, or it has not accepted the handling terms"},
	rules.PurposeMissing:           {"R5", "no purpose is declared"},
	rules.PurposeAmbiguous:         {"R5", "more than one purpose is declared"},
	rules.PurposeMalformed:         {"R5", "the purpose is not one token"},
	rules.PurposeUnknown:           {"R6", "the policy has no such purpose"},
	rules.PurposeNotPermitted:      {"R7", "the contract, the route or the credential does not have the purpose"},
	rules.VolumeExceeded:           {"R7b", "a limit of the contract is exceeded"},
	rules.RefMissing:               {"R7b", "the purpose needs a case reference: --ref"},
	rules.RefMalformed:             {"R7b", "the case reference has not the form that the contract gives it"},
	rules.PolicyUnavailable:        {"R8", "a document of the policy is not in effect yet"},
	rules.StateUnavailable:         {"R9", "the subject state cannot be read"},
	rules.LedgerUnavailable:        {"R10", "the answer cannot be recorded"},
	rules.ResponseUninspectable:    {"R11", "the body cannot be inspected completely: it is no strict JSON document in UTF-8, or too large"},
	rules.RouteUnmapped:            {"R12", "no resource of the policy has this method and path"},
	rules.PathNotCanonical:         {"", "the path is not in its plain form"},
	rules.ProbeRefused:             {"", "the resource does not allow a query parameter, or not with this value"},
	rules.BodyRefused:              {"", "the request has a body"},
	rules.StreamingUnsupported:     {"R11", "the answer is a stream"},
	rules.NotFound:                 {"", "nothing of the one person may be seen: it is as if there were nobody"},
	rules.UpstreamUnavailable:      {"", "there is no complete answer"},
	rules.UpstreamStatus:           {"", "answers with this status are not passed on"},
	rules.UpstreamRefused:          {"", "the API has refused the request"},
	rules.ClientGone:               {"", "the caller has left"},
	rules.Overloaded:               {"", "there is no memory for the answer"},
	rules.APIObserved:              {"", "the api is observed, and answers internal recipients alone"},

	rules.SubjectUnresolved:      {"S1", "the id, the birth date or the location of the person is not understood"},
	rules.ChildUnder13:           {"S2", "the person is under 13"},
	rules.SubjectErased:          {"S3", "the person's data was erased"},
	rules.SubjectCategoryUnknown: {"S4", "the group of the person is not known"},
	rules.Restricted:             {"S5", "the person has restricted the processing"},
	rules.RetentionExpired:       {"S6", "the data is kept longer than its period"},
	rules.RetentionHold:          {"S6", "the data is only held back for its keeping"},
	rules.ErasurePending:         {"S7", "an erasure is pending"},
	rules.ErasureExcepted:        {"S7b", "an erasure was excepted, and not for this purpose"},
	rules.AccuracyContested:      {"S8", "the person contests that it is accurate"},
	rules.SubjectUnseen:          {"", "nothing verified is known of the person, and the resource withholds those"},

	rules.RecipientPurposeMismatch: {"X1", "only the person asks for this purpose, and only for own data"},
	rules.RightsFulfil:             {"X1", "the person asks for own data"},
	rules.AuthorityNoOrder:         {"X2", "no legal order in force covers it"},
	rules.LegalPurposeNoOrder:      {"X3", "no legal order in force covers it"},
	rules.LegalOrder:               {"X2, X3", "a legal order covers it"},

	rules.PurposeOutOfScope:            {"A2, G3, U3", "no notice that the person was told lists the purpose, and there is no consent"},
	rules.APPIUseCeased:                {"A3", "the person has asked to cease the use"},
	rules.DMObjection:                  {"A4, G2, U2", "the person has objected to direct marketing"},
	rules.SpecialCareNoConsent:         {"A5", "it needs special care, and there is no explicit consent"},
	rules.APPIProvisionCeased:          {"A8", "the person has asked to cease the provision to third parties"},
	rules.ThirdPartyNoConsent:          {"A9", "no consent names this third party"},
	rules.APPIForeignConsentUninformed: {"A10", "the consent was not informed of the foreign country"},
	rules.JointUseNoNotice:             {"A11", "the joint use has no published notice"},
	rules.APPIForeignNoSafeguard:       {"A12", "the recipient's country has no safeguard under APPI"},
	rules.APPIAllowed:                  {"A6, A7, A13", "APPI allows it"},
	rules.CategoryNotDeclared:          {"G4, U3", "the notice does not declare this category of data for the group"},
	rules.SpecialCategoryNoCondition:   {"G5", "it is a special category, and no condition is met"},
	rules.ConsentStatusUnknown:         {"G7", "it takes a consent, and there is none"},
	rules.ConsentStatusWithdrawn:       {"G7", "the consent was withdrawn"},
	rules.ConsentStatusRefused:         {"G7", "the consent was refused"},
	rules.ConsentStatusExpired:         {"G7", "the consent has expired"},
	rules.ConsentStatusRevoked:         {"G7", "the consent was revoked"},
	rules.ConsentStatusInvalidated:     {"G7", "the consent was invalidated"},
	rules.ConsentStatusRequested:       {"G7", "the consent was asked for and not given yet"},
	rules.ConsentStatusDeferred:        {"G7", "the answer to the request for consent was put off"},
	rules.ConsentChildInvalid:          {"G7", "the person is too young to consent alone"},
	rules.LIObjectionPending:           {"G8", "an objection to the legitimate interest is pending"},
	rules.LIObjectionUpheld:            {"G8", "an objection to the legitimate interest was upheld"},
	rules.RecipientCategoryUndeclared:  {"G10", "the notice does not declare such a recipient"},
	rules.TransferNoSafeguard:          {"G1, G11", "the recipient's country has no safeguard for the transfer"},
	rules.GDPRAllowed:                  {"G12", "GDPR allows it"},
	rules.SPILimited:                   {"U4", "the person has limited the use of sensitive data"},
	rules.SPINoConsent:                 {"U5", "it is sensitive, and there is no consent"},
	rules.CCPANoContract:               {"U6", "the contract lacks the terms of CCPA"},
	rules.CCPASaleShareDisabled:        {"U7", "it would be a sale or sharing, which the policy does not allow"},
	rules.CCPAOptOut:                   {"U8", "the person has opted out of sale and sharing"},
	rules.GPCOptOut:                    {"U8", "the person's browser opts out of sale and sharing"},
	rules.MinorNoOptIn:                 {"U9", "a minor, or a parent, has not opted in"},
	rules.DisclosureNotDeclared:        {"U10", "the California notice does not declare this disclosure"},
	rules.CCPAAllowed:                  {"U6, U11", "CCPA allows it"},

	rules.NotNecessary: {"M1", "the contract does not need it for this purpose"},
	rules.Minimised:    {"M2, M3", "the contract needs no more than that"},
	rules.SmallCell:    {"M2", "too few people of the answer share the combination"},
	rules.Needed:       {"M4", "the contract needs it"},
	rules.FieldPublic:  {"", "not personal"},

	rules.FieldUnmapped:     {"", "no rule names it"},
	rules.TypeUnexpected:    {"", "another type than the rule is for"},
	rules.ValueDefect:       {"", "the value is not understood"},
	rules.LoneSurrogate:     {"", "the value has half a character, which readers understand differently"},
	rules.DuplicateMember:   {"", "a member that decides stands twice"},
	rules.MemberUnreachable: {"", "a member that decides should stand in an object, and there is none"},

	rules.IDAbsent:            {"S1", "there is no id"},
	rules.IDMalformed:         {"S1", "the id has not the form that ids of the population have"},
	rules.BirthDateUnreadable: {"S1", "the birth date is no date"},
	rules.LocationUnknown:     {"S1", "the location is no country, or no state of the United States"},
}

// Words says a reason in plain words, and names the rule that gives it, empty where it
// has no number.
func Words(r rules.Reason) (words, rule string) {
	p := phrases[r]
	return p.words, p.rule
}

// told is a reason with its rule and code, for people.
func told(r rules.Reason) string {
	words, rule := Words(r)
	if r == rules.FieldUnmapped {
		return words
	}
	if rule != "" {
		return words + " (" + rule + ", " + r.String() + ")"
	}
	return words + " (" + r.String() + ")"
}
