package source_test

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/modicum-dev/modicum/rules"
	"github.com/modicum-dev/modicum/rules/source"
)

// The hash is over the names and bytes of the files that are read, and of no
// others.
func TestHash(t *testing.T) {
	t.Parallel()
	hash := func(change func(fstest.MapFS)) string {
		dir := folder(archive(t, "testdata/base.txtar"))
		change(dir)
		bundle, _, err := source.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if alone, err := source.Hash(dir); err != nil || alone != bundle.Hash {
			t.Errorf("Hash is %s, %v, and Load says %s", alone, err, bundle.Hash)
		}
		return bundle.Hash
	}
	base := hash(func(fstest.MapFS) {})
	for what, change := range map[string]func(fstest.MapFS){
		"a test":       func(dir fstest.MapFS) { dir["support_test.yaml"] = &fstest.MapFile{Data: []byte("x")} },
		"another file": func(dir fstest.MapFS) { dir["README.md"] = &fstest.MapFile{Data: []byte("x")} },
		"a folder":     func(dir fstest.MapFS) { dir["old/notices.yaml"] = &fstest.MapFile{Data: []byte("x")} },
	} {
		if hash(change) != base {
			t.Errorf("%s changes the hash", what)
		}
	}
	for what, change := range map[string]func(fstest.MapFS){
		"a comment":  func(dir fstest.MapFS) { dir["notices.yaml"].Data = append([]byte("# \n"), dir["notices.yaml"].Data...) },
		"a new file": func(dir fstest.MapFS) { dir["more.yml"] = &fstest.MapFile{Data: []byte("language: 1\n")} },
		"a new name": func(dir fstest.MapFS) { dir["a.yaml"] = dir["notices.yaml"]; delete(dir, "notices.yaml") },
	} {
		if hash(change) == base {
			t.Errorf("%s does not change the hash", what)
		}
	}
}

func TestFolderThatCannotBeRead(t *testing.T) {
	t.Parallel()
	if _, _, err := source.Load(fstest.MapFS{"a.txt": {}}); !errors.Is(err, source.ErrNoPolicy) {
		t.Errorf("no policy file: %v", err)
	}
	if _, err := source.Hash(fstest.MapFS{"a_test.yaml": {}}); !errors.Is(err, source.ErrNoPolicy) {
		t.Errorf("tests alone: %v", err)
	}
	if _, _, err := source.Load(unreadable{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("an unreadable folder: %v", err)
	}
}

type unreadable struct{}

func (unreadable) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

// A file beyond the bound is a problem of the policy.
func TestFileTooLarge(t *testing.T) {
	t.Parallel()
	dir := folder(archive(t, "testdata/base.txtar"))
	dir["more.yaml"] = &fstest.MapFile{Data: bytes.Repeat([]byte("# x\n"), source.DefaultMaxFile/4+1)}
	problems := check(t, dir)
	if len(problems) != 1 || !errors.Is(problems, rules.ErrTooMuch) || problems[0].Pos.File != "more.yaml" {
		t.Errorf("%v", problems)
	}
}
