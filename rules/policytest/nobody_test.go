package policytest_test

import (
	"errors"
	"testing"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/policytest"
)

// A test about a subject of a resource that has none is a problem, wherever the
// expectation stands.
func TestSubjectOfNobody(t *testing.T) {
	t.Parallel()
	policy := load(t, example)
	for _, rest := range []string{
		"subjects: [{expect: {nothing: true}}]",
		"expect: {nothing: true}",
		"subjects: [{}]\n    expect: {nothing: true}",
	} {
		suite, problems, err := policytest.Load(folder(map[string][]byte{"a_test.yaml": []byte(`language: 1
at: 2026-11-23
tests:
  - name: nobody
    recipient: support-desk
    purpose: support.provide
    request: GET /v1/products
    ` + rest + "\n")}))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		report, err := policytest.Run(policy, suite)
		if err != nil || len(report.Problems) != 1 || !errors.Is(report.Problems[0], rules.ErrConflict) || len(report.Results) != 0 {
			t.Errorf("%s: %v, %v", rest, report.Problems, err)
		}
	}
}

// A reference that a gateway refuses is refused in a test, too.
func TestRefOfTests(t *testing.T) {
	t.Parallel()
	policy := load(t, example)
	for ref, passes := range map[string]bool{"CASE-1": true, `"jane doe@example.com"`: false, `"17 "`: false} {
		suite, problems, err := policytest.Load(folder(map[string][]byte{"a_test.yaml": []byte(`language: 1
at: 2026-11-23
tests:
  - name: a reference
    recipient: mailer
    purpose: newsletter.send
    ref: ` + ref + `
    request: GET /v1/customers/1002
    expect: {regimes: [EEA, UK, CCPA]}
`)}))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		report, err := policytest.Run(policy, suite)
		if err != nil || len(report.Results) != 1 || report.Results[0].Passed() != passes {
			t.Errorf("%s: %v, %v, %v", ref, report.Results, report.Problems, err)
		}
	}
}
