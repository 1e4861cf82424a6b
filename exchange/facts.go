package exchange

import (
	"cmp"
	"sync"
	"sync/atomic"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// factCache keeps the dictionary facts of the edition in force. It is replaced
// with the edition.
type factCache struct{ current atomic.Pointer[editionFacts] }

type editionFacts struct {
	edition    *rules.Edition
	version    string // for people: the newest notice's date and the bundle
	policy     *ledger.Fact
	recipients sync.Map // recipient id -> *ledger.Fact
	profiles   sync.Map // *rules.Actions -> *profile
	members    sync.Map // memberKey -> *[memberCount]string
}

// profile is a profile fact with what is needed to fill a subject's line.
type profile struct {
	fact   *ledger.Fact
	fields []int // by bit: the field's number in the shape
	order  bool  // some of them may leave because of a legal order

	decisions []decisions
}

// of returns the facts of an edition of a policy with these signatures.
func (c *factCache) of(e *rules.Edition, signature string) (*editionFacts, error) {
	if f := c.current.Load(); f != nil && f.edition == e {
		return f, nil
	}
	bundle := e.Policy().Bundle
	fact := ledger.PolicyFact{Bundle: bundle.Hash, RulePack: rules.RulePack, Signature: cmp.Or(signature, "unsigned"), Controller: bundle.Controller.ID}
	for _, d := range e.Documents {
		fact.Documents = append(fact.Documents, ledger.PolicyDocument{ID: d.ID, Version: d.Version, EffectiveFrom: d.EffectiveFrom})
	}
	policy, err := ledger.NewFact(ledger.KindPolicy, fact)
	if err != nil {
		return nil, err
	}
	f := &editionFacts{edition: e, version: e.Version(), policy: policy}
	c.current.Store(f)
	return f, nil
}

// recipient returns the fact of a registered recipient, nil for another.
func (f *editionFacts) recipient(id string) (*ledger.Fact, error) {
	if known, ok := f.recipients.Load(id); ok {
		if fact, ok := known.(*ledger.Fact); ok {
			return fact, nil
		}
	}
	d, appi, eea, uk, ok := f.edition.Registration(id)
	if !ok {
		return nil, nil
	}
	r := ledger.RecipientFact{
		ID: d.Name.Value, LegalName: d.LegalName, Address: d.Address, Representative: d.Representative, Kind: d.Kind.String(),
		Category: d.Category.String(), Country: d.Country.Value, HandlingTermsRef: d.Terms.Ref,
	}
	for _, c := range d.Onward {
		r.OnwardCountries = append(r.OnwardCountries, c.Value)
	}
	if d.Contract != nil {
		r.ContractRef = d.Contract.Ref
	}
	if d.Evaluation != nil {
		r.EvaluationRef, r.EvaluatedUntil = d.Evaluation.Ref, &d.Evaluation.Until
	}
	r.Transfers = []ledger.Transfer{transfer(d, "appi", appi.APPI()), transfer(d, "eea", eea.String()), transfer(d, "uk", uk.String())}
	fact, err := ledger.NewFact(ledger.KindRecipient, r)
	if err == nil {
		f.recipients.Store(id, fact)
	}
	return fact, err
}

func transfer(d *rules.RecipientDef, regime, class string) ledger.Transfer {
	t := ledger.Transfer{Regime: regime, Class: class}
	for _, s := range d.Safeguards {
		if s.Regime == regime {
			t.Mechanism, t.Ref = s.Type, s.Ref
			if !s.ValidUntil.IsZero() {
				t.ValidUntil = &s.ValidUntil
			}
		}
	}
	return t
}

// profile returns the profile of a decision. It is kept as long as the plan
// remembers the decision, which bounds how many there are; beyond that it is
// made for each subject anew.
func (f *editionFacts) profile(p *rules.Plan, a *rules.Actions, keyID string) (*profile, error) {
	if known, ok := f.profiles.Load(a); ok {
		if pr, ok := known.(*profile); ok {
			return pr, nil
		}
	}
	pr, err := newProfile(p, a, keyID)
	if err == nil && p.Remembers(a) {
		f.profiles.Store(a, pr)
	}
	return pr, err
}

func newProfile(p *rules.Plan, a *rules.Actions, keyID string) (*profile, error) {
	res := p.Resource()
	kind := &res.Shape.Subjects[a.Class.Kind]
	fact := ledger.ProfileFact{
		Resource: res.API + "." + res.Name, Shape: kind.Shape, Purpose: p.Purpose().Name, DPV: p.Purpose().DPV,
		Category: a.Class.Category.String(), Regimes: a.Class.Regimes.Names(), AgeBand: a.Class.Age.String(),
	}
	if a.Gate != rules.ReasonNone {
		fact.Gate = a.Gate.String()
	}
	if a.Class.Regimes&rules.CCPA != 0 {
		fact.CCPA = p.CCPANature()
	}
	if required, ground := p.APPI29(); required {
		fact.APPI29 = &ledger.APPI29{Required: true, Ground: ground}
	}
	pr := &profile{}
	for i := range res.Shape.Fields {
		if !kind.Personal.Has(i) {
			continue
		}
		field := &res.Shape.Fields[i]
		d := a.Decisions[i]
		line := ledger.ProfileField{
			Path: field.Path, Category: field.Category, Outcome: a.Fields[i].Verb.String(), Basis: d.Basis.String(),
			CCPAClass: field.Attrs().CCPA[a.Class.Category].String(), SPI: field.Attrs().SPI, Source: field.Source,
		}
		for _, r := range d.Reasons {
			line.Reasons = append(line.Reasons, r.String())
			pr.order = pr.order || r == rules.LegalOrder && a.Fields[i].Verb != rules.Withhold
		}
		switch action := a.Fields[i]; {
		case action.Verb != rules.Transform:
		case action.Generaliser != nil:
			line.Transform = action.Generaliser.String()
		default:
			line.Transform = action.Need.String()
			line.Domain, line.KeyID = p.Recipient().Name.Value+"/"+p.LinkGroup(), keyID
		}
		fact.Fields = append(fact.Fields, line)
		pr.fields = append(pr.fields, i)
		pr.decisions = countDecision(pr.decisions, a.Fields[i].Verb, d.Reasons)
	}
	var err error
	pr.fact, err = ledger.NewFact(ledger.KindProfile, fact)
	return pr, err
}

// appendEmitted appends what really left, as bits over the profile's fields
// without trailing zero bytes, and returns how many of them are transformed and
// how many stand as they were.
func (pr *profile) appendEmitted(dst []byte, left rules.FieldSet, actions []rules.Action) (out []byte, transformed, allowed int) {
	start := len(dst)
	for bit, field := range pr.fields {
		if !left.Has(field) {
			continue
		}
		for len(dst) <= start+bit/8 {
			dst = append(dst, 0)
		}
		dst[start+bit/8] |= 1 << (bit % 8)
		if actions[field].Verb == rules.Transform {
			transformed++
		} else {
			allowed++
		}
	}
	return dst, transformed, allowed
}
