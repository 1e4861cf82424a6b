package exchange

import (
	"slices"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// Meter counts what requests come to, for monitoring: the record is the ledger.
// It is called by many goroutines at once and must not block.
type Meter interface {
	// Request counts a request that has been answered: its outcome, and why if
	// it was refused. A person of whom nothing may be seen is all_withheld.
	Request(outcome ledger.Outcome, reason rules.Reason)
	// Decisions counts n decisions about one field of one subject each, with
	// their primary reason. They are of an answer that is on record, and made
	// whether or not the body had a value there.
	Decisions(verb rules.Verb, reason rules.Reason, n int)
	// Unusable counts an answer of an upstream that was refused, by cause: a word of
	// a closed list, of what is wrong with its status, its headers or its JSON.
	Unusable(api, resource, cause string)
	// Defects counts n values or people of an answer that were withheld for a defect
	// of what the upstream sends. place is a path of the policy.
	Defects(api, resource, place string, reason rules.Reason, n int)
}

// unmetered is the meter of a gateway without one.
type unmetered struct{}

func (unmetered) Request(ledger.Outcome, rules.Reason)              {}
func (unmetered) Decisions(rules.Verb, rules.Reason, int)           {}
func (unmetered) Unusable(string, string, string)                   {}
func (unmetered) Defects(string, string, string, rules.Reason, int) {}

func (g *Gateway) meter() Meter {
	if g.Meter != nil {
		return g.Meter
	}
	return unmetered{}
}

// decisions are how many fields of a profile were decided alike.
type decisions struct {
	verb   rules.Verb
	reason rules.Reason
	n      int
}

// countDecision adds one decision to a profile's.
func countDecision(all []decisions, verb rules.Verb, reasons []rules.Reason) []decisions {
	reason := rules.ReasonNone
	if len(reasons) > 0 {
		reason = reasons[0]
	}
	same := func(d decisions) bool { return d.verb == verb && d.reason == reason }
	if i := slices.IndexFunc(all, same); i >= 0 {
		all[i].n++
		return all
	}
	return append(all, decisions{verb, reason, 1})
}

// tally is how many subjects of an answer have one profile.
type tally struct {
	profile  *profile
	subjects int
}

// tally counts one subject. An answer has few profiles, and neighbours share one.
func (w *work) tally(p *profile) {
	for i := len(w.tallies) - 1; i >= 0; i-- {
		if w.tallies[i].profile == p {
			w.tallies[i].subjects++
			return
		}
	}
	w.tallies = append(w.tallies, tally{p, 1})
}

// count tells the meter what a record says that was just kept.
func (q *request) count(d *ledger.Disclosure, reason rules.Reason) {
	m := q.g.meter()
	m.Request(d.Outcome, reason)
	for _, t := range q.buffers.work.tallies {
		for _, same := range t.profile.decisions {
			m.Decisions(same.verb, same.reason, same.n*t.subjects)
		}
	}
	if q.emitted && q.observed() && q.g.Observed != nil {
		q.g.Observed.look(q)
	}
}
