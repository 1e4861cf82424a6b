package integration

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"
)

// commands are what scripts can do beside testscript's own.
var commands = map[string]func(*testscript.TestScript, bool, []string){
	"gateway":    cmdGateway,
	"ask":        cmdAsk,
	"asktls":     cmdAskTLS,
	"authority":  cmdAuthority,
	"certify":    cmdCertify,
	"answer":     cmdAnswer,
	"keep":       cmdKeep,
	"same":       cmdSame,
	"span":       cmdSpan,
	"nowhere":    cmdNowhere,
	"eventually": cmdEventually,
	"ready":      cmdReady,
	"metrics":    cmdMetrics,
	"begin":      cmdBegin,
	"finish":     cmdFinish,
	"edit":       cmdEdit,
	"epochs":     cmdEpochs,
	"admin":      cmdAdmin,
	"conforms":   cmdConforms,
}

func theWorld(ts *testscript.TestScript) *world {
	w, ok := ts.Value(worldKey{}).(*world)
	if !ok {
		ts.Fatalf("no world")
	}
	return w
}

func scriptContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 2*time.Minute)
}

// gateway start [misbehaving | slow | trusting | lingering | signed FILE | observing] | drain | stop | kill | log
func cmdGateway(ts *testscript.TestScript, neg bool, args []string) {
	w := theWorld(ts)
	ctx, cancel := scriptContext()
	defer cancel()
	var err error
	switch {
	case slices.Equal(args, []string{"start"}):
		err = w.start(ctx, nil)
	case slices.Equal(args, []string{"start", "misbehaving"}):
		err = w.start(ctx, func(text string) string {
			text = w.inFrontOf(w.upstream, text)
			return strings.Replace(text, "welcome ", "max_body 256KiB\n\t\twelcome ", 1)
		})
	case slices.Equal(args, []string{"start", "slow"}):
		err = w.start(ctx, func(text string) string { return w.inFrontOf(w.slow, text) })
	case slices.Equal(args, []string{"start", "trusting"}):
		err = w.start(ctx, trusting)
	case slices.Equal(args, []string{"start", "lingering"}):
		err = w.start(ctx, func(text string) string {
			return strings.Replace(text, "skip_install_trust", "skip_install_trust\n\tshutdown_delay 1h", 1)
		})
	case len(args) == 3 && args[0] == "start" && args[1] == "signed":
		key := strings.TrimSpace(ts.ReadFile(args[2]))
		err = w.start(ctx, func(text string) string {
			const policy = "policy examples/software-vendor/policy"
			return strings.Replace(text, policy, policy+" {\n\t\t\tsigned_by "+key+"\n\t\t}", 1)
		})
	case slices.Equal(args, []string{"start", "observing"}):
		err = w.start(ctx, func(text string) string {
			return strings.ReplaceAll(text, "minimise crm\n", "minimise crm {\n\t\tobserve\n\t}\n")
		})
	case slices.Equal(args, []string{"drain"}):
		err = w.process.cmd.Process.Signal(syscall.SIGTERM)
	case slices.Equal(args, []string{"stop"}):
		err = w.stop(syscall.SIGTERM)
	case slices.Equal(args, []string{"kill"}):
		err = w.stop(syscall.SIGKILL)
	case slices.Equal(args, []string{"log"}):
		show(ts, w.output.String())
	default:
		ts.Fatalf("usage: gateway start [misbehaving | slow | trusting | lingering | signed FILE | observing] | drain | stop | kill | log")
	}
	if (err != nil) != neg {
		ts.Fatalf("gateway %v: %v", args, err)
	}
}

// show puts text where the script's stdout command looks.
func show(ts *testscript.TestScript, text string) {
	if _, err := io.WriteString(ts.Stdout(), text); err != nil {
		ts.Fatalf("%v", err)
	}
}

// ask [-head] CALLER PURPOSE PATH [Header:value...]; - is none. A purpose with a
// | is two header lines.
func cmdAsk(ts *testscript.TestScript, neg bool, args []string) {
	method := http.MethodGet
	if len(args) > 0 && args[0] == "-head" {
		method, args = http.MethodHead, args[1:]
	}
	if neg || len(args) < 3 {
		ts.Fatalf("usage: ask [-head] CALLER PURPOSE PATH [Header:value...]")
	}
	for i := range args[:2] {
		if args[i] == "-" {
			args[i] = ""
		}
	}
	header := make(http.Header)
	for _, h := range args[3:] {
		name, value, _ := strings.Cut(h, ":")
		header.Add(name, value)
	}
	w := theWorld(ts)
	ctx, cancel := scriptContext()
	defer cancel()
	if err := w.ask(ctx, method, args[0], strings.ReplaceAll(args[1], "|", "\n"), args[2], header); err != nil {
		ts.Fatalf("ask: %v", err)
	}
	ts.Setenv("DISCLOSURE", w.header.Get("Disclosure-Id"))
	show(ts, fmt.Sprintf("%d\n%s\n", w.status, w.body))
}

// answer STATUS | answer PATH [VALUE]: the last answer had this status, or its
// body has this raw JSON value at a path (without a value: has one).
func cmdAnswer(ts *testscript.TestScript, neg bool, args []string) {
	w := theWorld(ts)
	if len(args) == 1 {
		if status, err := strconv.Atoi(args[0]); err == nil {
			if (w.status == status) == neg {
				ts.Fatalf("status %d\n%s", w.status, w.body)
			}
			return
		}
	}
	if len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: answer STATUS | answer PATH [RAW]")
	}
	got := gjson.GetBytes(w.body, args[0])
	ok := got.Exists() && (len(args) == 1 || got.Raw == args[1])
	if ok == neg {
		ts.Fatalf("%s is %s in\n%.2000s", args[0], got.Raw, w.body)
	}
}

// keep NAME: remembers the last answer. same NAME: the last answer is the same
// byte for byte, headers too, but for the disclosure id and the date.
func cmdKeep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keep NAME")
	}
	ts.Setenv("KEPT_"+args[0], theWorld(ts).fingerprint())
}

func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: same NAME")
	}
	got, want := theWorld(ts).fingerprint(), ts.Getenv("KEPT_"+args[0])
	if (got == want) == neg {
		ts.Fatalf("this answer:\n%s\nkept as %s:\n%s", got, args[0], want)
	}
}

func (w *world) fingerprint() string {
	h := w.header.Clone()
	h.Del("Date")
	id := h.Get("Disclosure-Id")
	dump, err := httputil.DumpResponse(&http.Response{
		StatusCode: w.status, ProtoMajor: 1, ProtoMinor: 1, Header: h, ContentLength: -1, Request: &http.Request{URL: &url.URL{}},
	}, false)
	if err != nil {
		return err.Error()
	}
	text := string(dump) + string(w.body)
	if id == "" {
		return text
	}
	return strings.ReplaceAll(text, id, "DISCLOSURE")
}

// span [NAME]: exactly one span of the last disclosure reaches the collector;
// with a name it is called that. Its export does not stand between a request and
// its answer, so it is waited for.
func cmdSpan(ts *testscript.TestScript, neg bool, args []string) {
	w := theWorld(ts)
	id := w.header.Get("Disclosure-Id")
	ctx, cancel := scriptContext()
	defer cancel()
	for {
		found := w.collector.find(id)
		if len(found) > 0 {
			switch {
			case neg, len(found) > 1:
				ts.Fatalf("%d spans", len(found))
			case len(args) > 0 && found[0].GetName() != args[0]:
				ts.Fatalf("span is called %q", found[0].GetName())
			}
			show(ts, found[0].String()+"\n")
			return
		}
		select {
		case <-ctx.Done():
			if !neg {
				ts.Fatalf("no span of disclosure %s arrived", id)
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// nowhere REGEXP...: none of the texts is in the last answer, its headers, the
// gateway's output or any span.
func cmdNowhere(ts *testscript.TestScript, neg bool, args []string) {
	w := theWorld(ts)
	places := map[string]string{"answer": w.fingerprint(), "output": w.output.String(), "spans": w.collector.text()}
	for _, pattern := range args {
		re, err := regexp.Compile(pattern)
		if err != nil {
			ts.Fatalf("%v", err)
		}
		for place, text := range places {
			if re.MatchString(text) != neg {
				ts.Fatalf("%q in the %s", pattern, place)
			}
		}
	}
}

// eventually STATUS CALLER PURPOSE PATH: asks until the answer has the status.
func cmdEventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: eventually STATUS CALLER PURPOSE PATH")
	}
	w := theWorld(ts)
	ctx, cancel := scriptContext()
	defer cancel()
	for {
		if err := w.ask(ctx, http.MethodGet, args[1], args[2], args[3], nil); err != nil {
			ts.Fatalf("eventually: %v", err)
		}
		if strconv.Itoa(w.status) == args[0] {
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("still %d: %s", w.status, w.body)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
