package caddymodule

import (
	"sync/atomic"
	"time"

	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
)

// keys gives requests what is keyed. It implements exchange.Keys.
type keys struct {
	set    *pseudonym.Keyset
	digest *pseudonym.Digester
	refs   atomic.Pointer[pseudonym.Refs]
}

func newKeys(set *pseudonym.Keyset) *keys { return &keys{set: set, digest: set.Digester()} }

// Subject implements exchange.Keys.
func (k *keys) Subject(p *rules.Population, canonicalID string) rules.Key {
	return k.digest.Key(p, canonicalID)
}

// Refs implements exchange.Keys. The references of the present month are kept.
func (k *keys) Refs(now time.Time) (*pseudonym.Refs, error) {
	period := pseudonym.Period(now)
	if r := k.refs.Load(); r != nil && r.Period() == period {
		return r, nil
	}
	r, err := k.set.Refs(period)
	if err == nil {
		k.refs.Store(r)
	}
	return r, err
}

// Domain implements exchange.Keys.
func (k *keys) Domain(recipient, linkGroup string) *pseudonym.Domain {
	return k.set.Domain(recipient, linkGroup)
}
