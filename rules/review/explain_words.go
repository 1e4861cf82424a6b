package review

import (
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// changes tells in words, each behind an "if", what of the state an alternative changes.
// Consents that are alike stand together; named tells that they must name the recipient.
func changes(a rules.Alternative, named bool) []string {
	var out, consents []string
	regimes := make(map[string][]string)
	for _, c := range a.State {
		value := c.Values[0]
		regime, consent := strings.CutPrefix(c.Aspect.String(), "consent_")
		if !consent {
			out = append(out, becoming[c.Aspect][value])
			continue
		}
		words := consenting(value, a.Form.Verb == rules.Withhold, named)
		if !slices.Contains(consents, words) {
			consents = append(consents, words)
		}
		regimes[words] = append(regimes[words], strings.ToUpper(regime))
	}
	for _, words := range consents {
		out = append(out, words+" ("+strings.Join(regimes[words], ", ")+")")
	}
	return out
}

// consenting tells that a consent becomes what a value says: less, where something is
// withheld then.
func consenting(value string, less, named bool) string {
	if value == "none" {
		return "the person withdraws the consent"
	}
	if less {
		return "the consent is not " + strings.Join(missing([]string{value}), " or ")
	}
	who, how := "the person consents", ""
	if strings.Contains(value, "parental") {
		who = "a parent consents"
	}
	if strings.Contains(value, "explicit") {
		how = " explicitly"
	}
	if strings.Contains(value, "informed") {
		how += ", informed of the country"
	}
	if named {
		how += ", naming the recipient"
	}
	return who + how
}

// becoming tells that an aspect gets a value.
var becoming = map[rules.Aspect]map[string]string{
	rules.AspectKnown: {"some": "anybody who was verified tells something of the person"},
	rules.AspectErasure: {
		"none": "the request for erasure is rejected", "pending": "the person asks for erasure", "executed": "the data is erased",
		"excepted": "an erasure leaves other purposes only",
	},
	rules.AspectRestriction: {
		"none": "the restriction is lifted", "active": "the person restricts the processing",
		"lifted_by_consent": "the person consents to this purpose after the restriction",
	},
	rules.AspectRetention:      {"kept": "the data is kept again", "hold": "the data is put on hold", "expired": "the retention expires"},
	rules.AspectContested:      {"undisputed": "the accuracy is settled", "contested": "the person contests the accuracy"},
	rules.AspectOrder:          {"not_reached": "the order does not reach the person", "reached": "the order reaches the person"},
	rules.AspectToldAPPI:       {"told": "the person is told the general notice that lists the purpose"},
	rules.AspectToldEEAUK:      {"told": "the person is told the EEA/UK notice that lists the purpose"},
	rules.AspectToldCalifornia: {"told": "the person is told the California notice that lists the purpose"},
	rules.AspectDMObjection:    {"none": "the objection to direct marketing is lifted", "active": "the person objects to direct marketing"},
	rules.AspectCeaseUse:       {"none": "the request to cease the use is rejected or lifted", "standing": "the person asks to cease the use"},
	rules.AspectCeaseProvision: {"none": "the request to cease the provision is rejected or lifted", "standing": "the person asks to cease the provision"},
	rules.AspectLIObjection: {
		"none": "the objection to legitimate interest is rejected or lifted", "pending": "the person objects to legitimate interest",
		"upheld": "an objection to legitimate interest is upheld",
	},
	rules.AspectLimitSPI:   {"none": "the limit on sensitive data is lifted", "active": "the person limits the use of sensitive data"},
	rules.AspectOptOut:     {"none": "the opt-out of sale and sharing is lifted", "active": "the person opts out of sale and sharing"},
	rules.AspectGPC:        {"off": "the request comes without Sec-GPC", "on": "the request comes with Sec-GPC"},
	rules.AspectMinorOptIn: {"none": "the opt-in of the minor is lifted", "given": "the minor opts in, in two steps"},
}
