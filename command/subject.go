package command

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/control"
)

func init() { noun("subject", "Show what is known of a person", subjectShow) }

func subjectShow() *cobra.Command {
	c := &cobra.Command{Use: "show POPULATION:ID", Short: "Show a subject's state and the events that made it, as JSON", Args: cobra.ExactArgs(1)}
	config := configFlag(c)
	asOf := c.Flags().String("as-of", "", "what was recorded by this instant (RFC 3339); now if empty")
	c.RunE = func(c *cobra.Command, args []string) error {
		population, id, ok := splitSubject(args[0])
		if !ok {
			return usage("a subject is POPULATION:ID, for example customer:1008")
		}
		var at time.Time
		if *asOf != "" {
			var err error
			if at, err = time.Parse(time.RFC3339, *asOf); err != nil {
				return usage("--as-of is an instant such as 2026-05-01T12:00:00Z")
			}
		}
		app, err := loadApp(*config)
		if err != nil {
			return err
		}
		var summary *subject.Summary
		client, err := gateway(app)
		if err == nil {
			summary, err = client.Show(c.Context(), population, id, at)
		}
		if errors.Is(err, control.ErrNoGateway) {
			err = withWriter(c.Context(), app, func(w *subject.Writer) error {
				summary, err = w.Show(c.Context(), population, id, at)
				return err
			})
		}
		if err != nil {
			return err
		}
		enc := json.NewEncoder(c.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(summary)
	}
	return c
}
