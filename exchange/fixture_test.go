package exchange_test

import (
	_ "embed"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/pseudonym"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

//go:embed testdata/policy/policy.yaml
var policyText []byte

// compiled is the policy of the tests. It is shared: a policy is immutable.
var compiled = sync.OnceValues(func() (*rules.Policy, error) {
	bundle, problems, err := source.Load(fstest.MapFS{"policy.yaml": {Data: policyText}})
	if err != nil {
		return nil, err
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	policy, problems := rules.Compile(bundle)
	return policy, problems.Err()
})

// world is a gateway with everything around it faked but the policy and the
// keys.
type world struct {
	gateway  *exchange.Gateway
	policy   *editions
	states   *states
	ledger   *log
	keys     *keys
	upstream *upstream
	now      time.Time
	trace    *trace
	logged   *lines
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	policy, err := compiled()
	if err != nil {
		tb.Fatal(err)
	}
	keyset, err := pseudonym.Create(filepath.Join(tb.TempDir(), "keys"))
	if err != nil {
		tb.Fatal(err)
	}
	// The keys begin with the month in which they were made.
	now := time.Now().UTC().Truncate(time.Second)
	w := &world{now: now, trace: new(trace), logged: new(lines), upstream: new(upstream)}
	w.policy = &editions{edition: policy.At(now)}
	w.states = &states{trace: w.trace, of: make(map[rules.Key]*rules.State)}
	w.ledger = &log{trace: w.trace}
	w.keys = &keys{set: keyset, digest: keyset.Digester()}
	w.gateway = &exchange.Gateway{
		Policy: w.policy, State: w.states, Ledger: w.ledger, Keys: w.keys,
		Clock: func() time.Time { return now },
		Log:   slog.New(slog.NewTextHandler(w.logged, nil)), Refused: new(exchange.Refusals),
		Memory: new(exchange.Memory),
	}
	// However a request ends, it gives back what it held.
	tb.Cleanup(func() {
		if held, _ := w.gateway.Memory.Held(); held != 0 {
			tb.Errorf("%d bytes are held by nobody", held)
		}
	})
	return w
}

// customer sets what is known of a customer.
func (w *world) customer(id string, s *rules.State) {
	w.states.of[w.key(id)] = s
}

func (w *world) key(id string) rules.Key {
	return w.keys.digest.Key(&rules.Population{Name: "customer"}, id)
}

// restricted is a state that withholds everything.
func restricted() *rules.State {
	return &rules.State{Seen: true, Restriction: rules.Standing{State: rules.StateActive}}
}

// caller is the verified caller of most tests.
var caller = rules.Identity{Method: "basic", User: "support-desk"}

// serve sends a request to the gateway, whose next handler is the upstream.
func (w *world) serve(tb testing.TB, r *http.Request) *spy {
	tb.Helper()
	return w.serveAs(tb, caller, r)
}

func (w *world) serveAs(tb testing.TB, who rules.Identity, r *http.Request) *spy {
	tb.Helper()
	out := &spy{header: make(http.Header), trace: w.trace}
	if err := w.gateway.Serve(out, r, "crm", who, w.upstream.serve); err != nil {
		tb.Fatalf("Serve: %v", err)
	}
	return out
}

// get builds a request with a purpose. Headers are name and value in turn; one
// without a value takes the name away.
func get(target string, headers ...string) *http.Request { return request("GET", target, headers...) }

func request(method, target string, headers ...string) *http.Request {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		panic(err)
	}
	r := &http.Request{
		Method: method, URL: u, RequestURI: target, Host: "api.example.com", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Data-Purpose": {"support.provide"}}, Body: http.NoBody, RemoteAddr: "192.0.2.1:1234",
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		if headers[i] == "Data-Purpose" && i == 0 {
			r.Header.Del(headers[i])
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// counted returns what the gateway has counted and not recorded.
func (w *world) counted(t *testing.T) map[string]int64 {
	t.Helper()
	sink := &log{trace: new(trace)}
	if err := w.gateway.Refused.Flush(t.Context(), sink, w.now); err != nil {
		t.Fatal(err)
	}
	if len(sink.records) == 0 {
		return nil
	}
	all := make(map[string]int64)
	for _, r := range sink.records {
		for reason, n := range r.Summary.Reasons {
			all[reason] += n
		}
	}
	return all
}

// reason returns the reason of a problem document after checking its form.
func reason(t *testing.T, s *spy) string {
	t.Helper()
	return problemOf(t, s).Reason
}
