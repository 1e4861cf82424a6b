package integration

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/modicum-dev/modicum/ledger"
)

// begin CALLER PURPOSE PATH: asks, and goes on when the slow upstream has been
// asked. Once in a script.
func cmdBegin(ts *testscript.TestScript, neg bool, args []string) {
	w := theWorld(ts)
	if neg || len(args) != 3 || args[2] != w.holder.path || w.begun != nil {
		ts.Fatalf("usage: begin CALLER PURPOSE %s, once", w.holder.path)
	}
	w.begun = make(chan outcome, 1)
	ctx, cancel := scriptContext()
	gateway := w.gateway
	go func() {
		defer cancel()
		r, err := call{args[0], args[1], args[2], http.StatusOK}.do(ctx, newClient(false), gateway)
		w.begun <- outcome{r, err}
	}()
	select {
	case <-w.holder.asked:
	case o := <-w.begun:
		ts.Fatalf("upstream was not asked: %d %v", o.status, o.err)
	}
}

// finish: the slow upstream answers, and the answer of what began is the last one.
func cmdFinish(ts *testscript.TestScript, neg bool, args []string) {
	w := theWorld(ts)
	if neg || len(args) != 0 || w.begun == nil {
		ts.Fatalf("usage: begin ..., then finish")
	}
	close(w.holder.free)
	o := <-w.begun
	if o.err != nil {
		ts.Fatalf("finish: %v", o.err)
	}
	w.status, w.header, w.body = o.status, o.header, o.body
	ts.Setenv("DISCLOSURE", o.id)
	show(ts, fmt.Sprintf("%d\n%s\n", w.status, w.body))
}

// edit FILE OLD NEW: replaces the first OLD. \n in NEW begins a line.
func cmdEdit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], strings.ReplaceAll(args[2], `\n`, "\n"), 1)), 0o600))
}

// admin PATH: what the admin endpoint answers to a GET, which is 200.
func cmdAdmin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: admin PATH")
	}
	ctx, cancel := scriptContext()
	defer cancel()
	b, err := fetch(ctx, theWorld(ts).admin+args[0])
	ts.Check(err)
	show(ts, string(b))
}

// epochs FOLDER HOW...: the epochs of a ledger come to end like that, in order;
// "open" is one that has no end.
func cmdEpochs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: epochs FOLDER HOW...")
	}
	dir := ts.MkAbs(args[0])
	ctx, cancel := scriptContext()
	defer cancel()
	for {
		how, err := endsOf(dir)
		ts.Check(err)
		if slices.Equal(how, args[1:]) {
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("the epochs of %s ended %q", args[0], how)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// endsOf returns how each epoch of a ledger ended, in order; "open" if it did not.
func endsOf(dir string) ([]string, error) {
	epochs, err := ledger.Epochs(dir)
	if err != nil {
		return nil, err
	}
	var how []string
	for _, epoch := range epochs {
		end, ended, err := ledger.ReadEnd(dir, epoch)
		if err != nil {
			return nil, err
		}
		if !ended {
			end.How = "open"
		}
		how = append(how, end.How)
	}
	return how, nil
}
