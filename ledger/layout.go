package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
)

// Names in the folder of an epoch.
const (
	LockFile        = "lock"        // held by the process that writes the epoch
	CheckpointFile  = "checkpoint"  // the newest signed checkpoint
	CheckpointsFile = "checkpoints" // every one of the epoch, an empty line after each
	EndFile         = "end.json"    // an End, once the epoch takes no more records

	segmentSuffix = ".seg"
	leavesSuffix  = ".leaves"
	segmentDigits = 16
)

// SegmentName returns the file name of the segment whose first record is first.
func SegmentName(first uint64) string {
	return fmt.Sprintf("%0*d%s", segmentDigits, first, segmentSuffix)
}

// LeavesName returns the name of the file that stands for an expired segment
// whose first record was first: the leaf hashes of its records, one after another.
func LeavesName(first uint64) string {
	return fmt.Sprintf("%0*d%s", segmentDigits, first, leavesSuffix)
}

// Segment is a file of an epoch.
type Segment struct {
	Name    string
	First   uint64 // the sequence of its first record
	Expired bool   // only the leaves of its records are left
}

// Epochs lists the epochs of the ledger in dir, oldest first. Anything else in
// the folder is passed over.
func Epochs(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("listing epochs: %w", err)
	}
	var epochs []string
	for _, e := range entries {
		if e.IsDir() && isEpoch(e.Name()) {
			epochs = append(epochs, e.Name())
		}
	}
	// A UUIDv7 begins with its time, so names sort by it.
	slices.Sort(epochs)
	return epochs, nil
}

func isEpoch(name string) bool {
	id, err := uuid.Parse(name)
	return err == nil && id.Version() == 7 && id.String() == name
}

// Segments lists the segments of an epoch in order, expired ones among them. One
// that has its leaves beside it and is still there has not expired yet.
func Segments(dir, epoch string) ([]Segment, error) {
	entries, err := os.ReadDir(filepath.Join(dir, epoch))
	if err != nil {
		return nil, fmt.Errorf("listing segments: %w", err)
	}
	var segments []Segment
	for _, e := range entries {
		digits, live := strings.CutSuffix(e.Name(), segmentSuffix)
		expired := false
		if !live {
			digits, expired = strings.CutSuffix(e.Name(), leavesSuffix)
		}
		if !live && !expired || len(digits) != segmentDigits {
			continue
		}
		if first, err := strconv.ParseUint(digits, 10, 64); err == nil {
			segments = append(segments, Segment{Name: e.Name(), First: first, Expired: expired})
		}
	}
	// The names .seg sort after .leaves of the same digits.
	slices.SortFunc(segments, func(a, b Segment) int { return strings.Compare(b.Name, a.Name) })
	segments = slices.CompactFunc(segments, func(a, b Segment) bool { return a.First == b.First })
	slices.Reverse(segments)
	return segments, nil
}

// How an epoch ended.
const (
	EndClosed    = "closed"    // its process closed it
	EndRecovered = "recovered" // a later process found it without an end
)

// End says that an epoch takes no more records, and how many it has. It is a
// convenience for readers and proves nothing: the proof is the checkpoint, the
// recovered record or the previous member of a later epoch's config record.
type End struct {
	How  string    `json:"how"`
	Size uint64    `json:"size"`
	Root tlog.Hash `json:"root"`
	By   string    `json:"by,omitempty"` // the epoch that holds the recovered record
	// Latest is the newest time that a record of it has.
	Latest time.Time `json:"latest,omitzero"`
	// States are the newest snapshots that the epoch names, one for each
	// store, the one used last first. Nil when they were not gathered.
	States []Snapshot `json:"states"`
}

// ReadEnd returns the end of an epoch, or false while it has none.
func ReadEnd(dir, epoch string) (End, bool, error) {
	path := filepath.Join(dir, epoch, EndFile)
	b, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return End{}, false, nil
	}
	if err != nil {
		return End{}, false, fmt.Errorf("reading end of epoch: %w", err)
	}
	var end End
	if err := json.Unmarshal(b, &end); err != nil {
		return End{}, false, corrupt(path, 0)
	}
	return end, true, nil
}

// corrupt says where something is that must not be there.
func corrupt(path string, offset int64) error {
	return fmt.Errorf("%w: %s at offset %d", ErrCorrupt, path, offset)
}
