package exchange

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/modicum-dev/modicum/rules"
)

// requestReasons are the reasons for which a request is refused: the part of the
// closed list before the gates of subjects.
func requestReasons() []rules.Reason {
	var out []rules.Reason
	for r := rules.RecipientUnauthenticated; r < rules.SubjectUnresolved; r++ {
		out = append(out, r)
	}
	return out
}

func TestEveryRequestReasonHasPhrase(t *testing.T) {
	t.Parallel()
	for _, r := range requestReasons() {
		p, ok := phrases[r]
		if !ok {
			t.Errorf("%s has no phrase", r)
			continue
		}
		if p.status < 400 || p.status > 599 || p.title == "" || !strings.HasSuffix(p.detail, ".") && !strings.Contains(p.detail, "Data-Purpose: ") {
			t.Errorf("%s: %d %q %q", r, p.status, p.title, p.detail)
		}
	}
}

func TestNoSubjectReasonHasPhrase(t *testing.T) {
	t.Parallel()
	for r := range phrases {
		if !slices.Contains(requestReasons(), r) {
			t.Errorf("%s would be told to a caller", r)
		}
	}
}

// entry is a section of docs/problems.md: ### `reason`, then its status.
var entry = regexp.MustCompile("(?m)^### `([a-z0-9_]+)`\n\n\\*\\*(\\d{3}) ([^*]+)\\*\\*")

func TestProblemsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]phrase)
	for _, m := range entry.FindAllStringSubmatch(string(page), -1) {
		status, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := documented[m[1]]; twice {
			t.Errorf("%s is documented twice", m[1])
		}
		documented[m[1]] = phrase{status: status, title: m[3]}
	}
	known := map[string]phrase{"internal_error": internal}
	for r, p := range phrases {
		known[r.String()] = p
	}
	for name, p := range known {
		if d := documented[name]; d.status != p.status || d.title != p.title {
			t.Errorf("%s: documented as %d %q, told as %d %q", name, d.status, d.title, p.status, p.title)
		}
		delete(documented, name)
	}
	for name := range documented {
		t.Errorf("%s is documented, but no problem has it", name)
	}
}
