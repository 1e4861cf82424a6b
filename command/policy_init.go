package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/draft"
	"github.com/modicum-dev/modicum/rules/openapi"
	"github.com/modicum-dev/modicum/rules/source"
)

// initFlags are those of `policy init`.
type initFlags struct {
	openapi, samples, har string
	host, base, out       string
	options               draft.Options
	since                 string
	asJSON                bool
}

func policyInit() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use: "init", Short: "Draft a policy from the description of an API, or from recorded answers", Args: cobra.NoArgs,
		Long: `Draft a policy from the description of an API, or from recorded answers.

The draft passes the check and discloses nothing. What a person must decide stands
as a comment at its place, and is printed as a list.

With --out, a folder that is empty or does not exist gets a whole policy, and one
that holds a policy gets a file with the new api. Without it the file with the
shapes and resources is printed.

A folder of samples holds JSON answers: v1/customers.json answers GET /v1/customers,
and v1/customers/1001.json is an answer of GET /v1/customers/{customer_id}. Segments
in braces are parameters too.`,
		Example: `  modicum policy init --openapi openapi.yaml --api crm --out policy
  modicum policy init --openapi openapi.yaml --under /v1/customers --nobody product --out policy
  modicum policy init --samples answers --api crm
  modicum policy init --har monday.har --host crm.internal --out policy`,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	c.Flags().StringVar(&f.openapi, "openapi", "", "an OpenAPI 3 or Swagger 2.0 document, in YAML or JSON")
	c.Flags().StringVar(&f.samples, "samples", "", "a folder of JSON answers whose paths are those of their requests")
	c.Flags().StringVar(&f.har, "har", "", "recorded traffic (HAR 1.2)")
	c.Flags().StringVar(&f.host, "host", "", "with --har: the host that is meant, of several")
	c.Flags().StringVar(&f.base, "base", "", "what every path begins with; of a document, in place of the path of its first server (/ for nothing)")
	c.Flags().StringVar(&f.options.API, "api", "api", "the name of the api, for `minimise NAME` in the Caddyfile")
	c.Flags().StringVar(&f.out, "out", "", "the folder to write to")
	c.Flags().StringSliceVar(&f.options.Under, "under", nil, "only routes whose path is this or begins with it")
	c.Flags().StringSliceVar(&f.options.Nobody, "nobody", nil, "a shape that says nothing about any person: its members become public")
	c.Flags().StringVar(&f.options.LegalName, "legal-name", "", "the legal entity that answers for the data")
	c.Flags().StringVar(&f.options.Country, "country", "", "its country, such as JP")
	c.Flags().StringVar(&f.since, "since", "", "the day from which a whole new policy holds; today if empty")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print what was written and what is to be decided as one JSON object")
	return c
}

func (f *initFlags) run(c *cobra.Command) error {
	if f.options.Country != "" && !rules.KnownCountry(f.options.Country) {
		return usage("--country is the code of a country, such as JP")
	}
	var err error
	if f.options.Since, err = sinceDay(f.since); err != nil {
		return err
	}
	api, err := f.read()
	if err != nil {
		return err
	}
	if err := f.existing(); err != nil {
		return err
	}
	d, err := draft.New(api, f.options)
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := f.write(d); err != nil {
			return err
		}
	}
	if f.asJSON {
		return f.printJSON(c, d)
	}
	return f.tell(c, d)
}

// sinceDay reads a flag that is a day.
func sinceDay(s string) (time.Time, error) {
	if s == "" {
		return time.Now().UTC(), nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, usage("--since is a day such as 2026-11-23")
	}
	return t, nil
}

// read reads the one source that is given.
func (f *initFlags) read() (*openapi.API, error) {
	given := 0
	for _, s := range []string{f.openapi, f.samples, f.har} {
		if s != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, usage("give one of --openapi, --samples and --har")
	case f.host != "" && f.har == "":
		return nil, usage("--host belongs to --har")
	case f.openapi != "":
		return readAPI(f.openapi, f.base)
	case f.samples != "":
		api, err := draft.Samples(os.DirFS(f.samples), strings.TrimRight(f.base, "/"))
		if err != nil {
			return nil, fmt.Errorf("samples %s: %w", f.samples, err)
		}
		return api, nil
	case f.base != "":
		return nil, usage("--base does not belong to --har, whose paths are whole")
	}
	file, err := os.Open(f.har)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	api, err := draft.HAR(file, f.host)
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", f.har, err)
	}
	return api, nil
}

// readAPI reads a description of an API.
func readAPI(name, base string) (*openapi.API, error) {
	file, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(file, openapi.DefaultMaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	api, err := openapi.Read(b, openapi.Options{Base: base})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return api, nil
}

// existing loads the policy that is in the folder already.
func (f *initFlags) existing() error {
	if f.out == "" {
		return nil
	}
	_, err := source.Hash(os.DirFS(f.out))
	if errors.Is(err, source.ErrNoPolicy) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	policy, err := caddymodule.LoadPolicy(f.out)
	if err != nil {
		return fmt.Errorf("a draft is added to a policy without errors only: %w", err)
	}
	if f.options.LegalName != "" || f.options.Country != "" {
		return usage("--legal-name and --country are for a whole new policy: the one in %s has a controller", f.out)
	}
	f.options.Existing = policy
	return nil
}

// write never overwrites a file.
func (f *initFlags) write(d *draft.Draft) error {
	if err := os.MkdirAll(f.out, 0o755); err != nil { //nolint:gosec // a policy is no secret: the gateway runs as somebody else
		return err
	}
	for _, file := range d.Files {
		out, err := os.OpenFile(filepath.Join(f.out, file.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // the same
		if err != nil {
			return err
		}
		if _, err := out.Write(file.Text); err != nil {
			_ = out.Close() // the first error says more
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
	return nil
}

// tell prints for people: the file or the names of the files, what is left out,
// and what is to be decided.
func (f *initFlags) tell(c *cobra.Command, d *draft.Draft) error {
	out := c.OutOrStdout()
	if f.out == "" { // so that the file alone can be redirected
		if err := say(out, "%s", d.Files[len(d.Files)-1].Text); err != nil {
			return err
		}
		out = c.ErrOrStderr()
	}
	var b strings.Builder
	for _, l := range draft.ByReason(d.Left) {
		fmt.Fprintf(&b, "left out, %s\n", l)
	}
	b.WriteString("To be decided:\n")
	for _, q := range d.Decisions {
		if f.out == "" && q.File != d.Files[len(d.Files)-1].Name {
			continue
		}
		fmt.Fprintf(&b, "%4d. %s:%d: %s\n", q.Number, q.File, q.Line, q.Text)
	}
	fmt.Fprintf(&b, "%s, %s; %d left out\n", number(d.Routes, "route"), number(d.Shapes, "shape"), len(d.Left))
	if f.out == "" {
		return say(out, "%s", b.String())
	}
	names := make([]string, len(d.Files))
	for i, file := range d.Files {
		names[i] = filepath.Join(f.out, file.Name)
	}
	leaves := "Nothing leaves yet."
	if len(f.options.Nobody) > 0 { // what is nobody's leaves on the first reader's grant
		leaves = "Nothing about anybody leaves yet: only what you called nobody's."
	}
	fmt.Fprintf(&b, "written: %s\n%s Next: modicum policy check %s\n", strings.Join(names, ", "), leaves, f.out)
	return say(out, "%s", b.String())
}

func (f *initFlags) printJSON(c *cobra.Command, d *draft.Draft) error {
	type file struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	type left struct {
		Method string `json:"method"`
		Path   string `json:"path"`
		Reason string `json:"reason"`
	}
	out := struct {
		Files     []file           `json:"files"`
		Decisions []draft.Decision `json:"decisions"`
		Left      []left           `json:"left_out"`
	}{Decisions: d.Decisions, Left: []left{}}
	for _, x := range d.Files {
		out.Files = append(out.Files, file{x.Name, string(x.Text)})
	}
	for _, l := range d.Left {
		out.Left = append(out.Left, left(l))
	}
	enc := json.NewEncoder(c.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
