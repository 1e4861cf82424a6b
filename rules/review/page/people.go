package page

import (
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// people tells a set of situations as the people whom it is about: where they are, and
// what is true of them. where is empty for everywhere.
func people(s rules.Situation) (where []string, who string) {
	var clauses []string
	one := ""
	for _, c := range s {
		if c.Aspect == rules.AspectRegimes {
			where = places(c.Values)
			if len(where) == 1 {
				one = where[0]
			}
		}
	}
	for _, c := range s {
		if c.Aspect != rules.AspectRegimes {
			clauses = append(clauses, clause(c, one))
		}
	}
	return where, and(clauses...)
}

const (
	inEEA        = "in the EEA"
	inUK         = "in the United Kingdom"
	inCalifornia = "in California"
)

// regimesOf reads a name of the regimes of a person as bits: EEA, UK, California.
func regimesOf(name string) (set int) {
	for i, r := range []string{"EEA", "UK", "CCPA"} {
		if slices.Contains(strings.Split(name, ","), r) {
			set |= 1 << i
		}
	}
	return set
}

func placeWords(set int) string {
	var in []string
	for i, w := range []string{inEEA, inUK, inCalifornia} {
		if set>>i&1 != 0 {
			in = append(in, w)
		}
	}
	if len(in) > 1 {
		return "both " + and(in...)
	}
	return and(in...)
}

// places tells a set of sets of regimes: the least of them where all that have more are
// in it too, else those to whom none of some applies, else each.
func places(values []string) []string {
	var in [8]bool
	for _, v := range values {
		in[regimesOf(v)] = true
	}
	if words, ok := upward(in); ok {
		return words
	}
	var out [8]bool
	for i := range in {
		out[i] = !in[i]
	}
	if words, ok := upward(out); ok && len(words) > 0 {
		return []string{"neither " + strings.Join(words, " nor ")}
	}
	for but := 1; but < 7; but++ {
		if words, ok := upwardBut(in, but); ok {
			return []string{or(words...) + ", but not " + strings.ReplaceAll(strings.TrimPrefix(placeWords(but), "both "), " and ", " or ")}
		}
	}
	var each []string
	for set := range in {
		switch {
		case in[set] && set == 0:
			each = append(each, "outside the EEA, the United Kingdom and California")
		case in[set]:
			each = append(each, placeWords(set)+" and nowhere else of these")
		}
	}
	return each
}

// upward names a set of sets by its least members, if it has every set that has more.
func upward(in [8]bool) (words []string, ok bool) {
	for set := range in {
		if !in[set] {
			continue
		}
		least := true
		for bit := 1; bit < 8; bit <<= 1 {
			if !in[set|bit] {
				return nil, false
			}
			if set&bit != 0 && in[set&^bit] {
				least = false
			}
		}
		if least {
			words = append(words, placeWords(set))
		}
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" }), true
}

// upwardBut does so for sets that have nothing of but.
func upwardBut(in [8]bool, but int) (words []string, ok bool) {
	wider := in
	for set := range in {
		if set&but != 0 {
			if in[set] {
				return nil, false
			}
			wider[set] = in[set&^but]
		}
	}
	words, ok = upward(wider)
	return words, ok && len(words) > 0
}

// clause tells one condition as a relative clause. place is the one place where the
// people are, which a consent then need not repeat.
func clause(c rules.Condition, place string) string {
	if c.Aspect >= rules.AspectConsentAPPI && c.Aspect <= rules.AspectConsentCCPA {
		return consent(c, place)
	}
	if c.Aspect == rules.AspectLIObjection && !slices.Contains(c.Values, "none") {
		return "who object to the use on legitimate interest, also while that is being decided"
	}
	words := make([]string, len(c.Values))
	for i, v := range c.Values {
		words[i] = clauses[c.Aspect][v]
		if words[i] == "" {
			words[i] = "whose " + plain(c.Aspect.String()) + " is " + plain(v)
		}
	}
	return or(words...)
}

var clauses = map[rules.Aspect]map[string]string{
	rules.AspectUnresolved: {"understood": "whose record is understood", "not_understood": "whose id, location or birth date is not understood"},
	rules.AspectKnown:      {"some": "of whom something was told", "none": "of whom nobody has told anything yet"},
	rules.AspectErasure: {
		"none": "who are not to be erased", "pending": "whose request for erasure is being decided", "executed": "whose data was erased",
		"excepted": "whose data was erased but for purposes of which this is none",
	},
	rules.AspectRestriction: {
		"none": "who have restricted nothing", "active": "who have restricted the processing",
		"lifted_by_consent": "who have restricted the processing, and consented later",
	},
	rules.AspectRetention:   {"kept": "whose data is within its retention", "hold": "whose data is kept on hold only", "expired": "whose data is past its retention"},
	rules.AspectContested:   {"undisputed": "who do not contest it", "contested": "who contest that the data is accurate, as to what they contest"},
	rules.AspectOwn:         {"no": "who are not the one who asks", "yes": "who ask themselves"},
	rules.AspectOrder:       {"not_reached": "whom the order does not reach", "reached": "whom the order reaches"},
	rules.AspectAge:         {"unknown": "whose age is not known", "under13": "who are under 13", "13_15": "who are 13 to 15", "16_17": "who are 16 or 17", "adult": "who are adults"},
	rules.AspectToldAPPI:    {"told": "who were told the purpose by the general notice", "not_told": "who were told an older version of the general notice, without this purpose"},
	rules.AspectToldEEAUK:   {"told": "who were told the purpose by the EEA/UK notice", "not_told": "who were told an older version of the EEA/UK notice, without this purpose"},
	rules.AspectDMObjection: {"none": "who do not object to direct marketing", "active": "who object to direct marketing"},
	rules.AspectToldCalifornia: {
		"told": "who were told the purpose by the California notice", "not_told": "who were told an older version of the California notice, without this purpose",
	},
	rules.AspectCeaseUse:       {"none": "who have not asked to cease the use", "standing": "who have asked to cease the use for the purpose, also while that is being decided"},
	rules.AspectCeaseProvision: {"none": "who have not asked to cease the provision", "standing": "who have asked to cease the provision to third parties, also while that is being decided"},
	rules.AspectLIObjection: {
		"none": "who do not object to the use on legitimate interest", "pending": "whose objection to the use on legitimate interest is being decided",
		"upheld": "whose objection to the use on legitimate interest was upheld",
	},
	rules.AspectLimitSPI:   {"none": "who have not limited the use of sensitive data", "active": "who have limited the use of sensitive data"},
	rules.AspectOptOut:     {"none": "who have not opted out of sale and sharing", "active": "who have opted out of sale and sharing"},
	rules.AspectGPC:        {"off": "whose browser sends no privacy signal", "on": "whose browser sends a privacy signal (Sec-GPC)"},
	rules.AspectMinorOptIn: {"none": "who have not opted in as minors", "given": "who have opted in as minors"},
}

var consentRegimes = map[rules.Aspect]struct{ place, under string }{
	rules.AspectConsentAPPI: {"", " to it"}, rules.AspectConsentEEA: {inEEA, " under the rules of the EEA"},
	rules.AspectConsentUK: {inUK, " under the rules of the United Kingdom"}, rules.AspectConsentCCPA: {inCalifornia, " under the rules of California"},
}

// consent tells what is known of a consent. The values of a valid one differ in what
// more it is.
func consent(c rules.Condition, place string) string {
	regime := consentRegimes[c.Aspect]
	under := regime.under
	if under != "" && (regime.place == place || regime.place == "") {
		under = ""
	}
	var with, without []string
	valid := slices.DeleteFunc(slices.Clone(c.Values), func(v string) bool { return v == "none" })
	for _, w := range []string{"explicit", "parental", "informed"} {
		if w == "informed" && c.Aspect != rules.AspectConsentAPPI {
			continue // the country is a matter of the general notice
		}
		has := func(v string) bool { return strings.Contains(v, w) }
		switch {
		case !slices.ContainsFunc(valid, has):
			without = append(without, qualified[w])
		case !slices.ContainsFunc(valid, func(v string) bool { return !has(v) }):
			with = append(with, qualified[w])
		}
	}
	switch {
	case len(valid) == 0:
		return "who have not consented" + under
	case len(without) > 0:
		return "who have not consented " + or(without...) + under
	case len(valid) < len(c.Values):
		return "who may or may not have consented" + under
	case len(with) > 0:
		return "who have consented " + and(with...) + under
	}
	return "who have consented" + under
}

var qualified = map[string]string{
	"explicit": "explicitly", "parental": "through a parent", "informed": "knowing of the protection in the recipient's country",
}
