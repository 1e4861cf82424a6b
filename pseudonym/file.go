package pseudonym

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// FileVersion is the version of the key file that this package reads and writes.
const FileVersion = 1

// DefaultMaxKeyFile bounds a key file in bytes. A larger one is no keyset.
const DefaultMaxKeyFile = 1 << 20

// keyFile is the file as it stands on disk. Its keys are in base64.
type keyFile struct {
	Version int        `json:"modicum_keyset"`
	Roots   []fileRoot `json:"roots"`
	Digest  *fileKey   `json:"digest"`
	Refs    *fileRefs  `json:"refs"`
	Signer  *fileNote  `json:"signer"`
}

type fileRoot struct {
	KeyID   string    `json:"kid"`
	State   string    `json:"state"`
	Created time.Time `json:"created"`
	Key     []byte    `json:"key"`
}

type fileKey struct {
	Key []byte `json:"key"`
}

type fileRefs struct {
	Period string `json:"period"`
	Key    []byte `json:"key"`
}

type fileNote struct {
	Key string `json:"key"`
}

// The states of a root. A retired one makes no tokens any more.
const (
	rootActive  = "active"
	rootRetired = "retired"
)

// Create draws a new keyset and writes it to path, which must not exist:
// [ErrKeyFileExists]. The file is readable by its owner alone and on disk when
// Create returns.
func Create(path string) (*Keyset, error) {
	file, err := draw(time.Now())
	if err != nil {
		return nil, fmt.Errorf("drawing keys: %w", err)
	}
	keyset, err := file.keyset()
	if err != nil {
		return nil, fmt.Errorf("drawing keys: %w", err)
	}
	text, err := file.encode()
	if err != nil {
		return nil, fmt.Errorf("writing key file: %w", err)
	}
	if err := writeNew(path, text); err != nil {
		return nil, fmt.Errorf("writing key file: %w", err)
	}
	return keyset, nil
}

// Load reads a keyset: [ErrKeyFileMissing], [ErrKeyFileMode],
// [ErrKeysetVersion], [ErrKeysetInvalid], [ErrKeyShort], [ErrKeyReused].
func Load(path string) (*Keyset, error) {
	file, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("reading key file: %w", err)
	}
	keyset, err := file.keyset()
	if err != nil {
		return nil, fmt.Errorf("reading key file: %w", err)
	}
	return keyset, nil
}

// draw makes a new keyset whose references begin in the month of now.
func draw(now time.Time) (*keyFile, error) {
	name := make([]byte, 4)
	_, _ = rand.Read(name) // never fails: it ends the program instead
	signer, _, err := note.GenerateKey(rand.Reader, "modicum/"+hex.EncodeToString(name))
	if err != nil {
		return nil, err
	}
	return &keyFile{
		Version: FileVersion,
		Roots:   []fileRoot{{KeyID: "a1", State: rootActive, Created: now.UTC().Truncate(time.Second), Key: randomKey()}},
		Digest:  &fileKey{Key: randomKey()},
		Refs:    &fileRefs{Period: Period(now), Key: randomKey()},
		Signer:  &fileNote{Key: signer},
	}, nil
}

func randomKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key)
	return key
}

func (f *keyFile) encode() ([]byte, error) {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// keyset checks the file as a whole and turns it into what is used.
func (f *keyFile) keyset() (*Keyset, error) {
	if f.Digest == nil || f.Refs == nil || f.Signer == nil {
		return nil, ErrKeysetInvalid
	}
	k := new(Keyset)
	var all []secret
	add := func(member string, b []byte) (secret, error) {
		key, err := parseKey(b)
		all = append(all, key)
		if err != nil {
			return key, errMember(member, err)
		}
		return key, nil
	}
	var err error
	if k.roots, err = f.parseRoots(add); err != nil {
		return nil, err
	}
	if k.digest, err = add("digest.key", f.Digest.Key); err != nil {
		return nil, err
	}
	first, err := time.Parse(periodLayout, f.Refs.Period)
	if err != nil {
		return nil, errMember("refs.period", ErrPeriod)
	}
	ref, err := add("refs.key", f.Refs.Key)
	if err != nil {
		return nil, err
	}
	k.refs = newRatchet(first, ref)
	if k.signer, k.verifier, k.seed, err = parseSigner(f.Signer.Key); err != nil {
		return nil, errMember("signer.key", err)
	}
	if reused(append(all, k.seed)) {
		return nil, ErrKeyReused
	}
	return k, nil
}

func (f *keyFile) parseRoots(add func(string, []byte) (secret, error)) ([]root, error) {
	var roots []root
	active := false
	for i, r := range f.Roots {
		member := "roots[" + strconv.Itoa(i) + "]"
		if n, ok := keyNumber(r.KeyID); !ok || i > 0 && n <= mustNumber(roots[i-1].kid) {
			return nil, errMember(member+".kid", ErrKeysetInvalid)
		}
		if r.State != rootActive && r.State != rootRetired {
			return nil, errMember(member+".state", ErrKeysetInvalid)
		}
		key, err := add(member+".key", r.Key)
		if err != nil {
			return nil, err
		}
		active = active || r.State == rootActive
		roots = append(roots, root{kid: r.KeyID, key: key, active: r.State == rootActive})
	}
	if !active {
		return nil, errMember("roots", ErrKeysetInvalid)
	}
	return roots, nil
}

// keyNumber returns the number of a key id: a1, a2, ... a9999. Ids are part of
// tokens, so their form is narrow.
func keyNumber(kid string) (int, bool) {
	digits, ok := strings.CutPrefix(kid, "a")
	if !ok || digits == "" || len(digits) > 4 || digits[0] == '0' {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n > 0
}

func mustNumber(kid string) int { n, _ := keyNumber(kid); return n }

func parseKey(b []byte) (secret, error) {
	if len(b) != KeySize || bytes.Count(b, b[:1]) == KeySize {
		return secret{}, ErrKeyShort
	}
	return secret{b: [KeySize]byte(b)}, nil
}

func reused(keys []secret) bool {
	for i := range keys {
		for j := range i {
			if subtle.ConstantTimeCompare(keys[i].b[:], keys[j].b[:]) == 1 {
				return true
			}
		}
	}
	return false
}

// read reads and decodes a key file. The mode is that of the opened file, not of
// what the path names a moment later.
func read(path string) (*keyFile, error) {
	f, err := os.Open(path) //nolint:gosec // the path is the operator's configuration
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrKeyFileMissing
	case err != nil:
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || !ownerOnly(info.Mode()) {
		return nil, ErrKeyFileMode
	}
	text, err := io.ReadAll(io.LimitReader(f, DefaultMaxKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > DefaultMaxKeyFile {
		return nil, ErrKeysetInvalid
	}
	return decode(text)
}

// decode is strict. It drops the decoder's own errors, which may quote input.
func decode(text []byte) (*keyFile, error) {
	var version struct {
		Version int `json:"modicum_keyset"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, ErrKeysetInvalid
	}
	if version.Version != FileVersion {
		return nil, ErrKeysetVersion
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	file := new(keyFile)
	if err := dec.Decode(file); err != nil {
		if _, corrupt := errors.AsType[base64.CorruptInputError](err); corrupt {
			return nil, ErrKeyShort
		}
		return nil, ErrKeysetInvalid
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrKeysetInvalid
	}
	return file, nil
}

// writeNew writes a file that must not exist, and its directory entry.
func writeNew(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the path is the operator's
	if errors.Is(err, fs.ErrExist) {
		return ErrKeyFileExists
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the directory of the operator's path
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
