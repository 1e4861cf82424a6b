package rules

import (
	"errors"
	"strings"
)

// stepKind is one move into a body.
type stepKind uint8

const (
	stepMember stepKind = iota // name of an object member
	stepElem                   // [] each element of an array
	stepAny                    // {} each member of a map whose keys are data
	stepKey                    // {key} the keys of such a map; last in a path
	stepOwnKey                 // @key the key under which the object itself stands; a path of its own
)

type step struct {
	kind stepKind
	name string
}

var errPath = errors.New("not a path: keys joined by dots, [] for elements, {} for members of a map, {key} for its keys, \"quoted\" for special keys")

// parsePath reads a policy path. "." and "" are the place itself.
func parsePath(s string) ([]step, error) {
	if s == "." || s == "" {
		return nil, nil
	}
	if s == "@key" {
		return []step{{kind: stepOwnKey}}, nil
	}
	var steps []step
	needKey := true // a key may stand here: at the start and after a dot
	for s != "" {
		if n := len(steps); n > 0 && steps[n-1].kind == stepKey {
			return nil, errPath
		}
		kind, token := stepMember, ""
		switch {
		case strings.HasPrefix(s, "[]"):
			kind, token = stepElem, "[]"
		case strings.HasPrefix(s, "{}"):
			kind, token = stepAny, "{}"
		case strings.HasPrefix(s, "{key}"):
			kind, token = stepKey, "{key}"
		}
		if token != "" {
			if needKey && len(steps) > 0 {
				return nil, errPath
			}
			steps, s, needKey = append(steps, step{kind: kind}), s[len(token):], false
			continue
		}
		if !needKey {
			if s[0] != '.' || len(s) == 1 {
				return nil, errPath
			}
			s, needKey = s[1:], true
			continue
		}
		name, rest, ok := pathKey(s)
		if !ok {
			return nil, errPath
		}
		steps, s, needKey = append(steps, step{name: name}), rest, false
	}
	if needKey {
		return nil, errPath
	}
	return steps, nil
}

// pathKey takes one key, quoted or plain, from the front of s.
func pathKey(s string) (name, rest string, ok bool) {
	if s[0] == '"' {
		end := strings.IndexByte(s[1:], '"')
		if end < 0 {
			return "", "", false
		}
		return s[1 : 1+end], s[2+end:], true
	}
	end := strings.IndexAny(s, `.[]{}"`)
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:], end > 0 && s[0] != '@' // @ is for what a path may mean some day: quoted keys may have it
}

// lastStep returns the kind of a path's last move; a path without any, or that
// is none, has no last move.
func lastStep(path string) (stepKind, bool) {
	steps, err := parsePath(path)
	if err != nil || len(steps) == 0 {
		return 0, false
	}
	return steps[len(steps)-1].kind, true
}

// joinPath writes the path of something at rel below base.
func joinPath(base, rel string) string {
	switch {
	case rel == "" || rel == ".":
		return base
	case base == "" || base == ".":
		return rel
	case rel[0] == '[' || rel[0] == '{' || rel == "@key":
		return base + rel
	}
	return base + "." + rel
}
