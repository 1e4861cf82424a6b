// Package review tells people what a policy does: what a change of it changes, what a
// date will change, and in what words its decisions are told. It is pure: what it says
// follows from policies and an instant.
package review
