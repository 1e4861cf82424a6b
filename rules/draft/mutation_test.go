package draft_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules/draft"
	"github.com/modicum-dev/modicum/rules/openapi"
)

// hard are words that a policy, YAML or a path could take for something else.
var hard = []string{
	"id", "name", "User", "customer", `"@key"`, `"{}"`, "public", "undecided", `"a'b"`, `"x: y"`, "'# c'", "object", "string", "[]", "null", `"é"`, `""`, "customer_id",
	`"~"`, `"1"`, "yes", "data", "items", "Tree", `"a\\b"`, "any", `"[]"`, `"."`, `"\n"`, "password",
}

// Whatever a description calls its parts, what is drafted of it compiles and lets
// nothing out.
func TestMutatedDescriptions(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(descriptions["difficult"])
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.FieldsFunc(string(b), func(c rune) bool { return strings.ContainsRune(" :,{}[]\n\"", c) })
	random := rand.New(rand.NewPCG(1, 2))
	drafted := 0
	for range 300 {
		text := string(b)
		for range 1 + random.IntN(5) {
			if part := parts[random.IntN(len(parts))]; len(part) > 1 && part != "openapi" && part != "paths" {
				text = replaceOne(text, part, hard[random.IntN(len(hard))], random.IntN(5))
			}
		}
		api, err := openapi.Read([]byte(text), openapi.Options{})
		if err != nil {
			continue
		}
		d, err := draft.New(api, draft.Options{API: "shop", Since: since})
		if err != nil {
			continue
		}
		drafted++
		policy := compile(t, d.Files)
		if _, err := openapi.Contract(policy.Bundle, policy.At(since), api, openapi.ContractOptions{API: "shop", Recipient: "first-reader", Purpose: "first.look"}); err == nil {
			t.Errorf("something can leave of\n%s", text)
		}
	}
	if drafted < 150 {
		t.Errorf("only %d descriptions were drafted from", drafted)
	}
}

// replaceOne replaces the occurrence of that number, or the last one.
func replaceOne(text, part, by string, number int) string {
	at := strings.Index(text, part)
	for range number {
		next := strings.Index(text[at+1:], part)
		if next < 0 {
			break
		}
		at += 1 + next
	}
	if at < 0 {
		return text
	}
	return text[:at] + by + text[at+len(part):]
}
