package rules

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// GeneraliserKind is a way of making a value coarser.
type GeneraliserKind uint8

// The kinds. Each is total: a value that it does not understand is withheld. Of
// what it understands it never returns the value itself, with the one exception of
// GeneraliseDay, which no identifier may be given to.
const (
	_                    GeneraliserKind = iota
	GeneraliseYear                       // of a date or an instant: "1980"
	GeneraliseAgeBand                    // of a birth date or an age: "25-34"
	GeneraliseRegion                     // of a country or one of its subdivisions: "Europe"
	GeneralisePrefix                     // the first n characters of a longer text
	GeneraliseLast                       // the last n characters of a longer text
	GeneraliseDomain                     // of an e-mail address: "example.com"
	GeneraliseTruncateIP                 // "203.0.113.0/24", "2001:db8::/48"
	GeneraliseDay                        // of an instant or a date: "2026-11-23"
	GeneraliseBand                       // of a number between edges: "10-<50"
)

var generaliserKinds = enum[GeneraliserKind]{"", "year", "age_band", "region", "prefix", "last", "domain", "truncate_ip", "day", "band"}

// Generaliser is a kind with its arguments. Package redact executes it.
type Generaliser struct {
	Kind  GeneraliserKind
	N     int       // of GeneralisePrefix and GeneraliseLast: characters, at least 1
	Edges []float64 // of GeneraliseBand: ascending
}

// Limits of a generaliser's arguments. Beyond them a policy does not compile.
const (
	DefaultMaxKept  = 16 // characters that prefix and last may keep
	DefaultMaxEdges = 32 // edges of a band
)

var (
	errGeneraliser = errors.New("not a generaliser")

	// GeneraliserForms lists what a policy may write, for messages.
	GeneraliserForms = []string{"year", "age_band", "region", "prefix(3)", "last(4)", "domain", "truncate_ip", "day", "band(10, 50, 100)"}
)

// ParseGeneraliser reads the form of a policy: a name, with its arguments in
// parentheses.
func ParseGeneraliser(s string) (*Generaliser, error) {
	name, rest, called := strings.Cut(s, "(")
	kind, ok := generaliserKinds.parse(strings.TrimSpace(name))
	if !ok || kind == 0 {
		return nil, fmt.Errorf("%w: %q", errGeneraliser, s)
	}
	var arguments []string
	if called {
		inner, closed := strings.CutSuffix(strings.TrimSpace(rest), ")")
		if !closed {
			return nil, fmt.Errorf("%w: %q lacks its closing parenthesis", errGeneraliser, s)
		}
		for a := range strings.SplitSeq(inner, ",") {
			arguments = append(arguments, strings.TrimSpace(a))
		}
	}
	g := &Generaliser{Kind: kind}
	switch kind {
	case GeneralisePrefix, GeneraliseLast:
		return g, g.keep(arguments)
	case GeneraliseBand:
		return g, g.edges(arguments)
	case GeneraliseYear, GeneraliseAgeBand, GeneraliseRegion, GeneraliseDomain, GeneraliseTruncateIP, GeneraliseDay:
		if called {
			return nil, fmt.Errorf("%w: %s takes no argument", errGeneraliser, kind)
		}
	}
	return g, nil
}

func (g *Generaliser) keep(arguments []string) error {
	if len(arguments) == 1 {
		if n, err := strconv.Atoi(arguments[0]); err == nil && n >= 1 && n <= DefaultMaxKept {
			g.N = n
			return nil
		}
	}
	return fmt.Errorf("%w: %s takes the number of characters to keep, 1 to %d: %s(3)", errGeneraliser, g.Kind, DefaultMaxKept, g.Kind)
}

func (g *Generaliser) edges(arguments []string) error {
	for _, a := range arguments {
		f, err := strconv.ParseFloat(a, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || len(g.Edges) > 0 && f <= g.Edges[len(g.Edges)-1] {
			return fmt.Errorf("%w: %q is no edge above the one before: band(10, 50, 100)", errGeneraliser, a)
		}
		g.Edges = append(g.Edges, f)
	}
	if len(g.Edges) == 0 || len(g.Edges) > DefaultMaxEdges {
		return fmt.Errorf("%w: band takes 1 to %d edges: band(10, 50, 100)", errGeneraliser, DefaultMaxEdges)
	}
	return nil
}

// String returns the name that the policy uses.
func (k GeneraliserKind) String() string { return generaliserKinds.name(k) }

// String returns the form that the policy uses.
func (g *Generaliser) String() string {
	switch g.Kind {
	case GeneralisePrefix, GeneraliseLast:
		return fmt.Sprintf("%s(%d)", g.Kind, g.N)
	case GeneraliseBand:
		edges := make([]string, len(g.Edges))
		for i, e := range g.Edges {
			edges[i] = strconv.FormatFloat(e, 'g', -1, 64)
		}
		return fmt.Sprintf("%s(%s)", g.Kind, strings.Join(edges, ", "))
	case GeneraliseYear, GeneraliseAgeBand, GeneraliseRegion, GeneraliseDomain, GeneraliseTruncateIP, GeneraliseDay:
	}
	return g.Kind.String()
}

// suits reports whether a generaliser may stand on a category of an identifier
// class: a day of an identifier would be the identifier.
func (g *Generaliser) suits(class IdentifierClass) bool {
	return g.Kind != GeneraliseDay || class == Attribute
}
