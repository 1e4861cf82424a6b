package review

import (
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// Phrase tells a set of situations in words: "under EEA or UK; with an explicit
// consent (EEA)". What hides everybody from everyone, such as an erasure, is left out
// where the situation is that there is none: that is the ordinary case, and
// [Ordinary] says it once.
func Phrase(s rules.Situation) string {
	var parts []string
	for _, c := range s {
		if slices.Equal(c.Values, ordinary[c.Aspect]) {
			continue
		}
		parts = append(parts, Condition(c))
	}
	if len(parts) == 0 {
		return "everybody"
	}
	return strings.Join(parts, "; ")
}

// Ordinary says what [Phrase] leaves out.
const Ordinary = "Only people whose data is understood, not erased, restricted, contested, past its retention or under 13 are meant, unless it says otherwise."

var ordinary = map[rules.Aspect][]string{
	rules.AspectUnresolved:  {"understood"},
	rules.AspectErasure:     {"none"},
	rules.AspectRestriction: {"none", "lifted_by_consent"},
	rules.AspectRetention:   {"kept"},
	rules.AspectContested:   {"undisputed"},
	rules.AspectAge:         {"unknown", "13_15", "16_17", "adult"},
	rules.AspectCeaseUse:    {"none"},
}

// Condition tells one condition in words.
func Condition(c rules.Condition) string {
	values := strings.Join(c.Values, " or ")
	one := ""
	if len(c.Values) == 1 {
		one = c.Values[0]
	}
	if words, ok := said[c.Aspect][one]; ok {
		return words
	}
	if regime, ok := strings.CutPrefix(c.Aspect.String(), "consent_"); ok {
		return consent(c.Values, strings.ToUpper(regime))
	}
	switch c.Aspect {
	case rules.AspectRegimes:
		return regions(c.Values)
	case rules.AspectAge:
		return "aged " + strings.NewReplacer("13_15", "13 to 15", "16_17", "16 to 17", "under13", "under 13").Replace(values)
	default:
	}
	if label, ok := labels[c.Aspect]; ok {
		return label + " " + strings.ReplaceAll(values, "_", " ")
	}
	return c.Aspect.String() + " " + strings.ReplaceAll(values, "_", " ")
}

// consent tells what is known of a consent under one regime. The values of a valid one
// differ in what more it is.
func consent(values []string, regime string) string {
	if slices.ContainsFunc(values, apart) {
		return readApart(values, regime)
	}
	valid := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "none" })
	if len(valid) < len(values) {
		if len(valid) == 0 {
			return "without consent (" + regime + ")"
		}
		return "without " + more(missing(valid)) + "consent (" + regime + ")"
	}
	return "with " + article(more(common(valid))) + "consent (" + regime + ")"
}

// apart reports whether two policies read the same consents differently.
func apart(v string) bool { return strings.HasPrefix(v, "before ") }

// readApart tells of consents that the two policies of a comparison read differently.
func readApart(values []string, regime string) string {
	every := func(of func(before, after string) bool) bool {
		return !slices.ContainsFunc(values, func(v string) bool {
			before, after, _ := strings.Cut(strings.TrimPrefix(v, "before "), ", after ")
			return !apart(v) || !of(before, after)
		})
	}
	switch {
	case every(func(before, after string) bool { return before == "none" && after != "none" }):
		return "with a consent (" + regime + ") that counts only after the change"
	case every(func(before, after string) bool { return before != "none" && after == "none" }):
		return "with a consent (" + regime + ") that counts only before the change"
	}
	return "with consents (" + regime + ") that the two policies read differently"
}

// common lists what all of the valid consents are besides valid.
func common(valid []string) (words []string) {
	for _, w := range []string{"explicit", "parental", "informed"} {
		if !slices.ContainsFunc(valid, func(v string) bool { return !strings.Contains(v, w) }) {
			words = append(words, w)
		}
	}
	return words
}

// missing lists what none of the valid consents that are left is.
func missing(valid []string) (words []string) {
	for _, w := range []string{"explicit", "parental", "informed"} {
		if !slices.ContainsFunc(valid, func(v string) bool { return strings.Contains(v, w) }) {
			words = append(words, w)
		}
	}
	return words
}

func more(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return strings.Join(words, ", ") + " "
}

func article(s string) string {
	if strings.HasPrefix(s, "explicit") || strings.HasPrefix(s, "informed") {
		return "an " + s
	}
	return "a " + s
}

var labels = map[rules.Aspect]string{
	rules.AspectErasure: "erasure", rules.AspectRetention: "retention",
	rules.AspectLIObjection: "objection to legitimate interest",
}

var said = map[rules.Aspect]map[string]string{
	rules.AspectUnresolved: {"understood": "understood", "not_understood": "of whom something is not understood"},
	rules.AspectKnown:      {"some": "of whom something was told", "none": "of whom nobody has told anything yet"},
	rules.AspectErasure: {
		"none": "not to be erased", "pending": "whose erasure is being decided", "executed": "erased", "excepted": "erased but for other purposes",
	},
	rules.AspectRestriction:    {"none": "unrestricted", "active": "restricted", "lifted_by_consent": "restricted, with a later consent"},
	rules.AspectRetention:      {"kept": "within retention", "hold": "on hold", "expired": "past retention"},
	rules.AspectContested:      {"undisputed": "undisputed", "contested": "contested"},
	rules.AspectOwn:            {"no": "asked for by somebody else", "yes": "asked for by the person"},
	rules.AspectOrder:          {"not_reached": "whom no order of the request reaches", "reached": "whom the order reaches"},
	rules.AspectToldAPPI:       {"told": "told of the purpose (general notice)", "not_told": "not told of the purpose (general notice)"},
	rules.AspectToldEEAUK:      {"told": "told of the purpose (EEA/UK notice)", "not_told": "not told of the purpose (EEA/UK notice)"},
	rules.AspectToldCalifornia: {"told": "told of the purpose (California notice)", "not_told": "not told of the purpose (California notice)"},
	rules.AspectDMObjection:    {"none": "not objecting to direct marketing", "active": "objecting to direct marketing"},
	rules.AspectCeaseUse:       {"none": "without a request to cease use", "standing": "with a request to cease use"},
	rules.AspectCeaseProvision: {"none": "without a request to cease provision", "standing": "with a request to cease provision"},
	rules.AspectLIObjection:    {"none": "not objecting to legitimate interest"},
	rules.AspectLimitSPI:       {"none": "without a limit on sensitive data", "active": "with a limit on sensitive data"},
	rules.AspectOptOut:         {"none": "not opted out of sale", "active": "opted out of sale"},
	rules.AspectGPC:            {"off": "without Sec-GPC", "on": "with Sec-GPC"},
	rules.AspectMinorOptIn:     {"none": "without a minor's opt-in", "given": "with a minor's opt-in"},
}
