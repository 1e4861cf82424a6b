package caddymodule

import "github.com/modicum-dev/modicum/rules/review"

// expiring returns what of the policy in force ends, once for each kind and name, of
// which the policy bounds how many there are.
func (a *App) expiring() []review.Ending {
	policy := a.policies.Policy()
	if policy == nil {
		return nil
	}
	type series struct{ kind, name string }
	seen := make(map[series]bool)
	var out []review.Ending
	for _, e := range review.Expiring(policy, a.now()) {
		if s := (series{e.Kind, e.Name}); !seen[s] { // the earliest
			seen[s] = true
			out = append(out, e)
		}
	}
	return out
}
