package integration

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// ready STATUS BODY: the probes of the site and of the admin endpoint come to
// answer that, and both are live meanwhile.
func cmdReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ready STATUS BODY")
	}
	w := theWorld(ts)
	ctx, cancel := scriptContext()
	defer cancel()
	for _, url := range []string{w.gateway + "/readyz", w.admin + "/minimise/health/ready"} {
		for {
			got, err := probe(ctx, url)
			ts.Check(err)
			if got == args[0]+" "+args[1] {
				break
			}
			select {
			case <-ctx.Done():
				ts.Fatalf("%s: still %s", url, got)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	for _, url := range []string{w.gateway + "/livez", w.admin + "/minimise/health/live"} {
		got, err := probe(ctx, url)
		ts.Check(err)
		if got != `200 {"status":"live"}` {
			ts.Fatalf("%s: %s", url, got)
		}
	}
}

// probe returns the status and the body of an answer.
func probe(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := askAgain(http.DefaultClient, req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.Status[:3] + " " + strings.TrimSpace(string(b)), err
}

// metrics: prints what the admin endpoint serves.
func cmdMetrics(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: metrics")
	}
	ctx, cancel := scriptContext()
	defer cancel()
	b, err := fetch(ctx, theWorld(ts).admin+"/metrics")
	ts.Check(err)
	show(ts, string(b))
}
