package policytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// JSON is everything of the answer for a program, indented and with a newline. It
// holds the personal data of the original.
func (t *Tried) JSON() ([]byte, error) {
	type person struct {
		Population string `json:"population"`
		ID         string `json:"id,omitempty"`
		Pointer    string `json:"pointer"`
		Released   bool   `json:"released"`
		Gate       string `json:"gate,omitempty"`
	}
	type member struct {
		Pointer  string          `json:"pointer"`
		Path     string          `json:"path"`
		Subject  *int            `json:"subject,omitempty"`
		Key      bool            `json:"key,omitempty"`
		Category string          `json:"category,omitempty"`
		Outcome  string          `json:"outcome"`
		Form     string          `json:"form,omitempty"`
		Reasons  []string        `json:"reasons"`
		Result   json.RawMessage `json:"result,omitempty"`
	}
	out := struct {
		Recipient string          `json:"recipient"`
		Purpose   string          `json:"purpose"`
		Request   string          `json:"request"`
		Resource  string          `json:"resource,omitempty"`
		Policy    string          `json:"policy,omitempty"`
		At        time.Time       `json:"at"`
		Refused   string          `json:"refused,omitempty"`
		Detail    string          `json:"detail,omitempty"`
		Original  json.RawMessage `json:"original"`
		Result    json.RawMessage `json:"result"`
		Subjects  []person        `json:"subjects"`
		Members   []member        `json:"members"`
	}{
		Recipient: t.Recipient.Name.Value, Purpose: t.Purpose, Request: t.Method + " " + t.Path, Policy: t.Policy, At: t.At,
		Refused: t.Refused.String(), Detail: t.Detail, Original: t.Original, Result: t.Result,
		Subjects: make([]person, len(t.Subjects)), Members: make([]member, len(t.Members)),
	}
	if t.Resource != nil {
		out.Resource = t.Resource.API + "." + t.Resource.Name
	}
	if !json.Valid(t.Original) {
		out.Original = nil // null: it is no JSON, which Detail says
	}
	for i := range t.Subjects {
		p := &t.Subjects[i]
		out.Subjects[i] = person{Population: p.Population, ID: p.ID, Pointer: p.Pointer, Released: p.Released}
		if p.Gate != rules.ReasonNone {
			out.Subjects[i].Gate = p.Gate.String()
		}
	}
	for i := range t.Members {
		m := &t.Members[i]
		line := member{
			Pointer: m.Pointer, Path: m.Path, Key: m.Key, Category: m.Category, Outcome: m.Outcome, Form: m.Form,
			Reasons: append([]string{}, codes(m.Reasons)...), Result: m.Result,
		}
		if m.Subject >= 0 {
			line.Subject = &m.Subject
		}
		out.Members[i] = line
	}
	return indented(out)
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	return b.Bytes(), nil
}
