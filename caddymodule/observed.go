package caddymodule

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/modicum-dev/modicum/exchange"
)

// observed is what the process has seen on apis that are observed: a reload does not
// begin anew.
var observed exchange.Observed

// ObservedReport is the answer to who asks what was observed.
type ObservedReport struct {
	// APIs are those that the running configuration observes.
	APIs      []string                    `json:"apis"`
	Resources []exchange.ObservedResource `json:"resources"`
}

func serveObserved(w http.ResponseWriter, _ *http.Request) error {
	a, err := running()
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(ObservedReport{APIs: a.observes(), Resources: observed.Report()})
}

// observes lists the apis that are observed.
func (a *App) observes() []string {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	apis := []string{}
	for api, on := range a.observe {
		if on {
			apis = append(apis, api)
		}
	}
	slices.Sort(apis)
	return apis
}

// observations tells what was observed when it is asked. Its labels are names of the
// policy. A count begins anew with another policy.
type observations struct{}

var (
	observedAnswersDesc = prometheus.NewDesc(namespace+"_observed_answers_total",
		"Answers of an observed api that were looked at.", []string{"api", "resource"}, nil)
	observedMembersDesc = prometheus.NewDesc(namespace+"_observed_members_total",
		"Members of these answers, by what became of them for who asked: clear, transformed, withheld, or unnamed by any rule.",
		[]string{"api", "resource", "outcome"}, nil)
)

// Describe implements [prometheus.Collector].
func (observations) Describe(to chan<- *prometheus.Desc) {
	to <- observedAnswersDesc
	to <- observedMembersDesc
}

// Collect implements [prometheus.Collector].
func (observations) Collect(to chan<- prometheus.Metric) {
	for _, r := range observed.Report() {
		to <- prometheus.MustNewConstMetric(observedAnswersDesc, prometheus.CounterValue, float64(r.Answers), r.API, r.Resource)
		sums := map[string]int64{"clear": 0, "transformed": 0, "withheld": 0, "unnamed": 0}
		for i := range r.Uses {
			u := &r.Uses[i]
			if !u.Asked {
				continue
			}
			sums["clear"] += u.Clear
			sums["transformed"] += u.Transformed
			for _, n := range u.Withheld {
				sums["withheld"] += n
			}
		}
		for _, p := range r.Unnamed {
			sums["unnamed"] += p.Count
		}
		for outcome, n := range sums {
			to <- prometheus.MustNewConstMetric(observedMembersDesc, prometheus.CounterValue, float64(n), r.API, r.Resource, outcome)
		}
	}
}
