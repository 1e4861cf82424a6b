package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/review"
)

// ErrExpiring is returned by `policy expiring` when something ends soon, or has ended,
// after it was printed.
var ErrExpiring = errors.New("something ends")

func policyExpiring() *cobra.Command {
	var within, at string
	var state, asJSON bool
	c := &cobra.Command{
		Use: "expiring DIR", Short: "List what of a policy ends soon, or has ended, and what happens on that day", Args: cobra.ExactArgs(1),
		Long: `List what of a policy ends soon, in the order of time: contracts, evaluations,
mechanisms of transfers and their checks, legal orders, lists of countries and a
California notice that are to be renewed, documents whose next version takes
effect; with --state also how many consents end. What has ended already is listed
first. Exit code 3 when anything ends within the time, or consents do.`,
		Example: `  modicum policy expiring policy --within 60d
  modicum policy expiring policy --within 8w --state --config Caddyfile    with consents
  modicum policy expiring policy --json    for a pipeline`,
	}
	c.Flags().StringVar(&within, "within", "60d", "how far ahead to look: 60d, 8w")
	c.Flags().StringVar(&at, "at", "", "the day, or the instant (RFC 3339), for which to ask; now if empty")
	c.Flags().BoolVar(&state, "state", false, "count consents, too, in the store that the configuration names")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		now, err := instant(at)
		if err != nil {
			return err
		}
		window, err := days(within)
		if err != nil {
			return err
		}
		policy, err := caddymodule.LoadPolicy(args[0])
		if err != nil {
			return err
		}
		consents := 0
		list := expiry{At: now, Until: now.Add(window), Ends: []ending{}}
		for _, e := range review.Expiring(policy, now) {
			if !e.At.After(list.Until) {
				list.add(&e)
			}
		}
		if state {
			if list.Consents, err = countConsents(c.Context(), *config, policy, now, list.Until); err != nil {
				return err
			}
			for _, n := range list.Consents {
				consents += n.Ending
			}
		}
		if asJSON {
			err = printJSON(c, list)
		} else {
			err = say(c.OutOrStdout(), "%s", list.text())
		}
		if err != nil {
			return err
		}
		if list.ahead+consents > 0 {
			return found(c, fmt.Errorf("%w by %s: %s, %s", ErrExpiring, moment(list.Until), number(list.ahead, "end"), number(consents, "consent")))
		}
		return nil
	}
	return c
}

// days reads a number of days or weeks.
func days(s string) (time.Duration, error) {
	const most = 36500
	for unit, length := range map[string]int{"d": 1, "w": 7} {
		if n, err := strconv.Atoi(strings.TrimSuffix(s, unit)); err == nil && strings.HasSuffix(s, unit) && n >= 0 && n*length <= most {
			return time.Duration(n*length) * 24 * time.Hour, nil
		}
	}
	return 0, usage("--within is a number of days or weeks, such as 60d or 8w")
}

// expiry is what `policy expiring` prints.
type expiry struct {
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`
	Ends     []ending  `json:"ends"`
	Consents []consent `json:"consents,omitempty"`

	ahead int // that have not ended yet
}

type ending struct {
	At     time.Time `json:"at"`
	Over   bool      `json:"over"`
	Kind   string    `json:"kind"`
	Name   string    `json:"name"`
	Effect string    `json:"effect"`
	File   string    `json:"file"`
	Line   int       `json:"line"`
	Column int       `json:"column"`
}

type consent struct {
	Purpose string `json:"purpose"`
	Live    int    `json:"live"`
	Ending  int    `json:"ending"`
}

func (x *expiry) add(e *review.Ending) {
	x.Ends = append(x.Ends, ending{e.At, e.Over, e.Kind, e.Name, e.Effect, e.Pos.File, e.Pos.Line, e.Pos.Column})
	if !e.Over {
		x.ahead++
	}
}

func (x *expiry) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "from %s to %s\n", moment(x.At), moment(x.Until))
	for _, e := range x.Ends {
		over := ""
		if e.Over {
			over = "over: "
		}
		fmt.Fprintf(&b, "%s  %s%s %s: %s (%s:%d)\n", moment(e.At), over, e.Kind, e.Name, e.Effect, e.File, e.Line)
	}
	for _, n := range x.Consents {
		fmt.Fprintf(&b, "%d of %s to %s end\n", n.Ending, number(n.Live, "consent"), n.Purpose)
	}
	fmt.Fprintf(&b, "%s ahead, %d over\n", number(x.ahead, "end"), x.over())
	return b.String()
}

func (x *expiry) over() (n int) {
	for _, e := range x.Ends {
		if e.Over {
			n++
		}
	}
	return n
}

// countConsents reads every subject of a store, and keeps counts alone.
func countConsents(ctx context.Context, config string, policy *rules.Policy, now, until time.Time) (_ []consent, err error) {
	app, err := loadApp(config)
	if err != nil {
		return nil, err
	}
	set, err := caddymodule.LoadKeys(app.Keys.Path)
	if err != nil {
		return nil, err
	}
	store, err := caddymodule.OpenState(ctx, app.State.Path, set)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	counts := review.NewConsents(policy, now, until)
	if _, err := store.Current(ctx, func(_ rules.Key, events []rules.Event) error {
		counts.Add(rules.Fold(events))
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	var out []consent
	for _, n := range counts.Counts() {
		out = append(out, consent(n))
	}
	return out, nil
}
