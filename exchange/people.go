package exchange

import (
	"net/url"
	"slices"
	"time"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// person is one subject of an answer on its way through the steps.
type person struct {
	known   bool // the id has the form of its population; key is its key
	key     rules.Key
	facts   rules.Facts
	state   *rules.State
	actions *rules.Actions
	consent []rules.Seq
}

// people resolves every subject of an open document: who it is, and what the
// answer says about it that decides. It appends to out. caller is who asks for its own
// data, nil for anybody else.
func (g *Gateway) people(out []person, caller *rules.Person, match rules.Match, query url.Values, subjects []redact.Subject) []person {
	kinds := match.Resource.Shape.Subjects
	var own rules.Key
	if caller != nil {
		own = g.Keys.Subject(caller.Population, caller.ID)
	}
	for i := range subjects {
		s, k := &subjects[i], &kinds[subjects[i].Kind]
		p := person{facts: bodyFacts(s)}
		id, number := "", false
		switch k.ID {
		case rules.IDParam:
			id = match.Param(k.Param)
		case rules.IDQuery:
			id = query.Get(k.Param)
		case rules.IDMember, rules.IDKey:
			if s.ID.Type == redact.String || s.ID.Type == redact.Number {
				id, number = string(s.ID.Text), s.ID.Type == redact.Number
			}
		}
		canonical, err := k.Population.Canonical(id, number)
		if err == nil {
			p.known, p.key = true, g.Keys.Subject(k.Population, canonical)
			p.facts.Own = caller != nil && caller.Population == k.Population && p.key == own
		} else {
			p.facts.Unresolved = true
		}
		out = append(out, p)
	}
	return out
}

// bodyFacts reads the deciding members. Absent, null and the empty string say
// nothing; anything else must be understood, or the subject is withheld (S1).
func bodyFacts(s *redact.Subject) rules.Facts {
	f := rules.Facts{Kind: s.Kind}
	text := func(v redact.Scalar) string {
		switch v.Type {
		case redact.Absent, redact.Null:
			return ""
		case redact.String:
			return string(v.Text)
		case redact.Number, redact.Bool, redact.Defect:
		}
		f.Unresolved = true
		return ""
	}
	f.Locations[0] = rules.Location{Country: text(s.Country), Region: text(s.Region)}
	f.Locations[1] = rules.Location{Country: text(s.Residence)}
	for i := range f.Locations {
		if f.Locations[i].Country != "US" {
			f.Locations[i].Region = "" // a region decides within the United States alone
		}
	}
	if born := text(s.Born); born != "" {
		t, ok := birthDate(born)
		f.Born, f.Unresolved = t, f.Unresolved || !ok
	}
	return f
}

// birthDate reads YYYY-MM-DD, alone or at the front of an RFC 3339 instant.
func birthDate(s string) (time.Time, bool) {
	if len(s) > len(time.DateOnly) {
		if _, err := time.Parse(time.RFC3339, s); err != nil {
			return time.Time{}, false
		}
		s = s[:len(time.DateOnly)]
	}
	t, err := time.Parse(time.DateOnly, s)
	return t, err == nil
}

// Observation is what an answer taught about a subject, coarsely: its age band
// if it is a minor's, and where it is.
type Observation struct {
	Key      rules.Key
	Age      rules.AgeFact // zero: nothing
	Location rules.Location
}

// observations lists what the state does not know yet. An age counts although
// another member was not understood: this answer withholds the subject, but the
// next route may not carry that member, and must know a child. A location that
// was not understood is no observation.
func observations(people []person, now time.Time) []Observation {
	var out []Observation
	for i := range people {
		p := &people[i]
		if !p.known {
			continue
		}
		if !p.facts.Born.IsZero() {
			if age, minor := rules.RememberedAge(p.facts.Born, now); minor && !remembersAge(p.state, age) {
				out = append(out, Observation{Key: p.key, Age: age})
			}
		}
		if p.actions.Class.Has(rules.FlagUnresolved) {
			continue
		}
		for _, l := range p.facts.Locations {
			if l.Country != "" && (p.state == nil || !slices.Contains(p.state.Locations, l)) {
				out = append(out, Observation{Key: p.key, Location: l})
			}
		}
	}
	return out
}

func remembersAge(s *rules.State, age rules.AgeFact) bool {
	return s != nil && slices.ContainsFunc(s.Ages, func(known rules.AgeFact) bool {
		return known.Band == age.Band && known.Until.Equal(age.Until)
	})
}
