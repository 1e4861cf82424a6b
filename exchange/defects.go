package exchange

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// The deciding members of a subject, as its defects are kept.
const (
	memberID = iota
	memberCountry
	memberRegion
	memberResidence
	memberBorn
	memberCount
)

// memberNames are how [rules.Shape.Roles] names them.
var memberNames = [memberCount]string{"id", "country", "region", "residence", "birth date"}

// misunderstood says of each deciding member why it is not understood. The zero value
// says that all are.
type misunderstood [memberCount]rules.Reason

// scalarFault returns why a deciding member cannot be a text, none if it can.
func scalarFault(v redact.Scalar) rules.Reason {
	switch v.Type {
	case redact.Defect:
		return v.Fault
	case redact.Number, redact.Bool:
		return rules.TypeUnexpected
	case redact.Absent, redact.Null, redact.String:
	}
	return rules.ReasonNone
}

// idFault returns why an id that its population does not take is none. The member of
// the body is absent where the request has the id.
func idFault(member redact.Scalar, id string) rules.Reason {
	switch {
	case member.Type == redact.Defect:
		return member.Fault
	case member.Type == redact.Bool:
		return rules.TypeUnexpected
	case id == "":
		return rules.IDAbsent
	}
	return rules.IDMalformed
}

// locationFaults returns what is not understood of a country and a region.
func locationFaults(l rules.Location) (country, region rules.Reason) {
	switch {
	case l.Country == "":
	case !rules.KnownCountry(l.Country):
		country = rules.LocationUnknown
	case l.Country == "US" && l.Region != "" && !rules.KnownState(l.Region):
		region = rules.LocationUnknown
	}
	return country, region
}

// defectInterval is how often the operator is told of the same defect. All of them are
// counted, and their number is told with the next line.
const defectInterval = time.Minute

// subjectDefect is a defect that subjects of an answer have in common.
type subjectDefect struct {
	kind, member int
	reason       rules.Reason
	n            int
}

// subjectDefects sums up why subjects are not understood.
func subjectDefects(people []person) []subjectDefect {
	var all []subjectDefect
	for i := range people {
		p := &people[i]
		if p.why == (misunderstood{}) {
			continue
		}
		for member, reason := range p.why {
			if reason != rules.ReasonNone {
				all = countSubject(all, subjectDefect{p.facts.Kind, member, reason, 1})
			}
		}
	}
	return all
}

func countSubject(all []subjectDefect, d subjectDefect) []subjectDefect {
	for i := range all {
		if known := &all[i]; known.kind == d.kind && known.member == d.member && known.reason == d.reason {
			known.n++
			return all
		}
	}
	return append(all, d)
}

// alert counts the defects of an answer and tells the operator of them: nobody else
// learns that something is withheld for one.
func (q *request) alert() {
	shape := q.plan.Resource().Shape
	for _, f := range q.buffers.work.doc.Faults() {
		q.defect("values withheld for a defect of their own", f.Path, f.Reason, f.Count)
	}
	for _, d := range subjectDefects(q.people) {
		kind := &shape.Subjects[d.kind]
		if d.member == memberID && kind.ID != rules.IDMember && kind.ID != rules.IDKey {
			continue // the caller's, and on record
		}
		q.defect("people withheld because a deciding member is not understood", q.memberPlace(shape, d.kind, d.member), d.reason, d.n)
	}
}

func (q *request) defect(msg, place string, reason rules.Reason, n int) {
	res := q.match.Resource
	q.g.meter().Defects(res.API, res.Name, place, reason, n)
	key := strings.Join([]string{msg, res.API, res.Name, place, reason.String()}, "\n")
	if before, ok := q.g.throttle.pass(key, n, defectInterval, q.g.Clock()); ok {
		q.log(msg, slog.String("place", place), slog.String("reason", reason.String()), slog.Int("count", before+n), slog.String("do", defectAdvice[reason]))
	}
}

// defectAdvice is what the operator can do about a defect.
var defectAdvice = map[rules.Reason]string{
	rules.TypeUnexpected:      "the upstream sends another JSON type than the policy has there: map its members or elements, or fix the upstream",
	rules.ValueDefect:         "the generaliser of the policy does not understand the value: choose another one, or fix the upstream",
	rules.LoneSurrogate:       "the upstream cuts a character in half: fix the upstream",
	rules.DuplicateMember:     "the upstream sends the member, or the object that it is in, twice: fix the upstream",
	rules.MemberUnreachable:   "the policy has the member in an object, and the upstream sends something else in its place: correct its path in the policy, or fix the upstream",
	rules.IDAbsent:            "the upstream sends somebody without an id: correct the path of the id in the policy, or fix the upstream",
	rules.IDMalformed:         "the id has not the form that the policy gives its population: correct the population, or fix the upstream",
	rules.BirthDateUnreadable: "a birth date must be YYYY-MM-DD or an RFC 3339 instant: take another member in the policy, or fix the upstream",
	rules.LocationUnknown:     "a country must be two capital letters of ISO 3166-1, a region a postal code of the United States: take another member in the policy, or fix the upstream",
}

// memberPlace returns where the policy has a deciding member.
func (q *request) memberPlace(shape *rules.Shape, kind, member int) string {
	facts, err := q.g.facts.of(q.edition, q.g.PolicySignature)
	if err != nil {
		return memberNames[member]
	}
	return facts.memberPlaces(shape, kind)[member]
}

type memberKey struct {
	shape *rules.Shape
	kind  int
}

func (f *editionFacts) memberPlaces(shape *rules.Shape, kind int) *[memberCount]string {
	k := memberKey{shape, kind}
	if known, ok := f.members.Load(k); ok {
		if places, ok := known.(*[memberCount]string); ok {
			return places
		}
	}
	places := memberNames // a place that is in no shape has its name
	for _, role := range shape.Roles(kind) {
		for i, name := range memberNames {
			if role.Name == name {
				places[i] = role.Path
			}
		}
	}
	if k := &shape.Subjects[kind]; k.ID == rules.IDKey {
		places[memberID] = strings.TrimSuffix(k.Path, "{}") + "{key}"
	}
	for i := range places {
		if places[i] == "" {
			places[i] = "." // the document itself
		}
	}
	f.members.Store(k, &places)
	return &places
}

// defects notes in a record what was withheld for a defect, by reason.
func (q *request) defects(c *ledger.Counts) {
	doc := &q.buffers.work.doc
	for _, f := range doc.Faults() {
		c.Defects += f.Count
		c.DefectsBy = countReason(c.DefectsBy, f.Reason, f.Count)
	}
	for i := range q.people {
		why := &q.people[i].why
		for member, reason := range why {
			// A parent that is missing is one reason, however many members it has.
			if reason != rules.ReasonNone && !slices.Contains(why[:member], reason) {
				c.UnresolvedBy = countReason(c.UnresolvedBy, reason, 1)
			}
		}
	}
}

func countReason(by map[string]int, reason rules.Reason, n int) map[string]int {
	if by == nil {
		by = make(map[string]int, 1)
	}
	by[reason.String()] += n
	return by
}
