package exchange_test

import "testing"

// U8: Sec-GPC is the word of the subject where its own browser asks, and nobody's
// where a vendor's server does. It reaches sale and sharing alone.
func TestGlobalPrivacyControlCountsWhereAConsumerAsks(t *testing.T) {
	t.Parallel()
	const californian = `{"id":17,"name":"ADA","address":{"country":"US","state":"CA"},"born":"1980-01-01"}`
	for _, c := range []struct {
		path, purpose, gpc string
		status             int
	}{
		{"/v1/pages/17", "adverts.show", "1", 404},
		{"/v1/pages/17", "adverts.show", "0", 200},
		{"/v1/customers/17", "adverts.show", "1", 200},
		{"/v1/pages/17", "support.provide", "1", 200},
	} {
		w := newWorld(t)
		w.upstream.answer = answers(200, californian)
		r := get(c.path, "Data-Purpose", c.purpose, "Sec-Gpc", c.gpc)
		if s := w.serve(t, r); s.status != c.status {
			t.Errorf("%s for %s with Sec-GPC %s: %d %s, want %d", c.path, c.purpose, c.gpc, s.status, s.body.String(), c.status)
		}
	}
}
