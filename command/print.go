package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// printer writes records for people.
type printer struct {
	each bool // a line for each subject
}

func (p printer) render(e *ledger.Entry, facts ledger.Facts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s", e.Time.Format(time.RFC3339), e.Kind)
	switch {
	case e.Disclosure != nil:
		p.disclosure(&b, e.Disclosure, facts)
	case e.Recovered != nil:
		fmt.Fprintf(&b, "  epoch %s ended without a close; %d records survived, %d bytes were torn", e.Recovered.Epoch, e.Recovered.Size, e.Recovered.Torn)
	case e.Summary != nil:
		fmt.Fprintf(&b, "  since %s:", e.Summary.From.Format(time.RFC3339))
		for _, reason := range slices.Sorted(maps.Keys(e.Summary.Reasons)) {
			fmt.Fprintf(&b, " %s %d", reason, e.Summary.Reasons[reason])
		}
	}
	return b.String()
}

func (p printer) disclosure(b *strings.Builder, d *ledger.Disclosure, facts ledger.Facts) {
	fmt.Fprintf(b, "  %s\n", d.ID)
	fmt.Fprintf(b, "  who       %s (%s: %s)", orDash(d.Recipient), orDash(d.Auth.Method), orDash(d.Auth.Client))
	if r, ok := factOf[ledger.RecipientFact](facts, d.RecipientFact); ok {
		fmt.Fprintf(b, ", %s, %s", r.LegalName, r.Kind)
		if r.Country != "" {
			fmt.Fprintf(b, ", %s", r.Country)
		}
		if r.ContractRef != "" {
			fmt.Fprintf(b, ", contract %s", r.ContractRef)
		}
	}
	fmt.Fprintf(b, "\n  what      %s %s.%s (%s)\n", d.Resource.Method, d.Resource.API, d.Resource.Name, orDash(d.Resource.Route))
	fmt.Fprintf(b, "  why       %s", orDash(d.Purpose))
	switch {
	case d.Order != "": // a request names it by its ref
		fmt.Fprintf(b, ", on the legal order %s", d.Order)
	case d.Ref != "":
		fmt.Fprintf(b, ", ref %s", d.Ref)
	}
	fmt.Fprintf(b, "\n  outcome   %s, status %d, %d bytes", d.Outcome, d.Status, d.Bytes)
	if d.Reason != "" {
		fmt.Fprintf(b, ", %s", d.Reason)
	}
	if d.Of != "" {
		fmt.Fprintf(b, ", of %s", d.Of)
	}
	fmt.Fprintf(b, "\n  on        policy %s, state %d\n", orDash(cmp.Or(d.Policy, short(d.PolicyFact))), d.State.Seq)
	if d.Counts.Subjects > 0 {
		fmt.Fprintf(b, "  subjects  %d, of whom %d withheld; values: %d in clear, %d pseudonymised or generalised, %d withheld\n",
			d.Counts.Subjects, d.Counts.SubjectsWithheld, d.Counts.Allowed, d.Counts.Pseudonymised, d.Counts.Withheld)
	}
	if p.each {
		for i := range d.Subjects {
			s := &d.Subjects[i]
			fmt.Fprintf(b, "    %s  %s%s\n", reference(s.Ref), subjectText(s, facts), consents(s.Consent))
		}
		return
	}
	for _, g := range groups(d.Subjects) {
		fmt.Fprintf(b, "    %d x %s\n", g.count, subjectText(g.like, facts))
	}
}

// reference is enough of a subject's reference to find it again in one
// disclosure. A subject whose id was not understood has none.
func reference(ref []byte) string {
	if len(ref) == 0 {
		return "no id    "
	}
	return fmt.Sprintf("%x…", ref[:min(len(ref), 4)])
}

func consents(seqs []uint64) string {
	if len(seqs) == 0 {
		return ""
	}
	return fmt.Sprintf("; consent events %v", seqs)
}

// group is the subjects of whom the same left for the same reasons.
type group struct {
	like  *ledger.Subject
	count int
}

// groups returns the groups of a disclosure, the largest first.
func groups(subjects []ledger.Subject) []group {
	type key struct{ profile, emitted string }
	at := make(map[key]int)
	var all []group
	for i := range subjects {
		s := &subjects[i]
		k := key{s.Profile, string(s.Emitted)}
		g, ok := at[k]
		if !ok {
			g = len(all)
			at[k] = g
			all = append(all, group{like: s})
		}
		all[g].count++
	}
	slices.SortStableFunc(all, func(a, b group) int { return cmp.Compare(b.count, a.count) })
	return all
}

// subjectText says what kind of subject this is and what left of it, or why
// nothing did.
func subjectText(s *ledger.Subject, facts ledger.Facts) string {
	p, ok := factOf[ledger.ProfileFact](facts, s.Profile)
	if !ok {
		return "profile " + s.Profile
	}
	who := fmt.Sprintf("%s, %s, age %s: ", p.Category, orDash(strings.Join(p.Regimes, "+")), p.AgeBand)
	if p.Gate != "" {
		return who + "nothing, " + p.Gate
	}
	var left, reasons []string
	for i, f := range p.Fields {
		switch {
		case i/8 < len(s.Emitted) && s.Emitted[i/8]&(1<<(i%8)) != 0:
			name := f.Path
			if f.Transform != "" {
				name += " (" + f.Transform + ")"
			}
			left = append(left, name)
		case f.Outcome == "withhold" && len(f.Reasons) > 0:
			reasons = append(reasons, f.Reasons[0])
		}
	}
	text := who + "nothing"
	if len(left) > 0 {
		text = who + strings.Join(left, ", ")
	}
	if len(reasons) > 0 {
		slices.Sort(reasons)
		text += "; withheld for " + strings.Join(slices.Compact(reasons), ", ")
	}
	return text
}

// factOf resolves a fact that a record names.
func factOf[T any](facts ledger.Facts, hash string) (v T, ok bool) {
	f, ok := facts.Fact(hash)
	if !ok || json.Unmarshal(f.JSON, &v) != nil {
		return v, false
	}
	return v, true
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func short(hash string) string { return hash[:min(len(hash), 8)] }
