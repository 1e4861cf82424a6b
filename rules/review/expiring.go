package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// The kinds of an [Ending]. They are labels of a metric.
const (
	EndingContract   = "contract"   // or grant
	EndingEvaluation = "evaluation" // of a recipient
	EndingMechanism  = "mechanism"  // of transfers abroad
	EndingCheck      = "check"      // of a mechanism, which is then overdue
	EndingOrder      = "order"
	EndingCountries  = "countries" // the lists are to be held against their sources
	EndingDocument   = "document"  // its next version takes effect
	EndingNotice     = "notice"    // of California, which is to be renewed
)

// Ending is a date of the policy on which an answer ends, or somebody has to look at it.
type Ending struct {
	At   time.Time // the first instant of what comes then
	Kind string
	Name string // of whose: recipient, recipient/regime, order, or document and version
	// Effect says what happens then, in a sentence without its full stop.
	Effect string
	Pos    rules.Pos
	Over   bool // it has happened already
}

// Expiring returns every ending of a policy, as of an instant, in the order of time;
// those that are over, too. Versions of documents in effect are no endings any more.
// Kind and name together name an ending.
func Expiring(p *rules.Policy, now time.Time) []Ending {
	e := &endings{p: p, now: now}
	b := p.Bundle
	for i := range b.Recipients {
		e.recipient(&b.Recipients[i])
	}
	for i := range b.Orders {
		e.order(&b.Orders[i])
	}
	e.countries(&b.Geography)
	for i := range b.Documents {
		e.document(i)
	}
	slices.SortStableFunc(e.found, func(a, b Ending) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return e.found
}

type endings struct {
	p     *rules.Policy
	now   time.Time
	found []Ending
}

// add notes an ending; at zero is never.
func (e *endings) add(at time.Time, kind, name string, pos rules.Pos, effect string) {
	if !at.IsZero() {
		e.found = append(e.found, Ending{At: at, Kind: kind, Name: name, Effect: effect, Pos: pos, Over: !at.After(e.now)})
	}
}

func (e *endings) recipient(d *rules.RecipientDef) {
	id := d.Name.Value
	if d.Contract != nil {
		e.add(d.Contract.Until, EndingContract, id, d.Contract.Pos, e.refusal(id, d.Contract.Until))
	}
	if d.Evaluation != nil {
		e.add(d.Evaluation.Until, EndingEvaluation, id, d.Evaluation.Pos, e.refusal(id, d.Evaluation.Until))
	}
	for i := range d.Safeguards {
		s := &d.Safeguards[i]
		name := id + "/" + s.Regime
		e.add(s.ValidUntil, EndingMechanism, name, s.Pos, e.transfers(id, s.Regime, s.ValidUntil))
		if s.CheckEvery != nil && !s.LastChecked.IsZero() {
			due := s.CheckEvery.After(s.LastChecked)
			e.add(due, EndingCheck, name, s.Pos, e.transfers(id, s.Regime, due))
		}
	}
}

// just is the last instant before another.
func just(before time.Time) time.Time { return before.Add(-time.Nanosecond) }

// refusal says what an end makes of a recipient.
func (e *endings) refusal(id string, at time.Time) string {
	before, after := e.p.RefusalAt(id, just(at)), e.p.RefusalAt(id, at)
	switch {
	case before != rules.ReasonNone:
		return fmt.Sprintf("nothing changes: every request of %s is refused before it: %s", id, before)
	case after == rules.ReasonNone:
		return fmt.Sprintf("nothing changes: %s does not need it", id)
	}
	return fmt.Sprintf("every request of %s is refused: %s", id, after)
}

// transfers says what the end of a mechanism of a regime makes of what goes to a
// recipient. One of the EEA may carry what the UK has.
func (e *endings) transfers(id, regime string, at time.Time) string {
	before, after := e.p.TransfersAt(id, just(at)), e.p.TransfersAt(id, at)
	var lost []string
	if regime == "appi" && after.APPI != before.APPI {
		lost = append(lost, fmt.Sprintf("under Japanese law %s gets only what people consented to who were told of the country: %s", id, rules.APPIForeignNoSafeguard))
	}
	gdpr := func(where string, hr, other bool) {
		of := ""
		switch {
		case !hr && !other:
			return
		case !other:
			of = ", of staff and their families,"
		case !hr:
			of = ", but for staff and their families,"
		}
		lost = append(lost, fmt.Sprintf("nothing of people in %s%s goes to %s: %s", where, of, id, rules.TransferNoSafeguard))
	}
	if regime == "eea" {
		gdpr("the EEA", before.EEAHR != after.EEAHR, before.EEAOther != after.EEAOther)
	}
	if regime != "appi" {
		gdpr("the UK", before.UKHR != after.UKHR, before.UKOther != after.UKOther)
	}
	switch refused := e.p.RefusalAt(id, at); {
	case len(lost) == 0:
		return fmt.Sprintf("nothing changes: no transfer to %s rests on it, or not on it alone", id)
	case refused != rules.ReasonNone:
		lost = append(lost, fmt.Sprintf("every request of %s is refused then anyway: %s", id, refused))
	}
	return strings.Join(lost, "; ")
}

func (e *endings) order(d *rules.OrderDef) {
	reasons := make(map[rules.Reason]bool)
	for _, n := range d.Recipients {
		reason := rules.LegalPurposeNoOrder
		for i := range e.p.Bundle.Recipients {
			if r := &e.p.Bundle.Recipients[i]; r.Name.Value == n.Value && r.Kind == rules.Authority {
				reason = rules.AuthorityNoOrder
			}
		}
		reasons[reason] = true
	}
	var words []string
	for r := range reasons {
		words = append(words, r.String())
	}
	slices.Sort(words)
	e.add(d.Until, EndingOrder, d.Name.Value, d.Name.Pos, "a request that names it gets nothing: "+strings.Join(words, ", "))
}

func (e *endings) countries(g *rules.Geography) {
	name := "own lists"
	if g.BuiltIn {
		name = "built-in lists"
	}
	e.add(g.AsOf.Add(rules.DefaultMaxGeographyAge), EndingCountries, name, g.Pos,
		"no answer changes; they are to be held against their sources, and `policy check` warns of them")
}

// document looks at one version of a document: whether it is still to come, and whether
// a notice of California grows old with it.
func (e *endings) document(n int) {
	all := e.p.Bundle.Documents
	d := &all[n]
	name := d.ID + " " + d.Version
	next := time.Time{} // when the version after it takes effect
	for _, later := range all[n+1:] {
		if later.ID == d.ID {
			next = later.EffectiveFrom
			break
		}
	}
	if d.EffectiveFrom.After(e.now) {
		effect := "it takes effect, and the version before it is told to nobody new"
		if n == 0 || all[n-1].ID != d.ID {
			effect = "it takes effect; before that no request is answered: " + rules.PolicyUnavailable.String()
		}
		if d.Material {
			effect += "; consents given under an earlier version end: " + rules.ConsentStatusInvalidated.String()
		}
		e.add(d.EffectiveFrom, EndingDocument, name, d.Pos, effect)
	}
	old := d.EffectiveFrom.Add(rules.DefaultMaxCaliforniaAge)
	replaced := !next.IsZero() && (!next.After(old) || !next.After(e.now))
	if d.Notice == rules.NoticeCalifornia && !replaced {
		e.add(old, EndingNotice, name, d.Pos, "no answer changes; the California notice is to be renewed every 12 months, and `policy check` warns of it")
	}
}
