package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
)

// ErrRefused is returned by `policy try` for an answer that the recipient would not
// get, after it was explained.
var ErrRefused = errors.New("the recipient is refused")

// ErrUnnamed is returned by `policy try --har` for traffic of which the policy does
// not name everything, after it was printed.
var ErrUnnamed = errors.New("the policy does not name everything in this traffic")

// DefaultMaxTried is how many bytes `policy try` reads of a body: more than a gateway
// takes of its upstream, so that it is told as refused. A longer file is an error.
const DefaultMaxTried = 64 << 20

// tryFlags are what is asked, and what is known of the people in the answer.
type tryFlags struct {
	request                      policytest.Request
	params                       []string
	at, state, config, har       string
	consents, events, onSubjects []string
	asJSON                       bool
}

func policyTry() *cobra.Command {
	var f tryFlags
	c := &cobra.Command{
		Use: "try DIR FILE|-", Short: "Show what becomes of a body: the answer beside the original, with the reason of each member", Args: cobra.RangeArgs(1, 2),
		Long: `Show what becomes of a body of an internal API, member by member: the original
beside what the recipient would get, and why. It is decided by the functions that
a gateway decides by. Nothing is sent anywhere, and no store or ledger is written.

What it prints holds the personal data of the body. Pseudonyms are made with a
key that is drawn for this run and thrown away.

Without --state, --config, --consent and --event nothing is known of anybody.
It exits with 3 when the recipient is refused, and with --har when the traffic
has routes or members that the policy does not name.`,
		Example: `  modicum policy try policy --recipient mailer --purpose newsletter.send --resource customer customer.json
  curl -s http://crm:8080/v1/customers | modicum policy try policy --recipient mailer --purpose newsletter.send --resource customers -
  modicum policy try policy --recipient mailer --purpose newsletter.send --resource customer --event dm_objection customer.json
  modicum policy try policy --recipient support-desk --purpose support.provide --path '/v1/customers/1001/orders' orders.json
  modicum policy try policy --recipient support-desk --purpose support.provide --config Caddyfile --har monday.har`,
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	s := c.Flags()
	s.StringVar(&f.request.Recipient, "recipient", "", "who asks, by id")
	s.StringVar(&f.request.Purpose, "purpose", "", "what for")
	s.StringVar(&f.request.Ref, "ref", "", "case reference, or the ref of a legal order")
	s.StringVar(&f.request.API, "api", "", "the api, where the policy has several")
	s.StringVar(&f.request.Resource, "resource", "", "the resource that the body is of, by name")
	s.StringVar(&f.request.Path, "path", "", "in place of --resource: the path that was asked for, with its query if there is one")
	s.StringArrayVar(&f.params, "param", nil, "NAME=VALUE of a parameter of the resource's route; without it the id of the one person in the body")
	s.StringVar(&f.request.Own, "own", "", "POPULATION:ID of the caller, where the recipient is people who ask for their own data")
	s.BoolVar(&f.request.GPC, "gpc", false, "the person's browser sends Sec-GPC: 1")
	s.StringVar(&f.at, "at", "", "the day, or the instant (RFC 3339), for which to ask; now if empty")
	s.StringVar(&f.state, "state", "", "a file of events (NDJSON) of what is known of people")
	s.StringVarP(&f.config, "config", "c", "", "a gateway's configuration, whose state is read")
	s.StringArrayVar(&f.consents, "consent", nil, "PURPOSE[=STATUS]: a consent, given in every respect, or withdrawn, refused, ...")
	s.StringArrayVar(&f.events, "event", nil, "KIND[=VALUE]: restriction, dm_objection=lifted, age=under13, location=US-CA, ...")
	s.StringArrayVar(&f.onSubjects, "subject", nil, "POPULATION:ID: --consent and --event are about this person, not about everybody in the body")
	s.StringVar(&f.har, "har", "", "a file of recorded traffic (HAR) in place of a body: what the policy would make of all of it")
	s.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	for _, name := range []string{"recipient", "purpose"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag was defined above
		}
	}
	return c
}

func (f *tryFlags) run(c *cobra.Command, args []string) (err error) {
	switch {
	case f.har != "" && len(args) > 1:
		return usage("--har takes the place of a body: give one of them")
	case f.har != "" && (f.request.Resource != "" || f.request.Path != "" || len(f.params) > 0):
		return usage("--har has its own paths: leave out --resource, --path and --param")
	case f.har == "" && len(args) < 2:
		return usage("say which body: a file, or - for the standard input")
	case f.request.Resource != "" && f.request.Path != "":
		return usage("--path says the resource: leave out --resource")
	}
	at, err := instant(f.at)
	if err != nil {
		return err
	}
	f.request.Params = make(map[string]string)
	for _, p := range f.params {
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			return usage("--param is NAME=VALUE, for example id=1001")
		}
		f.request.Params[name] = value
	}
	policy, err := caddymodule.LoadPolicy(args[0])
	if err != nil {
		return err
	}
	people, closeStore, err := f.people(c.Context(), policy, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	trial, err := policytest.NewTrial(policy, at, people)
	if err != nil {
		return err
	}
	if f.har != "" {
		return f.traffic(c, trial)
	}
	body, err := readBody(c.InOrStdin(), args[1])
	if err != nil {
		return err
	}
	tried, err := trial.Try(&f.request, body)
	if err != nil {
		return err
	}
	if err := tell(c, f.asJSON, tried.Text, tried.JSON); err != nil {
		return err
	}
	if tried.Refused != rules.ReasonNone {
		return found(c, fmt.Errorf("%w: %s", ErrRefused, tried.Refused))
	}
	return nil
}

// tell prints for people, or for a program.
func tell(c *cobra.Command, asJSON bool, text func() string, object func() ([]byte, error)) error {
	if !asJSON {
		return say(c.OutOrStdout(), "%s", text())
	}
	b, err := object()
	if err != nil {
		return err
	}
	return say(c.OutOrStdout(), "%s", b)
}

func (f *tryFlags) traffic(c *cobra.Command, trial *policytest.Trial) error {
	file, err := os.Open(filepath.Clean(f.har))
	if err != nil {
		return fmt.Errorf("reading traffic: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written to it
	traffic, err := trial.Traffic(&f.request, file)
	if err != nil {
		return err
	}
	if err := tell(c, f.asJSON, traffic.Text, traffic.JSON); err != nil {
		return err
	}
	if n := traffic.Unnamed(); n > 0 {
		return found(c, fmt.Errorf("%w: %s", ErrUnnamed, number(n, "path")))
	}
	return nil
}

// readBody reads a file, or the standard input.
func readBody(in io.Reader, name string) ([]byte, error) {
	if name != "-" {
		file, err := os.Open(filepath.Clean(name))
		if err != nil {
			return nil, fmt.Errorf("reading the body: %w", err)
		}
		defer func() { _ = file.Close() }() // nothing was written to it
		in = file
	}
	body, err := io.ReadAll(io.LimitReader(in, DefaultMaxTried+1))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	if len(body) > DefaultMaxTried {
		return nil, usage("the body has more than %d bytes", DefaultMaxTried)
	}
	return body, nil
}
