package ledger

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// encoder writes the members of an object as encoding/json would, several times
// faster: every answered request waits for it.
type encoder struct {
	dst   []byte
	comma bool // a member stands before in the present object
}

func (e *encoder) open(key string) {
	e.key(key)
	e.dst = append(e.dst, '{')
	e.comma = false
}

func (e *encoder) close() {
	e.dst = append(e.dst, '}')
	e.comma = true
}

func (e *encoder) key(key string) {
	if e.comma {
		e.dst = append(e.dst, ',')
	}
	e.comma = true
	e.dst = append(e.dst, '"')
	e.dst = append(e.dst, key...)
	e.dst = append(e.dst, '"', ':')
}

func (e *encoder) text(key, value string) {
	e.key(key)
	e.dst = appendString(e.dst, value)
}

// optional omits the member if it is empty.
func (e *encoder) optional(key, value string) {
	if value != "" {
		e.text(key, value)
	}
}

func (e *encoder) texts(key string, values []string) {
	if len(values) == 0 {
		return
	}
	e.key(key)
	e.dst = append(e.dst, '[')
	for i, v := range values {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		e.dst = appendString(e.dst, v)
	}
	e.dst = append(e.dst, ']')
}

func (e *encoder) number(key string, value int64) {
	e.key(key)
	e.dst = strconv.AppendInt(e.dst, value, 10)
}

func (e *encoder) count(key string, value int) {
	if value != 0 {
		e.number(key, int64(value))
	}
}

// counts writes numbers by name, in the order of the names.
func (e *encoder) counts(key string, by map[string]int) {
	if len(by) == 0 {
		return
	}
	e.open(key)
	for _, name := range slices.Sorted(maps.Keys(by)) {
		if e.comma {
			e.dst = append(e.dst, ',')
		}
		e.comma = true
		e.dst = appendString(e.dst, name)
		e.dst = append(e.dst, ':')
		e.dst = strconv.AppendInt(e.dst, int64(by[name]), 10)
	}
	e.close()
}

func (e *encoder) unsigned(key string, value uint64) {
	e.key(key)
	e.dst = strconv.AppendUint(e.dst, value, 10)
}

func (e *encoder) time(key string, value time.Time) {
	e.key(key)
	e.dst = append(e.dst, '"')
	e.dst = normalTime(value).AppendFormat(e.dst, time.RFC3339Nano)
	e.dst = append(e.dst, '"')
}

// disclosure writes every member of d but profiles and subjects. A test holds it
// to the tags of the struct.
func (e *encoder) disclosure(d *Disclosure) {
	e.text("id", d.ID)
	e.time("received", d.Received)
	e.optional("recipient", d.Recipient)
	e.open("auth")
	e.optional("method", d.Auth.Method)
	e.optional("client", d.Auth.Client)
	e.texts("actors", d.Auth.Actors)
	e.close()
	e.optional("purpose", d.Purpose)
	e.optional("ref", d.Ref)
	e.optional("policy", d.Policy)
	e.open("state")
	e.optional("store", d.State.Store)
	e.unsigned("seq", d.State.Seq)
	e.optional("head", d.State.Head)
	e.close()
	e.open("resource")
	e.optional("api", d.Resource.API)
	e.optional("name", d.Resource.Name)
	e.optional("route", d.Resource.Route)
	if d.Resource.Method != routeMethod(d.Resource.Route) {
		e.optional("method", d.Resource.Method)
	}
	e.count("upstream", d.Resource.Upstream)
	e.close()
	if d.GPC {
		e.key("gpc")
		e.dst = append(e.dst, "true"...)
	}
	e.text("outcome", string(d.Outcome))
	e.optional("reason", d.Reason)
	e.optional("cause", d.Cause)
	e.number("status", int64(d.Status))
	e.number("bytes", d.Bytes)
	e.open("counts")
	e.count("subjects", d.Counts.Subjects)
	e.count("subjects_withheld", d.Counts.SubjectsWithheld)
	e.count("allowed", d.Counts.Allowed)
	e.count("pseudonymised", d.Counts.Pseudonymised)
	e.count("withheld", d.Counts.Withheld)
	e.count("defects", d.Counts.Defects)
	e.counts("defects_by", d.Counts.DefectsBy)
	e.counts("unresolved_by", d.Counts.UnresolvedBy)
	e.close()
	e.optional("ref_period", d.RefPeriod)
	e.optional("order", d.Order)
	e.optional("caller_trace", d.Trace)
	e.optional("of", d.Of)
	e.optional("recipient_fact", d.RecipientFact)
	e.optional("policy_fact", d.PolicyFact)
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return appendEscaped(dst, s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func appendEscaped(dst []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic("ledger: internal error: a string that JSON cannot hold")
	}
	return append(dst, b...)
}

func appendBase64(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}
