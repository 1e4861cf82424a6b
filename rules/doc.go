// Package rules decides. It holds the vocabulary of the policy, the decision
// tables of the three regimes, and what they compile to: an [Edition] of the
// policy as of an instant, a [Plan] for one (resource, recipient, purpose), a
// [Class] for the complete input of one subject's decision, and the [Actions]
// for that class.
//
// The package is pure: no I/O, no clock, no randomness, no logging. Time and
// state are arguments, so that a decision of last year can be made again.
package rules
