package redact

import (
	"slices"

	"github.com/modicum-dev/modicum/rules"
)

// Fault is why values of one place did not leave although the actions would have let
// them.
type Fault struct {
	// Path is the place as the policy has it, from the root of the body: that of a
	// field, or of the object, array or map below which fields are named. It
	// holds nothing of the body.
	Path string
	// Field is the number of the field whose rule stands there, or -1: only members or
	// elements are named there, and something else was found.
	Field int
	// Reason is one of
	//
	//   - type_unexpected: a container where a rule stands, or under a transform; a
	//     scalar where members or elements are named, an array for an object or an
	//     object for an array. Null and an empty container hold nothing and are no fault.
	//   - lone_surrogate: half a surrogate pair in a value, in a subtree, or in a key
	//     that is data, which takes its member with it.
	//   - value_defect: the generaliser does not understand the value.
	Reason rules.Reason
	Count  int // values
}

// Faults lists by place and reason what [Document.Defects] counts of all subjects and
// outside of them. There is no more than one entry for a place and a reason, in the
// order in which they were met. The list is valid until the next Emit, Open or Reset.
func (d *Document) Faults() []Fault { return d.faults.list }

// faultList is the faults of one run. It is made with the first one and then kept for
// its room.
type faultList struct {
	list  []Fault
	index []int32 // by faultSlot: the number in list, plus one
}

// valueFaults are the reasons that values have.
const valueFaults = 3

// faultSlot numbers the places of a layout, its fields first, and the reasons of each.
func faultSlot(at int, why rules.Reason) int {
	slot := at * valueFaults
	switch why {
	case rules.LoneSurrogate:
		return slot + 1
	case rules.ValueDefect:
		return slot + 2
	default:
		return slot
	}
}

func (l *faultList) reset() {
	if len(l.list) > 0 {
		clear(l.index)
		l.list = l.list[:0]
	}
}

func (l *faultList) size() int { return cap(l.list)*faultSize + cap(l.index)*4 }

// add counts one value. at is the number of a field, or that of a place after all
// fields.
func (l *faultList) add(lay *layout, at int, why rules.Reason) {
	if n := (len(lay.fields) + len(lay.places)) * valueFaults; len(l.index) < n {
		l.index = slices.Grow(l.index, n-len(l.index))[:n]
		clear(l.index) // the list is empty: all of it is of one body
	}
	slot := &l.index[faultSlot(at, why)]
	if *slot == 0 {
		f := Fault{Field: at, Reason: why}
		if at < len(lay.fields) {
			f.Path = lay.shape.Fields[at].Path
		} else {
			f.Field, f.Path = -1, lay.path(at-len(lay.fields))
		}
		l.list = append(l.list, f)
		*slot = int32(len(l.list)) //nolint:gosec // no more than there are places
	}
	l.list[*slot-1].Count++
}

// belowMemo is what is known of the fields at and below a place: whether any of them
// may leave. A body can have a misplaced value in every record, and a place many fields
// below it.
type belowMemo struct {
	path   string
	opened uint64         // the body for which the rest is known
	wanted bool           // by Open
	judged *rules.Actions // of the last Emit
	leaves bool           // by these
	shared bool           // or, if another person lets it too
}

// misplaced notes that a value is of another form than what the shape names below pl:
// it is withheld with everything in it. It takes the two ends of the value, the second
// as the scanner gave it, and returns that.
func (d *Document) misplaced(from, to int, pl *place) int {
	if to < 0 || pl.end == pl.at+1 && pl.key < 0 {
		return to
	}
	switch d.scan.b[from] {
	case 'n':
		return to
	case '{', '[':
		if d.scan.empty(from) {
			return to
		}
	}
	if d.wantedBelow(pl) {
		d.pushLeaf(opMisplaced, -1-pl.at, span{}, span{from, to})
	}
	return to
}

// halfKey notes a key with half a surrogate pair in a map whose keys are data: it is no
// key that could be told from others, and its member goes with it.
func (d *Document) halfKey(pl *place, key span) {
	if member := &d.layout.places[pl.any]; member.key >= 0 && d.wantedBelow(member) {
		d.pushLeaf(opHalf, -1-pl.any, span{}, key)
	}
}

// wantedBelow reports whether anything at pl or below it could leave for anybody.
func (d *Document) wantedBelow(pl *place) bool {
	m := &pl.memo
	if m.opened != d.opened {
		m.opened, m.judged = d.opened, nil
		m.wanted = d.anyField(pl, func(f int) bool {
			def := &d.layout.fields[f]
			return d.wanted(f) && (def.kind >= 0 || def.public)
		})
	}
	return m.wanted
}

// anyField looks through the fields and keys at pl and below it.
func (d *Document) anyField(pl *place, is func(f int) bool) bool {
	for i := pl.at; i < pl.end; i++ {
		below := &d.layout.places[i]
		if below.field >= 0 && is(below.field) || below.key >= 0 && is(below.key) {
			return true
		}
	}
	return false
}

// unusable counts a value with a defect that was found when the body was opened, if the
// decision in force would have let it leave, or something below its place.
func (e *emission) unusable(it *item) {
	why := rules.TypeUnexpected
	if it.op == opHalf {
		why = rules.LoneSurrogate
	}
	if it.ref < 0 {
		if p := int(-1 - it.ref); e.leavesBelow(&e.d.layout.places[p]) {
			e.defect(len(e.d.layout.fields)+p, why)
		}
		return
	}
	f := int(it.ref)
	if v := e.action(f).Verb; v == rules.Allow || v == rules.Transform {
		e.defect(f, why)
	}
}

// leavesBelow reports whether anything at pl or below it may leave. Of subjects that
// should stand there, and have no decision as they do not, it is what could leave for
// anybody. The same holds for other persons of whom the body tells nothing.
func (e *emission) leavesBelow(pl *place) bool {
	m := &pl.memo
	if e.subject == nobody {
		return m.wanted
	}
	if m.judged != e.current {
		m.judged, m.shared = e.current, false
		m.leaves = e.d.anyField(pl, func(f int) bool {
			if kind := e.d.layout.fields[f].kind; kind != e.kind {
				return kind >= 0 && e.d.wanted(f)
			}
			if !e.lets(f) {
				return false
			}
			shared := e.d.layout.fields[f].about > 0
			m.shared = m.shared || shared
			return !shared
		})
	}
	// Who the others are differs from subject to subject.
	return m.leaves || m.shared && e.d.anyField(pl, func(f int) bool {
		about := e.d.layout.fields[f].about
		return about > 0 && e.lets(f) && (e.d.other(e.subject, about) < 0 || e.action(f).Verb != rules.Withhold)
	})
}

// lets reports whether the decision about the current subject lets anything become of a
// field of its kind.
func (e *emission) lets(f int) bool {
	return e.d.layout.fields[f].kind == e.kind && f < len(e.current.Fields) && e.current.Fields[f].Verb != rules.Withhold
}

// path returns the path of a place as a policy writes it.
func (l *layout) path(at int) string {
	m := &l.places[at].memo
	if m.path != "" {
		return m.path
	}
	var path []byte
	for p := 0; p != at; {
		next := nowhere
		within := func(child int) bool { return child >= 0 && child <= at && at < l.places[child].end }
		switch pl := &l.places[p]; {
		case within(pl.any):
			path, next = append(path, "{}"...), pl.any
		case within(pl.elem):
			path, next = append(path, "[]"...), pl.elem
		default:
			for key, child := range pl.members {
				if !within(child) {
					continue
				}
				if len(path) > 0 {
					path = append(path, '.')
				}
				path, next = appendName(path, []byte(key)), child
			}
		}
		p = next
	}
	if m.path = string(path); m.path == "" {
		m.path = "."
	}
	return m.path
}
