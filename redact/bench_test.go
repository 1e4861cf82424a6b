package redact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/redact"
	"github.com/modicum-dev/modicum/rules"
)

// BenchmarkRedact runs the complete job, checking alone (gjson), and decoding,
// deleting and encoding (encoding/json), one after the other. It is there to be
// profiled; for ratios BenchmarkBars is the better one.
func BenchmarkRedact(b *testing.B) {
	for _, w := range workloads(b) {
		for _, c := range w.contestants(b) {
			b.Run(w.name+"/"+c.name, func(b *testing.B) {
				for range 2 * len(w.bodies) {
					c.run()
				}
				b.SetBytes(w.meanSize())
				b.ReportAllocs()
				for b.Loop() {
					c.run()
				}
			})
		}
	}
}

// BenchmarkBars measures what docs/performance.md promises of the minimiser. An
// iteration is one round of [race].
func BenchmarkBars(b *testing.B) {
	for _, w := range workloads(b) {
		b.Run(w.name, w.bars)
	}
	b.Run("linear", benchmarkLinear)
	b.Run("fields", benchmarkFields)
}

// contestants are who does a job, or a part of it: open and emit are the two halves
// of redact.
func (w *workload) contestants(b *testing.B) []contestant {
	b.Helper()
	var doc, opened redact.Document
	var out []byte
	emitted := make([]redact.Document, len(w.bodies))
	for range w.bodies {
		w.open(&emitted[w.turn%len(w.bodies)])
		w.next()
	}
	return []contestant{
		{name: "redact", run: func() { out = w.minimise(&doc, out[:0]); w.next() }},
		{name: "gjson_valid", run: func() { w.check(b); w.next() }},
		{name: "open", run: func() { w.open(&opened); w.next() }},
		{name: "emit", run: func() { out = w.emit(&emitted[w.turn%len(w.bodies)], out[:0]); w.next() }},
		{name: "encoding_json", garbage: true, run: func() { w.decodeDeleteEncode(b); w.next() }},
	}
}

func (w *workload) meanSize() int64 {
	total := 0
	for _, body := range w.bodies {
		total += len(body)
	}
	return int64(total / len(w.bodies))
}

func (w *workload) bars(b *testing.B) {
	w.agree(b)
	contestants := w.contestants(b)
	rounds := race(b, len(w.bodies), contestants...)
	ours := rounds[0]
	for i, c := range contestants {
		b.ReportMetric(median(rounds[i]), c.name+"-ns")
	}
	vsGjson := slices.Sorted(slices.Values(ratios(rounds[1], ours)))
	b.ReportMetric(median(vsGjson), "vs_gjson_valid")
	b.ReportMetric(vsGjson[len(vsGjson)/4], "vs_gjson_valid-low")
	b.ReportMetric(vsGjson[len(vsGjson)*3/4], "vs_gjson_valid-high")
	b.ReportMetric(median(ratios(rounds[4], ours)), "vs_encoding_json")
	allocs, bytes := allocated(contestants[0].run, 32*len(w.bodies))
	b.ReportMetric(allocs, "allocs")
	b.ReportMetric(bytes, "alloc-bytes")
	b.ReportMetric(float64(w.meanSize()), "size")
	b.ReportMetric(0, "ns/op") // of a round, which says nothing
}

// benchmarkLinear compares one list that is a hundred times as long with a hundred
// lists, each of which has a Document and an output of its own: first all of them are
// opened, then all are emitted. So both go through the same amount of memory in the
// same order, far more than an L2 cache holds, and what differs is the length alone.
// A single short list would find all that it needs in the caches, and the ratio would
// be that of the caches.
func benchmarkLinear(b *testing.B) {
	const times = 100
	list := workloads(b)[0]
	long := newWorkload("long", list.shape, "", newWriter(1, false).list(100*times))
	var doc redact.Document
	var out []byte
	docs := make([]redact.Document, times)
	outs := make([][]byte, times)
	// The short ones lie in one piece of memory, as the long one does.
	var all []byte
	for range times {
		all = append(all, list.body...)
	}
	short := newWorkload("short", list.shape, "", slices.Collect(slices.Chunk(all, len(list.body)))...)
	rounds := race(
		b, 1,
		contestant{name: "long", run: func() { out = long.minimise(&doc, out[:0]) }},
		contestant{name: "short", run: func() {
			for i := range docs {
				short.open(&docs[i])
				short.next()
			}
			for i := range docs {
				outs[i] = short.emit(&docs[i], outs[i][:0])
			}
		}},
	)
	sizes := float64(len(all)) / float64(len(long.body))
	b.ReportMetric(median(ratios(rounds[0], rounds[1]))*sizes, "linear")
	b.ReportMetric(0, "ns/op")
}

// benchmarkFields minimises the same small people by ten fields and by ten thousand.
func benchmarkFields(b *testing.B) {
	item := `{"id":1,"f1":"aaaa","f3":"bbbb","f5":"cccc","f8":"dddd","x":"eeeeeeee"}`
	body := []byte(`{"data":[` + strings.Repeat(item+",", 99) + item + `]}`)
	var contestants []contestant
	var answers []string
	for _, n := range []int{10, 10_000} {
		w := newWorkload(fmt.Sprint(n), fieldsShape(b, n), "", body)
		for i := range w.one.Fields {
			w.one.Fields[i].Verb = rules.Allow
			w.want.Add(i)
		}
		var doc redact.Document
		var out []byte
		contestants = append(contestants, contestant{name: w.name, run: func() { out = w.minimise(&doc, out[:0]) }})
		answers = append(answers, string(w.minimise(&doc, nil)))
	}
	if answers[0] != answers[1] {
		b.Fatalf("the answers differ: %s, %s", answers[0], answers[1])
	}
	rounds := race(b, 1, contestants...)
	b.ReportMetric(median(ratios(rounds[1], rounds[0])), "fields_10000_vs_10")
	b.ReportMetric(0, "ns/op")
}

// fieldsShape names n members of people. The ten that are in every shape are spread
// over all of the numbers.
func fieldsShape(tb testing.TB, n int) *rules.Shape {
	tb.Helper()
	var text strings.Builder
	text.WriteString("subject customer at data[] id=id\n")
	for i := range n {
		switch step := n / 10; {
		case i == 0:
			text.WriteString("data[].id\n")
		case i%step == 0:
			fmt.Fprintf(&text, "data[].f%d\n", i/step)
		default:
			fmt.Fprintf(&text, "data[].other%d\n", i)
		}
	}
	return mustShape(tb, text.String())
}
