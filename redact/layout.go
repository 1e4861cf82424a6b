package redact

import (
	"slices"

	"github.com/modicum-dev/modicum/rules"
)

// nowhere is the place of what the shape does not name.
const nowhere = -1

// layout is a shape in the form in which it is walked: a flat list of places,
// the root first, each with the keys that were seen there.
type layout struct {
	shape   *rules.Shape
	want    rules.FieldSet
	all     bool // want everything
	places  []place
	fields  []field
	deepest int // how many of its places can stand inside each other
	learned int // keys at all places

	complete *completion // nil before it is needed
}

// place is a compiled [rules.Node].
type place struct {
	members   map[string]int
	any       int
	elem      int
	field     int
	key       int // field of the key of this member, -1 when its key is no data
	subject   int // kind of the subject that stands here, or -1
	roles     rules.Roles
	below     rules.Roles // deciding members of the same subject below
	subtree   bool        // of a field
	form      form
	object    holds   // what an object here is to the walk
	wanted    bool    // its field
	keyWanted bool    // the field of its key
	silent    bool    // nothing here or below may leave, decides, or begins a subject
	others    []about // what it says of persons besides the subject, by kind
	keys      keyring

	at, end int // its number, and that of the place after all that is below it
	memo    belowMemo
}

// form is how a value is read.
type form uint8

const (
	formNone     form = iota // of what nothing may leave or decides
	formPlain                // there is a rule, and the value decides nothing and begins no subject
	formObject               // the same of an object whose members are named and decide nothing
	formHolder               // of what only holds members or elements
	formDeciding             // it decides about the subject around it, and nothing is named below
	formOther
)

// field is what is needed of a [rules.Field] for each value.
type field struct {
	kind    int
	about   int // kind of the other person, 0 for none
	public  bool
	subtree bool
}

func newLayout(shape *rules.Shape, want rules.FieldSet) *layout {
	l := &layout{shape: shape, want: slices.Clone(want), all: want == nil}
	if shape == nil {
		return l
	}
	for i := range shape.Fields {
		l.fields = append(l.fields, field{kind: shape.Fields[i].Kind, about: shape.Fields[i].About, public: shape.Fields[i].Public})
	}
	if shape.Root != nil {
		l.add(shape.Root, 1)
	}
	return l
}

// add appends n, around which and with which depth places stand, and all below it and
// returns its place.
func (l *layout) add(n *rules.Node, depth int) int {
	at := len(l.places)
	l.deepest = max(l.deepest, depth)
	p := place{
		any: nowhere, elem: nowhere, field: n.Field, key: n.Key, subject: n.Subject,
		roles: n.Roles, subtree: n.Subtree && n.Field >= 0, others: l.others(n),
	}
	l.places = append(l.places, p)
	if p.field < 0 { // a rule covers its place alone: nothing is named below it
		if len(n.Members) > 0 {
			p.members = make(map[string]int, len(n.Members))
		}
		keys := make([]string, 0, len(n.Members))
		for key := range n.Members {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			m := l.add(n.Members[key], depth+1)
			p.members[key] = m
			if l.places[m].subject < 0 {
				p.below |= l.places[m].roles | l.places[m].below
				inherit(&p.others, l.places[m].others)
			}
		}
		if len(p.members) > 0 {
			p.keys = newKeyring()
		}
		if n.Any != nil {
			p.any = l.add(n.Any, depth+1)
		}
		if n.Elem != nil {
			p.elem = l.add(n.Elem, depth+1)
		}
	}
	p.at, p.end = at, len(l.places)
	p.wanted, p.keyWanted = l.wanted(p.field), l.wanted(p.key)
	p.form = formOther
	p.silent = p.subject < 0 && p.roles|p.below == 0 && p.others == nil && !p.wanted && !p.keyWanted
	for child := at + 1; child < len(l.places) && p.silent; child++ {
		p.silent = l.places[child].silent
	}
	if p.any >= 0 {
		p.object = holdsEntries
	}
	switch {
	case p.silent:
		p.form = formNone
	case p.subject >= 0 || p.others != nil:
	case p.roles != 0:
		if p.field >= 0 || !p.named() && p.elem < 0 {
			p.form = formDeciding
		}
	case p.field >= 0:
		p.form = formPlain
	case len(p.members) > 0 && p.any < 0 && p.elem < 0 && p.below == 0:
		p.form = formObject
	case p.named() || p.elem >= 0:
		p.form = formHolder
	}
	if p.subtree && p.field < len(l.fields) {
		l.fields[p.field].subtree = true
	}
	l.places[at] = p
	return at
}

// wanted reports whether field f may be needed by Emit.
func (l *layout) wanted(f int) bool {
	return f >= 0 && f < len(l.fields) && (l.all || l.want.Has(f) || l.fields[f].kind < 0)
}

// member returns what is known of a member at place p, or nowhere, besides its key.
func (l *layout) member(p int) knownKey {
	if p == nowhere || l.places[p].form == formNone {
		return knownKey{form: formNone}
	}
	c := &l.places[p]
	if c.form == formPlain {
		return knownKey{form: formPlain, ref: int32(c.field)} //nolint:gosec // fields are fewer than rules
	}
	return knownKey{form: c.form, ref: int32(p)} //nolint:gosec // places are as few
}

// entry returns the place of a member at p whose key is data.
func (l *layout) entry(p *place) int {
	if p.any < 0 || l.places[p.any].key < 0 {
		return nowhere
	}
	return p.any
}

// root returns the place of the document.
func (l *layout) root() int {
	if len(l.places) == 0 {
		return nowhere
	}
	return 0
}

// owns reports whether the subject that stands at p decides field f.
func (l *layout) owns(p *place, f int) bool {
	return p.subject >= 0 && f >= 0 && f < len(l.fields) && l.fields[f].kind == p.subject
}

// named reports whether the shape names members of an object at p.
func (p *place) named() bool { return p.any >= 0 || len(p.members) > 0 }

// begins reports whether the value at p that starts with c is a subject. If it
// is none although one should stand there, nothing of it is named: it neither
// leaves nor decides.
func (p *place) begins(c byte) bool {
	if p.subject < 0 {
		return false
	}
	return p.field >= 0 || c == '{' && p.named() || c == '[' && p.elem >= 0
}

// walked reports whether the value at p that starts with c is a container of which
// something is named.
func (p *place) walked(c byte) bool {
	return p.field < 0 && (c == '{' && p.named() || c == '[' && p.elem >= 0)
}

// maxLayouts is how many shapes a Document remembers, each with the fields that were
// wanted of it: a resource has one for each recipient and purpose. The ones that were
// used least recently are compiled again.
const maxLayouts = 64

// maxLearned is how many keys a Document remembers at all places of all its layouts. The
// keys come from upstream, and so would what they take. Beyond it no more are learned,
// and the layouts that were used least recently go.
const maxLearned = 8192

// use makes the layout of shape the current one, with want as in [Document.Open].
func (d *Document) use(shape *rules.Shape, want rules.FieldSet) {
	if d.layout != nil && d.layout.serves(shape, want) {
		return
	}
	at := slices.IndexFunc(d.layouts, func(l *layout) bool { return l.serves(shape, want) })
	if at < 0 {
		if at = len(d.layouts); at == maxLayouts {
			at--
			d.learned -= d.layouts[at].learned
		} else {
			d.layouts = append(d.layouts, nil)
		}
		d.layouts[at] = newLayout(shape, want)
	}
	d.layout = d.layouts[at]
	copy(d.layouts[1:at+1], d.layouts[:at])
	d.layouts[0] = d.layout
	for last := len(d.layouts) - 1; last > 0 && d.learned >= maxLearned; last-- {
		d.learned -= d.layouts[last].learned
		d.layouts[last] = nil
		d.layouts = d.layouts[:last]
	}
}

func (l *layout) serves(shape *rules.Shape, want rules.FieldSet) bool {
	return l.shape == shape && l.all == (want == nil) && slices.Equal(l.want, want)
}
