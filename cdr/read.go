package cdr

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxRow bounds a line of a flat file, in bytes; maxColumns the fields in it.
const (
	maxRow     = 64 << 10
	maxColumns = 512
)

// ReadCalls reads a flat file of call detail records in either layout, or in any other that names its columns in its
// first line: columns that are not known are passed over. each is called for every record until it returns false. bad
// is called for each line that cannot be understood, with its number; reading goes on after it. The error is one of
// reading or of a heading that is none.
func ReadCalls(r io.Reader, each func(CallRecord) bool, bad func(line int, err error)) error {
	return readFlat(r, callsByName, func(_ int, c CallRecord) bool { return each(c) }, bad)
}

// ReadQuality does for call management records what ReadCalls does for call detail records.
func ReadQuality(r io.Reader, each func(QualityRecord) bool, bad func(line int, err error)) error {
	return readFlat(r, qualityByName, func(_ int, q QualityRecord) bool { return each(q) }, bad)
}

var (
	callsByName   = byName(calls4, callsLater)
	qualityByName = byName(quality4, qualityLater)
)

func byName[T any](layouts ...[]column[T]) map[string]func(*T, string) error {
	m := map[string]func(*T, string) error{}
	for _, columns := range layouts {
		for _, c := range columns {
			m[c.name] = c.set
		}
	}
	return m
}

func readFlat[T any](r io.Reader, known map[string]func(*T, string) error, each func(int, T) bool, bad func(int, error)) error {
	b := bufio.NewReaderSize(r, maxRow)
	var setters []func(*T, string) error
	var fields []string
	useful := 0
	for number := 1; ; number++ {
		line, err := b.ReadSlice('\n')
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = b.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return err
		}
		// A line without its end is still being written.
		if err == io.EOF {
			if number == 1 && len(line) > 0 {
				return errors.New("the heading is cut short")
			}
			return nil
		}
		if tooLong {
			if number == 1 {
				return errors.New("the heading is too long")
			}
			bad(number, errors.New("the line is too long"))
			continue
		}
		line = trimEnd(line)
		fields, err = splitRow(fields[:0], line)
		switch {
		case number == 1:
			if err != nil {
				return fmt.Errorf("heading: %w", err)
			}
			for _, name := range fields {
				set := known[name]
				if set != nil {
					useful++
				}
				setters = append(setters, set)
			}
			if useful == 0 {
				return errors.New("the heading names no known column")
			}
			continue
		case err != nil:
			bad(number, err)
			continue
		case number == 2 && len(fields) > 0 && (fields[0] == "INTEGER" || fields[0] == "UNIQUEIDENTIFIER"):
			continue // the types
		case len(fields) != len(setters):
			bad(number, fmt.Errorf("%d fields where the heading has %d", len(fields), len(setters)))
			continue
		}
		var record T
		for i, set := range setters {
			if set == nil {
				continue
			}
			if err = set(&record, fields[i]); err != nil {
				err = fmt.Errorf("field %d: %w", i+1, err)
				break
			}
		}
		if err != nil {
			bad(number, err)
			continue
		}
		if f, ok := any(&record).(*CallRecord); ok {
			f.afterReading()
		}
		if !each(number, record) {
			return nil
		}
	}
}

// afterReading takes back what the columns say of a call that was not redirected.
func (r *CallRecord) afterReading() {
	if r.LastReason == 0 && r.LastBy == 0 && r.LastRedirect == (Party{Number: r.OriginalCalled.Number, Partition: r.OriginalCalled.Partition}) {
		r.LastRedirect = Party{}
	}
	for _, l := range []*Leg{&r.Orig, &r.Dest} {
		if !l.Media.Addr().IsValid() && l.Media.Port() == 0 {
			l.Media = plain(l.Media)
		}
		if !l.Video.Addr().IsValid() && l.Video.Port() == 0 {
			l.Video = plain(l.Video)
		}
	}
}

func trimEnd(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}

// splitRow splits a line at its commas. Fields may stand in quotes, in which two quotes mean one.
func splitRow(fields []string, line []byte) ([]string, error) {
	for {
		if len(fields) == maxColumns {
			return fields, errors.New("too many fields")
		}
		var field string
		var ok bool
		if len(line) > 0 && line[0] == '"' {
			field, line, ok = quoted(line[1:])
			if !ok {
				return fields, errors.New("a quote is not closed")
			}
		} else {
			n := 0
			for n < len(line) && line[n] != ',' {
				n++
			}
			field, line = string(line[:n]), line[n:]
		}
		fields = append(fields, field)
		if len(line) == 0 {
			return fields, nil
		}
		if line[0] != ',' {
			return fields, errors.New("a field goes on after its closing quote")
		}
		line = line[1:]
	}
}

func quoted(b []byte) (field string, rest []byte, ok bool) {
	var value []byte
	for {
		n := 0
		for n < len(b) && b[n] != '"' {
			n++
		}
		if n == len(b) {
			return "", nil, false
		}
		if n+1 == len(b) || b[n+1] != '"' {
			if value == nil {
				return string(b[:n]), b[n+1:], true
			}
			return string(append(value, b[:n]...)), b[n+1:], true
		}
		value = append(value, b[:n+1]...)
		b = b[n+2:]
	}
}
