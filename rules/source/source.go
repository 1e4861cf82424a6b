// Package source reads a policy: a folder of YAML files in which every error
// of every file is found in one run, at file:line:column.
//
// A file may hold any of the sections; by convention notices.yaml belongs to
// the privacy office, recipients.yaml to vendor management and resources.yaml
// to the platform team. Every file begins with `language: 1`. Anchors,
// aliases, tags and merge keys are refused: a policy says what it means where
// it stands. docs/policy.md is the reference.
package source

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"

	"github.com/modicum-dev/modicum/rules"
)

// Language is the version of the policy language that this package reads.
const Language = 1

// DefaultMaxFile bounds one policy file in bytes; a larger one is a problem of
// the policy, which then does not load.
const DefaultMaxFile = 8 << 20

// Load reads every *.yaml and *.yml file at the root of dir, except tests
// (*_test.yaml). A policy without the section geography gets the built-in one.
// Problems are complete and sorted; with any of them the bundle must not be used.
// An error says that the folder itself could not be read.
func Load(dir fs.FS) (*rules.Bundle, rules.Problems, error) {
	d := &decoder{bundle: newBundle()}
	if err := d.files(dir, d.file); err != nil {
		return nil, nil, err
	}
	return d.bundle, d.problems.Sort(), nil
}

// Hash returns what [Load] puts into Bundle.Hash. It decodes no more than it has to.
func Hash(dir fs.FS) (string, error) {
	d := &decoder{bundle: newBundle()}
	err := d.files(dir, func(name string, b []byte) {
		if mayHaveGeography(b) {
			d.file(name, b)
		}
	})
	return d.bundle.Hash, err
}

// files visits the files of a policy by name, and sets the hash over their names
// and bytes.
func (d *decoder) files(dir fs.FS, visit func(name string, b []byte)) error {
	names, err := files(dir)
	if err != nil {
		return err
	}
	h := sha256.New()
	for _, name := range names {
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			return fmt.Errorf("reading policy: %w", err)
		}
		writeFile(h, name, b)
		visit(name, b)
	}
	d.defaultGeography(h)
	d.bundle.Hash = hex.EncodeToString(h.Sum(nil))
	return nil
}

// writeFile adds a file to the hash of a policy.
func writeFile(h hash.Hash, name string, b []byte) {
	h.Write(fmt.Appendf(nil, "%d %s %d ", len(name), name, len(b)))
	h.Write(b)
}

// ErrNoPolicy is returned for a folder without a policy file.
var ErrNoPolicy = errors.New("no policy file (*.yaml) in this folder")

func files(dir fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	var names []string
	for _, e := range entries {
		ext := path.Ext(e.Name())
		base := strings.TrimSuffix(e.Name(), ext)
		if !e.IsDir() && (ext == ".yaml" || ext == ".yml") && !strings.HasSuffix(base, "_test") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, ErrNoPolicy
	}
	slices.Sort(names)
	return names, nil
}

func newBundle() *rules.Bundle {
	return &rules.Bundle{Choices: rules.Choices{DigitalAgeEEA: 16, DigitalAgeUK: 13}}
}

// file decodes one file into the bundle.
func (d *decoder) file(name string, b []byte) {
	if body := d.open(name, b); body != nil {
		file := value{d: d, node: body, pos: d.pos(body), what: "a policy file"}
		d.sections(file, rules.Pos{File: name, Line: 1, Column: 1})
	}
}

// open returns the one document of a file, nil when there is a problem.
func (d *decoder) open(name string, b []byte) ast.Node {
	d.name = name
	start := rules.Pos{File: name, Line: 1, Column: 1}
	if len(b) > DefaultMaxFile {
		d.problem(start, rules.ErrTooMuch, fmt.Sprintf("the file has %d bytes, more than %d", len(b), DefaultMaxFile), "split it")
		return nil
	}
	tree, err := parse(b)
	if err != nil {
		d.syntax(err, start)
		return nil
	}
	var bodies []ast.Node
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) != 1 {
		d.problem(start, rules.ErrSyntax, fmt.Sprintf("the file holds %d YAML documents, not one", len(bodies)), "")
		return nil
	}
	return bodies[0]
}

// parse contains a panic of the YAML parser: a policy file is input.
func parse(b []byte) (tree *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errParser, r)
		}
	}()
	tokens := lexer.Tokenize(string(b))
	if err := shallow(tokens); err != nil {
		return nil, err
	}
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

var errParser = errors.New("the YAML parser gave up")

func (d *decoder) syntax(err error, start rules.Pos) {
	if deep, ok := errors.AsType[*depthError](err); ok {
		d.tooDeep(deep)
		return
	}
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil && y.GetToken().Position != nil {
		p := y.GetToken().Position
		suggestion := ""
		if strings.Contains(y.GetMessage(), "'\t'") {
			suggestion = "indent with spaces, not with tabs"
		}
		d.problem(rules.Pos{File: d.name, Line: p.Line, Column: p.Column}, rules.ErrSyntax, y.GetMessage(), suggestion)
		return
	}
	d.problem(start, rules.ErrSyntax, err.Error(), "")
}

func (d *decoder) sections(file value, start rules.Pos) {
	var language value
	said := false
	var api rules.APIDef
	file.mapping(keys{
		"language": func(v value) {
			v.sketch.only(Language)
			language, said = v, true
		},
		"controller":  d.controller,
		"documents":   d.documents,
		"choices":     d.choices,
		"geography":   d.geography,
		"disclosures": d.disclosures,
		"categories":  d.categories,
		"purposes":    d.purposes,
		"populations": d.populations,
		"contracts":   d.contractTerms,
		"recipients":  d.recipients,
		"orders":      d.orders,
		"api":         func(v value) { api.Name = v.word() },
		"unseen_subject": func(v value) {
			api.Unseen = d.unseen(v)
		},
		"shapes":    func(v value) { api.Shapes = d.shapes(v) },
		"resources": func(v value) { api.Resources = d.resources(v) },
	})
	file.sketch.needs("language")
	switch {
	case file.sketch != nil: // no file, and nothing missing in it
	case !said:
		d.problem(start, rules.ErrMissing, "language is missing", "put `language: 1` at the top")
	default:
		if l, ok := language.integer(); ok && l != Language {
			d.problem(language.pos, rules.ErrBadValue, fmt.Sprintf("language %d is not known", l), "this version reads language 1")
		}
	}
	hasAPI := len(api.Shapes) > 0 || len(api.Resources) > 0 || api.Unseen != rules.UnseenUnset
	switch {
	case api.Name.Value != "":
		d.bundle.APIs = append(d.bundle.APIs, api)
	case hasAPI:
		d.problem(start, rules.ErrMissing, "shapes and resources need `api: NAME` in their file", "")
	}
}

// sortedKeys lists what a mapping may hold, for suggestions.
func sortedKeys(k keys) []string {
	names := make([]string, 0, len(k))
	for n := range k {
		names = append(names, n)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}
