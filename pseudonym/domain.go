package pseudonym

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/modicum-dev/modicum/rules"
)

// Domain makes the tokens of one recipient in one context. Tokens of different
// domains are unrelated: their keys are derived apart, and nothing but a root
// key joins them. A Domain is safe for concurrent use and meant to be kept.
type Domain struct {
	opaque
	root                    secret
	kid                     string
	recipient, group, epoch string

	mu     sync.Mutex
	person atomic.Pointer[map[string]*prf] // by link class; replaced, never changed
	value  atomic.Pointer[map[string]*prf]
}

// Domain returns the domain of a recipient and a context: the purpose id, or
// "group:" and the name of the contract's link group where several purposes
// share their tokens. It uses the newest active root.
func (k *Keyset) Domain(recipient, linkGroup string) *Domain {
	return k.DomainIn(recipient, linkGroup, "")
}

// DomainIn is Domain within an epoch, whose tokens are unrelated to those of any
// other epoch. The empty epoch is that of Domain.
func (k *Keyset) DomainIn(recipient, linkGroup, epoch string) *Domain {
	root := k.newest()
	d := &Domain{root: root.key, kid: root.kid, recipient: recipient, group: linkGroup, epoch: epoch}
	d.person.Store(new(map[string]*prf))
	d.value.Store(new(map[string]*prf))
	return d
}

// KeyID returns the id of the root that the tokens come from.
func (d *Domain) KeyID() string { return d.kid }

// The labels keep the two kinds of token apart: their keys are unrelated.
const (
	personLabel = "modicum/v1"
	valueLabel  = "modicum/v1/value"
)

// AppendToken appends the token of a subject as a JSON string. Within a domain
// it depends on the subject and the link class alone, never on a value: fields
// of one link class join, and equal values of two people do not. In steady state
// it does not allocate beyond dst.
func (d *Domain) AppendToken(dst []byte, shape rules.TokenShape, linkClass string, subject rules.Key) []byte {
	p := d.class(&d.person, personLabel, linkClass)
	s := p.begin()
	s.in = appendPrefixed(s.in, subject[:])
	s.in = appendPrefixed(s.in, linkClass)
	s.sum()
	dst = appendShape(dst, shape, "p1", d.kid, (*[16]byte)(s.out[:16]))
	p.end(s)
	return dst
}

// AppendValueToken appends a token that depends on the value and not on the
// person: whoever can plant a value can find who else has it. It is for
// identifiers of high entropy that neither the recipient nor the public can
// write, and only where the policy asks for it. The value must be canonical.
func (d *Domain) AppendValueToken(dst []byte, shape rules.TokenShape, linkClass string, value []byte) []byte {
	p := d.class(&d.value, valueLabel, linkClass)
	s := p.begin()
	s.in = appendPrefixed(s.in, value)
	s.in = appendPrefixed(s.in, linkClass)
	s.sum()
	dst = appendShape(dst, shape, "v1", d.kid, (*[16]byte)(s.out[:16]))
	p.end(s)
	return dst
}

// class returns the PRF of a link class and derives its key on first use. The
// classes are those of the policy, so their number needs no bound.
func (d *Domain) class(classes *atomic.Pointer[map[string]*prf], label, linkClass string) *prf {
	if p := (*classes.Load())[linkClass]; p != nil {
		return p
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := *classes.Load()
	if p := known[linkClass]; p != nil {
		return p
	}
	key := d.derive(label, linkClass)
	next := make(map[string]*prf, len(known)+1)
	maps.Copy(next, known)
	p := newPRF(&key)
	next[linkClass] = p
	classes.Store(&next)
	return p
}

func (d *Domain) derive(label, linkClass string) secret {
	var info []byte
	for _, part := range []string{label, d.recipient, d.group, linkClass, d.epoch} {
		info = appendPrefixed(info, part)
	}
	out, err := hkdf.Key(sha256.New, d.root.b[:], nil, string(info), KeySize)
	if err != nil { // only for an output longer than 255 hashes
		panic(fmt.Sprintf("pseudonym: internal error: %v", err))
	}
	return secret{b: [KeySize]byte(out)}
}
