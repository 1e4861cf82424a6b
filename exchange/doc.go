// Package exchange is one request: from a verified caller to a minimised,
// recorded answer. [Gateway.Serve] runs the steps in one direction: identify,
// purpose, plan, request, capture, open, state, emit, record, release. What
// cannot be done at a step is answered by a problem document (RFC 9457), and no
// byte and no header of the upstream's answer passes unless every step before
// the release has succeeded.
//
// The package knows net/http and no web server.
package exchange
