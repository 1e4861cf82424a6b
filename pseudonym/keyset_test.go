package pseudonym

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// fixedFile is a keyset of known keys, for vectors. Its form is that of files
// in use: a change here is a change of the format.
const fixedFile = `{
  "modicum_keyset": 1,
  "roots": [
    {"kid": "a1", "state": "active", "created": "2026-11-01T00:00:00Z", "key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
  ],
  "digest": {"key": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="},
  "refs": {"period": "2026-11", "key": "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="},
  "signer": {"key": "PRIVATE+KEY+modicum/fixed+d767e88d+AWBhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/"}
}
`

func fixed(tb testing.TB) *Keyset {
	tb.Helper()
	k, err := Load(write(tb, fixedFile))
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func write(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "keyset")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestCreateLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyset")
	if _, err := Load(path); !errors.Is(err, ErrKeyFileMissing) {
		t.Fatalf("loading nothing: %v", err)
	}
	created, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	loaded, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if created.Fingerprint() != loaded.Fingerprint() || created.VerifierKey() != loaded.VerifierKey() {
		t.Error("a loaded keyset is not the created one")
	}
	if _, err := Create(path); !errors.Is(err, ErrKeyFileExists) {
		t.Errorf("creating over a keyset: %v", err)
	}
	if after, err := Load(path); err != nil || after.Fingerprint() != created.Fingerprint() {
		t.Errorf("the keyset changed under a refused Create: %v", err)
	}
}

func TestLoadMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644, 0o660, 0o601} {
		path := write(t, fixedFile)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); !errors.Is(err, ErrKeyFileMode) {
			t.Errorf("mode %v: %v, want ErrKeyFileMode", mode, err)
		}
	}
	if _, err := Load(t.TempDir()); !errors.Is(err, ErrKeyFileMode) {
		t.Errorf("a directory: %v, want ErrKeyFileMode", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const rootKey, digestKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
	const refsKey, seed = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=", "YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8="
	for name, c := range map[string]struct {
		old, new string
		want     error
	}{
		"version":          {`"modicum_keyset": 1`, `"modicum_keyset": 2`, ErrKeysetVersion},
		"no version":       {`"modicum_keyset": 1,`, ``, ErrKeysetVersion},
		"short key":        {digestKey, "ICEiIyQlJicoKSorLC0uLw==", ErrKeyShort},
		"no key":           {digestKey, "", ErrKeyShort},
		"long key":         {digestKey, "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8AAAA=", ErrKeyShort},
		"zero key":         {digestKey, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ErrKeyShort},
		"no base64":        {digestKey, "!!", ErrKeyShort},
		"digest is root":   {digestKey, rootKey, ErrKeyReused},
		"refs is digest":   {refsKey, digestKey, ErrKeyReused},
		"refs is signer":   {refsKey, seed, ErrKeyReused},
		"unknown member":   {`"refs"`, `"extra": 1, "refs"`, ErrKeysetInvalid},
		"no digest":        {`"digest": {"key": "` + digestKey + `"},`, ``, ErrKeysetInvalid},
		"trailing":         {"\n}\n", "\n} {}", ErrKeysetInvalid},
		"truncated":        {"\n}\n", "", ErrKeysetInvalid},
		"bad period":       {"2026-11\"", "2026-13\"", ErrPeriod},
		"no active root":   {`"state": "active"`, `"state": "retired"`, ErrKeysetInvalid},
		"unknown state":    {`"state": "active"`, `"state": "on"`, ErrKeysetInvalid},
		"unusable key id":  {`"kid": "a1"`, `"kid": "../x"`, ErrKeysetInvalid},
		"zero key id":      {`"kid": "a1"`, `"kid": "a0"`, ErrKeysetInvalid},
		"altered signer":   {"d767e88d+AWB", "d767e88d+AWC", ErrKeysetInvalid},
		"signer is public": {"PRIVATE+KEY+", "", ErrKeysetInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(fixedFile, c.old, c.new, 1)
			if text == fixedFile {
				t.Fatal("the case changes nothing")
			}
			_, err := Load(write(t, text))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			for _, key := range []string{rootKey, digestKey, refsKey, seed[:10]} {
				if strings.Contains(err.Error(), key) {
					t.Errorf("the error shows key material: %v", err)
				}
			}
		})
	}
}

// No way of printing a value that holds keys shows any of them.
func TestPrintsNoKeys(t *testing.T) {
	t.Parallel()
	k := fixed(t)
	refs, err := k.Refs("2026-11")
	if err != nil {
		t.Fatal(err)
	}
	d := k.Domain("vendor", "support.provide")
	d.AppendToken(nil, 0, "customer_id", [16]byte{1})
	for _, v := range []any{k, *k.newest(), k.roots, k.digest, k.refs, k.Digester(), refs, d, newPRF(&k.digest), newPRF(&k.digest).begin()} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).LogAttrs(t.Context(), slog.LevelInfo, "keys", slog.Any("v", v))
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		out.Write(text)
		for _, key := range []*secret{&k.roots[0].key, &k.digest, &k.refs.chain[0]} {
			for _, form := range []string{
				hex.EncodeToString(key.b[:8]), strings.ToUpper(hex.EncodeToString(key.b[:8])),
				fmt.Sprintf("%d", key.b[:8])[1:], fmt.Sprintf("%#v", key.b[:4])[7:],
			} {
				if strings.Contains(out.String(), strings.TrimRight(form, "]}")) {
					t.Errorf("%T prints key material", v)
				}
			}
		}
	}
}

func TestSigner(t *testing.T) {
	t.Parallel()
	k := fixed(t)
	verifier, err := note.NewVerifier(k.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: "checkpoint\n"}, k.Signer())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(verifier)); err != nil {
		t.Errorf("own checkpoint: %v", err)
	}
	signed[0] ^= 1
	if _, err := note.Open(signed, note.VerifierList(verifier)); err == nil {
		t.Error("an altered checkpoint verifies")
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	path := write(t, fixedFile)
	before := fixed(t)
	kid, err := Rotate(path)
	if err != nil {
		t.Fatal(err)
	}
	after, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if kid != "a2" || fmt.Sprint(after.KeyIDs()) != "[a1 a2]" {
		t.Errorf("ids %v after rotation to %s", after.KeyIDs(), kid)
	}
	if before.Fingerprint() != after.Fingerprint() {
		t.Error("rotation changed the digest key: every subject would be a stranger")
	}
	was := string(before.Domain("v", "p").AppendToken(nil, 0, "id", [16]byte{1}))
	is := string(after.Domain("v", "p").AppendToken(nil, 0, "id", [16]byte{1}))
	if !strings.HasPrefix(was, `"p1a1.`) || !strings.HasPrefix(is, `"p1a2.`) {
		t.Errorf("tokens %s and %s do not tell their keys", was, is)
	}
	if was[6:] == is[6:] {
		t.Error("a rotated token is the old one under a new name")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode after rotation: %v %v", info.Mode(), err)
	}
	if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Rotate(path); !errors.Is(err, ErrKeyFileBusy) {
		t.Errorf("a second change at once: %v, want ErrKeyFileBusy", err)
	}
}

func TestRatchet(t *testing.T) {
	t.Parallel()
	path := write(t, fixedFile)
	before := fixed(t)
	if err := DestroyBefore(path, "2027-02"); err != nil {
		t.Fatal(err)
	}
	after, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if after.FirstPeriod() != "2027-02" {
		t.Errorf("first period %s", after.FirstPeriod())
	}
	for _, period := range []string{"2026-11", "2026-12", "2027-01"} {
		if _, err := after.RefKey(period); !errors.Is(err, ErrPeriodDestroyed) {
			t.Errorf("%s: %v, want ErrPeriodDestroyed", period, err)
		}
		if _, err := after.Refs(period); !errors.Is(err, ErrPeriodDestroyed) {
			t.Errorf("refs of %s: %v, want ErrPeriodDestroyed", period, err)
		}
	}
	seen := map[[KeySize]byte]string{}
	for month := range 30 {
		period := Period(time.Date(2027, time.Month(2+month), 1, 0, 0, 0, 0, time.UTC))
		a, errA := before.RefKey(period)
		b, errB := after.RefKey(period)
		if errA != nil || errB != nil || a != b {
			t.Errorf("%s: the key changed when earlier ones were destroyed (%v, %v)", period, errA, errB)
		}
		if other, ok := seen[a]; ok {
			t.Errorf("%s and %s share a key", period, other)
		}
		seen[a] = period
	}

	// Nothing of the destroyed months is left in the file, and no stored key is
	// a key that references are made under.
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file keyFile
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, period := range []string{"2026-11", "2026-12", "2027-01", "2027-02"} {
		key, err := before.RefKey(period)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(key[:], file.Refs.Key) {
			t.Errorf("the file holds the reference key of %s", period)
		}
	}
	if bytes.Equal(file.Refs.Key, before.refs.chain[0].b[:]) {
		t.Error("the chain key of the destroyed month is still there")
	}
	if err := DestroyBefore(path, "2026-12"); !errors.Is(err, ErrPeriodDestroyed) {
		t.Errorf("destroying backwards: %v", err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused change left its file behind: %v", err)
	}
}

func TestPeriodForm(t *testing.T) {
	t.Parallel()
	k := fixed(t)
	for _, period := range []string{"", "2026", "2026-1", "2026-13", "2026-11-01", "11-2026", "9999-01"} {
		if _, err := k.RefKey(period); !errors.Is(err, ErrPeriod) {
			t.Errorf("%q: %v, want ErrPeriod", period, err)
		}
	}
	if got := Period(time.Date(2026, 12, 1, 1, 0, 0, 0, time.FixedZone("", 2*3600))); got != "2026-11" {
		t.Errorf("a period is of UTC, got %s", got)
	}
}
