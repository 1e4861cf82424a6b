package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// DefaultMaxPeriods is how many months after the first readable one have a key.
// A later period is refused ([ErrPeriod]): a clock that is a century off must
// not cost a century of derivations.
const DefaultMaxPeriods = 1200

const periodLayout = "2006-01"

// Period returns the period of a time, its month in UTC: 2026-11.
func Period(t time.Time) string { return t.UTC().Format(periodLayout) }

// ratchet derives the key of each month from that of the month before, one way:
// who holds the file can read from its first period on and nothing earlier.
type ratchet struct {
	opaque
	first time.Time // the first day of the first readable month

	mu     sync.Mutex
	chain  []secret // chain[i] belongs to the i-th month from first
	period map[string]*Refs
}

func newRatchet(first time.Time, key secret) *ratchet {
	return &ratchet{first: first, chain: []secret{key}, period: make(map[string]*Refs)}
}

// step returns the chain key of the month that follows.
func (r *ratchet) step(key *secret, next time.Time) secret {
	return keyed(key, "modicum/ref-ratchet/v1", next.Format(periodLayout))
}

// at returns the chain key of a period. The caller holds mu.
func (r *ratchet) at(period string) (*secret, error) {
	month, err := time.Parse(periodLayout, period)
	if err != nil {
		return nil, ErrPeriod
	}
	n := (month.Year()-r.first.Year())*12 + int(month.Month()) - int(r.first.Month())
	switch {
	case n < 0:
		return nil, ErrPeriodDestroyed
	case n > DefaultMaxPeriods:
		return nil, ErrPeriod
	}
	for len(r.chain) <= n {
		last := len(r.chain) - 1
		r.chain = append(r.chain, r.step(&r.chain[last], r.first.AddDate(0, last+1, 0)))
	}
	return &r.chain[n], nil
}

// refKey is what a period's references are made under. It is not the chain key:
// who learns the key of one month does not learn those of later months.
func refKey(chain *secret, period string) secret {
	return keyed(chain, "modicum/ref/v1", period)
}

// keyed returns HMAC-SHA256 under key over the length-prefixed parts.
func keyed(key *secret, parts ...string) secret {
	mac := hmac.New(sha256.New, key.b[:])
	var in []byte
	for _, p := range parts {
		in = appendPrefixed(in, p)
	}
	mac.Write(in)
	var out secret
	mac.Sum(out.b[:0])
	return out
}

// RefKey returns the key of a period's ledger references: [ErrPeriod],
// [ErrPeriodDestroyed]. Who needs references uses [Keyset.Refs].
func (k *Keyset) RefKey(period string) ([KeySize]byte, error) {
	k.refs.mu.Lock()
	defer k.refs.mu.Unlock()
	chain, err := k.refs.at(period)
	if err != nil {
		return [KeySize]byte{}, err
	}
	return refKey(chain, period).b, nil
}

// Refs makes the references by which the ledger names subjects in one period.
// It is safe for concurrent use.
type Refs struct {
	opaque
	period string
	prf    *prf
}

// Refs returns the reference maker of a period ([Period]): [ErrPeriod],
// [ErrPeriodDestroyed]. It is cached.
func (k *Keyset) Refs(period string) (*Refs, error) {
	k.refs.mu.Lock()
	defer k.refs.mu.Unlock()
	if r := k.refs.period[period]; r != nil {
		return r, nil
	}
	chain, err := k.refs.at(period)
	if err != nil {
		return nil, fmt.Errorf("making ledger references: %w", err)
	}
	key := refKey(chain, period)
	r := &Refs{period: period, prf: newPRF(&key)}
	k.refs.period[period] = r
	return r, nil
}

// Period returns the period that the references belong to.
func (r *Refs) Period() string { return r.period }

// Ref returns the reference of a subject: HMAC-SHA256 under the period's key,
// cut to 16 bytes. It does not allocate.
func (r *Refs) Ref(subject rules.Key) [16]byte {
	s := r.prf.begin()
	s.in = append(s.in, subject[:]...)
	s.sum()
	ref := [16]byte(s.out[:16])
	r.prf.end(s)
	return ref
}
