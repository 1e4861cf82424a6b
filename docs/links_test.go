package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	fence   = regexp.MustCompile("^ *```")
	heading = regexp.MustCompile(`^#{1,6} +(.*)$`)
	span    = regexp.MustCompile("`[^`]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// prose returns the lines of a page that are no code, by number. The others are empty.
func prose(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines, code := strings.Split(string(b), "\n"), false
	for i, line := range lines {
		mark := fence.MatchString(line)
		if code || mark {
			lines[i] = ""
		}
		code = code != mark
	}
	if code {
		t.Errorf("%s: a block of code does not end", path)
	}
	return lines
}

// anchor is what a heading is linked by, as the usual forges make it.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.TrimSpace(title))
}

func anchors(t *testing.T, path string) map[string]bool {
	t.Helper()
	found, times := make(map[string]bool), make(map[string]int)
	for _, line := range prose(t, path) {
		if m := heading.FindStringSubmatch(line); m != nil {
			a := anchor(m[1])
			if n := times[a]; n > 0 {
				found[fmt.Sprintf("%s-%d", a, n)] = true
			} else {
				found[a] = true
			}
			times[a]++
		}
	}
	return found
}

// Every link within the repository leads to a file that exists, and to a heading
// that is there.
func TestLinks(t *testing.T) {
	t.Parallel()
	var pages []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case strings.HasSuffix(path, ".md"):
			pages = append(pages, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	known, links := make(map[string]map[string]bool), 0
	for _, page := range pages {
		for i, line := range prose(t, page) {
			for _, m := range link.FindAllStringSubmatch(span.ReplaceAllString(line, "`"), -1) {
				if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
					continue
				}
				links++
				path, fragment, within := strings.Cut(m[1], "#")
				target := filepath.Join(filepath.Dir(page), path)
				if path == "" {
					target = page
				}
				if _, err := os.Stat(target); err != nil {
					t.Errorf("%s:%d: %s: %v", page, i+1, m[1], err)
					continue
				}
				if !within || !strings.HasSuffix(target, ".md") {
					continue
				}
				if known[target] == nil {
					known[target] = anchors(t, target)
				}
				if !known[target][fragment] {
					t.Errorf("%s:%d: %s: the page has no such heading", page, i+1, m[1])
				}
			}
		}
	}
	if len(pages) < 15 || links < 100 {
		t.Errorf("only %d links of %d pages were followed", links, len(pages))
	}
}
