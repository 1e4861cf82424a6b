package openapi_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules/openapi"
)

// A recipient with shape: complete is told that its values may be null.
func TestContractOfACompleteShape(t *testing.T) {
	t.Parallel()
	policy := compile(t, clubPolicy)
	for i := range policy.Bundle.Recipients {
		policy.Bundle.Recipients[i].Complete = true
	}
	written := func(purpose, ref string) (string, map[string]any) {
		doc, err := openapi.Contract(policy.Bundle, policy.At(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)), read(t, clubAPI),
			openapi.ContractOptions{API: "club", Recipient: "desk", Purpose: purpose, Ref: ref})
		if err != nil {
			t.Fatal(err)
		}
		b, err := doc.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var out struct {
			Components struct {
				Schemas map[string]struct{ Properties map[string]any }
			}
		}
		if err := json.Unmarshal(b, &out); err != nil {
			t.Fatal(err)
		}
		return string(b), out.Components.Schemas["member"].Properties
	}
	text, member := written("club.run", "case-1")
	for _, name := range []string{"id", "name", "born", "email", "object"} {
		if s, ok := member[name].(map[string]any); !ok || s["nullable"] != true {
			t.Errorf("%s is %v", name, member[name])
		}
	}
	if strings.Contains(text, "no member is required") || !strings.Contains(text, "every member is there, and may be null") || strings.Contains(text, "Members may be absent") {
		t.Error(text)
	}
	_, member = written("club.count", "")
	s, _ := member["country"].(map[string]any)
	if words, _ := s["enum"].([]any); len(words) != 7 || !slices.Contains(words, nil) {
		t.Errorf("country is %v", member["country"])
	}
}
