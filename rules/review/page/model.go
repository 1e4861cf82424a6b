package page

import (
	"slices"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Page is what is told of a policy as of an instant. Times are RFC 3339 or days.
type Page struct {
	Controller Controller  `json:"controller"`
	Edition    Edition     `json:"edition"`
	Documents  []Document  `json:"documents"`
	Signers    []string    `json:"signers"` // who signed the bundle, verified by the caller; empty: nobody
	Groups     []string    `json:"groups"`  // of people that the policy knows
	Everywhere []Sentence  `json:"everywhere"`
	Recipients []Recipient `json:"recipients"`
	Nobody     []Data      `json:"nobody_gets"`
	Public     []Members   `json:"public_members"`
	Subtrees   []Members   `json:"subtrees"`
	Clauses    []Clause    `json:"clauses"`
	Findings   []Finding   `json:"findings"`
	Ends       []End       `json:"ends"`
	Changes    *Changes    `json:"changes,omitempty"` // nil: compared with nothing
}

// Controller is who answers for the data.
type Controller struct {
	LegalName string `json:"legal_name"`
	Country   string `json:"country"`
	Contact   string `json:"contact,omitempty"`
}

// Edition says which policy this is, and when.
type Edition struct {
	At       string `json:"at"`
	Version  string `json:"version"`
	Bundle   string `json:"bundle_hash"`
	RulePack string `json:"rule_pack"`
	Until    string `json:"until,omitempty"` // the next date that changes an answer
}

// Document is a version in effect.
type Document struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	From    string `json:"effective_from"`
	Notice  string `json:"notice,omitempty"`
}

// Fact is one line about a recipient or a purpose. Was is what an older policy says
// there; New: it says nothing.
type Fact struct {
	Label string   `json:"label"`
	Text  []string `json:"text"`
	Was   []string `json:"was,omitempty"`
	New   bool     `json:"new,omitempty"`
}

// Sentence says about whom nothing leaves, and why.
type Sentence struct {
	Data    []string   `json:"data,omitempty"`  // that it is about, empty: everything
	Apart   []string   `json:"apart,omitempty"` // that it is not about, of everything
	People  string     `json:"people"`
	Because string     `json:"because"`
	Rule    rules.Rule `json:"rule"`
	Clauses []string   `json:"clauses,omitempty"`
	Plain   bool       `json:"-"` // the people are the whole reason

	situations []rules.Situation
	groups     []rules.SubjectCategory
	categories []string
}

// Recipient is one recipient.
type Recipient struct {
	ID       string    `json:"id"`
	Anchor   string    `json:"-"`
	Name     string    `json:"legal_name"`
	Kind     string    `json:"kind"`
	Place    string    `json:"place"`             // file:line
	Refused  string    `json:"refused,omitempty"` // why it gets nothing at all
	Facts    []Fact    `json:"facts"`
	Purposes []Purpose `json:"purposes"`
	Mark     string    `json:"mark,omitempty"` // new, gone, weaker, stronger
}

// Purpose is what a recipient gets for one purpose, and under a legal one on one order.
type Purpose struct {
	ID       string   `json:"id"`
	Anchor   string   `json:"-"`
	Order    string   `json:"order,omitempty"`
	Nature   []string `json:"nature,omitempty"`  // direct marketing, statistics, ...
	As       string   `json:"same_as,omitempty"` // the recipient of whom the same is told
	AsAnchor string   `json:"-"`
	// Without is what leaves without a consent of the person, and With what leaves
	// with one alone.
	Without Part       `json:"without_consent"`
	With    Part       `json:"with_consent"`
	Never   []Sentence `json:"never,omitempty"` // what the contract lists, and nobody's leaves
	Facts   []Fact     `json:"facts"`
	Gone    []Data     `json:"gone,omitempty"` // what an older policy let out and this one does not
	Mark    string     `json:"mark,omitempty"`
}

// Part is part of what leaves for a purpose.
type Part struct {
	Gets    []Row      `json:"gets,omitempty"`
	Nothing []Sentence `json:"nothing,omitempty"` // about whom
	Also    []Sentence `json:"also,omitempty"`    // about whom data leaves, unlike elsewhere
}

// gets lists all rows.
func (p *Purpose) gets() []Row { return slices.Concat(p.Without.Gets, p.With.Gets) }

// Row is one form in which data about one group leaves.
type Row struct {
	About   []string `json:"about"`
	Form    string   `json:"form"`
	Example string   `json:"example,omitempty"`
	Data    []Data   `json:"data"`
	Only    []string `json:"only,omitempty"` // for these people; empty: for all of whom it leaves
	group   rules.SubjectCategory
	form    rules.Form
}

// Data is one data category about one group.
type Data struct {
	About    string   `json:"about,omitempty"`
	Words    string   `json:"words"`
	Category string   `json:"category"`
	Members  []string `json:"members,omitempty"` // api, resource and path, or how many
	Mark     string   `json:"mark,omitempty"`
}

// Members are paths of a shape.
type Members struct {
	API   string   `json:"api"`
	Shape string   `json:"shape"`
	Paths []string `json:"paths"`
}

// Clause is a clause of the source text, and what serves it.
type Clause struct {
	ID    string       `json:"id"`
	Says  string       `json:"says"`
	How   string       `json:"how"` // it is served, in the words of the clause table
	Rules []ClauseRule `json:"rules,omitempty"`
	Rows  []ClauseRow  `json:"rows,omitempty"`
}

// ClauseRule is a rule of the tables that serves a clause. Does is withholds, allows or
// minimises.
type ClauseRule struct {
	Does string     `json:"does"`
	Rule rules.Rule `json:"rule"`
	Says string     `json:"says"`
}

// ClauseRow is a line of the policy that serves a clause.
type ClauseRow struct {
	Text  string `json:"text"`
	Place string `json:"place,omitempty"`
}

// Finding is what a review of the policy found.
type Finding struct {
	Severity   string `json:"severity"`
	Place      string `json:"place"`
	Problem    string `json:"problem"`
	Suggestion string `json:"suggestion,omitempty"`
}

// End is a date on which something ends.
type End struct {
	Date string `json:"date"`
	What string `json:"what"`
	Past bool   `json:"past,omitempty"`
}

// Options are what a page may say besides the policy.
type Options struct {
	Signers []string      // who signed the bundle, verified by the caller
	Before  *rules.Policy // that the page marks differences from; nil: none
}

// DefaultWhole is up to how many purposes of all recipients together each is told at
// its place. Beyond it, a purpose of which everything is as for a recipient before is
// told there alone.
const DefaultWhole = 400

// DefaultMembers is how many members of a category are named. Beyond it their number
// is.
const DefaultMembers = 6

// DefaultEnds is how far ahead the dates that end something are listed: a year.
const DefaultEnds = 365 * 24 * time.Hour
