package pseudonym

import "github.com/modicum-dev/modicum/rules"

// Digester turns ids into subject keys. It is safe for concurrent use.
type Digester struct {
	opaque
	prf *prf
}

// Digester returns the digester of the keyset. All digesters of one keyset give
// the same keys.
func (k *Keyset) Digester() *Digester { return &Digester{prf: newPRF(&k.digest)} }

// Key returns the subject key of an id, which must be canonical in the
// population ([rules.Population.Canonical]): HMAC-SHA256 under the digest key
// over the length-prefixed name of the population and the id, cut to 16 bytes.
// It does not allocate.
func (d *Digester) Key(population *rules.Population, canonicalID string) rules.Key {
	s := d.prf.begin()
	s.in = appendPrefixed(s.in, population.Name)
	s.in = append(s.in, canonicalID...)
	s.sum()
	key := rules.Key(s.out[:16])
	d.prf.end(s)
	return key
}
