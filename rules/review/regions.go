package review

import (
	"slices"
	"strings"
)

// regions tells a list of regime sets in words: those that are under the EEA's regime
// read "in the EEA", whatever other regimes they are under.
func regions(sets []string) string {
	for _, europe := range europes {
		for _, california := range californias {
			var meant []string
			for _, set := range everySet {
				in := func(r string) bool { return slices.Contains(strings.Split(set, ","), r) }
				if europe.holds(in("EEA"), in("UK")) && california.holds(in("CCPA")) {
					meant = append(meant, set)
				}
			}
			if !slices.Equal(meant, sets) {
				continue
			}
			return strings.TrimPrefix(strings.TrimSuffix(europe.words+" and "+california.words, " and "), " and ")
		}
	}
	return "under " + strings.Join(sets, " or ")
}

// everySet is every set of regimes, as situations list them.
var everySet = []string{"APPI", "APPI,EEA", "APPI,UK", "APPI,EEA,UK", "APPI,CCPA", "APPI,EEA,CCPA", "APPI,UK,CCPA", "APPI,EEA,UK,CCPA"}

var europes = []struct {
	words string
	holds func(eea, uk bool) bool
}{
	{"", func(_, _ bool) bool { return true }},
	{"in the EEA or the UK", func(eea, uk bool) bool { return eea || uk }},
	{"in the EEA", func(eea, _ bool) bool { return eea }},
	{"in the UK", func(_, uk bool) bool { return uk }},
	{"in the EEA and the UK", func(eea, uk bool) bool { return eea && uk }},
	{"in the EEA, not the UK", func(eea, uk bool) bool { return eea && !uk }},
	{"in the UK, not the EEA", func(eea, uk bool) bool { return uk && !eea }},
	{"not in the EEA", func(eea, _ bool) bool { return !eea }},
	{"not in the UK", func(_, uk bool) bool { return !uk }},
	{"neither in the EEA nor the UK", func(eea, uk bool) bool { return !eea && !uk }},
}

var californias = []struct {
	words string
	holds func(ccpa bool) bool
}{
	{"", func(bool) bool { return true }},
	{"in California", func(ccpa bool) bool { return ccpa }},
	{"not in California", func(ccpa bool) bool { return !ccpa }},
}
