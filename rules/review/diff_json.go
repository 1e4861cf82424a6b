package review

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// JSON writes everything of a diff as one object, for pipelines. Its members are
// described in docs/policy-review.md.
func (d *Diff) JSON() ([]byte, error) {
	type cell struct {
		Recipient string      `json:"recipient"`
		Purpose   string      `json:"purpose"`
		Order     string      `json:"order,omitempty"`
		Places    []placeJSON `json:"places"`
		When      []interval  `json:"when"`
	}
	type answer struct {
		Verdict    string                `json:"verdict"`
		Category   string                `json:"category"`
		Was        string                `json:"category_before,omitempty"`
		Before     string                `json:"before"`
		After      string                `json:"after"`
		Situations []map[string][]string `json:"situations"`
		Cells      []cell                `json:"cells"`
	}
	type guard struct {
		Verdict string `json:"verdict"`
		What    string `json:"what"`
		Change  string `json:"change"`
		At      string `json:"at,omitempty"`
	}
	out := struct {
		Before  string    `json:"before"`
		After   string    `json:"after"`
		At      time.Time `json:"at"`
		Weaker  bool      `json:"weaker"`
		Answers []answer  `json:"answers"`
		Guards  []guard   `json:"guards"`
	}{Before: d.Before, After: d.After, At: d.At, Weaker: d.Weaker(), Answers: []answer{}, Guards: []guard{}}
	for _, a := range d.Answers {
		j := answer{Verdict: word(a.Weaker), Category: a.Category, Was: a.Was, Before: a.Before.String(), After: a.After.String()}
		for _, s := range a.Situations {
			conditions := make(map[string][]string, len(s))
			for _, c := range s {
				conditions[c.Aspect.String()] = c.Values
			}
			j.Situations = append(j.Situations, conditions)
		}
		for _, c := range a.Cells {
			j.Cells = append(j.Cells, cell{c.Recipient, c.Purpose, c.Order, placesOf(c.Places), intervalsOf(c.When)})
		}
		out.Answers = append(out.Answers, j)
	}
	for _, g := range d.Guards {
		j := guard{Verdict: g.word(), What: g.What, Change: g.Change}
		if g.Pos.File != "" {
			j.At = g.Pos.String()
		}
		out.Guards = append(out.Guards, j)
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the diff: %w", err)
	}
	return append(b, '\n'), nil
}

type placeJSON struct {
	API      string `json:"api"`
	Resource string `json:"resource"`
	Shape    string `json:"shape"`
	Path     string `json:"path"`
	Other    bool   `json:"other,omitempty"` // what the other person decides that the field is about
}

func placesOf(list []rules.Place) (out []placeJSON) {
	for _, p := range list {
		out = append(out, placeJSON(p))
	}
	return out
}

type interval struct {
	From  time.Time  `json:"from"`
	Until *time.Time `json:"until,omitempty"`
}

func intervalsOf(list []rules.Interval) (out []interval) {
	for _, i := range list {
		j := interval{From: i.From}
		if !i.Until.IsZero() {
			j.Until = &i.Until
		}
		out = append(out, j)
	}
	return out
}

func (g *Guard) word() string {
	if g.Form {
		return "form"
	}
	return word(g.Weaker)
}

func word(weaker bool) string {
	if weaker {
		return "weaker"
	}
	return "stronger"
}
