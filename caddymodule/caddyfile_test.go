package caddymodule

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/encode/gzip"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/encode/zstd"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

var update = flag.Bool("update", false, "write the golden files anew")

const dashes = "----------\n"

// A Caddyfile has one JSON form, or one error: testdata/*.caddyfiletest hold the
// one and, below the dashes, the other.
func TestAdapt(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, ok := strings.Cut(string(text), dashes)
			if !ok {
				t.Fatalf("%s has no line of dashes", file)
			}
			got := adapted(t, input)
			if fails := strings.HasPrefix(filepath.Base(file), "error_"); fails == json.Valid([]byte(got)) {
				t.Fatalf("by the name of the file it is %t that this fails: %s", fails, got)
			}
			if *update {
				write(t, file, input+dashes+got)
				return
			}
			if got != want {
				t.Errorf("adapted:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// adapted returns the indented JSON of a Caddyfile, or the text of its error.
func adapted(t *testing.T, input string) string {
	t.Helper()
	config, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(input), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err.Error() + "\n"
	}
	for _, w := range warnings {
		if !strings.Contains(w.Message, "not formatted") {
			t.Errorf("warning: %s", w)
		}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, config, "", "\t"); err != nil {
		t.Fatal(err)
	}
	return indented.String() + "\n"
}

// Caddy skips a configuration that is the one it runs. So an edited policy must
// be another configuration, although no line of the Caddyfile changed.
func TestAdaptEditedPolicy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "notices.yaml")
	input := "{\n\tminimise {\n\t\tpolicy " + dir + "\n\t\tstate sqlite s\n\t\tkeys k\n\t\tledger l\n\t}\n}\n"
	seen := make(map[string]string)
	for _, text := range []string{"language: 1\n", "language: 1\n# edited\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		config := adapted(t, input)
		if again := adapted(t, input); again != config {
			t.Errorf("an unchanged policy adapts to %s and then to %s", config, again)
		}
		if before, ok := seen[config]; ok {
			t.Errorf("the policies %q and %q adapt to the same configuration", before, text)
		}
		seen[config] = text
		if !strings.Contains(config, `"policy_hash"`) {
			t.Errorf("no policy hash in %s", config)
		}
	}
}
