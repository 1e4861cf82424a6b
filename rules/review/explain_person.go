package review

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Subject is the person that an answer is about: what decides about it.
type Subject struct {
	Shape      string   `json:"shape"`
	Population string   `json:"population"`
	Group      string   `json:"group"`
	Regimes    []string `json:"regimes"`
	Age        string   `json:"age"`
	Facts      []string `json:"facts"`   // what is known
	Unknown    []string `json:"unknown"` // what is not, and what follows
	Assumed    []string `json:"assumed"` // what neither policy nor state says
}

// person decides what class the person is of, and tells what is known of it.
func (x *explainer) person() {
	k := &x.shape.Subjects[x.kind]
	facts, events := x.Person.facts(x.kind, k)
	x.state = rules.Fold(events)
	resource := x.plan.Resource()
	signals := rules.Signals{GPC: x.Person.GPC && resource.ConsumerFacing}
	x.class, _ = x.plan.Class(facts, x.state, signals, x.At, nil)
	s := &Subject{
		Shape: k.Shape, Population: k.Population.Name, Group: k.Category.String(),
		Regimes: x.class.Regimes.Names(), Age: x.class.Age.String(), Facts: []string{}, Unknown: []string{}, Assumed: []string{},
	}
	x.out.Subject = s
	x.known(s, k)
	x.rights(s)
	x.consented(s)
	x.unknown(s, k)
	x.assumed(s, resource)
}

// facts are what the body says of a person, and the events with what only the state can
// say: from a verified source, before everything else.
func (p *Person) facts(kind int, k *rules.SubjectKind) (rules.Facts, []rules.Event) {
	f := rules.Facts{Kind: kind, Own: p.Own}
	var events []rules.Event
	fact := rules.Event{Actor: rules.Actor{Type: rules.ActorOperator, Verified: true}}
	places := [2]rules.Location{p.Location, {Country: p.Residence}}
	if k.HasCountry {
		f.Locations = places
	} else {
		for _, l := range places {
			if fact.Kind, fact.Location = rules.EventLocation, l; l.Country != "" {
				events = append(events, fact)
			}
		}
	}
	switch {
	case p.Born.IsZero():
	case k.HasBorn:
		f.Born = p.Born
	default:
		fact.Kind, fact.Location = rules.EventAge, rules.Location{}
		fact.Age = rules.AgeFact{Band: rules.Under13, Until: p.Born.AddDate(13, 0, 0)} // it grows older by itself
		events = append(events, fact)
	}
	events = append(events, p.Events...)
	for i := range events {
		events[i].Seq = rules.Seq(i) + 1
	}
	return f, events
}

// known tells where the person is and how old.
func (x *explainer) known(s *Subject, k *rules.SubjectKind) {
	source := "the body says"
	if !k.HasCountry {
		source = "the state says, as the bodies of this resource do not"
	}
	if l := x.Person.Location; l.Country != "" {
		s.Facts = append(s.Facts, fmt.Sprintf("is in %s, %s", place(l), source))
	}
	if c := x.Person.Residence; c != "" {
		s.Facts = append(s.Facts, fmt.Sprintf("lives in %s, %s", c, source))
	}
	var said []string
	for i := range x.Person.Events {
		if e := &x.Person.Events[i]; e.Kind == rules.EventLocation {
			said = append(said, place(e.Location))
		}
	}
	slices.Sort(said)
	if said = slices.Compact(said); len(said) > 0 {
		s.Facts = append(s.Facts, "is or was in "+strings.Join(said, " and ")+", the state says")
	}
	switch {
	case x.class.Age == rules.AgeUnknown:
	case !x.Person.Born.IsZero() && k.HasBorn:
		s.Facts = append(s.Facts, fmt.Sprintf("is %s, by a birth date in the body", ages[x.class.Age]))
	default:
		s.Facts = append(s.Facts, fmt.Sprintf("is %s, the state says", ages[x.class.Age]))
	}
	if x.Person.Own {
		if x.plan.Recipient().Kind == rules.DataSubject {
			s.Facts = append(s.Facts, "asks for the own data")
		} else {
			s.Assumed = append(s.Assumed, fmt.Sprintf("that the person asks makes no difference: the recipient is of kind %s", x.plan.Recipient().Kind))
		}
	}
	if x.class.Has(rules.FlagOrdered) {
		s.Facts = append(s.Facts, fmt.Sprintf("is reached by the legal order %s", x.Ref))
	}
}

var ages = map[rules.AgeBand]string{rules.Under13: "under 13", rules.Age13To15: "13 to 15", rules.Age16To17: "16 or 17", rules.Adult: "an adult"}

func place(l rules.Location) string {
	if l.Region != "" {
		return l.Country + "-" + l.Region
	}
	return l.Country
}

// rights tells which rights stand, of those that may count for the purpose.
func (x *explainer) rights(s *Subject) {
	if x.state == nil {
		return
	}
	add := func(st rules.Standing, words map[rules.EventState]string, about string) {
		if w := words[st.State]; w != "" {
			s.Facts = append(s.Facts, w+about+since(st.Since))
		}
	}
	about := func(p rules.PurposeStanding) string {
		if p.Purpose == "" {
			return " for every purpose"
		}
		return " for this purpose"
	}
	add(x.state.Erasure, erasures, "")
	add(x.state.Restriction, map[rules.EventState]string{rules.StateActive: "restricts the processing"}, "")
	add(x.state.DMObjection, map[rules.EventState]string{rules.StateActive: "objects to direct marketing"}, "")
	add(x.state.OptOut, map[rules.EventState]string{rules.StateActive: "opted out of sale and sharing"}, "")
	add(x.state.LimitSPI, map[rules.EventState]string{rules.StateActive: "limits the use of sensitive data"}, "")
	add(x.state.MinorOptIn, map[rules.EventState]string{rules.StateActive: "opted in to sale and sharing as a minor"}, "")
	for _, list := range []struct {
		standings []rules.PurposeStanding
		words     map[rules.EventState]string
	}{
		{x.state.Retention, retentions},
		{x.state.LIObjections, requests("an objection to legitimate interest")},
		{x.state.CeaseUse, requests("a request to cease the use")},
		{x.state.CeaseProvision, requests("a request to cease the provision")},
	} {
		for _, p := range list.standings {
			if p.Purpose == "" || p.Purpose == x.Purpose {
				add(p.Standing, list.words, about(p))
			}
		}
	}
	if len(x.state.Contested) > 0 {
		s.Facts = append(s.Facts, "contests the accuracy of "+strings.Join(x.state.Contested, ", "))
	}
}

var (
	erasures = map[rules.EventState]string{
		rules.StateExecuted: "was erased", rules.StatePending: "asked for erasure, which is being decided", rules.StateExcepted: "was erased but for some purposes",
	}
	retentions = map[rules.EventState]string{
		rules.StateHold: "is on hold", rules.StateExpired: "is past the retention", rules.StateAchieved: "is of a purpose that was achieved:",
	}
)

func requests(what string) map[rules.EventState]string {
	return map[rules.EventState]string{rules.StatePending: "has " + what + ", not decided yet,", rules.StateUpheld: "has " + what + ", upheld,"}
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + t.UTC().Format(time.DateOnly)
}

// consented tells the consents to the purpose, or to all, and under which regimes one
// is valid.
func (x *explainer) consented(s *Subject) {
	if x.state == nil {
		return
	}
	for i := range x.state.Consents {
		e := &x.state.Consents[i]
		if e.Scope.Purpose != "" && e.Scope.Purpose != x.Purpose {
			continue
		}
		about := "this purpose"
		if e.Scope.Purpose == "" {
			about = "every purpose"
		}
		words := []string{strings.ToLower(strings.TrimPrefix(e.Consent.String(), "Consent")) + " on " + e.Time.UTC().Format(time.DateOnly)}
		for _, more := range []struct {
			is   bool
			word string
		}{
			{e.Explicit, "explicitly"},
			{e.Parental, "by a parent"},
			{e.Foreign, "informed of the country"},
			{len(e.Scope.Recipients) > 0, "for " + strings.Join(e.Scope.Recipients, ", ")},
			{len(e.Scope.Categories) > 0, "about " + strings.Join(e.Scope.Categories, ", ")},
			{e.Scope.Regimes != 0, "under " + strings.Join(e.Scope.Regimes.Names(), ", ")},
			{!e.Until.IsZero(), "until before " + e.Until.UTC().Format(time.DateOnly)},
			{!e.Actor.Verified, "by nobody who was verified"},
		} {
			if more.is {
				words = append(words, more.word)
			}
		}
		s.Facts = append(s.Facts, fmt.Sprintf("consent to %s: %s", about, strings.Join(words, ", ")))
	}
	var valid []string
	for slot, name := range []string{"APPI", "EEA", "UK", "CCPA"} {
		if x.class.Valid[slot] != (rules.CategoryMask{}) && (slot == 0 || slices.Contains(s.Regimes, name)) {
			valid = append(valid, name)
		}
	}
	if len(valid) > 0 {
		s.Facts = append(s.Facts, "has a valid consent for this recipient under "+strings.Join(valid, ", "))
	}
}

// unknown tells what a gateway would not know, and what it then takes for granted.
func (x *explainer) unknown(s *Subject, k *rules.SubjectKind) {
	if x.class.Regimes == rules.AllRegimes && x.Person.Location.Country == "" && x.Person.Residence == "" {
		s.Unknown = append(s.Unknown, "where the person is: every regime applies")
	}
	if x.Person.Location == (rules.Location{Country: "US"}) {
		s.Unknown = append(s.Unknown, "in which state of the United States: CCPA applies")
	}
	if x.class.Age == rules.AgeUnknown {
		s.Unknown = append(s.Unknown, "how old the person is: a minor for sale and sharing, an adult otherwise")
	}
	switch {
	case x.class.Has(rules.FlagUnseen):
		s.Unknown = append(s.Unknown, "anything from somebody who was verified: the resource withholds such people")
	case x.state == nil:
		s.Unknown = append(s.Unknown, "whether the person has used any right: taken as not")
	case !x.state.Seen:
		s.Unknown = append(s.Unknown, "anything from somebody who was verified: the rest only restricts")
	}
	if k.Category == rules.CategoryUnknown {
		s.Unknown = append(s.Unknown, "which group the person is of: everything is withheld")
	}
}

// assumed tells what a request could still run into.
func (x *explainer) assumed(s *Subject, resource *rules.Resource) {
	add := func(what string) { s.Assumed = append(s.Assumed, what) }
	if x.Person.GPC && !resource.ConsumerFacing {
		add("Sec-GPC counts for nothing here: the route does not face consumers")
	}
	for _, u := range x.plan.Recipient().Users {
		if len(u.Purposes) > 0 {
			add("the credential is one that is not narrowed to other purposes")
			break
		}
	}
	if l := x.plan.Limits(); l != nil && *l != (rules.Limits{NoLists: l.NoLists}) {
		add("no limit of the contract on volume is used up")
	}
}
