package command

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modicum-dev/modicum/caddymodule"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
	"github.com/modicum-dev/modicum/subject/control"
)

// about holds the flags that every event has.
type about struct {
	config, subject, at, actor, authority *string
	verified                              *bool
}

func aboutFlags(c *cobra.Command) about {
	a := about{
		config:    configFlag(c),
		subject:   c.Flags().String("subject", "", "whose state, as population:id (customer:1008)"),
		at:        c.Flags().String("at", "", "when the person acted (RFC 3339); now if empty"),
		actor:     c.Flags().String("actor", "subject", "who acted: subject, agent, guardian, operator"),
		authority: c.Flags().String("authority", "", "reference of an agent's or guardian's authority"),
		verified:  c.Flags().Bool("verified", false, "who acted was verified; without it an event only restricts"),
	}
	if err := c.MarkFlagRequired("subject"); err != nil {
		panic(err) // the flag was defined above
	}
	return a
}

// envelope fills what the flags say.
func (a about) envelope(kind rules.EventKind) (subject.Envelope, error) {
	population, id, ok := splitSubject(*a.subject)
	if !ok {
		return subject.Envelope{}, usage("--subject is population:id, for example customer:1008")
	}
	at := time.Now().UTC().Truncate(time.Millisecond)
	if *a.at != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, *a.at); err != nil {
			return subject.Envelope{}, usage("--at is an instant such as 2026-05-01T12:00:00Z")
		}
	}
	actor, ok := rules.ParseActorType(*a.actor)
	if !ok {
		return subject.Envelope{}, usage("--actor is subject, agent, guardian or operator")
	}
	return subject.Envelope{Population: population, ID: id, Event: rules.Event{
		Kind: kind, Time: at, Actor: rules.Actor{Type: actor, Authority: *a.authority, Verified: *a.verified},
	}}, nil
}

func splitSubject(s string) (population, id string, ok bool) {
	population, id, _ = strings.Cut(s, ":")
	return population, id, population != "" && id != ""
}

// record gives an event to the gateway that holds the store, which answers when
// it obeys, or writes it directly when none runs.
func record(ctx context.Context, c *cobra.Command, config string, e subject.Envelope) error {
	// As a gateway would read it: what it refuses must not get into the store
	// another way.
	e, err := subject.DecodeEnvelope(subject.AppendEnvelope(nil, &e))
	if err != nil {
		return err
	}
	app, err := loadApp(config)
	if err != nil {
		return err
	}
	var pos subject.Position
	client, err := gateway(app)
	if err == nil {
		pos, err = client.Record(ctx, "", []subject.Envelope{e})
	}
	who := "the gateway obeys it"
	if errors.Is(err, control.ErrNoGateway) {
		who = "no gateway answers here; one obeys it when it has read the store"
		pos, err = recordDirectly(ctx, app, e)
	}
	if bad, ok := errors.AsType[*subject.BatchError](err); ok {
		return bad.Err // there is one event, which needs no number
	}
	if err != nil {
		return err
	}
	return say(c.OutOrStdout(), "recorded as event %d; %s\n", pos.Seq, who)
}

// gateway returns a client of the gateway that holds the store. A path that is
// too long for a socket has none.
func gateway(app *caddymodule.App) (*control.Client, error) {
	path := caddymodule.ControlPath(app.State.Path)
	if len(path) > control.DefaultMaxPath {
		return nil, control.ErrNoGateway
	}
	return control.NewClient(path), nil
}

func recordDirectly(ctx context.Context, app *caddymodule.App, e subject.Envelope) (pos subject.Position, err error) {
	err = withWriter(ctx, app, func(w *subject.Writer) error {
		pos, err = w.Record(ctx, []subject.Envelope{e})
		return err
	})
	return pos, err
}

// withWriter opens the store that a configuration names.
func withWriter(ctx context.Context, app *caddymodule.App, use func(*subject.Writer) error) (err error) {
	policy, err := caddymodule.LoadPolicy(app.Policy)
	if err != nil {
		return err
	}
	set, err := caddymodule.LoadKeys(app.Keys.Path)
	if err != nil {
		return err
	}
	store, err := caddymodule.OpenState(ctx, app.State.Path, set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return use(subject.NewWriter(subject.WriterOptions{
		Store: store, Digester: set.Digester(), Populations: policy.Populations(), Name: "command",
	}))
}
