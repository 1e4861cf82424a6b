package policytest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/modicum-dev/modicum/rules"
)

// The widths of the columns of Text. With what becomes of a member they stay below 100.
const (
	pathWidth  = 30
	valueWidth = 26
	lineWidth  = 100
)

// Text shows what became of the answer, for people: each person with the original
// members on the left, and what becomes of them on the right. It holds the personal
// data of the original.
func (t *Tried) Text() string {
	var b strings.Builder
	d := t.Recipient
	fmt.Fprintf(&b, "%s (%s", d.Name.Value, d.Kind)
	if d.Country.Value != "" {
		fmt.Fprintf(&b, ", %s", d.Country.Value)
	}
	fmt.Fprintf(&b, ") asks for %s: %s %s\n", t.Purpose, t.Method, t.Path)
	if t.Resource != nil {
		fmt.Fprintf(&b, "resource %s.%s, policy %s as of %s\n", t.Resource.API, t.Resource.Name, t.Policy, t.At.Format("2006-01-02T15:04:05Z07:00"))
	}
	t.verdict(&b)
	t.members(&b)
	t.legend(&b)
	t.tally(&b)
	return b.String()
}

func (t *Tried) verdict(b *strings.Builder) {
	if t.Refused != rules.ReasonNone {
		paragraph(b, "refused: ", told(t.Refused))
		if t.Detail != "" {
			fmt.Fprintf(b, "  %s\n", t.Detail)
		}
		return
	}
	fmt.Fprintf(b, "answered: %d of %d bytes leave\n", len(t.Result), len(t.Original))
	if t.Recipient.Complete {
		b.WriteString("members that do not leave stand in it as null or empty, whether they are there or not (shape: complete)\n")
	}
	if slices.ContainsFunc(t.Members, func(m Member) bool { return m.Outcome == OutcomePseudonym }) {
		b.WriteString("pseudonyms are made with a key that was drawn for this and thrown away: a gateway's are others\n")
	}
}

// members shows the members, a block for each person and for what is around them. Of
// several people those who are not in the answer are told in a line.
func (t *Tried) members(b *strings.Builder) {
	shown := -2
	for i := range t.Members {
		m := &t.Members[i]
		if m.Subject != shown {
			shown = m.Subject
			b.WriteByte('\n')
			t.person(b, shown)
		}
		if m.Subject < 0 || t.Subjects[m.Subject].Released || len(t.Subjects) == 1 {
			t.member(b, m)
		}
	}
}

func (t *Tried) person(b *strings.Builder, i int) {
	if i < 0 {
		b.WriteString("about nobody\n")
		return
	}
	p := &t.Subjects[i]
	fmt.Fprintf(b, "%s %s", p.Population, shortened(orUnknown(p.ID), valueWidth))
	if p.Pointer != "" {
		fmt.Fprintf(b, " at %s", p.Pointer)
	}
	b.WriteByte('\n')
	switch {
	case p.Released:
	case p.Gate != rules.ReasonNone:
		paragraph(b, "  not in the answer: ", told(p.Gate))
	default:
		b.WriteString("  not in the answer: nothing of it may leave\n")
		if len(t.Subjects) > 1 {
			for _, c := range t.withheld(i) {
				paragraph(b, fmt.Sprintf("  %d x ", c.n), c.what)
			}
		}
	}
}

func orUnknown(id string) string {
	if id == "" {
		return "without an id"
	}
	return id
}

type counted struct {
	what string
	n    int
}

// withheld counts the withheld members of a person by reason.
func (t *Tried) withheld(subject int) []counted {
	counts := make(map[string]int)
	for i := range t.Members {
		if m := &t.Members[i]; m.Subject == subject && m.Outcome == OutcomeWithheld {
			counts[m.why()]++
		}
	}
	return byCount(counts)
}

func byCount(counts map[string]int) []counted {
	var out []counted
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, counted{what, counts[what]})
	}
	slices.SortStableFunc(out, func(a, b counted) int { return b.n - a.n })
	return out
}

// why is the primary reason of what is withheld, in full.
func (m *Member) why() string {
	if len(m.Reasons) > 0 {
		return told(m.Reasons[0])
	}
	return m.reasonless()
}

// reasonless says why something is withheld that no decision withholds.
func (m *Member) reasonless() string {
	if v := compacted(m.Original); empty(m.Original) || v == "{}" || v == "[]" {
		return "empty, and leaves no trace"
	}
	return "with what it belongs to"
}

// becomes says what stands in the place of a member, and why, by the code that the
// legend explains.
func (m *Member) becomes() string {
	switch m.Outcome {
	case OutcomeClear:
		if len(m.Reasons) > 0 && (m.Reasons[0] == rules.FieldPublic || m.Reasons[0] == rules.RightsFulfil || m.Reasons[0] == rules.LegalOrder) {
			words, _ := Words(m.Reasons[0])
			return "clear, " + words
		}
		return "clear"
	case OutcomePseudonym:
		return "pseudonym " + shortened(string(m.Result), valueWidth)
	case OutcomeGeneralised:
		return m.Form + " " + shortened(string(m.Result), valueWidth)
	}
	switch {
	case len(m.Reasons) == 0:
		return "withheld, " + m.reasonless()
	case m.Reasons[0] == rules.FieldUnmapped:
		return "withheld, no rule names it"
	}
	return "withheld, " + m.Reasons[0].String()
}

func (t *Tried) member(b *strings.Builder, m *Member) {
	path := m.Path
	if m.Subject >= 0 {
		path = t.relative(m)
	}
	value := shortened(compacted(m.Original), valueWidth)
	fmt.Fprintf(b, "  %s  %s  %s\n", padded(shortenedLeft(path, pathWidth), pathWidth), padded(value, valueWidth), m.becomes())
}

// legend explains the reasons that members are withheld for, the first ones of which
// are shown.
func (t *Tried) legend(b *strings.Builder) {
	seen := make(map[rules.Reason]bool)
	var list []rules.Reason
	for i := range t.Members {
		m := &t.Members[i]
		shown := m.Subject < 0 || t.Subjects[m.Subject].Released || len(t.Subjects) == 1
		if shown && m.Outcome == OutcomeWithheld && len(m.Reasons) > 0 && m.Reasons[0] != rules.FieldUnmapped && !seen[m.Reasons[0]] {
			seen[m.Reasons[0]] = true
			list = append(list, m.Reasons[0])
		}
	}
	if len(list) == 0 {
		return
	}
	b.WriteString("\nwithheld because\n")
	width := 0
	for _, r := range list {
		width = max(width, len(r.String()))
	}
	for _, r := range list {
		words, rule := Words(r)
		if rule != "" {
			words += " (" + rule + ")"
		}
		paragraph(b, "  "+padded(r.String(), width)+"  ", words)
	}
}

// relative is the place of a member within its person's object, with the numbers of
// elements: tickets[0].subject.
func (t *Tried) relative(m *Member) string {
	rest := strings.TrimPrefix(m.Pointer, t.Subjects[m.Subject].Pointer)
	if rest == "" {
		if m.Key {
			return "its key"
		}
		return "."
	}
	var out strings.Builder
	for i, step := range strings.Split(rest[1:], "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch {
		case digits(step):
			out.WriteString("[" + step + "]")
			continue
		case i > 0:
			out.WriteByte('.')
		}
		out.WriteString(step)
	}
	if m.Key {
		out.WriteString(" (key)")
	}
	return out.String()
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// tally sums up, and lists what no rule names.
func (t *Tried) tally(b *strings.Builder) {
	if len(t.Members) == 0 {
		return
	}
	outcomes, unmapped := make(map[string]int), make(map[string]int)
	for i := range t.Members {
		m := &t.Members[i]
		outcomes[m.Outcome]++
		if len(m.Reasons) > 0 && m.Reasons[0] == rules.FieldUnmapped {
			unmapped[m.Path]++
		}
	}
	fmt.Fprintf(b, "\n%d members: %d clear, %d as a pseudonym, %d generalised, %d withheld\n", len(t.Members), outcomes[OutcomeClear],
		outcomes[OutcomePseudonym], outcomes[OutcomeGeneralised], outcomes[OutcomeWithheld])
	if len(unmapped) > 0 {
		b.WriteString("no rule names\n")
		for _, c := range byCount(unmapped) {
			fmt.Fprintf(b, "  %5d x %s\n", c.n, printable(c.what))
		}
	}
}

// compacted writes JSON in one line.
func compacted(b []byte) string { return strings.Join(strings.Fields(string(b)), " ") }

// printable keeps what a terminal would obey out of it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, s)
}

// shortened keeps the beginning of a text, in so many columns.
func shortened(s string, width int) string {
	s = printable(s)
	if cells(s) <= width {
		return s
	}
	letters := []rune(s)
	for len(letters) > 0 && cells(string(letters)) >= width {
		letters = letters[:len(letters)-1]
	}
	return string(letters) + "…"
}

// shortenedLeft keeps the end of a path, which tells more.
func shortenedLeft(s string, width int) string {
	s = printable(s)
	if cells(s) <= width {
		return s
	}
	letters := []rune(s)
	for len(letters) > 0 && cells(string(letters)) >= width {
		letters = letters[1:]
	}
	return "…" + string(letters)
}

func padded(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-cells(s)))
}

// cells is how many columns of a terminal a text takes: those of East Asia take two
// for most of their letters.
func cells(s string) (n int) {
	for _, r := range s {
		n++
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r >= 0xFF01 && r <= 0xFF60 {
			n++
		}
	}
	return n
}

// paragraph writes a text behind a title, and breaks it between words. What follows
// stands below the text.
func paragraph(b *strings.Builder, title, text string) {
	at := cells(title)
	b.WriteString(title)
	column := at
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+cells(word) > lineWidth:
			b.WriteString("\n" + strings.Repeat(" ", at))
			column = at
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += cells(word)
	}
	b.WriteByte('\n')
}
