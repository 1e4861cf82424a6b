package exchange

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

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
