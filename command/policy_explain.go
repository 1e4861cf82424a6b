package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// ErrUnexpected is what `policy explain` found when an answer is not the one of --expect.
var ErrUnexpected = errors.New("another answer than expected")

// explaining holds the flags of a question.
type explaining struct {
	review.Question
	at, location, born, expect string
	person                     known
	asJSON                     bool
}

func policyExplain() *cobra.Command {
	var x explaining
	c := &cobra.Command{
		Use: "explain DIR --recipient R --purpose P --resource X [--field PATH]", Args: cobra.ExactArgs(1),
		Short: "Tell which rules lead to an answer, which clauses they serve, and what would have to change for another one",
		Long: `Tell which rules lead to an answer, which clauses they serve, and what would have to change for another one.

Nothing is assumed about the person that is not said: who may be anywhere is protected by every regime. An event counts as
verified and as having happened after the one before it, unless it says otherwise. The exit code is 0 when an answer was
explained, whatever it is, and 3 when --expect says another one.`,
		Example: `  modicum policy explain policy --recipient mailer --purpose newsletter.send --resource customer
  modicum policy explain policy --recipient mailer --purpose newsletter.send --resource customer --field email \
      --location DE --born 1990-01-01 --event dm_objection
  modicum policy explain policy --recipient analytics --purpose marketing.profile --resource customer --field id \
      --subject customer:1008 --config Caddyfile --event consent,purpose=marketing.profile
  modicum policy explain policy --recipient mailer --purpose newsletter.send --resource customer --field phone --expect withheld`,
		RunE: func(c *cobra.Command, args []string) error {
			policy, err := caddymodule.LoadPolicy(args[0])
			if err != nil {
				return err
			}
			if err := x.read(c, policy); err != nil {
				return err
			}
			e, err := review.Explain(policy, x.Question)
			if err != nil {
				return usage("%v", err)
			}
			if err := x.tell(c, e); err != nil {
				return err
			}
			if got := e.Unlike(x.expect); x.expect != "" && got != "" {
				return found(c, fmt.Errorf("%w: expected %s, got %s", ErrUnexpected, x.expect, got))
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&x.Recipient, "recipient", "", "who asks, by its id in the register")
	f.StringVar(&x.Purpose, "purpose", "", "why; empty: the request declares no purpose")
	f.StringVar(&x.Ref, "ref", "", "the case reference, or the ref of a legal order")
	f.StringVar(&x.API, "api", "", "the api of the resource; the only one if empty")
	f.StringVar(&x.Resource, "resource", "", "what is asked for, by its name in the policy")
	f.StringVar(&x.Field, "field", "", "one member, or those below one, by path: address.city, address; all if empty")
	f.StringVar(&x.Kind, "kind", "", "shape or population of the person, where an answer is about several kinds; the first if empty")
	f.StringVar(&x.at, "at", "", "the day, or the instant (RFC 3339), of the request; now if empty")
	f.StringVar(&x.location, "location", "", "where the person is: DE, or US-CA")
	f.StringVar(&x.Person.Residence, "residence", "", "the country in which the person lives")
	f.StringVar(&x.born, "born", "", "the birth date of the person: 1990-01-31")
	f.BoolVar(&x.Person.Own, "own", false, "the person asks for the own data")
	f.BoolVar(&x.Person.GPC, "gpc", false, "the browser of the person sends Sec-GPC: 1")
	f.StringVar(&x.expect, "expect", "", "exit with 3 unless this is the answer: clear, withheld, pseudonym, a generaliser such as year, or refused")
	f.BoolVar(&x.asJSON, "json", false, "print the explanation as one JSON object")
	x.person.flags(c)
	for _, name := range []string{"recipient", "resource"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag was defined above
		}
	}
	return c
}

// read completes the question with what the flags say of the person.
func (x *explaining) read(c *cobra.Command, policy *rules.Policy) error {
	var err error
	if x.At, err = instant(x.at); err != nil {
		return err
	}
	if x.expect != "" && !review.IsOutcome(x.expect) {
		return usage("--expect is clear, withheld, pseudonym, refused, or a generaliser such as year or last(4)")
	}
	p := &x.Person
	if p.Location, err = location(x.location); err != nil {
		return err
	}
	if p.Residence != "" && !rules.KnownCountry(p.Residence) {
		return usage("--residence is an ISO 3166-1 code of a country: DE")
	}
	if x.born != "" {
		if p.Born, err = time.Parse(time.DateOnly, x.born); err != nil || p.Born.After(x.At) {
			return usage("--born is a day in the past: 1990-01-31")
		}
	}
	p.Events, err = x.person.events(c.Context(), policy, x.At)
	return err
}

func (x *explaining) tell(c *cobra.Command, e *review.Explanation) error {
	if !x.asJSON {
		return say(c.OutOrStdout(), "%s", e.Text(x.Field != ""))
	}
	enc := json.NewEncoder(c.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(e); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
