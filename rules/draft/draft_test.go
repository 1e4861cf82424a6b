package draft_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/draft"
	"github.com/modicum-dev/modicum/rules/openapi"
	"github.com/modicum-dev/modicum/rules/source"
)

var update = flag.Bool("update", false, "write the goldens")

var since = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// descriptions are those of the tests: a public one, and one with everything that
// a description can be difficult by.
var descriptions = map[string]string{
	"petstore":  "../../integration/testdata/petstore/openapi.json",
	"difficult": "testdata/difficult.yaml",
}

// A draft passes the check, discloses nothing, calls nothing public, and is the same
// each time.
func TestDraft(t *testing.T) {
	t.Parallel()
	for name, file := range descriptions {
		api := describe(t, file)
		d := write(t, api, draft.Options{API: "shop", Since: since})
		again := write(t, describe(t, file), draft.Options{API: "shop", Since: since})
		for i := range d.Files {
			if !bytes.Equal(d.Files[i].Text, again.Files[i].Text) {
				t.Errorf("%s: %s is another one the second time", name, d.Files[i].Name)
			}
			if lines := uncommented(d.Files[i].Text); strings.Contains(lines, "public") {
				t.Errorf("%s: something is public in %s:\n%s", name, d.Files[i].Name, lines)
			}
		}
		policy := compile(t, d.Files)
		if errs := slices.DeleteFunc(policy.Findings(since), func(p *rules.Problem) bool { return p.Warning }); len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
		}
		_, err := openapi.Contract(policy.Bundle, policy.At(since), api, openapi.ContractOptions{API: "shop", Recipient: "first-reader", Purpose: "first.look"})
		if !errors.Is(err, openapi.ErrRefused) || !strings.Contains(err.Error(), "no member of any route can leave") {
			t.Errorf("%s: something can leave: %v", name, err)
		}
		for _, r := range policy.Bundle.APIs[0].Resources {
			if r.NoSubjects {
				t.Errorf("%s: %s is about nobody, by guess", name, r.Name.Value)
			}
		}
		if policy.Bundle.APIs[0].Unseen != rules.UnseenWithhold {
			t.Errorf("%s: unseen subjects are not withheld", name)
		}
		for _, problem := range openapi.Compare(policy.Bundle, "shop", api) {
			undecided := strings.Contains(problem.Detail, "the id of the subject") // of whom nobody knows who it is
			if !undecided && (errors.Is(problem, rules.ErrDangling) || errors.Is(problem, rules.ErrConflict)) {
				t.Errorf("%s: %v", name, problem)
			}
		}
		golden(t, name, d)
	}
}

// golden holds the resources and the decisions of a draft against those on file.
func golden(t *testing.T, name string, d *draft.Draft) {
	t.Helper()
	var b bytes.Buffer
	b.Write(d.Files[len(d.Files)-1].Text)
	for _, q := range d.Decisions {
		fmt.Fprintf(&b, "# %d. %s:%d: %s\n", q.Number, q.File, q.Line, q.Text)
	}
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Errorf("%s: the draft is another one (-update writes it):\n%s", name, b.String())
	}
}

// Every decision stands in its file at the line that it names.
func TestDecisionsAreInPlace(t *testing.T) {
	t.Parallel()
	d := write(t, describe(t, descriptions["difficult"]), draft.Options{API: "shop", Since: since})
	for i, q := range d.Decisions {
		if q.Number != i+1 {
			t.Errorf("decision %d has the number %d", i+1, q.Number)
		}
		for _, f := range d.Files {
			lines := strings.Split(string(f.Text), "\n")
			if f.Name == q.File && !strings.Contains(lines[q.Line-1], fmt.Sprintf("DECIDE %d: ", q.Number)) {
				t.Errorf("%s:%d is %q", q.File, q.Line, lines[q.Line-1])
			}
		}
	}
	if len(d.Decisions) < 10 {
		t.Errorf("only %d decisions", len(d.Decisions))
	}
}

// What a person says is about nobody is public, and so is nothing else.
func TestNobody(t *testing.T) {
	t.Parallel()
	api := describe(t, descriptions["petstore"])
	d := write(t, api, draft.Options{API: "shop", Since: since, Nobody: []string{"pet", "inventory"}})
	policy := compile(t, d.Files)
	for _, s := range policy.Bundle.APIs[0].Shapes {
		want := strings.HasPrefix(s.Name.Value, "pet") || strings.HasPrefix(s.Name.Value, "inventory")
		for _, f := range s.Fields {
			if f.Public != want {
				t.Errorf("%s of %s: public is %v", f.Path.Value, s.Name.Value, f.Public)
			}
		}
	}
	if _, err := draft.New(api, draft.Options{API: "shop", Nobody: []string{"dog"}}); !errors.Is(err, draft.ErrNoShape) || !strings.Contains(err.Error(), "pet") {
		t.Errorf("a shape that is not there: %v", err)
	}
}

// In a policy that is there, a draft is one file that adds what the policy has not.
func TestExistingPolicy(t *testing.T) {
	t.Parallel()
	api := describe(t, descriptions["difficult"])
	first := write(t, describe(t, descriptions["petstore"]), draft.Options{API: "shop", Since: since})
	policy := compile(t, first.Files)
	d := write(t, api, draft.Options{API: "club", Existing: policy})
	if len(d.Files) != 1 || d.Files[0].Name != "club.yaml" {
		t.Fatalf("files %v", d.Files)
	}
	both := compile(t, append(slices.Clone(first.Files), d.Files...))
	if apis := both.APIs(); !slices.Equal(apis, []string{"club", "shop"}) {
		t.Errorf("apis %v", apis)
	}
	if _, err := draft.New(api, draft.Options{API: "shop", Existing: policy}); !errors.Is(err, draft.ErrTaken) {
		t.Errorf("a name that is taken: %v", err)
	}
}

func TestNoDraft(t *testing.T) {
	t.Parallel()
	api := describe(t, descriptions["petstore"])
	for _, c := range []struct {
		o    draft.Options
		want error
	}{
		{draft.Options{API: "A b"}, draft.ErrName},
		{draft.Options{API: "shop", Under: []string{"/nowhere"}}, draft.ErrNoRoutes},
		{draft.Options{API: "shop", Under: []string{"/v2/user/logout"}}, draft.ErrNoRoutes},
	} {
		if _, err := draft.New(api, c.o); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
	if d := write(t, api, draft.Options{API: "shop", Under: []string{"/v2/user/"}}); d.Routes != 1 {
		t.Errorf("%d routes under /v2/user", d.Routes)
	}
}

func describe(t *testing.T, file string) *openapi.API {
	t.Helper()
	b, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	api, err := openapi.Read(b, openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func write(t *testing.T, api *openapi.API, o draft.Options) *draft.Draft {
	t.Helper()
	d, err := draft.New(api, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func compile(t *testing.T, files []draft.File) *rules.Policy {
	t.Helper()
	dir := make(fstest.MapFS)
	for _, f := range files {
		dir[f.Name] = &fstest.MapFile{Data: f.Text}
	}
	bundle, problems, err := source.Load(dir)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	policy, problems := rules.Compile(bundle)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return policy
}

func uncommented(text []byte) string {
	var out []string
	for line := range strings.SplitSeq(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
