package subject

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"
	"unique"

	"github.com/modicum-dev/modicum/rules"
)

// dateLayout is how the day of an age fact is written.
const dateLayout = time.DateOnly

// errUnknown marks what another version may understand.
var errUnknown = errors.New("unknown to this version")

// DecodeEnvelope reads one event with its subject's id: a line of an import, a
// command. It is strict: members that are unknown, repeated or foreign to the
// kind of event are refused, as is a missing event_time. Errors are an
// [ErrEvent], name the member and never show a value.
func DecodeEnvelope(line []byte) (Envelope, error) {
	d := decoder{allowed: mEnvelope}
	if err := d.decode(line); err != nil {
		return Envelope{}, err
	}
	for _, m := range []members{mPopulation, mID} {
		if d.seen&m == 0 {
			return Envelope{}, missing(m)
		}
	}
	return Envelope{Population: d.population, ID: d.id, Event: d.event, Evidence: d.from.Evidence}, nil
}

// DecodePayload reads the canonical bytes of a stored event. Sequence and
// recorded time are the store's. Its errors are [ErrStoreNewer] for what a later
// version may have written and [ErrStoreCorrupt] for anything else.
func DecodePayload(payload []byte) (rules.Event, Provenance, error) {
	d := decoder{allowed: mStored}
	switch err := d.decode(payload); {
	case errors.Is(err, errUnknown):
		return rules.Event{}, Provenance{}, fmt.Errorf("reading a stored event: %w", ErrStoreNewer)
	case err != nil:
		return rules.Event{}, Provenance{}, fmt.Errorf("reading a stored event: %w", ErrStoreCorrupt)
	}
	return d.event, d.from, nil
}

type decoder struct {
	allowed members // beside those of the kind
	seen    members
	raw     [len(memberNames)]json.RawMessage

	population, id string
	event          rules.Event
	from           Provenance
}

func missing(m members) error { return wrong(m, "is missing") }

func wrong(m members, problem string) error {
	for i, n := range memberNames {
		if m == 1<<i {
			return &MemberError{Member: n, Problem: problem}
		}
	}
	return &MemberError{Member: "event", Problem: problem}
}

func (d *decoder) decode(line []byte) error {
	if len(line) > DefaultMaxLine {
		return &MemberError{Member: "event", Problem: "is too long"}
	}
	if !utf8.Valid(line) {
		return &MemberError{Member: "event", Problem: "is not UTF-8"}
	}
	if err := d.split(line); err != nil {
		return err
	}
	if d.seen&mKind == 0 {
		return missing(mKind)
	}
	if err := d.kind(d.raw[2]); err != nil {
		return err
	}
	may, must := membersOf(d.event.Kind)
	if d.event.Kind == rules.EventAge && d.event.Age.Band == rules.Adult {
		may &^= mUntil
	}
	may |= mAlways | d.allowed
	must |= mTime | mActor
	for i := range memberNames {
		m := members(1) << i
		switch {
		case d.seen&m != 0 && may&m == 0:
			return wrong(m, "does not belong to this kind of event")
		case d.seen&m == 0 && must&m != 0:
			return missing(m)
		case d.seen&m != 0 && m != mKind:
			if err := d.member(m, d.raw[i]); err != nil {
				return err
			}
		}
	}
	if d.event.Kind == rules.EventAge && d.event.Age.Band == rules.Adult && !d.event.Age.Until.IsZero() {
		return wrong(mUntil, "does not belong to an adult")
	}
	if d.seen&mExceptions != 0 && d.event.State != rules.StateExcepted {
		return wrong(mExceptions, "belongs to the state excepted alone")
	}
	return nil
}

// split takes the object apart. A member that is null counts as absent.
func (d *decoder) split(line []byte) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return &MemberError{Member: "event", Problem: "is not a JSON object"}
	}
	var names members
	for n := 1; dec.More(); n++ {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return &MemberError{Member: "event", Problem: "is not well-formed JSON"}
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return &MemberError{Member: "event", Problem: "is not well-formed JSON"}
		}
		m := memberOf(name)
		switch {
		case m == 0, m&(mEnvelope|mStored)&^d.allowed != 0:
			return unknownMember(n, name)
		case names&m != 0:
			return wrong(m, "is given twice")
		}
		names |= m
		if string(raw) == "null" {
			continue
		}
		d.seen |= m
		for i := range memberNames {
			if m == 1<<i {
				d.raw[i] = raw
			}
		}
	}
	if _, err := dec.Token(); err != nil {
		return &MemberError{Member: "event", Problem: "is not well-formed JSON"}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return &MemberError{Member: "event", Problem: "is followed by something else"}
	}
	return nil
}

// unknownMember names a member by its place: its name is the sender's and could
// be anything.
func unknownMember(n int, name string) error {
	problem := "is unknown"
	if near := rules.Nearest(name, memberNames[:]); near != "" {
		problem += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%w: %w", &MemberError{Member: fmt.Sprintf("member %d", n), Problem: problem}, errUnknown)
}

func (d *decoder) kind(raw json.RawMessage) error {
	name, err := text(mKind, raw)
	if err != nil {
		return err
	}
	kind, ok := rules.ParseEventKind(name)
	if !ok {
		return fmt.Errorf("%w: %w", wrong(mKind, "is not a kind of event"), errUnknown)
	}
	d.event.Kind = kind
	return nil
}

// member reads one member into its place.
func (d *decoder) member(m members, raw json.RawMessage) (err error) {
	e := &d.event
	switch m {
	case mPopulation:
		d.population, err = text(m, raw)
	case mID:
		d.id, err = idText(raw)
	case mState:
		err = d.state(raw)
	case mStatus:
		err = d.status(raw)
	case mTime:
		e.Time, err = instant(m, raw)
	case mUntil:
		err = d.until(raw)
	case mActor:
		e.Actor, err = actor(raw)
	case mPurpose:
		e.Scope.Purpose, err = text(m, raw)
	case mRecipients:
		e.Scope.Recipients, err = texts(m, raw)
	case mCategories:
		e.Scope.Categories, err = texts(m, raw)
	case mRegimes:
		e.Scope.Regimes, err = regimes(raw)
	case mExplicit:
		e.Explicit, err = flag(m, raw)
	case mParental:
		e.Parental, err = flag(m, raw)
	case mForeign:
		e.Foreign, err = flag(m, raw)
	case mTwoStep:
		e.TwoStep, err = flag(m, raw)
	case mCountry:
		e.Location.Country, err = country(raw)
	case mRegion:
		e.Location.Region, err = text(m, raw)
	case mDocument:
		e.Document, err = text(m, raw)
	case mVersion:
		e.Version, err = text(m, raw)
	case mExceptions:
		e.Exceptions, err = texts(m, raw)
	case mOrder:
		e.Order, err = text(m, raw)
	case mEvidence:
		d.from.Evidence, err = text(m, raw)
	case mWriter:
		d.from.Writer, err = text(m, raw)
	case mKind, mAlways, mEnvelope: // the first was read before, the others are sets
	}
	return err
}

func (d *decoder) state(raw json.RawMessage) error {
	name, err := text(mState, raw)
	if err != nil {
		return err
	}
	if d.event.Kind == rules.EventAge {
		band, ok := rules.ParseAgeBand(name)
		if !ok || band == rules.AgeUnknown {
			return wrong(mState, "is not an age band")
		}
		d.event.Age.Band = band
		return nil
	}
	state, ok := rules.ParseEventState(name)
	if !ok || !slices.Contains(d.event.Kind.States(), state) {
		return wrong(mState, "is not a state of this kind of event")
	}
	d.event.State = state
	return nil
}

func (d *decoder) status(raw json.RawMessage) error {
	name, err := text(mStatus, raw)
	if err != nil {
		return err
	}
	status, ok := rules.ParseConsentStatus(name)
	if !ok {
		return wrong(mStatus, "is not a consent status")
	}
	d.event.Consent = status
	return nil
}

// until is a day for an age, and an instant for a consent.
func (d *decoder) until(raw json.RawMessage) (err error) {
	if d.event.Kind != rules.EventAge {
		d.event.Until, err = instant(mUntil, raw)
		return err
	}
	day, err := text(mUntil, raw)
	if err != nil {
		return err
	}
	if d.event.Age.Until, err = time.Parse(dateLayout, day); err != nil {
		return wrong(mUntil, "is not a day, YYYY-MM-DD")
	}
	return nil
}

// text reads a string. Texts of events repeat over millions of subjects, so that
// equal ones share their bytes.
func text(m members, raw json.RawMessage) (string, error) {
	var s string
	switch err := json.Unmarshal(raw, &s); {
	case err != nil:
		return "", wrong(m, "is not a string")
	case s == "":
		if m == mRegion {
			return "", nil
		}
		return "", wrong(m, "is empty")
	case len(s) > DefaultMaxText:
		return "", wrong(m, "is too long")
	}
	if m == mID {
		return s, nil
	}
	return unique.Make(s).Value(), nil
}

// idText takes an integer as its digits: JSON has one spelling for each.
func idText(raw json.RawMessage) (string, error) {
	for _, c := range raw {
		if c < '0' || c > '9' {
			return text(mID, raw)
		}
	}
	if len(raw) > DefaultMaxText {
		return "", wrong(mID, "is too long")
	}
	return string(raw), nil
}

func texts(m members, raw json.RawMessage) ([]string, error) {
	var parts []json.RawMessage
	switch err := json.Unmarshal(raw, &parts); {
	case err != nil:
		return nil, wrong(m, "is not a list of strings")
	case len(parts) > DefaultMaxList:
		return nil, wrong(m, "is too long")
	case len(parts) == 0 && m != mExceptions: // it would read as all there are
		return nil, wrong(m, "is empty")
	case len(parts) == 0:
		return nil, nil
	}
	list := make([]string, len(parts))
	for i := range parts {
		s, err := text(m, parts[i])
		if err != nil {
			return nil, err
		}
		list[i] = s
	}
	return list, nil
}

func regimes(raw json.RawMessage) (rules.Regimes, error) {
	names, err := texts(mRegimes, raw)
	if err != nil {
		return 0, err
	}
	var set rules.Regimes
	for _, n := range names {
		r, ok := rules.ParseRegime(n)
		if !ok || r == 0 { // an empty scope would read as every regime
			return 0, wrong(mRegimes, "names an unknown regime")
		}
		set |= r
	}
	return set, nil
}

func flag(m members, raw json.RawMessage) (bool, error) {
	switch string(raw) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, wrong(m, "is neither true nor false")
}

func instant(m members, raw json.RawMessage) (time.Time, error) {
	s, err := text(m, raw)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1900 {
		return time.Time{}, wrong(m, "is not a time as in 2026-05-01T00:00:00Z")
	}
	return t.UTC(), nil
}

func country(raw json.RawMessage) (string, error) {
	s, err := text(mCountry, raw)
	if err != nil {
		return "", err
	}
	if len(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return "", wrong(mCountry, "is not an ISO 3166-1 code of two capital letters")
	}
	return s, nil
}

func actor(raw json.RawMessage) (rules.Actor, error) {
	var a struct {
		Type      *string `json:"type"`
		Verified  *bool   `json:"verified"`
		Authority *string `json:"authority_ref"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&a); err != nil {
		return rules.Actor{}, wrong(mActor, "is not an object of type, verified and authority_ref")
	}
	if a.Type == nil {
		return rules.Actor{}, &MemberError{Member: "actor.type", Problem: "is missing"}
	}
	kind, ok := rules.ParseActorType(*a.Type)
	if !ok {
		return rules.Actor{}, &MemberError{Member: "actor.type", Problem: "is not a type of actor"}
	}
	out := rules.Actor{Type: kind}
	if a.Verified != nil {
		out.Verified = *a.Verified
	}
	if a.Authority != nil {
		if len(*a.Authority) > DefaultMaxText {
			return rules.Actor{}, &MemberError{Member: "actor.authority_ref", Problem: "is too long"}
		}
		out.Authority = *a.Authority
	}
	return out, nil
}
