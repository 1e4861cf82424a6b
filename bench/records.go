package main

import (
	"context"
	"fmt"

	"github.com/modicum-dev/modicum/ledger"
)

// released counts the disclosures in a ledger that nobody writes any more.
func released(ctx context.Context, dir string) (uint64, error) {
	epochs, err := ledger.Epochs(dir)
	if err != nil {
		return 0, err
	}
	var n uint64
	for _, epoch := range epochs {
		tail, err := ledger.ScanEpoch(ctx, dir, epoch, func(l ledger.Line) error {
			if l.Kind == ledger.KindReleased {
				n++
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		if tail.Damaged {
			return 0, fmt.Errorf("%w: epoch %s", ledger.ErrCorrupt, epoch)
		}
	}
	return n, nil
}

// missingRecords is how many answers were counted that no record stands for.
// There may be more records than answers: wrk ends with requests under way, and
// what was recorded for those is a disclosure that nobody has waited for.
func missingRecords(counted, released uint64) uint64 {
	if released >= counted {
		return 0
	}
	return counted - released
}
