package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/modicum-dev/modicum/rules"
)

// enumeration writes "a, b and c".
func enumeration(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

func and(words ...string) string { return enumeration(words, "and") }
func or(words ...string) string  { return enumeration(words, "or") }

func plain(s string) string { return strings.ReplaceAll(s, "_", " ") }

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if what == "person" {
		return digits + " people"
	}
	return digits + " " + what + "s"
}

var groupWords = map[rules.SubjectCategory]string{
	rules.CategoryUnknown: "people of no known group", rules.Customer: "customers", rules.BusinessPartner: "business partners",
	rules.Staff: "staff", rules.EmployeeFamily: "family members of staff", rules.Visitor: "visitors of the website",
}

var kindWords = map[rules.RecipientKind]string{
	rules.Internal: "part of the controller", rules.Processor: "processor (works on the controller's behalf)",
	rules.ThirdParty: "third party (decides for itself)", rules.JointUse: "joint user", rules.DataSubject: "the people whose data it is",
	rules.Authority: "public authority",
}

var categoryWords = map[rules.RecipientCategory]string{
	rules.CategoryOther: "other", rules.ITInfra: "IT infrastructure", rules.CRM: "customer relations", rules.HostingSecurity: "hosting and security",
	rules.Payment: "payment", rules.AnalyticsModule: "modules that analyse visits of the website", rules.AdTech: "advertising technology",
}

// country writes a country's English name beside its code.
func country(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.English.Regions().Name(region); name != "" {
		return name + " (" + code + ")"
	}
	return code
}

// dataWords tells a category by its last word, with what that stands within.
func dataWords(category string) string {
	parts := strings.Split(strings.TrimPrefix(category, "user."), ".")
	last := plain(parts[len(parts)-1])
	if len(parts) > 1 && !slices.Contains(selfEvident, parts[len(parts)-2]) {
		return last + " (" + plain(parts[len(parts)-2]) + ")"
	}
	return last
}

// selfEvident are categories that nobody needs named to understand what is within.
var selfEvident = []string{"contact", "behavior", "demographic", "financial", "device", "account", "government_id", "professional_information", "authorization"}

// formWords tells a form, and shows an example of it.
func formWords(f rules.Form, minCell int) (words, example string) {
	switch {
	case f.Verb == rules.Allow:
		return "in clear, as it is", ""
	case f.Need == rules.NeedPseudonym:
		return pseudonymWords(f), ""
	}
	words, example = generalised(f.Generaliser)
	if f.Cell {
		words += fmt.Sprintf(", and only in combinations that at least %d people of the answer share", minCell)
	}
	return words, example
}

func pseudonymWords(f rules.Form) string {
	words := "as a pseudonym: a code in its place, the same in all answers for this purpose"
	if f.Group != "" {
		words = fmt.Sprintf("as a pseudonym: a code in its place, the same in all answers for the purposes of this recipient that are linked as %q", f.Group)
	}
	if f.Link != "" {
		words += fmt.Sprintf(", wherever %s stands", strconv.Quote(f.Link))
	}
	return words + "; other recipients get other codes"
}

func generalised(form string) (words, example string) {
	g, err := rules.ParseGeneraliser(form)
	if err != nil {
		return "in the form " + form, ""
	}
	switch g.Kind {
	case rules.GeneraliseYear:
		return "the year alone", "1980-05-17 becomes 1980"
	case rules.GeneraliseAgeBand:
		return "the age band alone", "1996-05-17 becomes 25-34"
	case rules.GeneraliseRegion:
		return "the part of the world alone", "DE becomes Europe"
	case rules.GeneralisePrefix:
		return fmt.Sprintf("the first %s alone", count(g.N, "character")), shorten("28195-A77-0042-XY", g.N, false)
	case rules.GeneraliseLast:
		return fmt.Sprintf("the last %s alone", count(g.N, "character")), shorten("+81-22-555-0100-4471", g.N, true)
	case rules.GeneraliseDomain:
		return "what stands behind the @ alone", "anna@example.org becomes example.org"
	case rules.GeneraliseTruncateIP:
		return "the network alone", "203.0.113.7 becomes 203.0.113.0/24"
	case rules.GeneraliseDay:
		return "the day alone, without the time", "2026-11-23T10:15:00Z becomes 2026-11-23"
	case rules.GeneraliseBand:
		edge := func(i int) string { return strconv.FormatFloat(g.Edges[i], 'g', -1, 64) }
		edges := make([]string, len(g.Edges))
		for i := range edges {
			edges[i] = edge(i)
		}
		return "a range alone, with borders at " + and(edges...), ""
	}
	return "in the form " + form, ""
}

func shorten(text string, n int, end bool) string {
	if end {
		return text + " becomes " + text[len(text)-n:]
	}
	return text + " becomes " + text[:n]
}

// periodWords tells a length of time.
func periodWords(p *rules.Period) string {
	if p == nil {
		return "the policy does not say for how long"
	}
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{p.Years, "year"}, {p.Months, "month"}, {p.Days, "day"}} {
		if part.n > 0 {
			parts = append(parts, count(part.n, part.what))
		}
	}
	if len(parts) == 0 {
		return "until the purpose is achieved, and no longer"
	}
	return "until " + and(parts...) + " after the purpose is achieved"
}
