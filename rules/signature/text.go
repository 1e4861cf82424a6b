package signature

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// Version is that of the text that is signed. It is the end of the text's first line.
const Version = 1

// Text returns what is signed of a bundle, for a person to read and for a verifier to
// make anew:
//
//	modicum policy 1
//	bundle 98a5906e…                              Bundle.Hash, hex
//	rules 2026-11                                 the decision tables that read it
//	controller "example-vendor" "The example software vendor"
//	document "general" "2026-04-01" from 2026-04-01T00:00:00Z
//	document "commitment" "2026-07-01" from 2026-07-01T00:00:00Z material
//
// Documents stand in the order of the policy, every version on a line of its own.
// Texts of the policy are quoted as strconv.Quote does, so that none can pass for
// another line, or hide. The text ends with a newline.
func Text(b *rules.Bundle) string {
	var s strings.Builder
	fmt.Fprintf(&s, "modicum policy %d\n", Version)
	fmt.Fprintf(&s, "bundle %s\n", b.Hash)
	fmt.Fprintf(&s, "rules %s\n", rules.RulePack)
	fmt.Fprintf(&s, "controller %s %s\n", strconv.Quote(b.Controller.ID), strconv.Quote(b.Controller.LegalName))
	for _, d := range b.Documents {
		fmt.Fprintf(&s, "document %s %s from %s", strconv.Quote(d.ID), strconv.Quote(d.Version), d.EffectiveFrom.UTC().Format(time.RFC3339))
		if d.Material {
			s.WriteString(" material")
		}
		s.WriteByte('\n')
	}
	return s.String()
}
