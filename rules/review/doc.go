// Package review lets people review a policy as they review code: what a change of it
// changes (diff), and in what words its decisions are told.
package review
