package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
)

// welcomeTimeout bounds how long the welcome text waits for certificates: one
// that comes from elsewhere may take long, or never come.
const welcomeTimeout = 10 * time.Second

// greeter prints the welcome text once what the text tells its reader to try
// works: every app of the configuration has started, which may be after the
// gateway, and every site has its certificate, which comes in the background.
type greeter struct {
	text []byte
	ctx  caddy.Context // ends with the configuration
}

// greet reads the welcome text, if there is one, and has it printed in time.
func (a *App) greet(ctx caddy.Context) error {
	if a.Welcome == "" {
		return nil
	}
	text, err := os.ReadFile(a.Welcome)
	if err != nil {
		return fmt.Errorf("reading welcome text: %w", err)
	}
	app, err := ctx.App("events")
	if err != nil {
		return err
	}
	events, ok := app.(*caddyevents.App)
	if !ok {
		return fmt.Errorf("the events app is a %T", app)
	}
	return events.On("started", greeter{text, ctx})
}

// Handle implements [caddyevents.Handler]. It holds up nobody.
func (g greeter) Handle(context.Context, caddy.Event) error {
	app, err := g.ctx.AppIfConfigured("tls")
	if err != nil && !errors.Is(err, caddy.ErrNotConfigured) {
		return err
	}
	sites, ok := app.(*caddytls.TLS)
	if !ok || certified(sites) {
		g.print()
		return nil
	}
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		late := time.After(welcomeTimeout)
		for !certified(sites) {
			select {
			case <-g.ctx.Done():
				return
			case <-late:
				g.print()
				return
			case <-tick.C:
			}
		}
		g.print()
	}()
	return nil
}

func (g greeter) print() {
	// A daemon may have nobody who reads it.
	_, _ = os.Stdout.Write(g.text)
}

// certified reports whether every site whose certificate Caddy manages has it.
func certified(sites *caddytls.TLS) bool {
	if sites.Automation == nil {
		return true
	}
	for _, policy := range sites.Automation.Policies {
		if policy.OnDemand {
			continue
		}
		for _, subject := range policy.Subjects() {
			if !sites.HasCertificateForSubject(subject) {
				return false
			}
		}
	}
	return true
}

var _ caddyevents.Handler = greeter{}
