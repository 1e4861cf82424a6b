package integration

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The commands of docs/first-afternoon.md do what the page says, in one folder and
// in their order. Only the download is replaced, by the same document on file.
func TestFirstAfternoon(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/first-afternoon.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	description, err := os.ReadFile("testdata/petstore/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "openapi.json"), description, 0o600); err != nil {
		t.Fatal(err)
	}
	ports := make(map[string]string)
	text := loopback.ReplaceAllStringFunc(string(page), func(address string) string {
		if ports[address] == "" {
			p, err := reservePort()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.release)
			ports[address] = p.address
		}
		return ports[address]
	})
	if len(ports) != 3 {
		t.Fatalf("the page has the addresses %v", ports)
	}
	a := &afternoon{dir: dir}
	t.Cleanup(func() { // when it ended before its last command
		_, _ = a.run(context.Background(), t, "modicum stop --address "+ports["127.0.0.1:2019"])
	})
	ran, output := 0, ""
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		switch block[1] {
		case "sh":
			if output, err = a.run(t.Context(), t, block[2]); err != nil {
				t.Fatalf("%v:\n%s\n%s", err, block[2], output)
			}
			ran++
		case "text":
			for line := range strings.SplitSeq(strings.Trim(block[2], "\n"), "\n") {
				if !pattern(line).MatchString(output) {
					t.Errorf("no line\n%s\nin\n%s", line, output)
				}
			}
		case "sh download":
		default:
			t.Errorf("a block %q is not run", block[1])
		}
	}
	if ran != 10 {
		t.Errorf("%d blocks were run", ran)
	}
	b, err := os.ReadFile(filepath.Join(dir, "contract.yaml"))
	if err != nil || !strings.Contains(string(b), "/v2/user/{username}") || strings.Contains(string(b), "phone") {
		t.Errorf("the contract is %v\n%s", err, b)
	}
}

var fence = regexp.MustCompile("(?ms)^```([a-z ]+)\n(.*?)^```$")

// pattern matches a line in which … stands for anything.
func pattern(line string) *regexp.Regexp {
	parts := strings.Split(line, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("(?m)^" + strings.Join(parts, ".*") + "$")
}

type afternoon struct{ dir string }

// run runs commands as a reader pastes them. What they print goes to a file: the
// gateway that they start keeps it open.
func (a *afternoon) run(ctx context.Context, t *testing.T, script string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	out, err := os.CreateTemp(a.dir, "output-")
	if err != nil {
		return "", err
	}
	defer func() { _ = out.Close() }()
	c := exec.CommandContext(ctx, "sh", "-e", "-c", script)
	c.Dir, c.Stdout, c.Stderr = a.dir, out, out
	c.Env = append(os.Environ(), "HOME="+a.dir, "XDG_CONFIG_HOME="+a.dir, "XDG_DATA_HOME="+a.dir, "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	failed := c.Run()
	b, err := os.ReadFile(out.Name())
	if err != nil {
		return "", err
	}
	return string(b), failed
}
