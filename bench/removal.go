package main

import (
	"strings"
)

// purpose is what requests declare. Under it the support desk of the example's
// policy gets, of a customer, whom it talks to and what that person has bought.
const purpose = "support.provide"

// token is the member that leaves as a pseudonym: no other contestant can make
// one, so they remove it. What is compared leaves it out, on both sides.
const token = "email"

// removed are the members of a customer that do not leave under the purpose.
// Every contestant that removes gets its configuration from this list.
var removed = []string{
	token,
	"date_of_birth", "created", "locale",
	"address.line1", "address.line2",
	"company.department", "company.title",
	"preferences", "usage.counters", "payment",
	"internal_notes", "risk", "balance", "tags", "password_hash", "ssn",
}

// paths returns the removed members as paths from the top of the body, with
// each for the place of a list's elements.
func (b body) paths(each string) []string {
	if !b.list {
		return removed
	}
	out := make([]string, 0, len(removed))
	for _, path := range removed {
		out = append(out, each+path)
	}
	return out
}

// remove takes the members out of a decoded body. It is how the harness knows
// what the contestants must answer.
func remove(doc any) {
	top, _ := doc.(map[string]any)
	if elements, ok := top["data"].([]any); ok {
		for _, e := range elements {
			remove(e)
		}
		return
	}
	for _, path := range removed {
		cut(top, path)
	}
}

func cut(from map[string]any, path string) {
	head, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		delete(from, head)
		return
	}
	if inner, ok := from[head].(map[string]any); ok {
		cut(inner, rest)
	}
}
