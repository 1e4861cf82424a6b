package source

import (
	"fmt"

	"github.com/goccy/go-yaml/token"

	"github.com/modicum-dev/modicum/rules"
)

// DefaultMaxDepth bounds how deep lists and mappings of one file nest, and how
// many of them may open on one line. The parser needs a stack frame and more than
// linear time for each level, so that a deeper file is refused unparsed.
const DefaultMaxDepth = 64

// depthError says where a file is too deep.
type depthError struct{ at *token.Position }

func (e *depthError) Error() string {
	return fmt.Sprintf("nested too deeply: more than %d levels", DefaultMaxDepth)
}

// shallow returns an error for tokens that nest too deeply. Block nesting is as
// deep as its indentation, or as there are indicators in its line.
func shallow(tokens token.Tokens) error {
	flow, line, indicators := 0, 0, 0
	var indents []int // of the open blocks
	for _, t := range tokens {
		if t.Position == nil {
			continue
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(0, flow-1)
		default:
		}
		if t.Position.Line != line {
			line, indicators = t.Position.Line, 0
			if flow == 0 {
				for len(indents) > 0 && indents[len(indents)-1] >= t.Position.Column {
					indents = indents[:len(indents)-1]
				}
				indents = append(indents, t.Position.Column)
			}
		}
		switch t.Type {
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType, token.AliasType:
			indicators++
		case token.MappingValueType: // in braces they stand side by side
			if flow == 0 {
				indicators++
			}
		default:
		}
		if flow > DefaultMaxDepth || len(indents) > DefaultMaxDepth || indicators > DefaultMaxDepth {
			return &depthError{at: t.Position}
		}
	}
	return nil
}

func (d *decoder) tooDeep(e *depthError) {
	d.problem(rules.Pos{File: d.name, Line: e.at.Line, Column: e.at.Column}, rules.ErrTooMuch, e.Error(), "")
}
