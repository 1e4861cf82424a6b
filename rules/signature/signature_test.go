package signature_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/signature"
)

func bundle() *rules.Bundle {
	day := func(month time.Month) time.Time { return time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC) }
	return &rules.Bundle{
		Hash:       strings.Repeat("9f", 32),
		Controller: rules.Controller{ID: "example-vendor", LegalName: "The \"example\"\nsoftware vendor\u202e"},
		Documents: []rules.Document{
			{ID: "general", Version: "2026-04-01", EffectiveFrom: day(time.April)},
			{ID: "commitment", Version: "2", EffectiveFrom: day(time.July).Add(90 * time.Minute), Material: true},
		},
	}
}

// person is somebody who signs.
func person(t *testing.T, name string) (signature.Signer, string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	by, err := signature.NewSigner(private + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return by, public
}

func keys(t *testing.T, texts ...string) signature.Keys {
	t.Helper()
	k, err := signature.NewKeys(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t *testing.T, b *rules.Bundle, before []byte, by signature.Signer) []byte {
	t.Helper()
	signed, replaced, err := signature.Sign(b, before, by)
	if err != nil || replaced {
		t.Fatalf("%v, replaced %t", err, replaced)
	}
	return signed
}

// The format is fixed: what was signed years ago must verify. A change of it takes
// another number in its first line.
func TestText(t *testing.T) {
	t.Parallel()
	want := `modicum policy 1
bundle ` + strings.Repeat("9f", 32) + `
rules ` + rules.RulePack + `
controller "example-vendor" "The \"example\"\nsoftware vendor\u202e"
document "general" "2026-04-01" from 2026-04-01T00:00:00Z
document "commitment" "2" from 2026-07-01T01:30:00Z material
`
	if got := signature.Text(bundle()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// Everything that the text names is approved with it: another of any is another
// policy.
func TestEveryPartIsSigned(t *testing.T) {
	t.Parallel()
	alice, public := person(t, "alice")
	signed := sign(t, bundle(), nil, alice)
	if err := signature.Verify(bundle(), signed, keys(t, public)); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*rules.Bundle){
		"hash":       func(b *rules.Bundle) { b.Hash = strings.Repeat("9e", 32) },
		"controller": func(b *rules.Bundle) { b.Controller.LegalName = "Somebody else" },
		"version":    func(b *rules.Bundle) { b.Documents[1].Version = "3" },
		"date":       func(b *rules.Bundle) { b.Documents[0].EffectiveFrom = b.Documents[0].EffectiveFrom.AddDate(0, 0, 1) },
		"material":   func(b *rules.Bundle) { b.Documents[1].Material = false },
		"one fewer":  func(b *rules.Bundle) { b.Documents = b.Documents[:1] },
		"one more":   func(b *rules.Bundle) { b.Documents = append(b.Documents, b.Documents[0]) },
	} {
		b := bundle()
		change(b)
		if err := signature.Verify(b, signed, keys(t, public)); !errors.Is(err, signature.ErrOther) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestTheDifferenceIsTold(t *testing.T) {
	t.Parallel()
	alice, public := person(t, "alice")
	signed := sign(t, bundle(), nil, alice)
	b := bundle()
	b.Documents = b.Documents[:1]
	err := signature.Verify(b, signed, keys(t, public))
	if err == nil || !strings.Contains(err.Error(), `signed was "document \"commitment\" \"2\" from 2026-07-01T01:30:00Z material", and this is "nothing"`) {
		t.Error(err)
	}
}

// Everybody of a list must have signed, in whatever order; others may have.
func TestSeveralSigners(t *testing.T) {
	t.Parallel()
	alice, a := person(t, "alice")
	bob, b := person(t, "bob")
	_, c := person(t, "carol")
	one := sign(t, bundle(), nil, bob)
	both := sign(t, bundle(), one, alice)
	if again := sign(t, bundle(), both, alice); bytes.Count(again, []byte("— alice ")) != 1 {
		t.Errorf("signed twice:\n%s", again)
	}
	for _, test := range []struct {
		signed []byte
		by     signature.Keys
		want   error
		says   string
	}{
		{both, keys(t, a, b), nil, ""},
		{both, keys(t, b), nil, ""},
		{one, keys(t, b), nil, ""},
		{one, keys(t, a, b), signature.ErrNotBy, "the policy is not signed by alice+"},
		{both, keys(t, a, b, c), signature.ErrNotBy, "the policy is not signed by carol+"},
		{one, keys(t, c), signature.ErrNotBy, "the policy is not signed by carol+"},
		{one, keys(t, c, a), signature.ErrNotBy, ", carol+"},
		{nil, keys(t, a), signature.ErrMissing, "the policy is not signed"},
		{[]byte{}, keys(t, a), signature.ErrMalformed, "is no signed note"},
	} {
		err := signature.Verify(bundle(), test.signed, test.by)
		if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("by %v: %v, want %v", test.by, err, test.want)
		}
	}
	ids, err := signature.Claimed(both)
	if want := keys(t, a, b).IDs(); err != nil || len(ids) != 2 || ids[0] != want[1] || ids[1] != want[0] {
		t.Errorf("claimed by %v, %v", ids, err)
	}
}

// A name is not a key: another key of the same name has signed nothing.
func TestAnotherKeyOfTheSameName(t *testing.T) {
	t.Parallel()
	alice, _ := person(t, "alice")
	_, other := person(t, "alice")
	if err := signature.Verify(bundle(), sign(t, bundle(), nil, alice), keys(t, other)); !errors.Is(err, signature.ErrNotBy) {
		t.Error(err)
	}
}

// No edit of a signed note verifies: of its text, of a signature, of what stands
// between them.
func TestEditedNote(t *testing.T) {
	t.Parallel()
	alice, public := person(t, "alice")
	signed := sign(t, bundle(), nil, alice)
	for i := range signed {
		if bytes.HasPrefix(signed[i+1:], []byte("=")) {
			continue // of the last digit of base64 some bits say nothing
		}
		edited := bytes.Clone(signed)
		edited[i] ^= 1
		if err := signature.Verify(bundle(), edited, keys(t, public)); err == nil {
			t.Errorf("byte %d of the note may be changed: %q", i, edited)
		}
		if err := signature.Verify(bundle(), signed[:i], keys(t, public)); err == nil {
			t.Errorf("the note may end after %d bytes", i)
		}
	}
	bob, _ := person(t, "bob")
	forged := bytes.Replace(sign(t, bundle(), nil, bob), []byte("— bob"), []byte("— alice"), 1)
	if err := signature.Verify(bundle(), forged, keys(t, public)); err == nil {
		t.Error("a signature under another name verifies")
	}
	if err := signature.Verify(bundle(), append(signed, make([]byte, signature.DefaultMaxNote)...), keys(t, public)); !errors.Is(err, signature.ErrMalformed) {
		t.Errorf("too long: %v", err)
	}
}

// A signature of a key whose bytes are wrong is said to be that key's.
func TestInvalidSignature(t *testing.T) {
	t.Parallel()
	alice, public := person(t, "alice")
	other := bundle()
	other.Hash = strings.Repeat("00", 32)
	_, line, _ := strings.Cut(string(sign(t, other, nil, alice)), "\n\n")
	_, _, err := signature.Sign(bundle(), []byte("no note"), alice)
	if !errors.Is(err, signature.ErrMalformed) {
		t.Errorf("added to something that is no note: %v", err)
	}
	err = signature.Verify(bundle(), []byte(signature.Text(bundle())+"\n"+line), keys(t, public))
	if !errors.Is(err, signature.ErrInvalid) || !strings.Contains(err.Error(), "alice+") {
		t.Error(err)
	}
}

// A note of another policy is replaced, and that is told.
func TestANoteOfAnotherPolicyIsReplaced(t *testing.T) {
	t.Parallel()
	alice, a := person(t, "alice")
	bob, b := person(t, "bob")
	before := sign(t, bundle(), nil, alice)
	edited := bundle()
	edited.Hash = strings.Repeat("00", 32)
	signed, replaced, err := signature.Sign(edited, before, bob)
	if err != nil || !replaced {
		t.Fatalf("%v, replaced %t", err, replaced)
	}
	if err := signature.Verify(edited, signed, keys(t, b)); err != nil {
		t.Error(err)
	}
	if err := signature.Verify(edited, signed, keys(t, a)); !errors.Is(err, signature.ErrNotBy) {
		t.Errorf("a signature of another policy was kept: %v", err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	private, public, err := note.GenerateKey(rand.Reader, "alice")
	if err != nil {
		t.Fatal(err)
	}
	k := keys(t, " "+public+"\n")
	if id := k.String(); !strings.HasPrefix(public, id+"+") {
		t.Errorf("%s is not how the key begins", id)
	}
	if got := keys(t).String(); got != signature.Unsigned {
		t.Errorf("nobody is %q", got)
	}
	secret := private[strings.LastIndexByte(private, '+')+1:]
	for what, texts := range map[string][]string{
		"private": {private}, "twice": {public, public}, "nothing": {""}, "cut short": {public[:len(public)-4]}, "a name": {"alice"},
	} {
		_, err := signature.NewKeys(texts...)
		if !errors.Is(err, signature.ErrKey) {
			t.Errorf("%s: %v", what, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error quotes the key", what)
		}
	}
	if _, err := signature.NewSigner(public); !errors.Is(err, signature.ErrKey) {
		t.Errorf("a public key signs: %v", err)
	}
}
