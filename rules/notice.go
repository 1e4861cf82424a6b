package rules

import (
	"slices"
	"time"
)

// noticeLine is the versions of one notice in their order. A purpose is usable for
// the data of a person from the version on that the person was told (K3), and once
// that version is in effect (J11).
type noticeLine struct {
	document string
	versions []Document
}

// number returns the place of a version in its line. A version that the policy does
// not have is nothing that anybody was told.
func (l *noticeLine) number(version string) (int, bool) {
	i := slices.IndexFunc(l.versions, func(d Document) bool { return d.Version == version })
	return i, i >= 0
}

// inEffect returns the number of the newest version in effect, -1 before the first.
func (l *noticeLine) inEffect(now time.Time) int {
	newest := -1
	for i, d := range l.versions {
		if !d.EffectiveFrom.After(now) {
			newest = i
		}
	}
	return newest
}

// superseded reports whether a material change has put an end to consents of the
// version with the number given.
func (l *noticeLine) superseded(version int, now time.Time) bool {
	for _, d := range l.versions[version+1:] {
		if d.Material && !d.EffectiveFrom.After(now) {
			return true
		}
	}
	return false
}

// supersededSince is superseded for a consent that names no version: it was given
// under what was in effect at the time.
func (l *noticeLine) supersededSince(given, now time.Time) bool {
	for _, d := range l.versions {
		if d.Material && d.EffectiveFrom.After(given) && !d.EffectiveFrom.After(now) {
			return true
		}
	}
	return false
}

// told is the number of the version of each notice that a person was told.
type told [noticeCount]int

// unknownTo returns the flags of the notices in whose told version the purpose is
// not listed yet.
func (p *Purpose) unknownTo(t told, category SubjectCategory) Flags {
	var f Flags
	if p.sinceJ > t[NoticeAPPI] {
		f |= FlagUntoldAPPI
	}
	if p.rows[category].since > t[NoticeEEAUK] {
		f |= FlagUntoldEEAUK
	}
	if p.sinceC > t[NoticeCalifornia] {
		f |= FlagUntoldCalifornia
	}
	return f
}

// toldVersions returns what a person was told: the version under which the data of
// the population was collected, and later ones by a notice event, or by a consent
// that names one.
func (p *Plan) toldVersions(k *planKind, s *State, now time.Time) told {
	t := k.told
	if s == nil {
		return t
	}
	raise := func(document, version string, at time.Time) {
		for i, line := range p.edition.policy.notices {
			if line == nil || line.document != document || at.After(now) {
				continue
			}
			if n, ok := line.number(version); ok {
				t[i] = max(t[i], n)
			}
		}
	}
	for _, n := range s.Notices {
		raise(n.Document, n.Version, n.Since)
	}
	for i := range s.Consents {
		if e := &s.Consents[i]; e.Consent.Valid() {
			raise(e.Document, e.Version, e.Time)
		}
	}
	return t
}

// outdated reports whether a material change of a notice has put an end to a
// consent: of the document that it names, else of any. A document that the policy
// does not have is as good as none: otherwise such a consent would outlive every
// change.
func (p *Policy) outdated(e *Event, now time.Time) bool {
	if !p.material {
		return false
	}
	named := slices.ContainsFunc(p.lines, func(l *noticeLine) bool { return l.document == e.Document })
	for _, line := range p.lines {
		if named && line.document != e.Document {
			continue
		}
		if n, ok := line.number(e.Version); ok && named {
			if line.superseded(n, now) {
				return true
			}
			continue
		}
		if line.supersededSince(e.Time, now) {
			return true
		}
	}
	return false
}
