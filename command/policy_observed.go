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
  modicum policy observed --recipient support-desk    and why it would not get the rest
  modicum policy observed --resource customers --json`,
	}
	config := configFlag(c)
	address := c.Flags().String("address", "", "the gateway's admin endpoint; without it the one of the configuration")
	recipient := c.Flags().String("recipient", "", "this recipient alone, by id, and for each reason how much is withheld from it")
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
		if *recipient != "" {
			for i := range report.Resources {
				r := &report.Resources[i]
				r.Uses = slices.DeleteFunc(r.Uses, func(u exchange.ObservedUse) bool { return u.Recipient != *recipient })
			}
		}
		return tell(c, *asJSON, func() string { return observedText(&report, *recipient != "") }, func() ([]byte, error) {
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

// observedText writes a report for people. The reasons are those of who asked, or of
// everybody in it.
func observedText(report *caddymodule.ObservedReport, everybody bool) string {
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
		observedResourceText(&b, &report.Resources[i], everybody)
	}
	return b.String()
}

func observedResourceText(b *strings.Builder, r *exchange.ObservedResource, everybody bool) {
	fmt.Fprintf(b, "\n%s.%s  %s: %s since %s, policy %s\n",
		r.API, r.Resource, r.Route, number64(r.Answers, "answer"), r.Since.Format("2006-01-02T15:04:05Z07:00"), r.Policy)
	if len(r.Unnamed) > 0 {
		b.WriteString("  no rule names\n")
		for _, p := range r.Unnamed {
			note := ""
			if strings.HasSuffix(p.Path, "*") {
				note = "  (names that are not told)"
			}
			fmt.Fprintf(b, "  %8d x %s%s\n", p.Count, p.Path, note)
		}
	}
	if r.People == 0 {
		return
	}
	fmt.Fprintf(b, "  of the members of %d people go\n", r.People)
	fmt.Fprintf(b, "  %8s  %10s  %8s  %6s\n", "clear", "other form", "withheld", "absent")
	var nothing []string
	for i := range r.Uses {
		u := &r.Uses[i]
		who := u.Recipient + " for " + u.Purpose
		if u.Clear+u.Transformed == 0 && !u.Asked && !everybody {
			nothing = append(nothing, who)
			continue
		}
		if u.Asked {
			who += ", who asked and got it"
		}
		fmt.Fprintf(b, "  %8d  %10d  %8d  %6d  %s\n", u.Clear, u.Transformed, withheld(u), u.Absent, who)
		if u.Asked || everybody {
			observedReasons(b, u)
		}
	}
	if len(nothing) > 0 {
		fmt.Fprintf(b, "  nothing would go to\n    %s\n", strings.Join(nothing, "\n    "))
	}
}

func withheld(u *exchange.ObservedUse) (n int64) {
	for _, count := range u.Withheld {
		n += count
	}
	return n
}

// observedReasons says why members are withheld.
func observedReasons(b *strings.Builder, u *exchange.ObservedUse) {
	codes := slices.SortedFunc(maps.Keys(u.Withheld), func(x, y string) int {
		return cmp.Or(cmp.Compare(u.Withheld[y], u.Withheld[x]), strings.Compare(x, y))
	})
	for _, code := range codes {
		reason, _ := rules.ParseReason(code)
		words, _ := policytest.Words(reason)
		fmt.Fprintf(b, "  %32d  %s: %s\n", u.Withheld[code], code, words)
	}
}

func number64(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
