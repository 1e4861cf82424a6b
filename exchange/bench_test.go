package exchange_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/ledger"
)

// nothing is a writer and a ledger that keep nothing.
type nothing struct {
	header http.Header
	bytes  int
}

func (n *nothing) Header() http.Header { return n.header }
func (n *nothing) WriteHeader(int)     {}
func (n *nothing) Write(p []byte) (int, error) {
	n.bytes += len(p)
	return len(p), nil
}
func (n *nothing) Ready() error { return nil }
func (n *nothing) Append(context.Context, *ledger.Record) (ledger.Receipt, error) {
	return ledger.Receipt{}, nil
}
func (n *nothing) Close(context.Context) error { return nil }

// customerOf is a customer of about 1.7 KB, most of which does not leave.
func customerOf(id int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"id":%d,"object":"customer","name":"Ada Example","email":"ada%d@example.com","address":{"line1":"1-2-3 Example","city":"Sendai","country":"JP"},"born":"1980-02-29","notes":"`, id, id)
	b.WriteString(strings.Repeat("Called about the licence. ", 20))
	b.WriteString(`","orders":[`)
	for i := range 8 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"o-%d-%d","sku":"EX-%04d","quantity":%d,"price":"12.50","currency":"JPY"}`, id, i, i, i+1)
	}
	b.WriteString(`],"preferences":{"newsletter":true,"topics":["security","releases","events"],"channels":[["email","weekly"],["post","yearly"]]},"internal":{"score":0.731,"segment":"b2b-mid","flags":[1,0,1,1,0,0,1],"reviewed_by":"someone@example.com","reviewed_at":"2026-10-01T10:00:00Z"}}`)
	return b.String()
}

func BenchmarkServe(b *testing.B) {
	list := make([]string, 100)
	for i := range list {
		list[i] = customerOf(i + 1)
	}
	for _, c := range []struct{ name, target, body string }{
		{"one", "/v1/customers/1", customerOf(1)},
		{"list100", "/v1/customers", `{"object":"list","data":[` + strings.Join(list, ",") + `],"has_more":false}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b)
			w.gateway.Ledger = new(nothing)
			body, length := []byte(c.body), []string{fmt.Sprint(len(c.body))}
			mediaType := []string{"application/json"}
			next := func(rw http.ResponseWriter, _ *http.Request) error {
				h := rw.Header()
				h["Content-Type"], h["Content-Length"] = mediaType, length
				rw.WriteHeader(200)
				for at := 0; at < len(body); at += 32 << 10 {
					if _, err := rw.Write(body[at:min(at+32<<10, len(body))]); err != nil {
						return err
					}
				}
				return nil
			}
			out := &nothing{header: make(http.Header)}
			r := get(c.target)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				out.bytes = 0
				if err := w.gateway.Serve(out, r, "crm", caller, next); err != nil {
					b.Fatal(err)
				}
			}
			if out.bytes == 0 {
				b.Fatal("nothing was released")
			}
			b.ReportMetric(float64(len(body)), "body-B")
			b.ReportMetric(float64(out.bytes), "sent-B")
		})
	}
}
