package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/modicum-dev/modicum/rules"
)

// ErrNotInEffect is returned for a policy that would refuse every request, because
// one of its documents takes effect later.
var ErrNotInEffect = errors.New("a document of it is not in effect yet")

// errNotLoaded is what comes of a configuration that has failed already.
var errNotLoaded = errors.New("the configuration could not be loaded")

// PolicyChange is the answer to a reload of the policy.
type PolicyChange struct {
	// Policy is the version in force now, and Before the one that was: the
	// date of the newest notice in effect and the beginning of the hash of the
	// policy's files. Empty: none was in effect.
	Policy string `json:"policy"`
	Before string `json:"before"`
	// Changed is false if the files are those that were in force already.
	Changed bool `json:"changed"`
}

// reloadPolicy reads the policy's files again and puts them in force, without a
// reload of the configuration: connections stay, and requests under way keep the
// edition that they began with. After an error nothing has changed; it lists every
// problem at file:line:column.
//
// Another configuration with this policy may be about to take this one's place,
// and have read the files before they were edited: it reads them again, too.
func (a *App) reloadPolicy(ctx context.Context) (PolicyChange, error) {
	change, err := a.putInForce(ctx)
	if err != nil {
		return change, err
	}
	for _, other := range configurations.sharing(a) {
		_, _ = other.putInForce(ctx) // logs what it comes to
	}
	return change, nil
}

func (a *App) putInForce(ctx context.Context) (PolicyChange, error) {
	change, err := a.replacePolicy()
	if err != nil {
		a.log.LogAttrs(ctx, slog.LevelWarn, "policy not reloaded; the one before stays in force", slog.String("error", err.Error()))
		return change, err
	}
	if change.Changed {
		if s := a.serving.Load(); s != nil {
			runtimes.heed(s.runtime, a)
		}
	}
	a.log.LogAttrs(ctx, slog.LevelInfo, "policy reloaded", slog.String("policy", change.Policy), slog.Bool("changed", change.Changed))
	return change, nil
}

func (a *App) replacePolicy() (PolicyChange, error) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	now := a.now()
	if a.policies.Policy() == nil {
		return PolicyChange{}, errNotLoaded
	}
	change := PolicyChange{Before: inForce(a.policies.Edition(now))}
	policy, signatures, err := a.load()
	if err != nil {
		return change, err
	}
	if policy.At(now) == nil {
		return change, fmt.Errorf("policy %s: %w", a.Policy, ErrNotInEffect)
	}
	for _, api := range a.apis {
		if err := describes(policy, api); err != nil {
			return change, fmt.Errorf("policy %s: %w, which a site serves", a.Policy, err)
		}
	}
	if err := a.clientCAs.cover(policy); err != nil {
		return change, fmt.Errorf("policy %s: %w", a.Policy, err)
	}
	if policy.Bundle.Hash != a.policies.Policy().Bundle.Hash {
		change.Changed = true
		a.policies.replace(policy)
		a.dated(policy)
		// The ledger names the configuration with the policy that it has.
		a.hashing.Lock()
		a.PolicyHash, a.PolicySignatureHash = policy.Bundle.Hash, signatures
		a.hashing.Unlock()
	}
	change.Policy = inForce(a.policies.Edition(now))
	return change, nil
}

// inForce names an edition; empty when there is none.
func inForce(e *rules.Edition) string {
	if e == nil {
		return ""
	}
	return e.Version()
}
