package rules

import (
	"fmt"
	"slices"
	"time"
)

// Two policies may read the same event, place or date differently. What follows finds
// out which values of an aspect can meet which on the two sides: exactly, by trying
// what both of them can tell apart.

// alike reports whether both sides read everything about a person in the same way.
func (c *comparison) alike(f *fieldPair, plans [2]*Plan) bool {
	if plans[0] == nil || plans[1] == nil {
		return true // nothing is compared with
	}
	o, n := plans[0], plans[1]
	return c.regionsAgree && c.linesAgree && c.digital[0] == c.digital[1] && f.key[0] == f.key[1] && addressing(o) == addressing(n) &&
		o.grant.Purpose.retention == n.grant.Purpose.retention && o.sinces(f.key[0].group) == n.sinces(f.key[1].group) &&
		o.order.reading(f.key[0].kind.population) == n.order.reading(f.key[1].kind.population)
}

// addressed is what of a recipient decides which consents are about it, beside its id.
type addressedBy struct {
	category RecipientCategory
	third    bool // must be named
}

func addressing(p *Plan) addressedBy {
	d := p.standing.recipient.Def
	return addressedBy{category: d.Category, third: d.Kind == ThirdParty || d.Kind == JointUse}
}

// sinces are the versions of the notices that first list the purpose.
func (p *Plan) sinces(group SubjectCategory) (t told) {
	purpose := p.grant.Purpose
	t[NoticeAPPI], t[NoticeEEAUK], t[NoticeCalifornia] = purpose.sinceJ, purpose.rows[group].since, purpose.sinceC
	return t
}

// orderReading is whom an order reaches of a population: those that it names, or all.
type orderReading struct{ all, named bool }

func (o *Order) reading(population string) (r orderReading) {
	if o == nil {
		return r
	}
	r.named = o.Def.Named
	r.all = slices.ContainsFunc(o.Def.Populations, func(n Name) bool { return n.Value == population })
	return r
}

type universeKey struct {
	alike      bool
	fields     fieldKey
	addressing [2]addressedBy
	retention  [2]Period
	sinces     [2]told
	orders     [2]orderReading
	late       [2]bool
	at         time.Time
}

// atlas is of every situation that two plans can meet about a field. A side without a
// plan reads as the other.
func (c *comparison) atlas(f *fieldPair, plans [2]*Plan, alike bool) *atlas {
	key := universeKey{alike: alike, fields: f.key}
	fields := f.key
	for side, p := range plans {
		q := p
		if p == nil {
			q, fields[side] = plans[1-side], f.key[1-side]
		}
		key.addressing[side], key.sinces[side] = addressing(q), q.sinces(fields[side].group)
		key.retention[side] = q.grant.Purpose.retention
		key.orders[side] = q.order.reading(fields[side].kind.population)
		key.late[side] = q.grant.Purpose.late
	}
	key.fields = fields
	if c.outdates() {
		key.at = c.at
	}
	if alike { // what both read alike need not be told apart by name
		for side := range key.fields {
			key.fields[side].category, key.fields[side].link, key.fields[side].kind.location, key.fields[side].kind.born = "", "", "", ""
		}
		key.addressing, key.retention = [2]addressedBy{}, [2]Period{}
	}
	if m := c.atlases[key]; m != nil {
		return m
	}
	u := ordinary
	c.people(&u, &key)
	if !alike && plans[0] != nil && plans[1] != nil {
		c.readings(&u, &key)
	}
	content := fmt.Sprint(u)
	m := c.shared[content]
	if m == nil {
		m = u.atlas()
		m.digital = c.digital
		c.shared[content] = m
	}
	c.atlases[key] = m
	return m
}

// people fits the aspects that one policy alone already reads in its own way.
func (c *comparison) people(u *universe, k *universeKey) {
	unseen := value{name: "none"}
	gpc := value{name: "on"}
	named := value{name: "reached"}
	unnamed := value{name: "not_reached"}
	for side := range k.fields {
		kind := &k.fields[side].kind
		unseen.sides[side].flags = flagIf(FlagUnseen, kind.unseenWithheld)
		gpc.sides[side].flags = flagIf(FlagGPC, kind.consumerFacing)
		named.sides[side].flags = flagIf(FlagOrdered, k.orders[side].named || k.orders[side].all)
		unnamed.sides[side].flags = flagIf(FlagOrdered, k.orders[side].all)
	}
	u[AspectKnown] = []value{same("some", part{}), unseen}
	u[AspectGPC] = []value{same("off", part{}), gpc}
	switch u[AspectOrder] = []value{unnamed}; {
	case named.sides != unnamed.sides:
		u[AspectOrder] = append(u[AspectOrder], named)
	case named.sides[0].flags != 0: // it reaches everybody, named or not
		u[AspectOrder] = []value{named}
	}
	u[AspectToldAPPI] = c.told(k, NoticeAPPI, FlagUntoldAPPI)
	u[AspectToldEEAUK] = c.told(k, NoticeEEAUK, FlagUntoldEEAUK)
	u[AspectToldCalifornia] = c.told(k, NoticeCalifornia, FlagUntoldCalifornia)
}

func flagIf(f Flags, on bool) Flags {
	if on {
		return f
	}
	return 0
}

// told finds which versions of a notice a person can have been told, and whether they
// list the purpose: the first value is what everybody of the population was told.
func (c *comparison) told(k *universeKey, n Notice, untold Flags) []value {
	versions := func(side int, document, version string) int { // an event names its document
		if line := c.policies[side].notices[n]; line != nil && line.document == document {
			if i, ok := line.number(version); ok {
				return i
			}
		}
		return -1
	}
	at := [2]int{k.fields[0].kind.told[n], k.fields[1].kind.told[n]}
	reached := [][2]int{at}
	for _, p := range c.policies {
		line := p.notices[n]
		if line == nil {
			continue
		}
		for _, d := range line.versions {
			for _, before := range slices.Clone(reached) {
				next := [2]int{max(before[0], versions(0, line.document, d.Version)), max(before[1], versions(1, line.document, d.Version))}
				if !slices.Contains(reached, next) {
					reached = append(reached, next)
				}
			}
		}
	}
	var out []value
	for _, numbers := range reached {
		v := value{name: "told"}
		for side := range numbers {
			if k.sinces[side][n] > numbers[side] && k.late[side] {
				v.sides[side].flags = untold
			}
		}
		switch {
		case v.sides[0].flags != 0 && v.sides[1].flags != 0:
			v.name = "not_told"
		case v.sides[0].flags != 0:
			v.name = "told_after_only"
		case v.sides[1].flags != 0:
			v.name = "told_before_only"
		}
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// readings fits the aspects that the two sides read differently.
func (c *comparison) readings(u *universe, k *universeKey) {
	u[AspectRetention] = append(slices.Clone(u[AspectRetention]), outliving(k.retention)...)
	if k.fields[0].category != k.fields[1].category {
		u[AspectContested] = contests(k.fields[0].category, k.fields[1].category)
	}
	if location := [2]string{k.fields[0].kind.location, k.fields[1].kind.location}; !c.regionsAgree || location[0] != location[1] {
		u[AspectRegimes] = c.places(location)
	}
	if born := [2]string{k.fields[0].kind.born, k.fields[1].kind.born}; born[0] != born[1] {
		u[AspectAge] = ages(born)
	}
	if c.outdates() || k.addressing[0] != k.addressing[1] || k.fields[0].category != k.fields[1].category {
		c.consents(u, k)
	}
	c.lifts(u)
}

// lifts fits what the consent of somebody young lifts on one side alone, where it needs
// a parent's on the other.
func (c *comparison) lifts(u *universe) {
	m := u.atlas()
	m.digital = c.digital
	u[AspectRestriction], u[AspectDMObjection] = slices.Clone(u[AspectRestriction]), slices.Clone(u[AspectDMObjection])
	for side := range 2 {
		alone := slices.ContainsFunc(u[AspectRestriction], func(v value) bool { return v.consented[side] && !v.consented[1-side] })
		if alone || !m.child(&m.all, 1-side, side) {
			continue
		}
		c.liftedAlone(u, side, true)
	}
}

// liftedAlone adds what a consent lifts on one side alone.
func (c *comparison) liftedAlone(u *universe, side int, young bool) {
	v := lifted(side == 0, side == 1)
	v.young = young
	u[AspectRestriction] = append(u[AspectRestriction], v)
	v = same("lifted_by_consent", part{flags: FlagDMObjection})
	v.sides[side].flags, v.consented[side], v.young = 0, true, young
	u[AspectDMObjection] = append(u[AspectDMObjection], v)
}

// outliving finds whether data whose purpose was achieved can be past its period on one
// side alone.
func outliving(periods [2]Period) (out []value) {
	for side := range periods {
		expired, kept := periods[side], periods[1-side]
		if !endsBefore(&expired, &kept) {
			continue
		}
		v := value{name: "achieved_expired_before_only"}
		if side == 1 {
			v.name = "achieved_expired_after_only"
		}
		v.sides[side].flags = FlagRetentionExpired
		out = append(out, v)
	}
	return out
}

// endsBefore reports whether there is a day on which a begun period a ends before b
// does. Periods depend on the calendar: a month may be shorter than 30 days.
func endsBefore(a, b *Period) bool {
	day := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 4*365 + 1 { // every place in the calendar, with a leap day
		if a.After(day).Before(b.After(day)) {
			return true
		}
		day = day.AddDate(0, 0, 1)
	}
	return false
}

// contests finds on which sides a contested category can be that of the field.
func contests(before, after string) []value {
	out := []value{same("undisputed", part{})}
	for _, contested := range scopesAround(before, after) {
		v := value{name: "contested"}
		for side, category := range []string{before, after} {
			if categoriesOverlap(category, contested) {
				v.sides[side].n = 1
			}
		}
		switch {
		case v.sides[0].n == 0 && v.sides[1].n == 0:
			continue
		case v.sides[1].n == 0:
			v.name = "contested_before_only"
		case v.sides[0].n == 0:
			v.name = "contested_after_only"
		}
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// scopesAround lists categories that stand in every possible way to two others: each
// of them, what they are within, and something within each.
func scopesAround(a, b string) []string {
	var out []string
	for _, c := range []string{a, b} {
		if c == "" {
			continue
		}
		out = append(out, c+".any")
		for ; c != ""; c = parent(c) {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// places finds which regimes can meet: those of every country by itself, of several
// together, and of nobody knows where. Where the bodies do not say the location at one
// and the same place, each side may know another one.
func (c *comparison) places(location [2]string) []value {
	var known [][2]Regimes
	add := func(r [2]Regimes) {
		if !slices.Contains(known, r) {
			known = append(known, r)
		}
	}
	for country := range countries {
		for _, region := range []string{"CA", "NV"} {
			l := Location{Country: country}
			if country == "US" {
				l.Region = region
			}
			before, _ := c.policies[0].regions.Regimes(l)
			after, _ := c.policies[1].regions.Regimes(l)
			add([2]Regimes{before, after})
		}
	}
	for grown := 0; grown < len(known); { // with every other one that a person is known at
		grown = len(known)
		for _, a := range slices.Clone(known) {
			for _, b := range slices.Clone(known) {
				add([2]Regimes{a[0] | b[0], a[1] | b[1]})
			}
		}
	}
	if location[0] != location[1] {
		for _, a := range slices.Clone(known) {
			for _, b := range slices.Clone(known) {
				add([2]Regimes{a[0], b[1]})
			}
			add([2]Regimes{a[0], AllRegimes})
			add([2]Regimes{AllRegimes, a[1]})
		}
	}
	add([2]Regimes{AllRegimes, AllRegimes})
	slices.SortFunc(known, func(a, b [2]Regimes) int { return slices.Compare(a[:], b[:]) })
	out := make([]value, len(known))
	for i, r := range known {
		out[i] = value{name: nameSides(r[0].String(), r[1].String()), sides: [2]part{{n: uint8(r[0])}, {n: uint8(r[1])}}}
	}
	return out
}

// ages finds which age bands can meet where the bodies do not say the birth date at one
// and the same place: the state may know one besides.
func ages(born [2]string) []value {
	said := func(path string) []AgeBand {
		if path == "" {
			return []AgeBand{AgeUnknown}
		}
		return []AgeBand{AgeUnknown, Under13, Age13To15, Age16To17, Adult}
	}
	var out []value
	for state := range Adult + 1 {
		for _, before := range said(born[0]) {
			for _, after := range said(born[1]) {
				bands := [2]AgeBand{stricter(before, state), stricter(after, state)}
				v := value{name: nameSides(bands[0].String(), bands[1].String()), sides: [2]part{{n: uint8(bands[0])}, {n: uint8(bands[1])}}}
				if !slices.Contains(out, v) {
					out = append(out, v)
				}
			}
		}
	}
	return out
}

// nameSides names a value that is one thing before and another after.
func nameSides(before, after string) string {
	if before == after {
		return before
	}
	return "before " + before + ", after " + after
}
