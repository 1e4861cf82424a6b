package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// errDiffers is returned when a contestant does not answer what it must.
var errDiffers = errors.New("the content differs, so nothing is timed")

// compare asks a contestant for a body and holds the answer against what must
// come: the upstream's bytes, or what is left of them after the removal.
func compare(ctx context.Context, c *contestant, b body) error {
	original, err := b.content()
	if err != nil {
		return err
	}
	answer, err := c.get(ctx, b)
	if err != nil {
		return fmt.Errorf("comparing %s: %w", b.name, err)
	}
	var found []string
	switch {
	case c.removes:
		found, err = differences(original, answer, c.name == modicum.name)
	case !bytes.Equal(original, answer):
		found = []string{fmt.Sprintf("the bytes differ from the upstream's: %d of them came, not %d", len(answer), len(original))}
	}
	if err != nil {
		return fmt.Errorf("comparing %s of %s: %w", b.name, c.name, err)
	}
	if len(found) > 0 {
		return fmt.Errorf("%w: %s of %s\n%s", errDiffers, b.name, c.name, listed(found))
	}
	return nil
}

// differences returns what an answer has otherwise than the original after the
// removal, by path. Numbers are compared as they are written. An answer with
// tokens has one in every record; they are checked and left out.
func differences(original, answer []byte, tokens bool) ([]string, error) {
	want, err := decode(original)
	if err != nil {
		return nil, err
	}
	got, err := decode(answer)
	if err != nil {
		return nil, err
	}
	remove(want)
	var found []string
	if tokens {
		found = takeTokens(got, "")
	}
	return diff(found, "", want, got), nil
}

// decode reads one JSON document; numbers stay text.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decoding the answer: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decoding the answer: something follows the document")
	}
	return doc, nil
}

// tokenDomain is what pseudonyms of e-mail addresses end in.
const tokenDomain = "@pseudonym.invalid"

// takeTokens removes the token of each record, and reports where there is none.
func takeTokens(doc any, path string) (found []string) {
	top, ok := doc.(map[string]any)
	if !ok {
		return []string{at(path) + ": no object"}
	}
	if elements, ok := top["data"].([]any); ok {
		for i, e := range elements {
			found = append(found, takeTokens(e, fmt.Sprintf("%s.data[%d]", path, i))...)
		}
		return found
	}
	if text, ok := top[token].(string); !ok || !strings.HasSuffix(text, tokenDomain) {
		found = append(found, at(path+"."+token)+": no pseudonym")
	}
	delete(top, token)
	return found
}

// diff appends the differences of two documents.
func diff(found []string, path string, want, got any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return append(found, fmt.Sprintf("%s: want an object, got %s", at(path), short(got)))
		}
		return diffObjects(found, path, w, g)
	case []any:
		g, ok := got.([]any)
		if !ok {
			return append(found, fmt.Sprintf("%s: want a list, got %s", at(path), short(got)))
		}
		if len(w) != len(g) {
			return append(found, fmt.Sprintf("%s: want %d elements, got %d", at(path), len(w), len(g)))
		}
		for i := range w {
			found = diff(found, fmt.Sprintf("%s[%d]", path, i), w[i], g[i])
		}
		return found
	default:
		if want != scalar(got) {
			found = append(found, fmt.Sprintf("%s: want %s, got %s", at(path), short(want), short(got)))
		}
		return found
	}
}

func diffObjects(found []string, path string, want, got map[string]any) []string {
	keys := make([]string, 0, len(want)+len(got))
	for key := range want {
		keys = append(keys, key)
	}
	for key := range got {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		w, wanted := want[key]
		g, present := got[key]
		inner := path + "." + key
		switch {
		case !present:
			found = append(found, fmt.Sprintf("%s: missing, want %s", at(inner), short(w)))
		case !wanted:
			found = append(found, fmt.Sprintf("%s: must be gone, got %s", at(inner), short(g)))
		default:
			found = diff(found, inner, w, g)
		}
	}
	return found
}

// container stands for an object or a list where a scalar is wanted: those two
// cannot be compared with ==.
type container struct{}

func scalar(v any) any {
	switch v.(type) {
	case map[string]any, []any:
		return container{}
	}
	return v
}

func at(path string) string {
	if path = strings.TrimPrefix(path, "."); path == "" {
		return "the document"
	}
	return path
}

// short writes a value on one line. All of them are invented.
func short(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	const most = 60
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// listed returns the first differences, a line each.
func listed(found []string) string {
	const most = 20
	more := ""
	if n := len(found) - most; n > 0 {
		found, more = found[:most], fmt.Sprintf("\n  and %d more", n)
	}
	return "  " + strings.Join(found, "\n  ") + more
}
