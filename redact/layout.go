package redact

import "github.com/modicum-dev/modicum/rules"

// nowhere is the place of what the shape does not name.
const nowhere = -1

// layout is a shape in the form in which it is walked: a flat list of places,
// the root first. It also learns in which order upstream writes the members of
// an object, so that most keys are found by one comparison.
type layout struct {
	shape  *rules.Shape
	places []place
	fields []field

	complete *completion // nil before it is needed
}

// place is a compiled [rules.Node].
type place struct {
	members map[string]int
	any     int
	elem    int
	field   int
	key     int // field of the key of this member, -1 when its key is no data
	subject int // kind of the subject that stands here, or -1
	number  int32
	roles   rules.Roles
	below   rules.Roles // deciding members of the same subject below
	subtree bool
	others  []about // what it says of persons besides the subject, by kind
	guesses []guess

	at, end int // its number, and that of the place after all that is below it
	memo    belowMemo
}

// guess is the key that stood at one position of an object the last time.
type guess struct {
	raw   []byte // with its quotes
	place int
}

// Guesses are copies of keys and outlive the body, so their room is bounded: by
// position in the object and by length. A key beyond is looked up each time.
// Keys that are data (below Any) are never kept.
const (
	maxGuesses  = 256
	maxGuessLen = 64
)

// field is what is needed of a [rules.Field] for each value.
type field struct {
	kind   int
	about  int // kind of the other person, 0 for none
	public bool
}

func newLayout(shape *rules.Shape) *layout {
	l := &layout{shape: shape}
	if shape == nil {
		return l
	}
	for i := range shape.Fields {
		l.fields = append(l.fields, field{kind: shape.Fields[i].Kind, about: shape.Fields[i].About, public: shape.Fields[i].Public})
	}
	if shape.Root != nil {
		l.add(shape.Root)
	}
	return l
}

// add appends n and all below it and returns its place.
func (l *layout) add(n *rules.Node) int {
	at := len(l.places)
	p := place{
		any: nowhere, elem: nowhere, field: n.Field, key: n.Key, subject: n.Subject,
		roles: n.Roles, subtree: n.Subtree && n.Field >= 0, others: l.others(n),
		number: int32(at), //nolint:gosec // bounded by the policy
	}
	l.places = append(l.places, p)
	if p.field < 0 { // a rule covers its place alone: nothing is named below it
		if len(n.Members) > 0 {
			p.members = make(map[string]int, len(n.Members))
		}
		for key, member := range n.Members {
			m := l.add(member)
			p.members[key] = m
			if l.places[m].subject < 0 {
				p.below |= l.places[m].roles | l.places[m].below
				inherit(&p.others, l.places[m].others)
			}
		}
		if n.Any != nil {
			p.any = l.add(n.Any)
		}
		if n.Elem != nil {
			p.elem = l.add(n.Elem)
		}
	}
	p.at, p.end = at, len(l.places)
	l.places[at] = p
	return at
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

// learn keeps a key for the n-th position of the objects at p.
func (p *place) learn(n int, raw []byte, at int) {
	if n >= maxGuesses || len(raw) > maxGuessLen {
		return
	}
	for n >= len(p.guesses) {
		p.guesses = append(p.guesses, guess{}) // an empty one matches nothing
	}
	p.guesses[n] = guess{raw: append(p.guesses[n].raw[:0], raw...), place: at}
}

// maxLayouts is how many shapes a Document remembers. A service has a shape for
// each of its resources; beyond this number they are compiled again.
const maxLayouts = 16

// use makes the layout of shape the current one.
func (d *Document) use(shape *rules.Shape) {
	if d.layout != nil && d.layout.shape == shape {
		return
	}
	for _, l := range d.layouts {
		if l.shape == shape {
			d.layout = l
			return
		}
	}
	d.layout = newLayout(shape)
	if len(d.layouts) == maxLayouts {
		d.layouts = append(d.layouts[:0], d.layouts[1:]...)
	}
	d.layouts = append(d.layouts, d.layout)
}
