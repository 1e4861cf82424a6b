package source

import "github.com/modicum-dev/modicum/rules"

// orders reads the file of legal orders, by their refs.
func (d *decoder) orders(v value) {
	v.sketch.names(orderForm)
	v.each(func(key rules.Name, v value) {
		o := rules.OrderDef{Name: key, Pos: v.pos}
		v.mapping(keys{
			"kind":        func(v value) { o.Kind = v.word().Value },
			"issuer":      func(v value) { o.Issuer = v.word().Value },
			"purpose":     func(v value) { o.Purpose = v.word() },
			"recipients":  func(v value) { o.Recipients = v.words() },
			"categories":  func(v value) { o.Categories = v.words() },
			"populations": func(v value) { o.Populations = v.words() },
			"named":       func(v value) { o.Named = v.boolean() },
			"ground_18_2": func(v value) {
				o.Ground = oneOf(v, rules.ParseOrderGround, "legal_claims", "rights_of_others", "public_interest")
			},
			"covers_transfer": func(v value) { o.CoversTransfer = v.boolean() },
			"valid_from":      func(v value) { o.From = v.date() },
			"valid_until":     func(v value) { o.Until = v.end() },
		})
		v.sketch.needs("kind", "issuer", "purpose", "recipients", "categories", "valid_from")
		d.bundle.Orders = append(d.bundle.Orders, o)
	})
}
