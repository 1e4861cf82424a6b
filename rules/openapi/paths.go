package openapi

import "strings"

// step kinds of policy paths.
const (
	stepElem = "[]"
	stepAny  = "{}"
	stepKey  = "{key}"
	ownKey   = "@key"
)

// step is one move of a policy path. A member's move holds its name behind a dot,
// so that no name is taken for another move.
type step string

func memberStep(name string) step { return step("." + name) }

// steps reads a path of a policy that compiles.
func steps(path string) []step {
	if path == "." || path == "" {
		return nil
	}
	if path == ownKey {
		return []step{ownKey}
	}
	var out []step
	for path != "" {
		switch {
		case path[0] == '.':
			path = path[1:]
		case strings.HasPrefix(path, stepElem), strings.HasPrefix(path, stepAny):
			out, path = append(out, step(path[:2])), path[2:]
		case strings.HasPrefix(path, stepKey):
			out, path = append(out, stepKey), path[len(stepKey):]
		case path[0] == '"':
			name, rest, _ := strings.Cut(path[1:], `"`)
			out, path = append(out, memberStep(name)), rest
		default:
			end := strings.IndexAny(path, `.[]{}"`)
			if end < 0 {
				end = len(path)
			}
			if end == 0 { // of a policy that does not compile
				return out
			}
			out, path = append(out, memberStep(path[:end])), path[end:]
		}
	}
	return out
}

// join writes the path of a member, elements or keys below base.
func join(base, rel string) string {
	switch {
	case base == "" || base == ".":
		return rel
	case rel[0] == '[' || rel[0] == '{':
		return base + rel
	}
	return base + "." + rel
}

// quote writes the name of a member as a path does.
func quote(name string) string {
	if name != "" && !strings.ContainsAny(name, `.[]{}`) && name[0] != '@' {
		return name
	}
	return `"` + name + `"`
}
