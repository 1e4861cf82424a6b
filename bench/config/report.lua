-- One line for the harness to read: counts, and times in microseconds.
function done(summary, latency, requests)
	local e = summary.errors
	io.write(string.format(
		"bench requests=%d duration=%d p50=%d p99=%d connect=%d read=%d write=%d timeout=%d status=%d\n",
		summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
		e.connect, e.read, e.write, e.timeout, e.status))
end
