package segment

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/modicum-dev/modicum/ledger"
)

// Ready trusts the last look for a while. An append trusts none.
func TestReadyLooksNowAndThen(t *testing.T) {
	t.Parallel()
	for _, look := range []time.Duration{time.Hour, 0} {
		dir := filepath.Join(t.TempDir(), "ledger")
		l := openLog(t, Options{Dir: dir, look: look})
		appendRecord(t, l, released(1))
		must(t, os.Rename(dir, dir+".old"))
		if look == time.Hour {
			if err := l.Ready(); err != nil {
				t.Errorf("Ready() = %v, want nil: a look has just been", err)
			}
			if _, err := l.Append(t.Context(), released(2)); !errors.Is(err, ledger.ErrUnavailable) {
				t.Errorf("Append() = %v, want ErrUnavailable", err)
			}
		}
		for l.Ready() == nil {
			time.Sleep(time.Millisecond)
		}
		if err := l.Ready(); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("Ready() = %v, want ErrUnavailable", err)
		}
		_ = l.Close(t.Context())
	}
}

func BenchmarkReady(b *testing.B) {
	l, err := Open(b.Context(), Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Ready(); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
