package otlp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/modicum-dev/modicum/ledger"
	"github.com/modicum-dev/modicum/ledger/internal/disk"
)

// cursorFile is where a follower keeps what the collector has accepted.
type cursorFile string

// read returns the zero Cursor, the start of the ledger, if there is no file. A
// file that is not a cursor is an error: starting over would be hard to notice.
func (f cursorFile) read() (ledger.Cursor, error) {
	b, err := os.ReadFile(filepath.Clean(string(f)))
	if errors.Is(err, fs.ErrNotExist) {
		return ledger.Cursor{}, nil
	}
	if err != nil {
		return ledger.Cursor{}, fmt.Errorf("reading cursor: %w", err)
	}
	var c ledger.Cursor
	if err := json.Unmarshal(b, &c); err != nil {
		return ledger.Cursor{}, fmt.Errorf("reading cursor %s: %w", string(f), err)
	}
	return c, nil
}

func (f cursorFile) write(c ledger.Cursor) error {
	b, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encoding cursor: %w", err)
	}
	if err := disk.WriteFile(disk.OS{}, string(f), append(b, '\n')); err != nil {
		return fmt.Errorf("cursor: %w", err)
	}
	return nil
}

// lock keeps two processes that overlap from moving one cursor.
func (f cursorFile) lock() (*disk.Lock, error) { return disk.TryLock(string(f) + ".lock") }
