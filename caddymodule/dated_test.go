package caddymodule

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// Who starts a gateway with a policy that time has overtaken reads so in its log, with
// the place; what is a matter of taste stays with `policy check`.
func TestOutdatedPolicyIsLogged(t *testing.T) {
	policy, err := LoadPolicy("../examples/software-vendor/policy")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a := &App{log: slog.New(slog.NewTextHandler(&log, nil))}
	a.dated(policy)
	if got := log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "policy out of date") ||
		!strings.Contains(got, "notices.yaml:") || !strings.Contains(got, "California notice") || strings.Contains(got, "purpose_union") {
		t.Error(got)
	}
}
