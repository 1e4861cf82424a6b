package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// summaries keeps the summaries that are recorded.
type summaries []*ledger.Summary

func (s *summaries) Ready() error { return nil }

func (s *summaries) Append(_ context.Context, r *ledger.Record) (ledger.Receipt, error) {
	*s = append(*s, r.Summary)
	return ledger.Receipt{}, nil
}
func (s *summaries) Close(context.Context) error { return nil }

// Callers may come before the stores are open. They are refused, and counted all
// the same.
func TestRefusalsBeforeTheStart(t *testing.T) {
	t.Parallel()
	app := new(App)
	h, p := &Handler{API: "crm", app: app}, &Problems{app: app}
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
		t.Error("the upstream was asked")
		return nil
	})
	for range 2 {
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/v1/customers/1001", http.NoBody), next); err != nil {
			t.Fatal(err)
		}
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d", w.Code)
		}
	}
	w := httptest.NewRecorder()
	ctx := context.WithValue(t.Context(), caddyhttp.ErrorCtxKey, error(caddyhttp.Error(http.StatusUnauthorized, nil)))
	if err := p.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/v1/customers/1001", http.NoBody), next); err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusUnauthorized {
		t.Errorf("status %d", w.Code)
	}

	refusals, log := new(exchange.Refusals), new(summaries)
	app.early.pass(refusals)
	app.early.count(rules.RecipientUnauthenticated, time.Now()) // by whoever had not noticed yet
	if err := refusals.Flush(t.Context(), log, time.Now()); err != nil {
		t.Fatal(err)
	}
	if len(*log) != 1 || (*log)[0].Reasons["ledger_unavailable"] != 2 || (*log)[0].Reasons["recipient_unauthenticated"] != 2 {
		t.Errorf("summarised: %+v", *log)
	}
}
