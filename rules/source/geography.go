package source

import (
	"bytes"
	_ "embed"
	"hash"
)

// builtInGeography is the lists of countries of a policy that has none of its own.
//
//go:embed geography.yaml
var builtInGeography []byte

// builtInName stands for its file in positions.
const builtInName = "built-in geography"

// defaultGeography completes a policy without lists of countries by the built-in
// ones, and its hash by what they say: other lists are another policy.
func (d *decoder) defaultGeography(h hash.Hash) {
	if d.bundle.Geography.Pos.File != "" {
		return
	}
	d.file(builtInName, builtInGeography)
	d.bundle.Geography.BuiltIn = true
	writeFile(h, builtInName, builtInGeography)
}

// mayHaveGeography reports whether a file has to be decoded to know whether it has
// the section. With an escape in it, the key need not be there letter by letter.
func mayHaveGeography(b []byte) bool {
	return bytes.Contains(b, []byte("geography")) || bytes.Contains(b, []byte(`\`))
}
