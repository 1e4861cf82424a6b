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
	written := func(purpose, ref, auth string) (string, map[string]any) {
		doc, err := openapi.Contract(policy.Bundle, policy.At(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)), read(t, clubAPI),
			openapi.ContractOptions{API: "club", Recipient: "desk", Purpose: purpose, Ref: ref, Auth: auth})
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
	text, member := written("club.run", "case-1", "")
	for _, name := range []string{"id", "name", "born", "email", "object"} {
		if s, ok := member[name].(map[string]any); !ok || s["nullable"] != true {
			t.Errorf("%s is %v", name, member[name])
		}
	}
	if strings.Contains(text, "no member is required") || !strings.Contains(text, "every member is there, and may be null") || strings.Contains(text, "Members may be absent") {
		t.Error(text)
	}
	_, member = written("club.count", "", "")
	s, _ := member["country"].(map[string]any)
	if words, _ := s["enum"].([]any); len(words) != 7 || !slices.Contains(words, nil) {
		t.Errorf("country is %v", member["country"])
	}

	// In 3.1 null is a type.
	text, member = written("club.run", "case-1", "certificate")
	for _, name := range []string{"id", "name", "born", "email", "object"} {
		s, _ := member[name].(map[string]any)
		if !slices.Contains(types(s), "null") || len(types(s)) < 2 {
			t.Errorf("%s is %v", name, member[name])
		}
	}
	if strings.Contains(text, "nullable") {
		t.Error(text)
	}
}

// types are the types that a schema of OpenAPI 3.1 allows.
func types(schema map[string]any) []string {
	var names []string
	list, _ := schema["type"].([]any)
	anyOf, _ := schema["anyOf"].([]any)
	for _, alternative := range anyOf {
		if s, ok := alternative.(map[string]any); ok {
			list = append(list, s["type"])
		}
	}
	for _, t := range list {
		if name, ok := t.(string); ok {
			names = append(names, name)
		}
	}
	return names
}
