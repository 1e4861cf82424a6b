// Package page tells a policy on one page that a privacy officer reads and signs: who
// gets which data about whom for what, in what form, and from whom nothing.
//
// What the page says of outcomes is not read from the policy's lines. It is the
// enumeration of the decision itself ([rules.Plan.Outcomes]), condensed into as few
// sentences as cover it exactly, so that the page cannot say anything else than the
// gateway does.
package page
