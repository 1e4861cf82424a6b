package caddymodule

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/subject"
)

const namespace = "modicum"

// meters are the metrics of the process. Caddy makes a registry for each
// configuration; these collectors are registered with every one, so that counts
// survive reloads.
var meters = newMetrics()

// metrics implements [exchange.Meter] and what the stores tell.
type metrics struct {
	requests, refused, decisions *prometheus.CounterVec
	unusable, defects            *prometheus.CounterVec
	commitTime, commitSize       prometheus.Histogram

	// Counters by their labels' numbers, found once: looking labels up costs
	// more than counting.
	ofReason   [maxReasons]atomic.Pointer[prometheus.Counter]
	ofDecision [rules.Allow + 1][maxReasons]atomic.Pointer[prometheus.Counter]
}

// maxReasons is more than there are.
const maxReasons = 256

var _ exchange.Meter = (*metrics)(nil)

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	return &metrics{
		requests:  counter("requests_total", "Requests answered, by the outcome that the ledger has for them.", "outcome"),
		refused:   counter("refused_total", "Requests refused, by reason.", "reason"),
		decisions: counter("decisions_total", "Decisions about one field of one subject, of the answers on record, by primary reason.", "outcome", "reason"),
		unusable:  counter("upstream_refused_total", "Answers of upstreams that were refused as a whole, by what is wrong with them.", "api", "resource", "cause"),
		defects:   counter("defects_total", "Values and people withheld for a defect of what the upstream sends, by place of the policy and reason.", "api", "resource", "place", "reason"),
		commitTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: "ledger", Name: "commit_seconds", Help: "Time to write and sync a batch of records.",
			Buckets: prometheus.ExponentialBuckets(50e-6, 2, 16), // to 1.6 s
		}),
		commitSize: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: "ledger", Name: "commit_records", Help: "Records and facts in a batch.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11), // to 1,024
		}),
	}
}

// register adds all metrics to the registry of a configuration, unless they are
// there.
func (m *metrics) register(registry *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{m.requests, m.refused, m.decisions, m.unusable, m.defects, m.commitTime, m.commitSize, gauges{}, observations{}} {
		if err := registry.Register(c); err != nil {
			if _, again := errors.AsType[prometheus.AlreadyRegisteredError](err); !again {
				return fmt.Errorf("registering metrics: %w", err)
			}
		}
	}
	return nil
}

// Request implements [exchange.Meter].
func (m *metrics) Request(outcome ledger.Outcome, reason rules.Reason) {
	m.requests.WithLabelValues(string(outcome)).Inc()
	if outcome == ledger.Refused {
		known(&m.ofReason[reason], m.refused, reason.String()).Inc()
	}
}

// Decisions implements [exchange.Meter].
func (m *metrics) Decisions(verb rules.Verb, reason rules.Reason, n int) {
	known(&m.ofDecision[verb][reason], m.decisions, verb.String(), reason.String()).Add(float64(n))
}

// Unusable implements [exchange.Meter].
func (m *metrics) Unusable(api, resource, cause string) {
	m.unusable.WithLabelValues(api, resource, cause).Inc()
}

// Defects implements [exchange.Meter].
func (m *metrics) Defects(api, resource, place string, reason rules.Reason, n int) {
	m.defects.WithLabelValues(api, resource, place, reason.String()).Add(float64(n))
}

// known returns a counter of a vector, kept at its place.
func known(at *atomic.Pointer[prometheus.Counter], of *prometheus.CounterVec, labels ...string) prometheus.Counter {
	if c := at.Load(); c != nil {
		return *c
	}
	c := of.WithLabelValues(labels...)
	at.Store(&c)
	return c
}

// committed is told of each batch of a ledger.
func (m *metrics) committed(records int, took time.Duration) {
	m.commitTime.Observe(took.Seconds())
	m.commitSize.Observe(float64(records))
}

// gauges tell how the open runtimes are doing, when they are asked. Of several,
// as during a reload with other stores, they tell the worst.
type gauges struct{}

var (
	heldDesc = prometheus.NewDesc(namespace+"_captured_bytes",
		"Bytes of answers that are being inspected or sent.", nil, nil)
	limitDesc = prometheus.NewDesc(namespace+"_captured_bytes_limit",
		"What captured bytes may come to; requests beyond it are refused.", nil, nil)
	stalenessDesc = prometheus.NewDesc(namespace+"_state_staleness_seconds",
		"Time since the store of the subject state was last seen to have nothing newer; absent while it is loading.", nil, nil)
	lagDesc = prometheus.NewDesc(namespace+"_follower_lag_seconds",
		"Age of the oldest record that a follower of the ledger has not delivered.", []string{"follower"}, nil)
	failingDesc = prometheus.NewDesc(namespace+"_follower_failing",
		"1 while the last attempt of a follower failed.", []string{"follower"}, nil)
	expiryDesc = prometheus.NewDesc(namespace+"_policy_expiry_timestamp_seconds",
		"Unix time at which something of the policy in force ends, or ended.", []string{"kind", "name"}, nil)
	readyDesc = prometheus.NewDesc(namespace+"_ready",
		"1 while a part that requests need is ready.", []string{"part"}, nil)
)

// Describe implements [prometheus.Collector].
func (gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{heldDesc, limitDesc, stalenessDesc, lagDesc, failingDesc, expiryDesc, readyDesc} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (gauges) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	held, limit := memory.Held()
	gauge(heldDesc, float64(held))
	gauge(limitDesc, float64(limit))

	var staleness, lag, failing float64
	loaded, following := false, false
	ready := make(map[string]float64)
	note := func(p part) {
		if _, told := ready[p.name]; !told {
			ready[p.name] = 1
		}
		if p.err != nil {
			ready[p.name] = 0
		}
	}
	if a := configurations.newest(); a != nil {
		note(a.policyHealth(time.Now()))
		for _, e := range a.expiring() {
			gauge(expiryDesc, float64(e.At.Unix()), e.Kind, e.Name)
		}
	}
	runtimes.each(func(rt *runtime) {
		if s := rt.replica.Status(); !errors.Is(s.Err, subject.ErrLoading) {
			loaded = true
			staleness = max(staleness, s.Age.Seconds())
		}
		if s, ok := rt.recorder.spans.status(); ok {
			following = true
			lag = max(lag, s.Lag(time.Now()).Seconds())
			if s.Err != nil {
				failing = 1
			}
		}
		for _, p := range rt.health(time.Now()) {
			note(p)
		}
	})
	if loaded {
		gauge(stalenessDesc, staleness)
	}
	if following {
		gauge(lagDesc, lag, "otlp")
		gauge(failingDesc, failing, "otlp")
	}
	for name, v := range ready {
		gauge(readyDesc, v, name)
	}
}
