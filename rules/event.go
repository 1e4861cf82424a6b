package rules

import "time"

// Key names a subject without saying who it is: a keyed digest of (population,
// canonical id).
type Key [16]byte

// Seq numbers the events of a state store, from 1.
type Seq uint64

// EventKind says what an event is about.
type EventKind uint8

// The kinds of event. The zero value is none of them.
const (
	_ EventKind = iota
	EventAge
	EventLocation
	EventNotice
	EventConsent
	EventRestriction
	EventDMObjection
	EventLIObjection
	EventCeaseUse
	EventCeaseProvision
	EventOptOutSaleShare
	EventLimitSPI
	EventMinorOptIn
	EventErasure
	EventRetention
	EventAccuracy
	EventLegalOrder
)

var eventKinds = enum[EventKind]{
	"", "age", "location", "notice", "consent", "restriction", "dm_objection", "li_objection", "cease_use", "cease_provision",
	"opt_out_sale_share", "limit_spi", "minor_opt_in", "erasure", "retention", "accuracy", "legal_order",
}

// String returns the name that events use.
func (k EventKind) String() string { return eventKinds.name(k) }

// ParseEventKind is the inverse of String.
func ParseEventKind(s string) (EventKind, bool) { return eventKinds.parse(s) }

// EventState is what an event sets its subject's state to. Consents use
// [ConsentStatus] instead, ages [AgeBand].
type EventState uint8

// The states. Which kind takes which is in [EventKind.States].
const (
	StateNone EventState = iota
	StateActive
	StateLifted
	StatePending
	StateUpheld
	StateRejected
	StateExecuted
	StateExcepted
	StateExpired
	StateHold
	StateAchieved
)

var eventStates = enum[EventState]{
	"", "active", "lifted", "pending", "upheld", "rejected", "executed", "excepted", "expired", "hold", "achieved",
}

// String returns the name that events use, empty for StateNone.
func (s EventState) String() string { return eventStates.name(s) }

// ParseEventState is the inverse of String.
func ParseEventState(s string) (EventState, bool) { return eventStates.parse(s) }

// States lists the states that an event of this kind may set, from the most
// restrictive. It is empty for the kinds that carry their value elsewhere.
func (k EventKind) States() []EventState {
	switch k {
	case EventRestriction, EventDMObjection, EventOptOutSaleShare, EventLimitSPI, EventAccuracy:
		return []EventState{StateActive, StateLifted}
	case EventMinorOptIn, EventLegalOrder:
		return []EventState{StateLifted, StateActive}
	case EventLIObjection, EventCeaseUse, EventCeaseProvision:
		return []EventState{StateUpheld, StatePending, StateRejected, StateLifted}
	case EventErasure:
		return []EventState{StateExecuted, StatePending, StateExcepted, StateRejected}
	case EventRetention:
		return []EventState{StateHold, StateExpired, StateAchieved, StateActive}
	case EventAge, EventLocation, EventNotice, EventConsent:
		return nil
	}
	return nil
}

// Event is one thing that happened to a subject's state. Events are appended
// and never changed.
type Event struct {
	Seq      Seq
	Kind     EventKind
	State    EventState
	Consent  ConsentStatus // of EventConsent
	Age      AgeFact       // of EventAge
	Location Location      // of EventLocation
	Time     time.Time     // when the person acted
	Recorded time.Time     // when the store accepted it
	Until    time.Time     // a grant holds before this; zero: no end
	Scope    Scope
	Explicit bool // consent: GDPR Art. 9(2)(a)
	Parental bool // consent: by a holder of parental responsibility
	Foreign  bool // consent: the information of APPI Art. 28(2) was given
	TwoStep  bool // opt-in: confirmed in a second step
	Document string
	Version  string // notice told, with Document
	// Exceptions: the purposes that an excepted erasure leaves (C6.2b, E7.5).
	Exceptions []string
	Order      string // ref of the order, of EventLegalOrder
	Actor      Actor
}

// Scope narrows an event. An empty list does not narrow, with one exception:
// a consent without recipients does not reach third parties (K4).
type Scope struct {
	Purpose    string   // empty: every purpose
	Recipients []string // recipient ids or categories
	Categories []string // data categories, each with its descendants
	Regimes    Regimes  // zero: every regime
}

// Actor is who acted.
type Actor struct {
	Type      ActorType
	Authority string // reference of an agent's or guardian's authority
	Verified  bool
}

// ActorType is in what capacity an actor acted.
type ActorType uint8

// The actor types. A gateway's own events are observations of what upstream
// holds: they add to what is known and never replace or lift anything.
const (
	_ ActorType = iota
	ActorSubject
	ActorAgent
	ActorGuardian
	ActorOperator
	ActorGateway
)

var actorTypes = enum[ActorType]{"", "subject", "agent", "guardian", "operator", "gateway"}

// outside reports whether the actor is somebody, not a gateway.
func (t ActorType) outside() bool { return t >= ActorSubject && t <= ActorOperator }

// personal reports whether the actor is the person or acts for the person.
func (t ActorType) personal() bool {
	return t == ActorSubject || t == ActorAgent || t == ActorGuardian
}

// String returns the name that events use.
func (t ActorType) String() string { return actorTypes.name(t) }

// ParseActorType is the inverse of String.
func ParseActorType(s string) (ActorType, bool) { return actorTypes.parse(s) }
