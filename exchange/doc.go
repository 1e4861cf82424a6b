// Package exchange is one request: from a verified caller to a minimised,
// recorded answer. [Gateway.Serve] runs the steps in one direction:
//
//   - identify: who asks, under the policy in effect
//   - admit: for which purpose, on which route, and whether the contract has it
//   - full: whether the contract's limits leave room for any more
//   - check: what the request must not carry
//   - ready: whether the answer could be decided and recorded at all
//   - capture: ask the upstream with a request of our own, into a private writer
//   - open: read the whole answer strictly and find its subjects
//   - state: what each subject has decided, and what the answer teaches of it
//   - emit: write what may leave
//   - reserve: whether the contract's limits have room for this answer
//   - release: record the disclosure, and then send it
//
// What cannot be done at a step is answered by a problem document (RFC 9457),
// and no byte and no header of the upstream's answer passes unless every step
// before the release has succeeded and the record is durable. docs/http.md and
// docs/problems.md say the same to callers.
//
// An api may be observed ([Gateway].Observe): then the second step refuses everybody
// who is not internal, and answers are looked at once they are on record, see
// [Observed].
//
// The package knows net/http and no web server.
package exchange
