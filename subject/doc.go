// Package subject knows what is known of every data subject: an append-only
// event log ([Store]), a complete copy of its current view in memory
// ([Replica]), and the one way to add to it ([Writer]).
//
// Decisions read the replica only, so that a list of a thousand people costs no
// call to anything. Whatever keeps the replica from being complete and current
// is an error of [Replica.Read], and never an empty state: [ErrLoading],
// [ErrStale], [ErrRollback].
//
// A store names subjects by their keys alone ([rules.Key]). It never holds an id
// and no error or log of this package does.
package subject
