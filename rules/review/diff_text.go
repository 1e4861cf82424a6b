package review

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// DefaultMaxSituations is how many sets of situations, places or askers of one change a
// text lists. What is beyond is counted; JSON has everything.
const DefaultMaxSituations = 6

// Text tells a diff to people.
func (d *Diff) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "policy %s -> %s, from %s on\n", short(d.Before), short(d.After), day(d.At))
	if d.Empty() {
		b.WriteString("nothing that the policy answers changes\n")
		return b.String()
	}
	weaker, stronger, forms := d.tally()
	fmt.Fprintf(&b, "%d weaker, %d stronger", weaker, stronger)
	if forms > 0 {
		fmt.Fprintf(&b, ", %d of form alone", forms)
	}
	b.WriteString("\n")
	for _, u := range united(d.Answers) {
		u.text(&b, d.At)
	}
	if len(d.Guards) > 0 {
		b.WriteString("\n")
	}
	for _, g := range d.Guards {
		at := ""
		if g.Pos.File != "" {
			at = " (" + g.Pos.String() + ")"
		}
		fmt.Fprintf(&b, "%s  %s: %s%s\n", g.verdict(), g.What, g.Change, at)
	}
	if len(d.Answers) > 0 {
		b.WriteString("\n" + Ordinary + "\n")
	}
	return b.String()
}

func (d *Diff) tally() (weaker, stronger, forms int) {
	count := func(w bool) {
		if w {
			weaker++
		} else {
			stronger++
		}
	}
	for _, u := range united(d.Answers) {
		count(u.Weaker)
	}
	for _, g := range d.Guards {
		if g.Form {
			forms++
			continue
		}
		count(g.Weaker)
	}
	return weaker, stronger, forms
}

func (g *Guard) verdict() string {
	if g.Form {
		return "form    "
	}
	return verdict(g.Weaker)
}

func verdict(weaker bool) string {
	if weaker {
		return "WEAKER  "
	}
	return "stronger"
}

// union is answers that change alike for the same askers, of several categories.
type union struct {
	Change
	categories []string
	places     []rules.Place
}

// united puts together what a reader takes for one change.
func united(answers []Change) []*union {
	var out []*union
	byKey := make(map[string]*union)
	for _, a := range answers {
		alike := []any{a.Weaker, a.Before, a.After, a.Situations}
		for _, c := range a.Cells {
			alike = append(alike, c.Recipient, c.Purpose, c.Order, c.When)
		}
		key := fmt.Sprintf("%q", alike)
		u := byKey[key]
		if u == nil {
			u = &union{Change: a}
			byKey[key] = u
			out = append(out, u)
		}
		name := a.Category
		if a.Was != "" {
			name += " (before " + a.Was + ")"
		}
		if !slices.Contains(u.categories, name) {
			u.categories = append(u.categories, name)
		}
		for _, c := range a.Cells {
			for _, p := range c.Places {
				if !slices.Contains(u.places, p) {
					u.places = append(u.places, p)
				}
			}
		}
	}
	return out
}

func (u *union) text(b *strings.Builder, at time.Time) {
	fmt.Fprintf(b, "\n%s  %s: %s -> %s\n", verdict(u.Weaker), strings.Join(u.categories, ", "), u.Before, u.After)
	var who []string
	for _, c := range u.Cells {
		line := fmt.Sprintf("%s for %s", c.Recipient, c.Purpose)
		if c.Order != "" {
			line += " under order " + c.Order
		}
		line += whenever(c.When, at)
		if !slices.Contains(who, line) {
			who = append(who, line)
		}
	}
	list(b, "who", who)
	list(b, "where", where(u.places))
	var of []string
	for _, s := range u.Situations {
		if words := Phrase(s); !slices.Contains(of, words) {
			of = append(of, words)
		}
	}
	list(b, "of", of)
}

// list writes some lines under a label, and how many more there are.
func list(b *strings.Builder, label string, lines []string) {
	for i, line := range lines {
		if i == DefaultMaxSituations && len(lines) > i+1 {
			fmt.Fprintf(b, "          %-6s and %d more\n", "", len(lines)-i)
			return
		}
		fmt.Fprintf(b, "          %-6s %s\n", label, line)
		label = ""
	}
}

// where lists the members of each resource.
func where(places []rules.Place) (lines []string) {
	var order []string
	paths := make(map[string][]string)
	for _, p := range places {
		resource := p.API + "." + p.Resource
		if paths[resource] == nil {
			order = append(order, resource)
		}
		path := p.Path
		if p.Other {
			path += " (what the other person that it is about decides)"
		}
		paths[resource] = append(paths[resource], path)
	}
	for _, r := range order {
		lines = append(lines, r+": "+strings.Join(paths[r], ", "))
	}
	return lines
}

// whenever says when, where that is not from now on.
func whenever(when []rules.Interval, at time.Time) string {
	var parts []string
	for _, i := range when {
		var part string
		if i.From.After(at) {
			part += " from " + day(i.From)
		}
		if !i.Until.IsZero() {
			part += " until before " + day(i.Until)
		}
		if part != "" {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ", " + strings.Join(parts, " and ")
}

func day(t time.Time) string {
	if t = t.UTC(); t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339)
}

func short(hash string) string { return hash[:min(len(hash), 8)] }
