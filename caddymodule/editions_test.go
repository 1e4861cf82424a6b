package caddymodule

import (
	"os"
	"sync"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// A date in the policy takes effect on that date without a reload: a request
// gets the edition of its own instant.
func TestEditionChangesWithTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir+"/policy", os.DirFS("../examples/software-vendor/policy")); err != nil {
		t.Fatal(err)
	}
	edit(t, dir+"/policy/recipients.yaml", "valid_until: 2028-03-31}", "valid_until: 2027-01-31}") // support-desk's evaluation
	policy, err := LoadPolicy(dir + "/policy")
	if err != nil {
		t.Fatal(err)
	}
	e := new(editions)
	e.replace(policy)
	admit := func(now time.Time) rules.Reason {
		ed := e.Edition(now)
		if !ed.Holds(now) {
			t.Errorf("the edition given for %s does not hold then", now)
		}
		match, mapped := ed.Route("crm", "GET", []string{"v1", "customers", "1001"})
		_, reason := ed.Admit(rules.RequestFacts{Caller: rules.Caller{Recipient: "support-desk"}, Match: match, Mapped: mapped, Purpose: "support.provide", Ref: "case-812"})
		return reason
	}
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	if got := admit(now); got != rules.ReasonNone {
		t.Fatalf("in force: %s", got)
	}
	first := e.Edition(now)
	until := first.Until()
	for until.Year() < 2027 || admit(until.Add(-time.Millisecond)) != rules.ReasonNone || admit(until) == rules.ReasonNone {
		next := e.Edition(until)
		if next == first || !next.Until().After(until) {
			t.Fatalf("no later edition than the one until %s refuses", until)
		}
		first, until = next, next.Until()
	}
	if got := admit(until); got != rules.EvaluationOverdue {
		t.Errorf("from %s on: %s", until, got)
	}
	if day := until.Format(time.DateOnly); day != "2027-02-01" && day != "2027-01-31" {
		t.Errorf("it is overdue from %s on", until)
	}
	// A clock that was set back finds the edition of its instant again.
	if got := admit(now); got != rules.ReasonNone {
		t.Errorf("back in force: %s", got)
	}
}

// Requests at the same instant share an edition, whoever comes first.
func TestEditionIsShared(t *testing.T) {
	t.Parallel()
	policy, err := LoadPolicy("../examples/software-vendor/policy")
	if err != nil {
		t.Fatal(err)
	}
	e := new(editions)
	e.replace(policy)
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	got := make([]*rules.Edition, 8)
	var callers sync.WaitGroup
	for i := range got {
		callers.Go(func() { got[i] = e.Edition(now) })
	}
	callers.Wait()
	for _, ed := range got {
		if ed == nil || ed != got[0] {
			t.Fatal("two editions of one instant")
		}
	}
}
