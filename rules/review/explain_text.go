package review

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// textWidth is how wide the text for people is, in letters.
const textWidth = 100

// Text is the explanation for people. full tells every answer from its first step to what
// would give another one; otherwise what is the same for many is told once.
func (e *Explanation) Text(full bool) string {
	t := new(text)
	at := e.At.UTC()
	when := at.Format(time.DateOnly)
	if !at.Equal(at.Truncate(24 * time.Hour)) {
		when = at.Format("2006-01-02, 15:04 UTC")
	}
	why := e.Purpose
	if why == "" {
		why = "no declared purpose"
	}
	if e.Ref != "" {
		why += " (ref " + e.Ref + ")"
	}
	t.line("", fmt.Sprintf("%s asks for %s.%s (%s)", e.Recipient, e.API, e.Resource, e.Route))
	t.line("", fmt.Sprintf("for %s, on %s.", why, when))
	t.gap()
	if r := e.Refusal; r != nil {
		t.line("", fmt.Sprintf("REFUSED by %s (%s): %s. %s", r.Rule, r.Reason, r.Says, clauses(r.Clauses)))
		if r.Suggestion != "" {
			t.line("  ", sentence(r.Suggestion))
		}
		t.line("  ", "It is admitted if "+r.Otherwise+".")
		return t.String()
	}
	t.line("", "The request is admitted (R1 to R8, R12). Policy "+e.Edition+".")
	for _, r := range e.RestsOn {
		t.item("  ", r)
	}
	if e.Complete {
		t.line("", "A mapped member that does not leave is null or empty in the objects that it gets (shape: complete).")
	}
	if e.Subject != nil {
		t.gap()
		t.subject(e.Subject)
	}
	if u := e.Unmapped; u != nil {
		t.gap()
		t.line("", fmt.Sprintf("%s is withheld: %s. %s", u.Field, u.Says, clauses(u.Clauses)))
		if u.Suggestion != "" {
			t.line("  ", sentence(u.Suggestion))
		}
		return t.String()
	}
	if e.Absent {
		t.gap()
		t.line("", "Nothing personal leaves, so that the person is not in the answer. An answer about this person alone is the 404 of an id that does not exist.")
	}
	for i := range e.Answers {
		t.gap()
		t.answer(&e.Answers[i], full)
	}
	if !full && slices.ContainsFunc(e.Answers, func(a Answer) bool { return a.Outcome != "withheld" && len(a.Otherwise) > 0 }) {
		t.gap()
		t.line("", "To see what withholds a field that leaves, ask for it alone, with --field.")
	}
	return t.String()
}

// text is written line by line.
type text struct{ strings.Builder }

func (t *text) gap() { t.WriteByte('\n') }

// line writes a paragraph, each line behind an indent.
func (t *text) line(indent, s string) { t.hang(indent, indent, s) }

// item writes one of a list.
func (t *text) item(indent, s string) { t.hang(indent+"- ", indent+"  ", s) }

// hang writes a paragraph with the first line behind another indent than the others.
func (t *text) hang(first, rest, s string) {
	line := first
	empty := true
	for word := range strings.FieldsSeq(s) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > textWidth {
			t.WriteString(strings.TrimRight(line, " ") + "\n")
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	t.WriteString(strings.TrimRight(line, " ") + "\n")
}

func (t *text) subject(s *Subject) {
	protected := "APPI alone"
	if len(s.Regimes) > 1 {
		protected = strings.Join(s.Regimes, ", ")
	}
	group := strings.ReplaceAll(s.Group, "_", " ")
	t.line("", fmt.Sprintf("The person is of the group %s (shape %s), protected by %s.", group, s.Shape, protected))
	for _, list := range []struct {
		label string
		items []string
	}{{"known", s.Facts}, {"not known", s.Unknown}, {"assumed", s.Assumed}} {
		label := list.label
		for _, s := range list.items {
			t.hang(fmt.Sprintf("  %-11s", label), strings.Repeat(" ", 13), s)
			label = ""
		}
	}
}

func (t *text) answer(a *Answer, full bool) {
	t.line("", strings.ToUpper(a.Outcome)+": "+paths(a.Fields))
	if a.Says != "" {
		t.line("  ", sentence(a.Says))
	}
	decisive := func(s Step) bool { return s.Rule != "" && s.Verb == a.verb() }
	for _, s := range a.Steps {
		if full || a.verb() == "allow" || decisive(s) {
			t.step(s)
		}
	}
	if a.Outcome == "withheld" || full {
		t.otherwise(a)
	}
}

// verb is that of the steps which decided.
func (a *Answer) verb() string {
	verb := "allow"
	for _, s := range a.Steps {
		switch s.Verb {
		case "withhold":
			return s.Verb
		case "transform":
			verb = s.Verb
		}
	}
	return verb
}

func (t *text) step(s Step) {
	rule, act := string(s.Rule), acts[s.Verb]
	if rule == "" {
		rule, act = "S1-S8", "passes"
	}
	says := s.Says
	if s.Basis != "" {
		says += ", on " + strings.ReplaceAll(s.Basis, "_", " ")
	}
	says += "."
	if s.Verb == "withhold" || s.Verb == "transform" {
		says = s.Reason + ": " + says
	}
	first := fmt.Sprintf("  %-6s %-12s %-10s ", shortRule(rule), s.Table, act)
	t.hang(first, strings.Repeat(" ", len(first)), says+" "+clauses(s.Clauses))
}

// shortRule abbreviates what has no id but a name.
func shortRule(r string) string {
	switch r {
	case "unseen_subject", "credential":
		return "-"
	}
	return r
}

var acts = map[string]string{"allow": "allows", "withhold": "withholds", "transform": "transforms"}

// otherwise tells what changes an answer: for each outcome what is enough by itself.
func (t *text) otherwise(a *Answer) {
	for _, o := range a.Otherwise {
		who := "It"
		switch {
		case len(a.Otherwise) > 1:
			who = strings.Join(o.Fields, ", ")
		case len(a.Fields) > 1:
			who = "They"
		}
		if len(o.Alternatives) == 0 {
			t.line("  ", who+": no three changes of what the person did, or of what the policy says, give another answer.")
		}
		told := make(map[string]bool)
		for _, alt := range o.Alternatives {
			if told[alt.Outcome] {
				continue
			}
			told[alt.Outcome] = true
			t.line("  ", becomes(who, len(o.Fields) > 1, alt.Outcome)+" if")
			t.conditions(o.Alternatives, alt.Outcome)
			who = "It"
			if len(o.Fields) > 1 {
				who = "They"
			}
		}
	}
}

// conditions lists what gives an outcome.
func (t *text) conditions(list []Alternative, outcome string) {
	for _, alt := range list {
		if alt.Outcome != outcome {
			continue
		}
		all := alt.State
		if len(alt.Policy) > 0 {
			all = append(slices.Clone(all), "the policy says: "+strings.Join(alt.Policy, ", and: "))
		}
		t.item("    ", strings.Join(all, ", and "))
	}
}

// becomes tells what becomes of one field or of several.
func becomes(who string, several bool, outcome string) string {
	leaves, is := "leaves", "is"
	if several {
		leaves, is = "leave", "are"
	}
	switch outcome {
	case "withheld":
		return who + " " + is + " withheld"
	case "clear":
		return who + " " + leaves + " in clear"
	case "pseudonym":
		return who + " " + leaves + " as a pseudonym"
	}
	return who + " " + leaves + " as " + outcome
}

// paths lists fields, each category once.
func paths(fields []Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Path
	}
	if len(fields) == 1 && fields[0].Category != "" {
		return names[0] + " (" + fields[0].Category + ")"
	}
	return strings.Join(names, ", ")
}

func clauses(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return "[" + strings.Join(ids, ",") + "]" // one word, so that it stays in one line
}

// sentence makes a sentence of words that begin small.
func sentence(s string) string {
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}
