package cdr

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"time"
)

// entryKind says what a line of the journal is.
type entryKind byte

// The entries of a journal. Each is a line: checksum (CRC-32C of the rest, eight hexadecimal digits), blank, kind,
// blank, JSON object, line end. JSON has no raw line end, so reading goes on after a damaged line.
const (
	entryStart     entryKind = 'S' // startEntry, the first of each file
	entryAnswered  entryKind = 'A' // answeredEntry: the call is up
	entryEnded     entryKind = 'E' // CallRecord: the call is over; goes into the flat file
	entryAbandoned entryKind = 'X' // idEntry: an answered pair needs no record of its own any more
	entryQuality   entryKind = 'Q' // QualityRecord; goes into the flat file
	entryHeartbeat entryKind = 'H' // heartbeatEntry: still alive
	entryFlattened entryKind = 'F' // the flat files of this journal file are complete
)

// maxEntry bounds a line of the journal, in bytes.
const maxEntry = 64 << 10

const journalVersion = 1

// startEntry describes a journal file.
type startEntry struct {
	Version int       `json:"version"`
	Cluster string    `json:"cluster"`
	Node    uint16    `json:"node"`
	Run     string    `json:"run"` // the life of the server to which the Up of entries belongs
	At      time.Time `json:"at"`
	Layout  Layout    `json:"layout"`
	Calls   string    `json:"calls"`   // name of the flat file of calls
	Quality string    `json:"quality"` // and of quality records
	Last    uint32    `json:"last"`    // newest call number of this server
}

// answeredEntry opens a call. Up is the time since the run began, by the monotonic clock.
type answeredEntry struct {
	Up     time.Duration `json:"up"`
	Record *CallRecord   `json:"record"`
}

type idEntry struct {
	ID string `json:"id"`
}

type heartbeatEntry struct {
	At   time.Time     `json:"at"`
	Up   time.Duration `json:"up"`
	Last uint32        `json:"last"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encoder writes entries one behind the other into a buffer that it keeps.
type encoder struct {
	buf  bytes.Buffer
	json *json.Encoder
}

func newEncoder() *encoder {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false)
	return e
}

// add appends an entry. On an error nothing is appended.
func (e *encoder) add(kind entryKind, v any) error {
	at := e.buf.Len()
	e.buf.WriteString("00000000 ")
	e.buf.WriteByte(byte(kind))
	e.buf.WriteByte(' ')
	if err := e.json.Encode(v); err != nil { // ends with a line end
		e.buf.Truncate(at)
		return err
	}
	line := e.buf.Bytes()[at:]
	if len(line) > maxEntry {
		e.buf.Truncate(at)
		return fmt.Errorf("journal entry of %d bytes", len(line))
	}
	const digits = "0123456789abcdef"
	sum := crc32.Checksum(line[9:len(line)-1], castagnoli)
	for i := range 8 {
		line[i] = digits[sum>>(28-4*i)&15]
	}
	return nil
}

var (
	errTorn     = errors.New("the last entry is cut short")
	errChecksum = errors.New("an entry does not match its checksum")
)

// parseEntry takes a line without its line end apart and checks it.
func parseEntry(line []byte) (entryKind, []byte, error) {
	if len(line) < 12 || line[8] != ' ' || line[10] != ' ' {
		return 0, nil, errChecksum
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(line[9:], castagnoli) {
		return 0, nil, errChecksum
	}
	return entryKind(line[9]), line[11:], nil
}

// entryHandler receives the entries of a journal file in order.
type entryHandler struct {
	entry func(kind entryKind, data []byte) error
	bad   func(line []byte, err error) // a line that is damaged or that entry refused
}

// readEntries reads a journal file to its end. A damaged line goes to h.bad and reading goes on after it; a last line
// without line end counts as torn. It returns how many bytes whole lines take; the error is one of reading.
func readEntries(r io.Reader, h entryHandler) (size int64, err error) {
	b := bufio.NewReaderSize(r, maxEntry)
	for {
		line, err := b.ReadSlice('\n')
		length := int64(len(line))
		if errors.Is(err, bufio.ErrBufferFull) {
			h.bad(line, errChecksum)
			for errors.Is(err, bufio.ErrBufferFull) {
				line, err = b.ReadSlice('\n')
				length += int64(len(line))
			}
			line = nil
		} else if err == io.EOF && len(line) > 0 {
			h.bad(line, errTorn)
		}
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return size, err
		}
		size += length
		if line == nil {
			continue
		}
		line = line[:len(line)-1]
		kind, data, err := parseEntry(line)
		if err == nil {
			err = h.entry(kind, data)
		}
		if err != nil {
			h.bad(line, err)
		}
	}
}
