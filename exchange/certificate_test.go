package exchange_test

import (
	"testing"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/rules"
)

// The record names the certificate by which the caller is known, also one that is
// nobody's: its authority vouches for it, so that it is not only counted.
func TestRecordOfACertificate(t *testing.T) {
	t.Parallel()
	mailer := &rules.Certificate{CA: "vendors", DNS: []string{"mailer.vendors.example"}}
	stranger := &rules.Certificate{CA: "vendors", DNS: []string{"stranger.vendors.example"}}
	for _, c := range []struct {
		name           string
		who            rules.Identity
		status         int
		kind           ledger.Kind
		recipient      string
		method, client string
	}{
		{"certificate", rules.Identity{Certificate: mailer}, 200, ledger.KindReleased, "mailer", "mtls", "dns:mailer.vendors.example"},
		{"with its user", rules.Identity{User: "mailer", Method: "basic", Certificate: mailer}, 200, ledger.KindReleased, "mailer", "mtls+basic", "dns:mailer.vendors.example mailer"},
		{"with another's", rules.Identity{User: "support-desk", Method: "basic", Certificate: mailer}, 403, ledger.KindRefused, "", "mtls+basic", "dns:mailer.vendors.example support-desk"},
		{"stranger", rules.Identity{Certificate: stranger}, 403, ledger.KindRefused, "", "mtls", "dns:stranger.vendors.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.upstream.answer = answers(200, one)
			s := w.serveAs(t, c.who, get("/v1/customers/17", "Data-Purpose", "newsletter.send"))
			if s.status != c.status {
				t.Fatal(s.everything())
			}
			d := w.ledger.only(t, c.kind).Disclosure
			if d.Recipient != c.recipient || d.Auth.Method != c.method || d.Auth.Client != c.client {
				t.Errorf("%q by %+v", d.Recipient, d.Auth)
			}
			if len(w.counted(t)) != 0 {
				t.Error("it was counted, too")
			}
		})
	}
}
