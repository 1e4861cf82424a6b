package command

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
)

// maxObserved is how many bytes of a report are read. It is bounded by the policy.
const maxObserved = 64 << 20

func policyObserved() *cobra.Command {
	c := &cobra.Command{
		Use: "observed", Short: "Show what a running gateway has seen on the apis that it observes", Args: cobra.NoArgs,
		Long: `Show what a running gateway has seen on the apis that it observes
(minimise API { observe }): for each resource the members that no rule names, and
what each recipient outside would have got, beside what who asked did get. It
holds counts and names of members; no values, and no ids.`,
		Example: `  modicum policy observed
  modicum policy observed --resource customers --json`,
	}
	config := configFlag(c)
	address := c.Flags().String("address", "", "the gateway's admin endpoint; without it the one of the configuration")
	resource := c.Flags().String("resource", "", "this resource alone, by name")
	asJSON := c.Flags().Bool("json", false, "print one JSON object")
	c.RunE = func(c *cobra.Command, _ []string) error {
		at := *address
		if at == "" {
			var err error
			if at, err = adminAddress(*config); err != nil {
				return err
			}
		}
		resp, err := caddycmd.AdminAPIRequest(at, http.MethodGet, caddymodule.ObservedPath, nil, nil)
		if err != nil {
			return fmt.Errorf("asking the gateway's admin endpoint: %w", err)
		}
		defer func() { _ = resp.Body.Close() }()
		var report caddymodule.ObservedReport
		if err := json.NewDecoder(io.LimitReader(resp.Body, maxObserved)).Decode(&report); err != nil {
			return fmt.Errorf("reading the gateway's answer: %w", err)
		}
		if *resource != "" {
			report.Resources = slices.DeleteFunc(report.Resources, func(r exchange.ObservedResource) bool { return r.Resource != *resource })
		}
		return tell(c, *asJSON, func() string { return observedText(&report) }, func() ([]byte, error) {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetIndent("", "  ")
			if err := enc.Encode(report); err != nil {
				return nil, fmt.Errorf("printing: %w", err)
			}
			return b.Bytes(), nil
		})
	}
	return c
}

// observedText writes a report for people.
func observedText(report *caddymodule.ObservedReport) string {
	var b strings.Builder
	switch {
	case len(report.APIs) == 0:
		b.WriteString("no api is observed\n")
	default:
		fmt.Fprintf(&b, "observed: %s\n", strings.Join(report.APIs, ", "))
	}
	if len(report.Resources) == 0 {
		b.WriteString("nothing was seen yet\n")
	}
	for i := range report.Resources {
		observedResourceText(&b, &report.Resources[i])
	}
	return b.String()
}

func observedResourceText(b *strings.Builder, r *exchange.ObservedResource) {
	fmt.Fprintf(b, "\n%s.%s  %s: %s since %s, policy %s; people in them: %d\n",
		r.API, r.Resource, r.Route, number64(r.Answers, "answer"), r.Since.Format("2006-01-02T15:04:05Z07:00"), r.Policy, r.People)
	for i := range r.Uses {
		u := &r.Uses[i]
		verb := "would get"
		if u.Asked {
			verb = "got"
		}
		fmt.Fprintf(b, "  %s for %s %s %d members in clear and %d in another form", u.Recipient, u.Purpose, verb, u.Clear, u.Transformed)
		if u.Absent > 0 {
			fmt.Fprintf(b, ", nothing of %d people", u.Absent)
		}
		if len(u.Withheld) > 0 {
			b.WriteString("; withheld")
		}
		b.WriteByte('\n')
		codes := slices.SortedFunc(maps.Keys(u.Withheld), func(x, y string) int {
			return cmp.Or(cmp.Compare(u.Withheld[y], u.Withheld[x]), strings.Compare(x, y))
		})
		for _, code := range codes {
			reason, _ := rules.ParseReason(code)
			words, _ := policytest.Words(reason)
			fmt.Fprintf(b, "  %8d x %s: %s\n", u.Withheld[code], code, words)
		}
	}
	if len(r.Unnamed) == 0 {
		return
	}
	b.WriteString("  no rule names\n")
	for _, p := range r.Unnamed {
		note := ""
		if strings.HasSuffix(p.Path, "*") {
			note = "  (names that are not told)"
		}
		fmt.Fprintf(b, "  %8d x %s%s\n", p.Count, p.Path, note)
	}
}

func number64(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
