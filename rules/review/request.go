package review

import "github.com/modicum-dev/modicum/rules"

// refusal is what the gates of a request say by a reason: the rule, in words, and what
// would admit the request.
type refusal struct {
	rule            rules.Rule
	says, otherwise string
}

// RequestRule returns the rule behind a reason to refuse a request, empty for a reason
// that no rule of the request gates has.
func RequestRule(why rules.Reason) rules.Rule { return refusals[why].rule }

// refusals are the reasons of the request gates that look at the policy and the request
// alone.
var refusals = map[rules.Reason]refusal{
	rules.PolicyUnavailable:        {"R8", "not every document of the policy has a version in effect", "every document has a version in effect at the time"},
	rules.RecipientUnauthenticated: {"R1", "no credential was presented", "the caller presents a credential"},
	rules.RecipientUnknown:         {"R2", "the register does not have the recipient", "the recipient is registered"},
	rules.RecipientSuspended:       {"R3", "the recipient is suspended", "the suspension is ended"},
	rules.RecipientNotEvaluated:    {"R3", "the recipient has passed no evaluation yet", "an evaluation that it passed is on record"},
	rules.EvaluationOverdue:        {"R3", "the evaluation of the recipient is past its end", "the recipient is evaluated anew"},
	rules.RecipientNoContract:      {"R4", "no contract with accepted handling terms is in force", "a contract is in force and the handling terms are accepted"},
	rules.PurposeMissing:           {"R5", "the request declares no purpose", "the request declares one purpose"},
	rules.PurposeAmbiguous:         {"R5", "the request declares more than one purpose", "the request declares one purpose"},
	rules.PurposeMalformed:         {"R5", "the declared purpose is not of the form of one", "the request declares one purpose"},
	rules.PurposeUnknown:           {"R6", "the policy does not have the purpose", "the policy and a notice list the purpose"},
	rules.RouteUnmapped:            {"R12", "no resource of the policy has the route", "a resource describes the route"},
	rules.PurposeNotPermitted: {
		"R7", "the contract, the route or the credential does not permit the purpose", "contract, route and credential all permit the purpose",
	},
	rules.RefMissing:     {"R7b", "the contract asks for a reference, and the request names none", "the request names a reference"},
	rules.RefMalformed:   {"R7b", "the reference has not the form that the contract asks for", "the reference has that form"},
	rules.VolumeExceeded: {"R7b", "the contract allows answers about one subject only, and this is a list", "a resource about one subject is asked for, or the contract allows lists"},
}

// gates are the rules of the request, with the clauses that they serve.
var gates = map[rules.Rule][]string{
	"R1": {"K5"}, "R2": {"K5"}, "R3": {"J6.2"}, "R4": {"K2"}, "R5": {"J6.4"}, "R6": {"J6.4"}, "R7": {"J6.1", "J6.4"}, "R7b": {"J6.4", "K5"},
	"R8": {"J11"}, "R12": {"K5"},
}
