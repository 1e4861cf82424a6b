package exchange_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/ledger"
)

// page is the least that a request holds.
const page = 4 << 10

// wantOverloaded checks an answer of a gateway whose memory is used up.
func wantOverloaded(t *testing.T, w *world, s *spy) {
	t.Helper()
	if got := reason(t, s); got != "overloaded" || s.status != 503 { // which has Retry-After
		t.Errorf("%d %s", s.status, got)
	}
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	last := w.ledger.records[len(w.ledger.records)-1]
	if last.Kind != ledger.KindRefused || last.Disclosure.Reason != "overloaded" || last.Disclosure.Status != 503 {
		t.Errorf("recorded as %+v", last.Disclosure)
	}
}

// Beyond the budget a request is refused before its upstream is asked, and
// served again once there is room.
func TestNoMemoryForAnotherAnswer(t *testing.T) {
	t.Parallel()
	const most = 4
	w := newWorld(t)
	w.gateway.Memory.SetLimit(most*page + page/2)
	var arrived sync.WaitGroup
	arrived.Add(most)
	leave, asked := make(chan struct{}), 0
	w.upstream.answer = func(rw http.ResponseWriter, _ *http.Request) error {
		arrived.Done()
		<-leave
		rw.WriteHeader(http.StatusNotFound)
		return nil
	}
	var all sync.WaitGroup
	for range most {
		all.Go(func() { w.serve(t, get("/v1/customers/17")) })
	}
	arrived.Wait()
	w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
		asked++
		return answers(200, one)(rw, r)
	}
	wantOverloaded(t, w, w.serve(t, get("/v1/customers/17")))
	if asked != 0 {
		t.Error("the upstream was asked for an answer that nobody has room for")
	}
	close(leave)
	all.Wait()
	if s := w.serve(t, get("/v1/customers/17")); s.status != 200 {
		t.Errorf("with room again: %d %s", s.status, s.body.String())
	}
}

// An answer that needs more than there is gets refused when that is known: by its
// length, or by what has come. The upstream's request is cancelled.
func TestNoMemoryForThisAnswer(t *testing.T) {
	t.Parallel()
	long := `{"data":[],"padding":"` + strings.Repeat("x", 20*page) + `"}`
	for name, headers := range map[string][]string{
		"declared":    {"Content-Length: 81946"},
		"as it comes": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.gateway.Memory.SetLimit(8 * page)
			cancelled := false
			w.upstream.answer = func(rw http.ResponseWriter, r *http.Request) error {
				err := answers(200, long, headers...)(rw, r)
				cancelled = r.Context().Err() != nil
				return err
			}
			wantOverloaded(t, w, w.serve(t, get("/v1/customers")))
			if !cancelled {
				t.Error("the upstream goes on sending what is dropped")
			}
		})
	}
}

// What is found in a body counts: many small subjects take more than their bytes.
func TestNoMemoryForWhatWasFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := `{"data":[` + strings.TrimSuffix(strings.Repeat(`{"id":1},`, 2000), ",") + `]}`
	w.gateway.Memory.SetLimit(32 * page)
	w.upstream.answer = answers(200, list)
	wantOverloaded(t, w, w.serve(t, get("/v1/customers")))
	w.gateway.Memory.SetLimit(0)
	if s := w.serve(t, get("/v1/customers")); s.status != 200 {
		t.Errorf("%d with the default", s.status)
	}
}

// What is found in a body is charged before it is kept: many small values take many
// times their bytes, and requests that only find out afterwards would take all of
// that, each.
//
// It looks at what the process allocates, so nothing runs beside it.
func TestNothingIsFoundBeyondTheMemory(t *testing.T) {
	w := newWorld(t)
	const limit = 8 << 20
	w.gateway.Memory.SetLimit(limit)
	dense := "[{}" + strings.Repeat(",{}", 1<<20) + "]"
	w.upstream.answer = answers(200, dense)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := w.serve(t, get("/v1/products"))
	runtime.ReadMemStats(&after)
	wantOverloaded(t, w, s)
	// What grows is allocated again and again: five times what it comes to.
	if all := after.TotalAlloc - before.TotalAlloc; all > 6*limit {
		t.Errorf("%d bytes were allocated with a limit of %d", all, limit)
	}
	w.gateway.Memory.SetLimit(0)
	if s := w.serve(t, get("/v1/products")); s.status != 200 {
		t.Errorf("with the default: %d %.200s", s.status, s.body.String())
	}
}

// What a refused answer has grown in memory is given up with it: a short answer
// after it does not have to pay for that, and has room.
func TestRefusedAnswerLeavesNoDebt(t *testing.T) {
	t.Parallel()
	long := `{"data":[` + strings.TrimSuffix(strings.Repeat(`{"id":1},`, 2000), ",")
	for name, c := range map[string]struct {
		answer, reason string
	}{
		"too much was found": {long + `]}`, "overloaded"},
		"not complete":       {long, "response_uninspectable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.gateway.Memory.SetLimit(32 * page)
			w.upstream.answer = answers(200, c.answer)
			if got := reason(t, w.serve(t, get("/v1/customers"))); got != c.reason {
				t.Fatalf("the long answer: %s", got)
			}
			w.upstream.answer = answers(200, one)
			if s := w.serve(t, get("/v1/customers/17")); s.status != 200 {
				t.Errorf("a short answer after it: %d %s", s.status, s.body.String())
			}
		})
	}
}

// A caller that reads slowly holds the page that it reads, and neither the body
// nor what was found in it.
func TestSlowReaderHoldsOnlyItsBuffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := `{"data":[` + strings.TrimSuffix(strings.Repeat(`{"id":1,"name":"Ada Example","notes":"`+strings.Repeat("n", 400)+`"},`, 200), ",") + `]}`
	w.upstream.answer = answers(200, list)
	out := &slow{spy: spy{header: make(http.Header), trace: w.trace}, writing: make(chan int), read: make(chan struct{})}
	done := make(chan error)
	go func() { done <- w.gateway.Serve(out, get("/v1/customers"), "crm", caller, w.upstream.serve) }()
	length := <-out.writing
	if held, _ := w.gateway.Memory.Held(); held < int64(length) || held > 2*int64(len(list)) {
		t.Errorf("%d bytes are held for the %d that leave of %d", held, length, len(list))
	}
	close(out.read)
	if err := <-done; err != nil || out.status != 200 {
		t.Errorf("%d %v", out.status, err)
	}
}

// Of a body of which most is withheld a slow reader holds what is left.
func TestSlowReaderOfLittleHoldsLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.answer = answers(200, `{"data":[{"id":1,"name":"Ada Example"}],"withheld":"`+strings.Repeat("x", 1<<20)+`"}`)
	out := &slow{spy: spy{header: make(http.Header), trace: w.trace}, writing: make(chan int), read: make(chan struct{})}
	done := make(chan error)
	go func() { done <- w.gateway.Serve(out, get("/v1/customers"), "crm", caller, w.upstream.serve) }()
	length := <-out.writing
	if held, _ := w.gateway.Memory.Held(); held != page || length > page {
		t.Errorf("%d bytes are held for the %d that leave", held, length)
	}
	close(out.read)
	if err := <-done; err != nil || !strings.Contains(out.body.String(), "Ada Example") {
		t.Errorf("%v %s", err, out.body.String())
	}
}

// slow is a client that takes its time.
type slow struct {
	spy
	writing chan int
	read    chan struct{}
}

func (s *slow) Write(p []byte) (int, error) {
	s.writing <- len(p)
	<-s.read
	return s.spy.Write(p)
}

// The default is in force without a budget of the operator's.
func TestMemoryDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if held, limit := w.gateway.Memory.Held(); held != 0 || limit != exchange.DefaultMaxMemory {
		t.Errorf("%d of %d", held, limit)
	}
	if exchange.MinMemory(exchange.DefaultMaxBody) > exchange.DefaultMaxMemory {
		t.Error("a body of the greatest size does not fit")
	}
	w.gateway.Memory = nil
	w.upstream.answer = answers(200, one)
	if s := w.serve(t, get("/v1/customers/17")); s.status != 200 {
		t.Errorf("without a budget: %d", s.status)
	}
	w.gateway.Memory = new(exchange.Memory)
}

// A body of the greatest size, whose length nobody told, fits the least budget.
func TestGreatestBodyFits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateway.MaxBody = 3 << 20
	w.gateway.Memory.SetLimit(exchange.MinMemory(w.gateway.MaxBody))
	w.upstream.answer = func(rw http.ResponseWriter, _ *http.Request) error {
		rw.Header().Set("Content-Type", "application/json")
		for _, part := range []string{`{"data":[{"id":1,"name":"Ada"}],"padding":"`, strings.Repeat("x", w.gateway.MaxBody-45), `"}`} {
			if _, err := io.CopyBuffer(struct{ io.Writer }{rw}, strings.NewReader(part), make([]byte, 32<<10)); err != nil {
				return err
			}
		}
		return nil
	}
	for range 3 { // and again in what the first one left
		if s := w.serve(t, get("/v1/customers")); s.status != 200 {
			t.Fatalf("%d %s", s.status, s.body.String())
		}
	}
}
