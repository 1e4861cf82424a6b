package subject

import "github.com/modicum-dev/modicum/rules"

// Limits of an event's text. Beyond them an event is refused.
const (
	// DefaultMaxLine bounds one event in bytes.
	DefaultMaxLine = 64 << 10
	// DefaultMaxText bounds one text of an event in bytes.
	DefaultMaxText = 256
	// DefaultMaxList bounds a list of an event in elements.
	DefaultMaxList = 64
)

// members is a set of the members that an event may have.
type members uint32

const (
	mPopulation members = 1 << iota
	mID
	mKind
	mState
	mStatus
	mTime
	mUntil
	mActor
	mPurpose
	mRecipients
	mCategories
	mRegimes
	mExplicit
	mParental
	mForeign
	mTwoStep
	mCountry
	mRegion
	mDocument
	mVersion
	mExceptions
	mOrder
	mEvidence
	mWriter

	mAlways   = mKind | mTime | mActor | mEvidence
	mEnvelope = mPopulation | mID
	mStored   = mWriter
)

// memberNames lists the members in the order in which a payload has them, which
// is part of the format of a store.
var memberNames = [...]string{
	"population", "id", "kind", "state", "status", "event_time", "until", "actor", "purpose", "recipients", "categories", "regimes",
	"explicit", "parental", "foreign_info", "two_step", "country", "region", "document", "version",
	"exceptions", "order", "evidence", "writer",
}

func memberOf(name string) members {
	for i, n := range memberNames {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

// membersOf returns the members that an event of a kind may have, and those that
// it must have. A scope that the rules do not read for a kind is refused: lifting
// "for one purpose" must not lift for all.
func membersOf(kind rules.EventKind) (may, must members) {
	switch kind {
	case rules.EventAge:
		return mState | mUntil, mState
	case rules.EventLocation:
		return mCountry | mRegion, mCountry
	case rules.EventNotice:
		return mDocument | mVersion, mDocument | mVersion
	case rules.EventConsent:
		return mStatus | mUntil | mPurpose | mRecipients | mCategories | mRegimes | mExplicit | mParental | mForeign | mTwoStep |
			mDocument | mVersion, mStatus
	case rules.EventLIObjection, rules.EventCeaseUse, rules.EventCeaseProvision:
		return mState | mPurpose, mState
	case rules.EventMinorOptIn:
		return mState | mTwoStep, mState
	case rules.EventRestriction, rules.EventDMObjection, rules.EventOptOutSaleShare, rules.EventLimitSPI:
		return mState | mTwoStep, mState
	case rules.EventAccuracy:
		return mState | mCategories, mState | mCategories
	case rules.EventErasure:
		return mState | mExceptions, mState
	case rules.EventRetention:
		return mState | mPurpose, mState
	case rules.EventLegalOrder:
		return mState | mOrder, mState | mOrder
	}
	return 0, 0
}
