package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

// metric returns the value of a metric of the running configuration, as the
// admin endpoint serves it: the sum of those with the labels, and the count of a
// histogram. ok is false if there is none.
func metric(t *testing.T, name string, labels map[string]string) (v float64, ok bool) {
	t.Helper()
	ctx := caddy.ActiveContext()
	families, err := ctx.GetMetricsRegistry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
	series:
		for _, m := range family.GetMetric() {
			for want, value := range labels {
				found := false
				for _, l := range m.GetLabel() {
					found = found || l.GetName() == want && l.GetValue() == value
				}
				if !found {
					continue series
				}
			}
			ok = true
			v += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return v, ok
}

// What requests come to is counted, and the counts survive a reload, which makes
// a registry of its own. They are the process's: tests look at what is added.
func TestMetricsSurviveReloads(t *testing.T) {
	s := newSite(t)
	s.load()
	type series struct {
		name   string
		labels map[string]string
	}
	of := func(name string, labels ...string) series {
		m := make(map[string]string)
		for i := 0; i+1 < len(labels); i += 2 {
			m[labels[i]] = labels[i+1]
		}
		return series{name, m}
	}
	counted := []series{
		of("modicum_requests_total", "outcome", "partly_withheld"),
		of("modicum_requests_total", "outcome", "refused"),
		of("modicum_refused_total", "reason", "purpose_missing"),
		of("modicum_refused_total", "reason", "recipient_unauthenticated"),
		of("modicum_decisions_total", "outcome", "withhold", "reason", "not_necessary"),
		of("modicum_ledger_commit_seconds"),
		of("modicum_ledger_commit_records"),
	}
	values := func() []float64 {
		out := make([]float64, len(counted))
		for i, c := range counted {
			out[i], _ = metric(t, c.name, c.labels)
		}
		return out
	}
	ask := func() {
		t.Helper()
		if a := s.get("/v1/customers/1001"); a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.body)
		}
		r := s.request("/v1/customers/1001")
		r.Header.Del("Data-Purpose")
		s.ask(r)
		r = s.request("/v1/customers/1001")
		r.Header.Del("Authorization")
		s.ask(r)
	}
	start := values()
	ask()
	before := values()
	for i, c := range counted {
		if before[i] <= start[i] {
			t.Errorf("%s %v: %v after %v", c.name, c.labels, before[i], start[i])
		}
	}
	if refused := before[1] - start[1]; refused != 2 {
		t.Errorf("%v requests were refused, want 2", refused)
	}
	s.app["max_body"] = 1 << 20
	s.load()
	for i, v := range values() {
		if v < before[i] {
			t.Errorf("%s %v fell to %v from %v with the reload", counted[i].name, counted[i].labels, v, before[i])
		}
	}
	ask()
	for i, v := range values() {
		if v <= before[i] {
			t.Errorf("%s %v stays at %v after the reload", counted[i].name, counted[i].labels, v)
		}
	}
}

// The gauges tell how the running configuration is doing.
func TestGauges(t *testing.T) {
	s := newSite(t)
	s.app["max_memory"] = 128 << 20
	s.load()
	asked, resume := s.upstream.hold()
	r := s.request("/v1/customers/1001")
	done := make(chan answer, 1)
	go func() { done <- s.ask(r) }()
	<-asked
	if v, _ := metric(t, "modicum_captured_bytes", nil); v <= 0 {
		t.Error("a request under way holds nothing")
	}
	resume()
	<-done
	eventually(t, "nothing is held", func() bool { v, ok := metric(t, "modicum_captured_bytes", nil); return ok && v == 0 })
	if v, _ := metric(t, "modicum_captured_bytes_limit", nil); v != 128<<20 {
		t.Errorf("the limit is %v", v)
	}
	if v, ok := metric(t, "modicum_state_staleness_seconds", nil); !ok || v < 0 {
		t.Errorf("staleness %v %t", v, ok)
	}
	for _, part := range []string{partPolicy, partKeys, partState, partLedger} {
		if v, _ := metric(t, "modicum_ready", map[string]string{"part": part}); v != 1 {
			t.Errorf("%s is not ready", part)
		}
	}
	if _, ok := metric(t, "modicum_follower_lag_seconds", nil); ok {
		t.Error("nothing follows the ledger, and is behind")
	}
}

// A replica that is loading has not seen its store: it is not fresh, nor of any age.
func TestNoStalenessWhileLoading(t *testing.T) {
	s := newSite(t)
	s.load()
	if _, ok := metric(t, "modicum_state_staleness_seconds", nil); !ok {
		t.Fatal("no staleness")
	}
	app, err := running()
	if err != nil {
		t.Fatal(err)
	}
	rt := app.serving.Load().runtime
	still := &runtime{
		at: place{state: "still loading"}, keys: rt.keys, recorder: rt.recorder,
		replica: subject.NewReplica(rt.store, subject.Options{}),
	}
	runtimes.mu.Lock()
	all := runtimes.open
	runtimes.open = map[place]*runtime{still.at: still}
	runtimes.mu.Unlock()
	t.Cleanup(func() {
		runtimes.mu.Lock()
		defer runtimes.mu.Unlock()
		runtimes.open = all
	})
	if v, ok := metric(t, "modicum_state_staleness_seconds", nil); ok {
		t.Errorf("a replica that is loading has an age of %v", v)
	}
	if v, ok := metric(t, "modicum_ready", map[string]string{"part": partState}); !ok || v != 0 {
		t.Errorf("it is ready: %v %t", v, ok)
	}
}

// The admin endpoint serves the metrics although no app of its configuration was
// provisioned: Caddy keeps the endpoint of one whose first app has failed. An app
// that comes after it finds them there.
func TestMetricsOfAFailedReload(t *testing.T) {
	t.Parallel()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	if err := new(Admin).Provision(ctx); err != nil {
		t.Fatal(err)
	}
	if err := meters.register(ctx.GetMetricsRegistry()); err != nil {
		t.Errorf("registered twice: %v", err)
	}
	families, err := ctx.GetMetricsRegistry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, f := range families {
		names[f.GetName()] = true
	}
	if !names["modicum_captured_bytes"] || !names["modicum_ledger_commit_seconds"] {
		t.Errorf("only %v", names)
	}
}

// Every metric has a description, and collects under its own.
func TestGaugesAreConsistent(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(gauges{}); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
}

// Defects and refused answers are served by place and reason, in the words that the
// documentation has.
func TestDefectMetrics(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	m.Defects("crm", "customers", "data[].name", rules.TypeUnexpected, 2)
	m.Defects("crm", "customers", "data[].name", rules.TypeUnexpected, 1)
	m.Defects("crm", "customers", "data[].id", rules.IDAbsent, 1)
	m.Unusable("crm", "customer", "truncated")
	registry := prometheus.NewPedanticRegistry()
	if err := m.register(registry); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		if f.GetName() != "modicum_defects_total" && f.GetName() != "modicum_upstream_refused_total" {
			continue // of other tests
		}
		for _, series := range f.GetMetric() {
			line := f.GetName()
			for _, l := range series.GetLabel() {
				line += " " + l.GetName() + "=" + l.GetValue()
			}
			got = append(got, fmt.Sprintf("%s %v", line, series.GetCounter().GetValue()))
		}
	}
	want := []string{
		"modicum_defects_total api=crm place=data[].id reason=id_absent resource=customers 1",
		"modicum_defects_total api=crm place=data[].name reason=type_unexpected resource=customers 3",
		"modicum_upstream_refused_total api=crm cause=truncated resource=customer 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
