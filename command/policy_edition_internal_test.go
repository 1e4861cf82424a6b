package command

import (
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

func day(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Each refusal is told with what somebody can do something about.
func TestWhyARecipientIsRefused(t *testing.T) {
	t.Parallel()
	now := day(t, "2026-11-23")
	past, future := day(t, "2026-01-01"), day(t, "2027-01-01")
	contract := &rules.ContractDef{From: past}
	for want, c := range map[string]struct {
		def    rules.RecipientDef
		reason rules.Reason
	}{
		"it is suspended":                                    {rules.RecipientDef{Suspended: true}, rules.RecipientSuspended},
		"it was never evaluated":                             {rules.RecipientDef{}, rules.RecipientNotEvaluated},
		"it did not pass its evaluation":                     {rules.RecipientDef{Evaluation: &rules.EvaluationDef{At: past}}, rules.RecipientNotEvaluated},
		"its evaluation is of 2027-01-01":                    {rules.RecipientDef{Evaluation: &rules.EvaluationDef{At: future, Passed: true}}, rules.RecipientNotEvaluated},
		"its evaluation has not been valid since 2026-01-01": {rules.RecipientDef{Evaluation: &rules.EvaluationDef{Until: past}}, rules.EvaluationOverdue},
		"it has no contract":                                 {rules.RecipientDef{}, rules.RecipientNoContract},
		"its contract begins on 2027-01-01":                  {rules.RecipientDef{Contract: &rules.ContractDef{From: future}}, rules.RecipientNoContract},
		"its contract has not been valid since 2026-01-01":   {rules.RecipientDef{Contract: &rules.ContractDef{Until: past}}, rules.RecipientNoContract},
		"it has not accepted the handling terms":             {rules.RecipientDef{Contract: contract}, rules.RecipientNoContract},
		"it accepts the handling terms on 2027-01-01T12:00:00Z": {
			rules.RecipientDef{Contract: contract, Terms: rules.TermsDef{AcceptedAt: future.Add(12 * time.Hour)}}, rules.RecipientNoContract,
		},
	} {
		if got := why(&c.def, c.reason, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	problems := rules.Problems{{}, {Warning: true}, {Warning: true}}
	if got := tally(count(problems)); got != "1 error, 2 warnings" {
		t.Error(got)
	}
	if got := tally(count(nil)); got != "0 errors, 0 warnings" {
		t.Error(got)
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Time{
		"2027-03-31": day(t, "2027-03-31"), "2027-03-31T12:00:00+02:00": day(t, "2027-03-31").Add(10 * time.Hour),
	} {
		if got, err := instant(s); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if now, err := instant(""); err != nil || time.Since(now) > time.Minute {
		t.Errorf("now: %v, %v", now, err)
	}
	if _, err := instant("tomorrow"); err == nil {
		t.Error("tomorrow is an instant")
	}
}
