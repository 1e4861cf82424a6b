package source

import (
	"testing"
)

// describedPaths notes every path that a schema has been drawn at.
func describedPaths(word string, top *Schema, paths map[string]bool) {
	var walk func(path string, s *Schema)
	walk = func(path string, s *Schema) {
		join := func(step string) string {
			if path == "" {
				return step
			}
			return path + "." + step
		}
		// Under the words of a vocabulary stands one description for all.
		fixed := make(map[string]*Schema)
		for key, below := range s.Properties {
			step := key
			if below.Description == describe(join("*")) && describe(join("*")) != "" {
				step = "*"
			}
			fixed[step] = below
		}
		for step, below := range fixed {
			paths[join(step)] = below.Description != ""
			walk(join(step), below)
		}
		if below, ok := s.AdditionalProperties.(*Schema); ok {
			if below.Description != "" {
				paths[join("*")] = true
			}
			walk(join("*"), below)
		}
		if s.Items != nil {
			walk(path, s.Items)
		}
		for _, one := range s.AnyOf {
			walk(path, one)
		}
	}
	walk(word, top)
	for name, def := range top.Defs {
		walk(name, def)
	}
}

// Every key has a description, and every description a key.
func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	paths := make(map[string]bool)
	describedPaths("", PolicySchema(), paths)
	if len(paths) < 180 {
		t.Errorf("only %d paths", len(paths))
	}
	for path, described := range paths {
		if !described {
			t.Errorf("%s has no description", path)
		}
	}
	for path := range descriptions() {
		if path[:min(len(path), 5)] == "test." || path[:min(len(path), 7)] == "expect." {
			continue // of the schema that package policytest draws
		}
		if !paths[path] {
			t.Errorf("nothing stands at %s, which has a description", path)
		}
	}
}
