package main

// consentPurposes are the purposes that the example asks consent for.
var consentPurposes = []string{"web.analytics", "marketing.profile", "product.develop"}

// consents: 1009 gave what 1008 withdrew. The others each differ from a plain
// consent in one way that narrows it, or ends it.
func (c *chronicle) consents() {
	const given, withdrawn = "ConsentGiven", "ConsentWithdrawn"
	for _, purpose := range consentPurposes {
		c.add(event{id: "1008", kind: "consent", purpose: purpose, status: given, at: "2025-11-01T00:00:00Z"})
		c.add(event{id: "1008", kind: "consent", purpose: purpose, status: withdrawn, at: "2026-06-15T00:00:00Z"})
		c.add(event{id: "1009", kind: "consent", purpose: purpose, status: given, at: "2026-02-01T00:00:00Z"})
	}
	c.add(event{id: "1012", kind: "consent", purpose: "marketing.profile", status: given, parental: true, at: "2026-03-01T00:00:00Z", actor: "guardian"})
	c.add(event{id: "1014", kind: "consent", purpose: "web.analytics", status: given, at: "2026-03-02T00:00:00Z"})

	for _, s := range []struct {
		zone  zone
		story string
		event event
	}{
		{eea, "consent to web.analytics for the recipient analytics only", event{purpose: "web.analytics", status: given, recipients: []string{"analytics"}}},
		{eea, "consent to web.analytics for the recipient mailer only", event{purpose: "web.analytics", status: given, recipients: []string{"mailer"}}},
		{britain, "consent to web.analytics for recipients of the category analytics_module", event{purpose: "web.analytics", status: given, recipients: []string{"analytics_module"}}},
		{eea, "consent to marketing.profile for user.behavior only", event{purpose: "marketing.profile", status: given, prefixes: []string{"user.behavior"}}},
		{mixed, "consent to product.develop under the EEA's regime only", event{purpose: "product.develop", status: given, regimes: []string{"EEA"}}},
		{california, "explicit consent to marketing.profile", event{purpose: "marketing.profile", status: given, explicit: true}},
		{japan, "consent to marketing.profile, told about recipients abroad", event{purpose: "marketing.profile", status: given, foreignInfo: true}},
		{eea, "consent to web.analytics that ended on 2026-03-01", event{purpose: "web.analytics", status: given, validUntil: "2026-03-01T00:00:00Z"}},
		{japan, "consent to product.develop until 2031", event{purpose: "product.develop", status: given, validUntil: "2031-01-01T00:00:00Z"}},
		{britain, "consent to web.analytics by somebody whom nobody verified: it does not count", event{purpose: "web.analytics", status: given, shaky: true}},
		{nowhere, "consent to web.analytics, location unknown", event{purpose: "web.analytics", status: given}},
		{eea, "refused consent to web.analytics", event{purpose: "web.analytics", status: "ConsentRefused"}},
		{japan, "renewed consent to marketing.profile", event{purpose: "marketing.profile", status: "RenewedConsentGiven"}},
	} {
		e := s.event
		e.id, e.kind, e.at = c.pick(s.zone, adult, s.story), "consent", "2026-01-20T14:00:00Z"
		c.add(e)
	}
	for _, z := range []zone{eea, japan} {
		id := c.pick(z, adult, "gave and withdrew consent to web.analytics")
		c.add(event{id: id, kind: "consent", purpose: "web.analytics", status: given, at: "2026-01-05T00:00:00Z"})
		c.add(event{id: id, kind: "consent", purpose: "web.analytics", status: withdrawn, at: "2026-10-05T00:00:00Z"})
	}
}
