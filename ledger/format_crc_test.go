package ledger

import (
	"fmt"
	"hash/crc32"
)

// crcOf is the checksum as the documentation describes it.
func crcOf(rest string) string {
	return fmt.Sprintf("%08x", crc32.Checksum([]byte(rest), crc32.MakeTable(crc32.Castagnoli)))
}
