package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// errSubject is what a malformed subject line fails with; it is never quoted.
var errSubject = errors.New("malformed subject line")

// head is a Disclosure without its methods and, by its tag, without subjects.
type head Disclosure

// wire is what a Disclosure is in JSON.
type wire struct {
	head
	Profiles []string          `json:"profiles"`
	Subjects []json.RawMessage `json:"subjects"`
}

// MarshalJSON implements [json.Marshaler].
func (d *Disclosure) MarshalJSON() ([]byte, error) { return appendDisclosure(nil, d), nil }

// UnmarshalJSON implements [json.Unmarshaler].
func (d *Disclosure) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*d = Disclosure(w.head)
	if d.Resource.Method == "" {
		d.Resource.Method = routeMethod(d.Resource.Route)
	}
	if len(w.Subjects) == 0 {
		return nil
	}
	d.Subjects = make([]Subject, len(w.Subjects))
	for i, line := range w.Subjects {
		if err := d.Subjects[i].parse(line, w.Profiles); err != nil {
			return err
		}
	}
	return nil
}

// appendDisclosure names each profile once per record and not once per subject:
// a list has thousands of subjects and a few profiles.
func appendDisclosure(dst []byte, d *Disclosure) []byte {
	e := encoder{dst: append(dst, '{')}
	e.disclosure(d)
	dst = e.dst
	if len(d.Subjects) == 0 {
		return append(dst, '}')
	}
	dst = append(dst, `,"profiles":[`...)
	index := make(map[string]int, 8)
	for i := range d.Subjects {
		name := d.Subjects[i].Profile
		if _, ok := index[name]; ok {
			continue
		}
		if len(index) > 0 {
			dst = append(dst, ',')
		}
		index[name] = len(index)
		dst = appendString(dst, name)
	}
	dst = append(dst, `],"subjects":[`...)
	last, lastIndex := "", -1
	for i := range d.Subjects {
		s := &d.Subjects[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		// Neighbours mostly share a profile.
		if lastIndex < 0 || s.Profile != last {
			last, lastIndex = s.Profile, index[s.Profile]
		}
		dst = s.append(dst, lastIndex)
	}
	return append(dst, "]}"...)
}

func (s *Subject) append(dst []byte, profile int) []byte {
	dst = append(dst, '[')
	dst = appendBase64(dst, s.Ref)
	dst = append(dst, ',')
	dst = strconv.AppendInt(dst, int64(profile), 10)
	dst = append(dst, ',')
	dst = appendBase64(dst, bytes.TrimRight(s.Emitted, "\x00"))
	dst = append(dst, ',', '[')
	for i, seq := range s.Consent {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, seq, 10)
	}
	return append(dst, ']', ']')
}

// parse reads a subject line. The format has no white space and no escapes in
// it, so that it needs no general parser.
func (s *Subject) parse(line []byte, profiles []string) error {
	p := subjectParser{rest: line, ok: true}
	p.expect(`["`)
	s.Ref = p.base64()
	p.expect(`",`)
	profile := p.number()
	p.expect(`,"`)
	s.Emitted = p.base64()
	p.expect(`",[`)
	for i := 0; p.ok && len(p.rest) > 0 && p.rest[0] != ']'; i++ {
		if i > 0 {
			p.expect(`,`)
		}
		s.Consent = append(s.Consent, p.number())
	}
	p.expect(`]]`)
	if !p.ok || len(p.rest) > 0 || profile >= uint64(len(profiles)) {
		return errSubject
	}
	s.Profile = profiles[profile]
	return nil
}

type subjectParser struct {
	rest []byte
	ok   bool
}

func (p *subjectParser) expect(s string) {
	if !bytes.HasPrefix(p.rest, []byte(s)) {
		p.ok, p.rest = false, nil
		return
	}
	p.rest = p.rest[len(s):]
}

func (p *subjectParser) base64() []byte {
	end := bytes.IndexByte(p.rest, '"')
	if end <= 0 {
		p.ok = p.ok && end == 0
		return nil
	}
	b, err := base64.StdEncoding.Strict().AppendDecode(nil, p.rest[:end])
	p.ok = p.ok && err == nil
	p.rest = p.rest[end:]
	return b
}

func (p *subjectParser) number() uint64 {
	end := 0
	for end < len(p.rest) && p.rest[end] >= '0' && p.rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(string(p.rest[:end]), 10, 64)
	p.ok = p.ok && err == nil
	p.rest = p.rest[end:]
	return n
}

// routeMethod returns the method of a route template such as "GET /v1/customers",
// or nothing if the template does not name one.
func routeMethod(route string) string {
	method, _, ok := strings.Cut(route, " ")
	if !ok {
		return ""
	}
	return method
}

// normalTime is how a ledger tells time: UTC, milliseconds.
func normalTime(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
