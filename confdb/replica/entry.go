package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// The formats of log entries: the first byte. A server that meets one that it does not know stops following the log and goes on
// serving what it has; the publisher writes a new format only when every server has said that it knows it.
const (
	formatChangeset = 1 // one transaction, as an SQLite changeset
	formatMigration = 2 // the number of a schema migration
	// formatVerification has no body and no effect: every server counts up its copy as it is at this entry.
	formatVerification = 3

	newestFormat = formatVerification
)

// entry is one log entry.
//
//	1 byte format | 8 epoch | 8 time, ns since 1970 | 2 length of actor | actor | body
type entry struct {
	format byte
	epoch  uint64
	time   time.Time
	actor  string
	body   []byte // a changeset, or the 4 bytes of a migration's number
}

const (
	entryHeader    = 1 + 8 + 8 + 2
	maximumActor   = 256
	maximumEntry   = 64 << 20 // bytes; 10,000 phones with their lines take about 5 MiB
	maximumVersion = 1 << 20
)

var errShort = errors.New("the log entry is cut short")

func (e entry) encode() []byte {
	actor := e.actor
	if len(actor) > maximumActor {
		actor = actor[:maximumActor]
	}
	b := make([]byte, 0, entryHeader+len(actor)+len(e.body))
	b = append(b, e.format)
	b = binary.BigEndian.AppendUint64(b, e.epoch)
	b = binary.BigEndian.AppendUint64(b, uint64(e.time.UnixNano()))
	b = binary.BigEndian.AppendUint16(b, uint16(len(actor)))
	b = append(b, actor...)
	return append(b, e.body...)
}

// unknownFormat is the error of an entry that a newer version wrote.
type unknownFormat byte

func (f unknownFormat) Error() string {
	return fmt.Sprintf("the log entry has the unknown format %d", byte(f))
}

// decodeEntry reads an entry of a format up to newest.
func decodeEntry(b []byte, newest byte) (entry, error) {
	if len(b) == 0 {
		return entry{}, errShort
	}
	if b[0] == 0 || b[0] > newest {
		return entry{}, unknownFormat(b[0])
	}
	if len(b) < entryHeader {
		return entry{}, errShort
	}
	e := entry{format: b[0], epoch: binary.BigEndian.Uint64(b[1:]), time: time.Unix(0, int64(binary.BigEndian.Uint64(b[9:])))}
	n := int(binary.BigEndian.Uint16(b[17:]))
	if n > maximumActor || len(b) < entryHeader+n {
		return entry{}, errShort
	}
	e.actor, e.body = string(b[entryHeader:entryHeader+n]), b[entryHeader+n:]
	return e, nil
}

func migrationBody(version int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(version)) }

func migrationVersion(body []byte) (int, error) {
	if len(body) != 4 {
		return 0, errShort
	}
	v := binary.BigEndian.Uint32(body)
	if v == 0 || v > maximumVersion {
		return 0, fmt.Errorf("there is no migration %d", v)
	}
	return int(v), nil
}
