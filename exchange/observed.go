package exchange

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// The limits of what is remembered of an api that is observed.
const (
	// DefaultMaxObservedPeople is how many people of one answer are looked at, the
	// first ones. Of those beyond it nothing is counted.
	DefaultMaxObservedPeople = 100
	// DefaultMaxObservedMembers is how many members of one answer that no rule names are
	// looked at, the first ones.
	DefaultMaxObservedMembers = 10_000
	// DefaultMaxObservedNames is how many different names that no rule names are kept
	// of one place. An object with more is taken for a map whose keys are data: its
	// names are forgotten, and its members counted together.
	DefaultMaxObservedNames = 64
	// DefaultMaxObservedName is how many bytes such a name may have. A longer one is
	// counted and never told.
	DefaultMaxObservedName = 64
	// DefaultMinObserved is with how many different people a name must have been seen
	// before it is told: what few objects have may be somebody's own. Outside every
	// person it is [DefaultMinObservedAnswers].
	DefaultMinObserved = 5
	// DefaultMinObservedAnswers is in how many answers a name outside every person must
	// have been seen before it is told.
	DefaultMinObservedAnswers = 20
)

// Observed remembers what answers of observed apis show: which members no rule names,
// and what each recipient would get of them. It holds counts, and names of members; no
// values and no ids. The zero value is ready, and begins anew with its process; of a
// resource it begins anew with another policy.
type Observed struct {
	mu        sync.Mutex
	resources map[resourceName]*observedResource
}

type resourceName struct{ api, name string }

type observedResource struct {
	policy  string // hash of the bundle
	route   string
	version string
	since   time.Time
	answers int64
	people  int64
	uses    map[useName]*ObservedUse
	places  map[string]*observedPlace // by path of what the members are in
}

type useName struct{ recipient, purpose string }

// observedPlace is an object in which there are members that no rule names.
type observedPlace struct {
	names map[string]*observedName // nil once there were too many
	other int64                    // members whose names are not kept
}

type observedName struct {
	count   int64
	answers int64
	last    int64       // number of the newest of answers
	people  []rules.Key // the first ones
	outside bool        // of every person
}

// ObservedResource is what the answers of one resource have shown.
type ObservedResource struct {
	API      string         `json:"api"`
	Resource string         `json:"resource"`
	Route    string         `json:"route"`
	Policy   string         `json:"policy"` // version of the first answer
	Since    time.Time      `json:"since"`
	Answers  int64          `json:"answers"`
	People   int64          `json:"people"` // that were looked at, the same person once for each answer
	Uses     []ObservedUse  `json:"uses"`
	Unnamed  []ObservedPath `json:"unnamed"`
}

// ObservedUse is what a recipient got for a purpose, or would have got, of the members
// that the answers had.
type ObservedUse struct {
	Recipient string `json:"recipient"`
	Purpose   string `json:"purpose"`
	// Asked: an internal recipient got it. Otherwise it is one outside, who got
	// nothing.
	Asked       bool             `json:"asked"`
	Absent      int64            `json:"absent"` // people who are not in its answers
	Clear       int64            `json:"clear"`
	Transformed int64            `json:"transformed"`
	Withheld    map[string]int64 `json:"withheld"` // by primary reason
}

// ObservedPath is members that no rule names. A path that ends with * stands for names
// that are not told.
type ObservedPath struct {
	Path  string `json:"path"`
	Count int64  `json:"count"`
}

// observed reports whether the api of the request is.
func (q *request) observed() bool { return q.g.Observe[q.api] }

// internal reports whether the caller belongs to the controller.
func (q *request) internal() bool {
	d, _, _, _, ok := q.edition.Registration(q.caller.Recipient)
	return ok && d.Kind == rules.Internal
}

// look remembers what the answer of a request shows, which is decided and on record.
func (o *Observed) look(q *request) {
	if now := q.g.Policy.Edition(q.decided); now == nil || now.Policy() != q.edition.Policy() {
		return // of a policy that is not in force any more
	}
	plans := q.edition.Outside(q.plan.Resource())
	if !slices.Contains(plans, q.plan) {
		plans = append(plans, q.plan)
	}
	seen := survey{q: q, uses: make([]ObservedUse, len(plans)), actions: make([][]*rules.Actions, len(plans))}
	for i, p := range plans {
		seen.uses[i] = ObservedUse{
			Recipient: p.Recipient().Name.Value, Purpose: p.Purpose().Name, Asked: p == q.plan, Withheld: make(map[string]int64),
		}
		seen.decide(i, p)
	}
	q.buffers.work.doc.Survey(seen.place)
	o.mu.Lock()
	defer o.mu.Unlock()
	of := o.resource(q)
	of.answers++
	of.people += int64(seen.people())
	for i := range seen.uses {
		of.add(&seen.uses[i])
	}
	for i := range seen.unnamed {
		of.name(&seen.unnamed[i])
	}
}

func (o *Observed) resource(q *request) *observedResource {
	if o.resources == nil {
		o.resources = make(map[resourceName]*observedResource)
	}
	res, hash := q.plan.Resource(), q.edition.Policy().Bundle.Hash
	name := resourceName{res.API, res.Name}
	r := o.resources[name]
	if r == nil || r.policy != hash {
		r = &observedResource{
			policy: hash, route: res.Route, version: q.edition.Version(), since: milliseconds(q.decided),
			uses: make(map[useName]*ObservedUse), places: make(map[string]*observedPlace),
		}
		o.resources[name] = r
	}
	return r
}

func (r *observedResource) add(u *ObservedUse) {
	name := useName{u.Recipient, u.Purpose}
	sum := r.uses[name]
	if sum == nil {
		r.uses[name] = u
		return
	}
	sum.Asked = sum.Asked || u.Asked
	sum.Absent += u.Absent
	sum.Clear += u.Clear
	sum.Transformed += u.Transformed
	for reason, n := range u.Withheld {
		sum.Withheld[reason] += n
	}
}

// survey is one look at one answer.
type survey struct {
	q       *request
	uses    []ObservedUse
	actions [][]*rules.Actions // by plan and person
	unnamed []unnamed
}

// unnamed is a member that no rule names.
type unnamed struct {
	at, name string  // the path of what it is in, and its name; empty: one that is not told
	person   *person // nil: outside every person
}

// people is how many are looked at.
func (s *survey) people() int { return min(len(s.q.people), DefaultMaxObservedPeople) }

// decide decides about the people of the answer under a plan, as of the same instant
// and state. That too few people share a value is not looked into, but for the plan
// that was asked for.
func (s *survey) decide(i int, p *rules.Plan) {
	for n := range s.people() {
		who := &s.q.people[n]
		actions := who.actions
		if p != s.q.plan {
			class, _ := p.Class(who.facts, who.state, rules.Signals{}, s.q.decided, nil)
			actions = p.Actions(class)
		}
		if actions.Nothing {
			s.uses[i].Absent++
		}
		s.actions[i] = append(s.actions[i], actions)
	}
}

// place counts one value.
func (s *survey) place(p *redact.Place) {
	if p.Subject >= s.people() {
		return
	}
	switch p.Found {
	case redact.FoundUnmapped:
		if len(s.unnamed) == DefaultMaxObservedMembers {
			return
		}
		found := unnamed{at: string(p.AppendParent(nil))}
		if name := p.Name(); !p.Map && tellable(name) {
			found.name = string(name)
		}
		if p.Subject >= 0 {
			found.person = &s.q.people[p.Subject]
		}
		s.unnamed = append(s.unnamed, found)
	case redact.FoundRule, redact.FoundKey, redact.FoundUnexpected:
		if p.Field >= 0 && p.Subject >= 0 {
			s.decided(p)
		}
	case redact.FoundEmpty, redact.FoundSubject:
	}
}

// decided counts what becomes of a personal value.
func (s *survey) decided(p *redact.Place) {
	if s.q.plan.Resource().Shape.Fields[p.Field].Public {
		return
	}
	for i := range s.uses {
		actions := s.actions[i][p.Subject]
		switch verb := actions.Fields[p.Field].Verb; {
		case verb == rules.Withhold:
			reason := rules.ReasonNone
			if d := actions.Decisions[p.Field]; len(d.Reasons) > 0 {
				reason = d.Reasons[0]
			}
			s.uses[i].Withheld[cmp.Or(reason, rules.TypeUnexpected).String()]++
		case p.Found == redact.FoundUnexpected:
			s.uses[i].Withheld[rules.TypeUnexpected.String()]++
		case verb == rules.Transform:
			s.uses[i].Transformed++
		default:
			s.uses[i].Clear++
		}
	}
}

// name counts a member that no rule names.
func (r *observedResource) name(m *unnamed) {
	at := r.places[m.at]
	if at == nil {
		at = &observedPlace{names: make(map[string]*observedName)}
		r.places[m.at] = at
	}
	if m.name == "" || at.names == nil {
		at.other++
		return
	}
	n := at.names[m.name]
	if n == nil {
		if len(at.names) == DefaultMaxObservedNames {
			at.forget()
			at.other++
			return
		}
		n = new(observedName)
		at.names[m.name] = n
	}
	n.count++
	if n.last != r.answers {
		n.last = r.answers
		n.answers++
	}
	if m.person == nil {
		n.outside = true
		return
	}
	if who := m.person; who.known && len(n.people) < DefaultMinObserved && !slices.Contains(n.people, who.key) {
		n.people = append(n.people, who.key)
	}
}

// forget takes the place for a map.
func (p *observedPlace) forget() {
	for _, known := range p.names {
		p.other += known.count
	}
	p.names = nil
}

// told reports whether enough has been seen of a name to tell it.
func (n *observedName) told() bool {
	if n.outside {
		return n.answers >= DefaultMinObservedAnswers
	}
	return len(n.people) >= DefaultMinObserved
}

// tellable reports whether a name looks like one that a programmer gave: letters,
// digits, _ and -, not longer than the limit, without a number in it that could be
// somebody's. Whatever does not is never told.
func tellable(name []byte) bool {
	if len(name) == 0 || len(name) > DefaultMaxObservedName {
		return false
	}
	digits := 0
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		digit := c >= '0' && c <= '9'
		if i == 0 && !letter || !letter && !digit && c != '-' {
			return false
		}
		if digit {
			digits++
		}
	}
	return digits < 4
}

// Report tells what was seen, by api and resource. Paths and uses are sorted by how
// much is behind them.
func (o *Observed) Report() []ObservedResource {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]ObservedResource, 0, len(o.resources))
	for name, r := range o.resources {
		line := ObservedResource{
			API: name.api, Resource: name.name, Route: r.route, Policy: r.version, Since: r.since, Answers: r.answers, People: r.people,
			Unnamed: r.unnamed(), Uses: []ObservedUse{},
		}
		for _, u := range r.uses {
			use := *u
			use.Withheld = maps.Clone(u.Withheld)
			line.Uses = append(line.Uses, use)
		}
		slices.SortFunc(line.Uses, func(a, b ObservedUse) int {
			return cmp.Or(strings.Compare(a.Recipient, b.Recipient), strings.Compare(a.Purpose, b.Purpose))
		})
		out = append(out, line)
	}
	slices.SortFunc(out, func(a, b ObservedResource) int {
		return cmp.Or(strings.Compare(a.API, b.API), strings.Compare(a.Resource, b.Resource))
	})
	return out
}

// unnamed lists the members that no rule names. What is not told of a place comes
// under its *.
func (r *observedResource) unnamed() []ObservedPath {
	out := make([]ObservedPath, 0, len(r.places))
	for at, p := range r.places {
		other := p.other
		for name, n := range p.names {
			if n.told() {
				out = append(out, ObservedPath{Path: below(at, name), Count: n.count})
			} else {
				other += n.count
			}
		}
		if other > 0 {
			out = append(out, ObservedPath{Path: below(at, "*"), Count: other})
		}
	}
	slices.SortFunc(out, func(a, b ObservedPath) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Path, b.Path))
	})
	return out
}

func below(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
