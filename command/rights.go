package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

func init() { noun("rights", "Record objections, restrictions and other rights", rightsRecord) }

// rightKinds are the kinds of event that this command records: those that have
// a standing.
var rightKinds = []rules.EventKind{
	rules.EventRestriction, rules.EventDMObjection, rules.EventLIObjection, rules.EventCeaseUse, rules.EventCeaseProvision,
	rules.EventOptOutSaleShare, rules.EventLimitSPI, rules.EventMinorOptIn, rules.EventErasure, rules.EventRetention, rules.EventAccuracy,
	rules.EventLegalOrder,
}

func rightsRecord() *cobra.Command {
	c := &cobra.Command{
		Use: "record", Short: "Record that a right is exercised, decided or lifted", Args: cobra.NoArgs,
		Example: `  modicum rights record --subject customer:1001 --kind dm_objection --state active
  modicum rights record --subject customer:1001 --kind restriction --state lifted --verified
  modicum rights record --subject customer:1001 --kind retention --state achieved --purpose customer.fulfil --verified
  modicum rights record --subject customer:1001 --kind erasure --state excepted --exceptions legal.claims --verified
  modicum rights record --subject customer:1001 --kind legal_order --order order-2026-7 --actor operator --verified`,
	}
	a := aboutFlags(c)
	kind := c.Flags().String("kind", "", strings.Join(names(rightKinds), ", "))
	state := c.Flags().String("state", "active", "the state it sets, for example active, pending, upheld, rejected, lifted")
	purpose := c.Flags().String("purpose", "", "the purpose, where the right is about one, as an objection or a retention may be")
	categories := c.Flags().StringSlice("category", nil, "data categories, of accuracy")
	exceptions := c.Flags().StringSlice("exceptions", nil, "purposes that an excepted erasure leaves")
	order := c.Flags().String("order", "", "ref of the order, of legal_order: the policy has the order on file")
	c.RunE = func(c *cobra.Command, _ []string) error {
		k, ok := rules.ParseEventKind(*kind)
		if !ok || len(k.States()) == 0 {
			return usage("--kind is one of %s", strings.Join(names(rightKinds), ", "))
		}
		e, err := a.envelope(k)
		if err != nil {
			return err
		}
		s, ok := rules.ParseEventState(*state)
		if !ok || !slices.Contains(k.States(), s) {
			return usage("--state of %s is one of %s", k, strings.Join(names(k.States()), ", "))
		}
		e.Event.State, e.Event.Scope.Purpose, e.Event.Scope.Categories = s, *purpose, *categories
		e.Event.Exceptions, e.Event.Order = *exceptions, *order
		if !e.Event.Actor.Verified && subject.Relaxes(&e.Event) {
			return usage("this relaxes, which counts only from a verified person: add --verified once you have checked who it is")
		}
		return record(c.Context(), c, *a.config, e)
	}
	return c
}

func names[T interface{ String() string }](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return out
}
