package policytest

import (
	"fmt"
	"strings"

	"github.com/modicum-dev/modicum/rules"
)

// Text is the summary for people: a block for each resource. It holds no values;
// names of members that no rule names, and words of paths, are those of the traffic.
func (t *Traffic) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s asks for %s: %s\n", t.Recipient, t.Purpose, plural(t.Requests, "request"))
	if t.Unreadable > 0 {
		fmt.Fprintf(&b, "not read, as they are not of the format: %d\n", t.Unreadable)
	}
	if t.WithoutBody > 0 {
		fmt.Fprintf(&b, "recorded without a body: %d\n", t.WithoutBody)
	}
	for _, r := range t.Resources {
		r.text(&b)
	}
	if len(t.Unmapped) > 0 {
		b.WriteString("\nno resource has\n")
		for _, route := range sorted(t.Unmapped, func(s string) string { return s }) {
			fmt.Fprintf(&b, "  %6d x %s\n", t.Unmapped[route], printable(route))
		}
	}
	return b.String()
}

func (r *ResourceTraffic) text(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s  %s: %s, %d answered\n", r.name(), r.Resource.Route, plural(r.Requests, "request"), r.Answered)
	listReasons(b, "refused", r.Refused)
	if r.People > 0 {
		absent := 0
		for _, n := range r.Absent {
			absent += n
		}
		fmt.Fprintf(b, "  people in the bodies: %d, not in the answers: %d\n", r.People, absent)
	}
	listReasons(b, "not in the answers", r.Absent)
	if len(r.Disclosed) > 0 {
		b.WriteString("  disclosed\n")
		for _, d := range sorted(r.Disclosed, Disclosed.String) {
			fmt.Fprintf(b, "  %6d x %s\n", r.Disclosed[d], d)
		}
	}
	listReasons(b, "withheld", r.Withheld)
	if len(r.Unnamed) > 0 {
		b.WriteString("  no rule names\n")
		for _, path := range sorted(r.Unnamed, func(s string) string { return s }) {
			fmt.Fprintf(b, "  %6d x %s\n", r.Unnamed[path], printable(path))
		}
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// String is for people.
func (d Disclosed) String() string {
	if d.Category == "" {
		return "not personal"
	}
	return d.Category + ", " + d.Form
}

func listReasons(b *strings.Builder, title string, counts map[rules.Reason]int) {
	if len(counts) == 0 {
		return
	}
	fmt.Fprintf(b, "  %s\n", title)
	for _, r := range sorted(counts, rules.Reason.String) {
		what := "nothing of them may leave, each member for its own reason"
		switch {
		case r != rules.ReasonNone:
			what = told(r)
		case title == "withheld":
			what = "empty, or what it belongs to does not leave"
		}
		paragraph(b, fmt.Sprintf("  %6d x ", counts[r]), what)
	}
}

// JSON is the summary for a program, indented and with a newline.
func (t *Traffic) JSON() ([]byte, error) {
	type disclosed struct {
		Category string `json:"category,omitempty"`
		Form     string `json:"form"`
		Count    int    `json:"count"`
	}
	type resource struct {
		Resource  string         `json:"resource"`
		Route     string         `json:"route"`
		Requests  int            `json:"requests"`
		Answered  int            `json:"answered"`
		Refused   map[string]int `json:"refused"`
		People    int            `json:"people"`
		Absent    map[string]int `json:"absent"`
		Disclosed []disclosed    `json:"disclosed"`
		Withheld  map[string]int `json:"withheld"`
		Unnamed   map[string]int `json:"unnamed"`
	}
	out := struct {
		Recipient   string         `json:"recipient"`
		Purpose     string         `json:"purpose"`
		Requests    int            `json:"requests"`
		Unreadable  int            `json:"unreadable,omitempty"`
		WithoutBody int            `json:"without_body,omitempty"`
		Resources   []resource     `json:"resources"`
		Unmapped    map[string]int `json:"unmapped"`
	}{
		Recipient: t.Recipient, Purpose: t.Purpose, Requests: t.Requests, Unreadable: t.Unreadable, WithoutBody: t.WithoutBody,
		Resources: make([]resource, len(t.Resources)), Unmapped: t.Unmapped,
	}
	for i, r := range t.Resources {
		line := resource{
			Resource: r.name(), Route: r.Resource.Route, Requests: r.Requests, Answered: r.Answered, Refused: byCode(r.Refused), People: r.People,
			Absent: byCode(r.Absent), Disclosed: []disclosed{}, Withheld: byCode(r.Withheld), Unnamed: r.Unnamed,
		}
		for _, d := range sorted(r.Disclosed, Disclosed.String) {
			line.Disclosed = append(line.Disclosed, disclosed{d.Category, d.Form, r.Disclosed[d]})
		}
		out.Resources[i] = line
	}
	return indented(out)
}

// byCode names reasons by their code; "other" has none.
func byCode(counts map[rules.Reason]int) map[string]int {
	out := make(map[string]int, len(counts))
	for r, n := range counts {
		code := r.String()
		if r == rules.ReasonNone {
			code = "other"
		}
		out[code] = n
	}
	return out
}
