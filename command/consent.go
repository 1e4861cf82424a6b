package command

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/rules"
)

func init() { noun("consent", "Record what people consent to", consentRecord) }

// statusWords are the short names of the statuses that people use most.
var statusWords = map[string]rules.ConsentStatus{
	"given": rules.ConsentGiven, "renewed": rules.ConsentRenewed, "withdrawn": rules.ConsentWithdrawn, "refused": rules.ConsentRefused,
}

func consentRecord() *cobra.Command {
	c := &cobra.Command{
		Use: "record", Short: "Record a consent given, refused or withdrawn", Args: cobra.NoArgs,
		Example: `  modicum consent record --subject customer:1008 --purpose marketing.profile --status withdrawn
  modicum consent record --subject customer:1008 --purpose marketing.profile --status given --verified`,
	}
	a := aboutFlags(c)
	purpose := c.Flags().String("purpose", "", "the purpose; empty refuses every purpose")
	status := c.Flags().String("status", "", "given, renewed, refused, withdrawn, or another status of the Data Privacy Vocabulary")
	until := c.Flags().String("until", "", "end of a consent (RFC 3339)")
	recipients := c.Flags().StringSlice("recipient", nil, "recipient ids or categories; third parties must be named")
	categories := c.Flags().StringSlice("category", nil, "data categories, each with its descendants")
	regimes := c.Flags().StringSlice("regime", nil, "APPI, EEA, UK, CCPA")
	explicit := c.Flags().Bool("explicit", false, "the consent is explicit")
	parental := c.Flags().Bool("parental", false, "given by a holder of parental responsibility")
	foreign := c.Flags().Bool("foreign-info", false, "the person was told of the foreign country and its protection")
	c.RunE = func(c *cobra.Command, _ []string) error {
		e, err := a.envelope(rules.EventConsent)
		if err != nil {
			return err
		}
		ev := &e.Event
		var ok bool
		if ev.Consent, ok = statusWords[*status]; !ok {
			if ev.Consent, ok = rules.ParseConsentStatus(*status); !ok {
				return usage("--status is given, renewed, refused, withdrawn, or a status such as ConsentExpired")
			}
		}
		switch {
		case ev.Consent.Valid() && *purpose == "":
			return usage("a consent is for one purpose: add --purpose")
		case ev.Consent.Valid() && !ev.Actor.Verified:
			return usage("a consent counts only from a verified person: add --verified once you have checked who it is")
		case *parental && ev.Actor.Type == rules.ActorSubject:
			return usage("a parent's consent is not the child's own word: add --actor guardian")
		}
		if *until != "" {
			if ev.Until, err = time.Parse(time.RFC3339, *until); err != nil {
				return usage("--until is an instant such as 2027-05-01T00:00:00Z")
			}
		}
		for _, name := range *regimes {
			r, ok := rules.ParseRegime(name)
			if !ok {
				return usage("--regime is APPI, EEA, UK or CCPA")
			}
			ev.Scope.Regimes |= r
		}
		ev.Scope.Purpose, ev.Scope.Recipients, ev.Scope.Categories = *purpose, slices.Clone(*recipients), slices.Clone(*categories)
		ev.Explicit, ev.Parental, ev.Foreign = *explicit, *parental, *foreign
		return record(c.Context(), c, *a.config, e)
	}
	return c
}
