// Package redact is the JSON minimiser: it reads one response body, finds the
// persons in it and writes a new body that holds only what may leave.
//
// # Use
//
// A [Document] is opened on a body, asked for its subjects, and told to emit:
//
//	var doc redact.Document
//	if err := doc.Open(shape, nil, body, redact.Limits{}); err != nil {
//		return err // nothing of the body may be used
//	}
//	actions := make([]*rules.Actions, len(doc.Subjects()))
//	for i, s := range doc.Subjects() {
//		actions[i] = decide(s)
//	}
//	out, err := doc.Emit(nil, actions, redact.Terms{Tokens: tokens, At: now})
//
// Open checks every byte of the body against RFC 8259, also what will be
// withheld, so that no client can read the output of an upstream that this
// package has read differently. Emit copies; it never decodes and encodes.
//
// # What leaves
//
//   - A member that the shape does not name never leaves. Keys are compared
//     unescaped and by case.
//   - A rule covers a scalar. An object or array found there is withheld,
//     unless the rule covers its subtree; a scalar found where only members
//     or elements are named is withheld.
//   - Keys and values are the bytes that upstream sent, in the order in which
//     it sent them. Whitespace outside strings does not leave.
//   - Of duplicate members each is treated by its rule.
//   - Inside a subject a container that emits nothing is not emitted, and an
//     array closes the gaps. So it cannot be told whether a withheld member
//     was present, null, empty or absent. Outside every subject the
//     containers are the frame of the answer and stand as upstream sent them:
//     a list of which everything is hidden is the same as an empty list.
//   - A subject is in the answer only if something personal that it decides
//     itself really left. Else its object goes, with its public members and
//     with every subject inside it.
//   - A map whose keys are data treats each key as a field. The member goes
//     where its key goes. When the key is the id of the subject that stands
//     under it and nothing but the key may leave, an empty object or array
//     stands for the subject.
//   - With [Terms.Complete] an object that leaves has all its mapped members: first
//     those that leave, then the others in the order of their keys, null where a rule
//     covers them, empty where elements or a map are named, and else an object filled
//     in the same way. An object of which nothing leaves is filled there, too, and not
//     where upstream has it. Elements, members of maps and subjects that do not leave
//     are not filled: their number would tell of them.
//   - Under a statistical purpose the coarser values of a subject leave only in a
//     combination that enough people of the answer share.
//
// # What is replaced
//
// A pseudonym comes from [Tokens]. A coarser value is made here, by the generaliser of
// the action, and is always a string. No generaliser but that of a day gives back
// the text that it was given, and a key is never made coarser: two of them could become
// one.
//
// # Defects
//
// An error of the document (see [ErrorKind]) refuses all of it. A defect of
// one value only withholds that value, so that one poisoned record does not
// close a list for everyone: a container where a rule stands, a scalar where only
// members or elements are named, a string with half of
// a surrogate pair, which readers decode differently, and a value that its
// generaliser does not understand. A deciding
// member that is duplicated, has such a defect or cannot be reached because
// its parent is no object is reported as [Defect], with the reason; who decides must
// withhold the subject. What was withheld for its own defect, and at which place of the
// policy, is told by [Document.Faults], so that somebody can be alerted.
//
// # Purity
//
// The package does no I/O, reads no clock (the instant is an argument), draws no randomness and does not
// log. Its errors name offsets and kinds, never content.
package redact
