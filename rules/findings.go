package rules

import (
	"fmt"
	"time"
)

// DefaultMaxGeographyAge is how old the lists of countries may be before
// [Policy.Findings] warns of them.
const DefaultMaxGeographyAge = 90 * 24 * time.Hour

// Findings reviews a policy that compiles, as of an instant: what it allows and
// somebody should know. All of them are warnings, in the order of the files.
func (p *Policy) Findings(at time.Time) Problems {
	r := &reviewer{p: p, at: at}
	r.geography()
	return r.found.Sort()
}

type reviewer struct {
	p     *Policy
	at    time.Time
	found Problems
}

func (r *reviewer) warn(pos Pos, kind error, detail, suggestion string) {
	r.found = append(r.found, &Problem{Pos: pos, Kind: kind, Detail: detail, Suggestion: suggestion, Warning: true})
}

// geography warns of lists of countries that may have changed since.
func (r *reviewer) geography() {
	g := &r.p.Bundle.Geography
	if r.at.Sub(g.AsOf) > DefaultMaxGeographyAge {
		r.warn(g.Pos, ErrOutdated, fmt.Sprintf("the lists of countries are those of %s", g.AsOf.Format(time.DateOnly)),
			"check them against their sources, and move as_of")
	}
}
