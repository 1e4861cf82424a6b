package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"time"
)

// Format is the version of the file format that this package writes and reads.
const Format = 1

// DefaultMaxLine bounds a line in bytes: a record of [DefaultMaxRecord] bytes
// and its framing. A reader takes anything longer for damage.
const DefaultMaxLine = DefaultMaxRecord + 256

// A line begins `{"crc":"xxxxxxxx","seq":N,` and then either `"sync":true,` or
// at once `"kind":`. The order is part of the format, so that a line can be
// checked and sorted by kind without a JSON parser.
const (
	lineOpen = `{"crc":"`
	crcClose = `",`
	seqKey   = `"seq":`
	syncKey  = `"sync":true,`
	kindKey  = `"kind":"`
	headSize = len(lineOpen) + 8 + len(crcClose)
)

// errLine is what a line that is not one fails with. What is wrong with it is
// not said: it would be content.
var errLine = errors.New("not a ledger line")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendBody appends the part of r's line that does not depend on where it will
// stand: from the kind to the closing brace. Errors match [ErrInvalid] or
// [ErrTooLarge].
func AppendBody(dst []byte, r *Record) ([]byte, error) {
	start := len(dst)
	dst = append(dst, kindKey...)
	dst = append(dst, r.Kind...)
	dst = append(dst, `","time":"`...)
	dst = normalTime(r.Time).AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, '"')
	dst, err := appendMember(dst, r)
	if err != nil {
		return dst[:start], err
	}
	dst = append(dst, '}')
	if len(dst)-start > DefaultMaxRecord {
		return dst[:start], ErrTooLarge
	}
	return dst, nil
}

func appendMember(dst []byte, r *Record) ([]byte, error) {
	set := 0
	for _, is := range []bool{r.Disclosure != nil, r.Fact != nil, r.Config != nil, r.Recovered != nil, r.Summary != nil, r.State != nil, r.Clock != nil, r.Expired != nil, r.Hold != nil} {
		if is {
			set++
		}
	}
	var name string
	var member any
	fits := set == 1
	switch r.Kind {
	case KindReleased, KindRefused, KindIntent, KindAborted, KindUnknown:
		if !fits || r.Disclosure == nil {
			return dst, fmt.Errorf("%w: no disclosure", ErrInvalid)
		}
		if !usesAll(r) {
			return dst, fmt.Errorf("%w: it names a fact that it does not use", ErrInvalid)
		}
		return appendDisclosure(append(dst, `,"disclosure":`...), r.Disclosure), nil
	case KindPolicy, KindRecipient, KindProfile:
		if !fits || r.Fact == nil {
			return dst, fmt.Errorf("%w: no fact", ErrInvalid)
		}
		return appendFact(dst, &Fact{Kind: r.Kind, Hash: r.Hash, JSON: r.Fact})
	case KindConfig:
		name, member, fits = "config", r.Config, fits && r.Config != nil
	case KindRecovered:
		name, member, fits = "recovered", r.Recovered, fits && r.Recovered != nil
	case KindSummary:
		name, member, fits = "summary", r.Summary, fits && r.Summary != nil
	case KindState:
		name, member, fits = "state", r.State, fits && r.State != nil
	case KindExpired:
		name, member, fits = "expired", r.Expired, fits && r.Expired != nil
	case KindHold:
		name, member, fits = "hold", r.Hold, fits && r.Hold != nil
	case KindHeartbeat:
		if set == 0 {
			return dst, nil
		}
		name, member, fits = "clock", r.Clock, fits && r.Clock != nil
	case KindResolved, KindLookup:
		// Reserved: the kinds are in the closed list, their members come
		// with what writes them.
		return dst, fmt.Errorf("%w: kind is not written by this version", ErrInvalid)
	default:
		return dst, fmt.Errorf("%w: unknown kind", ErrInvalid)
	}
	if !fits {
		return dst, fmt.Errorf("%w: kind and member do not fit", ErrInvalid)
	}
	b, err := json.Marshal(member)
	if err != nil {
		return dst, fmt.Errorf("%w: encoding %s: %w", ErrInvalid, name, err)
	}
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	return append(dst, b...), nil
}

// appendFact writes the fact's bytes as they are: its hash is over them.
func appendFact(dst []byte, f *Fact) ([]byte, error) {
	if f.Hash != FactHash(f.Kind, f.JSON) {
		return dst, fmt.Errorf("%w: fact is not what its hash says", ErrInvalid)
	}
	// json.Valid passes white space, and a newline would end the line.
	if !json.Valid(f.JSON) || bytes.ContainsAny(f.JSON, "\n\x00") {
		return dst, fmt.Errorf("%w: fact is not one line of JSON", ErrInvalid)
	}
	dst = append(dst, `,"fact":`...)
	dst = append(dst, f.JSON...)
	dst = append(dst, `,"hash":"`...)
	dst = append(dst, f.Hash...)
	return append(dst, '"'), nil
}

// usesAll reports whether every fact that r names is among those it uses. A
// name that no record of the segment explains could never be read again.
func usesAll(r *Record) bool {
	uses := func(hash string) bool {
		return slices.ContainsFunc(r.Uses, func(f *Fact) bool { return f.Hash == hash })
	}
	d := r.Disclosure
	if d.RecipientFact != "" && !uses(d.RecipientFact) || d.PolicyFact != "" && !uses(d.PolicyFact) {
		return false
	}
	seen := make(map[string]struct{}, 8)
	last := ""
	for i := range d.Subjects {
		name := d.Subjects[i].Profile
		if i > 0 && name == last {
			continue
		}
		last = name
		if _, ok := seen[name]; ok {
			continue
		}
		if !uses(name) {
			return false
		}
		seen[name] = struct{}{}
	}
	return true
}

// AppendLine appends the line of a body at its place, newline included. Sync
// says that every line before this one was durable before this one was written:
// it tells a torn write from damage.
func AppendLine(dst []byte, seq uint64, sync bool, body []byte) []byte {
	start := len(dst)
	dst = append(dst, lineOpen+"00000000"+crcClose+seqKey...)
	dst = strconv.AppendUint(dst, seq, 10)
	dst = append(dst, ',')
	if sync {
		dst = append(dst, syncKey...)
	}
	dst = append(dst, body...)
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.Checksum(dst[start+headSize:], castagnoli))
	hex.Encode(dst[start+len(lineOpen):], sum[:])
	return append(dst, '\n')
}

// Line is a line whose frame was checked and whose record was not yet decoded.
type Line struct {
	Seq   uint64
	Sync  bool
	Kind  Kind
	Bytes []byte // without the newline
}

// ParseLine checks the frame of a line, given without its newline.
func ParseLine(b []byte) (Line, error) {
	if len(b) < headSize || !bytes.HasPrefix(b, []byte(lineOpen)) || string(b[headSize-len(crcClose):headSize]) != crcClose {
		return Line{}, errLine
	}
	var sum [4]byte
	stated := b[len(lineOpen) : len(lineOpen)+8]
	if _, err := hex.Decode(sum[:], stated); err != nil || bytes.ContainsAny(stated, "ABCDEF") {
		return Line{}, errLine
	}
	if binary.BigEndian.Uint32(sum[:]) != crc32.Checksum(b[headSize:], castagnoli) {
		return Line{}, errLine
	}
	l := Line{Bytes: b}
	rest, ok := bytes.CutPrefix(b[headSize:], []byte(seqKey))
	if !ok {
		return Line{}, errLine
	}
	number, rest, ok := bytes.Cut(rest, []byte{','})
	if !ok {
		return Line{}, errLine
	}
	var err error
	if l.Seq, err = strconv.ParseUint(string(number), 10, 64); err != nil {
		return Line{}, errLine
	}
	if rest, l.Sync = bytes.CutPrefix(rest, []byte(syncKey)); l.Sync && l.Seq == 0 {
		// Nothing stands before the first line: one spelling only.
		return Line{}, errLine
	}
	rest, ok = bytes.CutPrefix(rest, []byte(kindKey))
	end := bytes.IndexByte(rest, '"')
	if !ok || end <= 0 || b[len(b)-1] != '}' {
		return Line{}, errLine
	}
	l.Kind = Kind(rest[:end])
	return l, nil
}

// Record decodes the record of a line. A member that this version does not know
// is passed over; a fact must be what its hash says.
func (l Line) Record() (Record, error) {
	var r Record
	if err := json.Unmarshal(l.Bytes, &r); err != nil {
		return Record{}, errLine
	}
	if r.Kind != l.Kind || r.Fact != nil && r.Hash != FactHash(r.Kind, r.Fact) {
		return Record{}, errLine
	}
	return r, nil
}
