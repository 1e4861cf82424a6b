package page_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/internal/largepolicy"
	"github.com/modicum-dev/modicum/rules/review/page"
	"github.com/modicum-dev/modicum/rules/source"
)

var update = flag.Bool("update", false, "write the goldens and the clause table")

var day = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func example(t *testing.T) *rules.Policy {
	t.Helper()
	return compiled(t, source.Policy, "../../../examples/software-vendor/policy")
}

func render(t *testing.T, p *rules.Policy, o page.Options) (*page.Page, string) {
	t.Helper()
	made, ok := page.New(p, day, o)
	if !ok {
		t.Fatal("not in effect")
	}
	var b bytes.Buffer
	if err := made.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return made, b.String()
}

func small(t *testing.T, edits ...string) *rules.Policy {
	t.Helper()
	b, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(edits...).Replace(string(b))
	p, problems, err := source.Policy(fstest.MapFS{"policy.yaml": &fstest.MapFile{Data: []byte(text)}})
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	return p
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is out of date: look at the difference, then run with -update", file)
	}
}

func TestGoldenPages(t *testing.T) {
	t.Parallel()
	_, html := render(t, small(t), page.Options{Signers: []string{"officer+1f0c9a2e"}})
	golden(t, "small.html", html)
	before := small(t, "user.email: pseudonym", "user.email: none", "subjects_per_day: 9}", "subjects_per_day: 8}", "user.orders: clear", "user.orders: clear, user.born: year")
	made, html := render(t, small(t), page.Options{Before: before})
	golden(t, "changed.html", html)
	if c := made.Changes; c.Weaker != 1 || len(c.Changes) != 2 || len(c.Facts) != 1 {
		t.Errorf("changes %+v", c)
	}
	for _, want := range []string{"▲ NEW", "▽ gone", "▲ WEAKER", "Before: <s>at most 8 people a day</s>"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q", want)
		}
	}
}

// The same policy at the same instant is the same page.
func TestPagesAreReproducible(t *testing.T) {
	t.Parallel()
	_, first := render(t, example(t), page.Options{})
	_, second := render(t, example(t), page.Options{})
	if first != second {
		t.Error("two pages of one policy differ")
	}
}

// Every recipient and purpose of the example has its place, the page is well-formed,
// every link leads somewhere, and it needs nothing from outside.
func TestExamplePage(t *testing.T) {
	t.Parallel()
	p := example(t)
	made, html := render(t, p, page.Options{})
	e := p.At(day)
	purposes := 0
	for i := range p.Bundle.Recipients {
		id := p.Bundle.Recipients[i].Name.Value
		if !strings.Contains(html, `<h2 id="r-`+id+`">`) {
			t.Errorf("no section for %s", id)
		}
		for _, purpose := range e.Purposes(id) {
			purposes++
			if !strings.Contains(html, `id="r-`+id+`-`+purpose+`-`) {
				t.Errorf("no section for %s, %s", id, purpose)
			}
		}
	}
	if purposes < 40 || len(made.Everywhere) < 7 || len(made.Clauses) < 80 {
		t.Errorf("%d purposes, %d general rules, %d clauses", purposes, len(made.Everywhere), len(made.Clauses))
	}
	wellFormed(t, html)
	if found := regexp.MustCompile(`(?i)https?:|//[a-z]|<script|\ssrc=|@import|url\(|\son[a-z]+=`).FindString(html); found != "" {
		t.Errorf("the page has %q", found)
	}
	if b, err := json.Marshal(made); err != nil || !bytes.Contains(b, []byte(`"legal_name":"Asahi Support Desk (fictional)"`)) {
		t.Errorf("as JSON: %v", err)
	}
}

// wellFormed checks that tags are balanced, ids stand once, and links lead to one.
func wellFormed(t *testing.T, html string) {
	t.Helper()
	html = regexp.MustCompile(`(?s)<style>.*</style>`).ReplaceAllString(html, "")
	var open []string
	for _, m := range regexp.MustCompile(`<(/?)([a-z0-9]+)[^>]*>`).FindAllStringSubmatch(html, -1) {
		switch {
		case m[2] == "meta" || m[2] == "br":
		case m[1] == "":
			open = append(open, m[2])
		case len(open) == 0 || open[len(open)-1] != m[2]:
			t.Fatalf("</%s> closes %v", m[2], open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%v is not closed", open)
	}
	ids := make(map[string]bool)
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if ids[m[1]] {
			t.Errorf("id %q stands twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if !ids[m[1]] {
			t.Errorf("#%s leads nowhere", m[1])
		}
	}
}

// What a policy says is text, whatever it is written as.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	hostile := `</td><script>alert(1)</script><img src=x onerror=alert(2)>&"`
	quoted := `'` + hostile + `'`
	p := small(t, "legal_name: desk (fictional)", "legal_name: "+quoted, "ref: terms-1", "ref: "+quoted, "contact: privacy@vendor.example", "contact: "+quoted,
		"assessment: lia-1", "assessment: "+quoted)
	_, html := render(t, p, page.Options{Signers: []string{hostile}})
	if strings.Contains(html, "<script") || strings.Contains(html, "<img") || strings.Count(html, "&lt;script&gt;alert(1)") < 4 {
		t.Error("a name of the policy is markup")
	}
	wellFormed(t, html)
}

// Before its documents are in effect a policy has no page.
func TestNoPageBeforeTheDocuments(t *testing.T) {
	t.Parallel()
	if _, ok := page.New(small(t), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), page.Options{}); ok {
		t.Error("a page of what answers nothing")
	}
}

// The clause table of the page is that of the documentation.
func TestClauseTable(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../../docs/clauses.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) == 5 && regexp.MustCompile(`^\| [KJEC][0-9]`).MatchString(line) && regexp.MustCompile(`\bE\b`).MatchString(cells[2]) {
			b.WriteString(strings.ReplaceAll(cells[0][2:], " ", "") + "\t" + cells[1] + "\t" + cells[3] + "\n")
		}
	}
	if *update {
		if err := os.WriteFile("clauses.tsv", []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table, err := os.ReadFile("clauses.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if string(table) != b.String() || strings.Count(b.String(), "\n") < 80 {
		t.Error("clauses.tsv is not docs/clauses.md: run with -update")
	}
}

// A large policy says once what is the same for many.
func TestLargePolicy(t *testing.T) {
	t.Parallel()
	p, problems, err := source.Policy(largepolicy.Files())
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v\n%v", err, problems)
	}
	made, html := render(t, p, page.Options{})
	whole := 0
	for i := range made.Recipients {
		for k := range made.Recipients[i].Purposes {
			if made.Recipients[i].Purposes[k].As == "" {
				whole++
			}
		}
	}
	if want := largepolicy.Families * largepolicy.Purposes; whole != want {
		t.Errorf("%d purposes are told in full, want %d", whole, want)
	}
	t.Logf("%d bytes", len(html))
	if len(html) > 6<<20 {
		t.Errorf("the page has %d bytes", len(html))
	}
	wellFormed(t, html)
}
