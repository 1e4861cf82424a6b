// Package har reads recorded traffic in the HAR 1.2 format, which browsers and
// proxies write. It reads an entry at a time, so that a day's traffic does not
// have to fit into memory, and its errors name the entry by its number and
// never quote the recording, which is full of personal data.
package har

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
)

// DefaultMaxEntry bounds one entry of a recording in bytes. A larger one ends
// the reading with [ErrTooLarge].
const DefaultMaxEntry = 64 << 20

// DefaultMaxEntries bounds the entries of one recording. One more ends the
// reading with [ErrTooLarge].
const DefaultMaxEntries = 1 << 20

var (
	// ErrFormat says that a file is not a HAR: not JSON, or without log.entries.
	ErrFormat = errors.New("not a HAR file")
	// ErrEntry says that an entry has no request or response, or not of the
	// types that HAR 1.2 gives them.
	ErrEntry = errors.New("not an entry of HAR 1.2")
	// ErrContent says that a body is not the base64 that it claims to be.
	ErrContent = errors.New("the body is not base64")
	// ErrTooLarge says that a recording is beyond the limits.
	ErrTooLarge = errors.New("too large")
)

// Entry is one exchange.
type Entry struct {
	Number   int    // in the file, from 1
	Method   string // upper case
	URL      string // absolute, as recorded
	Status   int    // 0: there was no answer
	MIMEType string // of the answer, with its parameters
	// Body is the answer's, decoded. It is nil when the recording holds none.
	Body []byte
	// Header is the request's. The pseudo headers of HTTP/2 and HTTP/3 are
	// left out: method and URL say the same.
	Header http.Header
}

// Read visits the entries in the order of the file. After an error it stops,
// except for [ErrEntry] and [ErrContent], which are about one entry: whoever
// goes on ranging gets the next. The error of reading r itself is passed on.
func Read(r io.Reader) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		d := newReader(r)
		if err := d.toEntries(); err != nil {
			yield(nil, err)
			return
		}
		for d.json.More() {
			e, err := d.entry()
			if !yield(e, err) || err != nil && !errors.Is(err, ErrEntry) && !errors.Is(err, ErrContent) {
				return
			}
		}
		if err := d.rest(); err != nil {
			yield(nil, err)
		}
	}
}

type reader struct {
	json   *json.Decoder
	in     *allowance
	number int
}

func newReader(r io.Reader) *reader {
	in := &allowance{r: skipBOM(r), left: DefaultMaxEntry}
	return &reader{json: json.NewDecoder(in), in: in}
}

// skipBOM drops the byte order mark that the specification asks readers to bear.
func skipBOM(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = b.Discard(len(mark)) // they are in its buffer
	}
	return b
}

// allowance lets so much be read until it is renewed.
type allowance struct {
	r    io.Reader
	left int
}

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := a.r.Read(p[:min(len(p), a.left)])
	a.left -= n
	return n, err //nolint:wrapcheck // a reader's own error, io.EOF among them
}

// toEntries goes to the first element of log.entries.
func (d *reader) toEntries() error {
	for _, name := range []string{"log", "entries"} {
		if err := d.delimiter('{'); err != nil {
			return err
		}
		if err := d.member(name); err != nil {
			return err
		}
	}
	return d.delimiter('[')
}

// member goes to the value of a member of the object that was entered.
func (d *reader) member(name string) error {
	for d.json.More() {
		key, err := d.json.Token()
		if err != nil {
			return d.failed(err)
		}
		if key == name {
			return nil
		}
		if err := d.skip(); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: it has no log.entries", ErrFormat)
}

// skip passes over one value without keeping it.
func (d *reader) skip() error {
	for depth := 0; ; {
		d.in.left = DefaultMaxEntry
		t, err := d.json.Token()
		if err != nil {
			return d.failed(err)
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func (d *reader) delimiter(want json.Delim) error {
	t, err := d.json.Token()
	if err != nil {
		return d.failed(err)
	}
	if t != want {
		return fmt.Errorf("%w: it has no log.entries", ErrFormat)
	}
	return nil
}

// rest reads what follows the entries, so that a recording that was cut off is
// not taken for a whole one.
func (d *reader) rest() error {
	if err := d.delimiter(']'); err != nil {
		return err
	}
	for range 2 { // log, and the object around it
		for d.json.More() {
			if _, err := d.json.Token(); err != nil {
				return d.failed(err)
			}
			if err := d.skip(); err != nil {
				return err
			}
		}
		if _, err := d.json.Token(); err != nil {
			return d.failed(err)
		}
	}
	return nil
}

// failed keeps what the JSON package quotes of its input out of the error.
func (d *reader) failed(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, ErrTooLarge):
		return fmt.Errorf("%s: %w: more than %d bytes", d.where(), ErrTooLarge, DefaultMaxEntry)
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: %w: no JSON at byte %d", d.where(), ErrFormat, syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: %w: the file ends here", d.where(), ErrFormat)
	}
	return fmt.Errorf("%s: reading: %w", d.where(), err)
}

func (d *reader) where() string {
	if d.number == 0 {
		return "before the first entry"
	}
	return fmt.Sprintf("entry %d", d.number)
}

// raw is what is read of an entry.
type raw struct {
	Request *struct {
		Method  string   `json:"method"`
		URL     string   `json:"url"`
		Headers []header `json:"headers"`
	} `json:"request"`
	Response *struct {
		Status  int `json:"status"`
		Content struct {
			MIMEType string  `json:"mimeType"`
			Text     *string `json:"text"`
			Encoding string  `json:"encoding"`
		} `json:"content"`
	} `json:"response"`
}

type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (d *reader) entry() (*Entry, error) {
	d.number++
	if d.number > DefaultMaxEntries {
		return nil, fmt.Errorf("%w: more than %d entries", ErrTooLarge, DefaultMaxEntries)
	}
	d.in.left = DefaultMaxEntry
	var r raw
	if err := d.json.Decode(&r); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok { // the decoder stands behind the entry
			return nil, fmt.Errorf("%s: %w", d.where(), ErrEntry)
		}
		return nil, d.failed(err)
	}
	if r.Request == nil || r.Response == nil || r.Request.Method == "" || r.Request.URL == "" {
		return nil, fmt.Errorf("%s: %w", d.where(), ErrEntry)
	}
	e := &Entry{
		Number: d.number, Method: strings.ToUpper(r.Request.Method), URL: r.Request.URL,
		Status: max(r.Response.Status, 0), MIMEType: r.Response.Content.MIMEType, Header: make(http.Header, len(r.Request.Headers)),
	}
	for _, h := range r.Request.Headers {
		if h.Name != "" && !strings.HasPrefix(h.Name, ":") {
			e.Header.Add(h.Name, h.Value)
		}
	}
	text := r.Response.Content.Text
	switch {
	case text == nil:
	case strings.EqualFold(r.Response.Content.Encoding, "base64"):
		body, err := base64.StdEncoding.DecodeString(*text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.where(), ErrContent)
		}
		e.Body = body
	default:
		e.Body = []byte(*text)
	}
	return e, nil
}
