package exchange

import (
	"cmp"
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
	why     misunderstood // beside facts.Unresolved, for the operator and the record
}

// people resolves every subject of an open document: who it is, and what the
// answer says about it that decides. It appends to out. caller is the person whom the
// caller's own credential names, nil for anybody else.
func (g *Gateway) people(out []person, caller *rules.Person, match rules.Match, query url.Values, subjects []redact.Subject) []person {
	kinds := match.Resource.Shape.Subjects
	var own rules.Key
	if caller != nil {
		own = g.Keys.Subject(caller.Population, caller.ID)
	}
	for i := range subjects {
		s, k := &subjects[i], &kinds[subjects[i].Kind]
		var p person
		p.facts, p.why = bodyFacts(s)
		id, number := "", false
		switch k.ID {
		case rules.IDParam:
			id = match.Param(k.Param)
		case rules.IDQuery:
			id = query.Get(k.Param)
		case rules.IDCaller: // of whoever asks about others there is no such person
			if caller != nil && caller.Population == k.Population {
				id = caller.ID
			}
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
			p.why[memberID] = idFault(s.ID, id)
		}
		out = append(out, p)
	}
	return out
}

// bodyFacts reads the deciding members. Absent, null and the empty string say
// nothing; anything else must be understood, or the subject is withheld (S1).
func bodyFacts(s *redact.Subject) (rules.Facts, misunderstood) {
	f, why := rules.Facts{Kind: s.Kind}, misunderstood{}
	text := func(member int, v redact.Scalar) string {
		if why[member] = scalarFault(v); why[member] != rules.ReasonNone {
			f.Unresolved = true
			return ""
		}
		return string(v.Text)
	}
	f.Locations[0] = rules.Location{Country: text(memberCountry, s.Country), Region: text(memberRegion, s.Region)}
	f.Locations[1] = rules.Location{Country: text(memberResidence, s.Residence)}
	for i := range f.Locations {
		if f.Locations[i].Country != "US" {
			f.Locations[i].Region = "" // a region decides within the United States alone
		}
	}
	country, region := locationFaults(f.Locations[0])
	residence, _ := locationFaults(f.Locations[1])
	why[memberCountry] = cmp.Or(why[memberCountry], country)
	why[memberRegion] = cmp.Or(why[memberRegion], region)
	why[memberResidence] = cmp.Or(why[memberResidence], residence)
	if born := text(memberBorn, s.Born); born != "" {
		t, ok := birthDate(born)
		if f.Born = t; !ok {
			f.Unresolved, why[memberBorn] = true, rules.BirthDateUnreadable
		}
	}
	return f, why
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
