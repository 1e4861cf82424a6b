package exchange

import (
	"net/http"

	"github.com/dunglas/httpsfv"

	"github.com/modicum-dev/modicum/rules"
)

// PurposeHeader declares the purpose of a request: one RFC 9651 Item, a token,
// with the parameter ref.
const PurposeHeader = "Data-Purpose"

// declaration is what a caller said the request is for.
type declaration struct {
	purpose       string
	ref           string
	purposeReason rules.Reason
	refReason     rules.Reason
}

// declared reads the purpose of a request. It is taken only if it occurs once.
// A parameter other than ref is refused: a caller that misspells it would
// believe that its case is on record.
func declared(h http.Header) declaration {
	lines := h.Values(PurposeHeader)
	switch {
	case len(lines) == 0:
		return declaration{purposeReason: rules.PurposeMissing}
	case len(lines) > 1:
		return declaration{purposeReason: rules.PurposeAmbiguous}
	}
	item, err := httpsfv.UnmarshalItem(lines)
	if err != nil {
		if list, err := httpsfv.UnmarshalList(lines); err == nil && len(list) > 1 {
			return declaration{purposeReason: rules.PurposeAmbiguous}
		}
		return declaration{purposeReason: rules.PurposeMalformed}
	}
	token, ok := item.Value.(httpsfv.Token)
	if !ok {
		return declaration{purposeReason: rules.PurposeMalformed}
	}
	d := declaration{purpose: string(token)}
	for _, name := range item.Params.Names() {
		if name != "ref" {
			return declaration{purposeReason: rules.PurposeMalformed}
		}
		ref, _ := item.Params.Get(name)
		d.ref, d.refReason = reference(ref)
	}
	return d
}

// reference reads a case reference.
func reference(v any) (string, rules.Reason) {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case httpsfv.Token:
		s = string(v)
	}
	if !rules.WellFormedRef(s) {
		return "", rules.RefMalformed
	}
	return s, rules.ReasonNone
}
