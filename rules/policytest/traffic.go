package policytest

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/modicum-dev/modicum/exchange"
	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/internal/har"
)

// Traffic is what a policy makes of recorded traffic, for one recipient and purpose.
type Traffic struct {
	Recipient, Purpose string
	Requests           int // of the recording
	// Unreadable counts entries that are not of the format, and WithoutBody those
	// whose answer was not recorded: nothing can be said of either.
	Unreadable, WithoutBody int
	Resources               []*ResourceTraffic // by api and name
	Unmapped                map[string]int     // routes that no resource has, by method and path without what looks like an id
}

// ResourceTraffic is the traffic of one resource.
type ResourceTraffic struct {
	Resource  *rules.Resource
	Requests  int
	Answered  int
	Refused   map[rules.Reason]int
	People    int                  // in the bodies
	Absent    map[rules.Reason]int // people who are not in the answers, by gate; ReasonNone: each member has its own reason
	Disclosed map[Disclosed]int    // members that leave
	Withheld  map[rules.Reason]int // members that are withheld, by primary reason; ReasonNone: empty, or with what they belong to
	Unnamed   map[string]int       // members that no rule names, by path
}

// Disclosed is a category of data in one form.
type Disclosed struct {
	Category string // empty: not personal
	Form     string // clear, pseudonym, or that of a generaliser
}

// Traffic tries every entry of a HAR file, for the recipient and purpose of r. Nothing
// is sent. Each entry is decided as of the instant of the trial, and limits over time
// are not counted.
func (t *Trial) Traffic(r *Request, recording io.Reader) (*Traffic, error) {
	q, err := t.question(r)
	if err != nil {
		return nil, err
	}
	out := &Traffic{Recipient: r.Recipient, Purpose: r.Purpose, Unmapped: make(map[string]int)}
	by := make(map[*rules.Resource]*ResourceTraffic)
	for e, err := range har.Read(recording) {
		switch {
		case errors.Is(err, har.ErrEntry), errors.Is(err, har.ErrContent):
			out.Requests++
			out.Unreadable++
			continue
		case err != nil:
			return nil, err
		}
		out.Requests++
		if err := t.entry(out, by, r, *q, e); err != nil {
			return nil, err
		}
	}
	for _, res := range by {
		out.Resources = append(out.Resources, res)
	}
	slices.SortFunc(out.Resources, func(a, b *ResourceTraffic) int { return strings.Compare(a.name(), b.name()) })
	return out, nil
}

func (r *ResourceTraffic) name() string { return r.Resource.API + "." + r.Resource.Name }

// entry tries one entry.
func (t *Trial) entry(out *Traffic, by map[*rules.Resource]*ResourceTraffic, r *Request, q question, e *har.Entry) error {
	if q.url = target(e.URL); q.url == nil {
		out.Unreadable++
		return nil
	}
	q.method, q.upstream = e.Method, recorded(e)
	q.gpc = q.gpc || slices.Contains(e.Header["Sec-Gpc"], "1")
	tried, err := t.ask(r, &q, e.Body)
	if err != nil {
		return err
	}
	if tried.Resource == nil {
		if t.edition != nil {
			out.Unmapped[e.Method+" "+template(q.url.Path)]++
			return nil
		}
		return noRequest("no document of the policy is in effect at that time")
	}
	res := by[tried.Resource]
	if res == nil {
		res = &ResourceTraffic{
			Resource: tried.Resource, Refused: make(map[rules.Reason]int), Absent: make(map[rules.Reason]int),
			Disclosed: make(map[Disclosed]int), Withheld: make(map[rules.Reason]int), Unnamed: make(map[string]int),
		}
		by[tried.Resource] = res
	}
	if e.Body == nil && (e.Status == http.StatusOK || e.Status == http.StatusCreated) {
		out.WithoutBody++
	}
	res.add(tried)
	return nil
}

// target is what a URL asks of its host; nil for what is none.
func target(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		return nil
	}
	return &url.URL{Path: cmp.Or(u.Path, "/"), RawPath: u.RawPath, RawQuery: u.RawQuery}
}

// recorded is an upstream that answers as it did when it was recorded.
func recorded(e *har.Entry) exchange.Next {
	return func(w http.ResponseWriter, _ *http.Request) error {
		if e.Status < 100 || e.Status > 999 {
			return errNoAnswer
		}
		w.Header().Set("Content-Type", e.MIMEType)
		w.WriteHeader(e.Status)
		_, err := w.Write(e.Body)
		return err
	}
}

var errNoAnswer = errors.New("no answer was recorded")

func (r *ResourceTraffic) add(t *Tried) {
	r.Requests++
	if t.Refused == rules.ReasonNone {
		r.Answered++
	} else {
		r.Refused[t.Refused]++
	}
	for i := range t.Subjects {
		r.People++
		if p := &t.Subjects[i]; !p.Released {
			r.Absent[p.Gate]++
		}
	}
	for i := range t.Members {
		m := &t.Members[i]
		reason := rules.ReasonNone
		if len(m.Reasons) > 0 {
			reason = m.Reasons[0]
		}
		switch {
		case m.Outcome != OutcomeWithheld:
			form := m.Outcome
			if m.Form != "" {
				form = m.Form
			}
			r.Disclosed[Disclosed{Category: m.Category, Form: form}]++
		case reason == rules.FieldUnmapped:
			r.Unnamed[m.Path]++
		default:
			r.Withheld[reason]++
		}
	}
}

// Unnamed counts the paths that the policy does not name: routes, and members.
func (t *Traffic) Unnamed() int {
	n := len(t.Unmapped)
	for _, r := range t.Resources {
		n += len(r.Unnamed)
	}
	return n
}

// looksLikeID is what a segment of a path has that is not of a route's own.
var looksLikeID = regexp.MustCompile(`[0-9]{2,}|^[0-9]+$|[@%]|.{33,}|^[0-9a-fA-F-]{16,}$`)

// template writes a path without what looks like an id, so that requests of one route
// are counted together.
func template(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if looksLikeID.MatchString(s) {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

// sorted lists the keys of a count, the largest count first.
func sorted[K comparable](counts map[K]int, name func(K) string) []K {
	keys := slices.Collect(maps.Keys(counts))
	slices.SortFunc(keys, func(a, b K) int {
		if d := counts[b] - counts[a]; d != 0 {
			return d
		}
		return strings.Compare(name(a), name(b))
	})
	return keys
}
