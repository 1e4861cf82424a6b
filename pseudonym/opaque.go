package pseudonym

import (
	"fmt"
	"io"
	"log/slog"
)

const withheld = "[key material withheld]"

// opaque is embedded by every type that holds key material, so that no way of
// printing one can show it, not even %x of the whole struct.
type opaque struct{}

// String implements [fmt.Stringer] and withholds the content.
func (opaque) String() string { return withheld }

// GoString implements [fmt.GoStringer] and withholds the content.
func (opaque) GoString() string { return withheld }

// Format implements [fmt.Formatter] and withholds the content under every verb.
func (opaque) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, withheld) }

// MarshalJSON implements [json.Marshaler] and withholds the content.
func (opaque) MarshalJSON() ([]byte, error) { return []byte(`"` + withheld + `"`), nil }

// LogValue implements [slog.LogValuer] and withholds the content.
func (opaque) LogValue() slog.Value { return slog.StringValue(withheld) }

// secret is one 32-byte key.
type secret struct {
	opaque
	b [KeySize]byte
}

// KeySize is the size of every symmetric key in bytes.
const KeySize = 32
