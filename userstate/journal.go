package userstate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"tandem/telephony"
)

// journalFile is the name of the journal in its directory.
const journalFile = "userstate.journal"

// temporary is what a journal is called that is not whole yet.
const temporary = ".new-userstate-*"

// Bounds of the journal.
const (
	maximumLine = 4 << 10 // bytes of one entry
	slack       = 1024    // entries beyond four times those that wait, before the journal is written anew
)

// line is one entry: a change that waits for the publisher, or the end of its waiting.
type line struct {
	Change  *telephony.UserState `json:"change,omitempty"`
	Settled string               `json:"settled,omitempty"` // key of a change that is settled, up to Stamp
	Stamp   int64                `json:"stamp,omitempty"`
}

// journal is the file of changes that wait. Each line is the checksum of its JSON and the JSON: a line that a crash cut off
// is known by that, and ends the reading.
type journal struct {
	path  string
	file  *os.File
	size  int64 // of what is whole
	lines int
}

// create makes the file of a new journal; tests put a full disk in its place.
var create = os.CreateTemp

var table = crc32.MakeTable(crc32.Castagnoli)

// openJournal reads what waits, and begins the file anew with just that.
func openJournal(directory string) (*journal, map[string]*telephony.UserState, error) {
	j := &journal{path: filepath.Join(directory, journalFile)}
	waiting := map[string]*telephony.UserState{}
	f, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if err == nil {
		j.size, j.lines, err = readJournal(f, waiting)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.Close()
		return nil, nil, fmt.Errorf("read %s: %w", j.path, err)
	}
	if left, err := filepath.Glob(filepath.Join(directory, temporary)); err == nil {
		for _, name := range left { // of a server that was killed while it wrote one
			_ = os.Remove(name)
		}
	}
	j.file = f
	if err := j.rewrite(waiting); err != nil && f == nil {
		return nil, nil, err
	} // on a full disk the old one goes on, until there is room
	return j, waiting, nil
}

// readJournal takes whole lines until one that is not, and returns how many bytes and lines they are.
func readJournal(r io.Reader, waiting map[string]*telephony.UserState) (size int64, lines int, err error) {
	in := bufio.NewReaderSize(r, maximumLine)
	for {
		text, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull): // cut off, or no line of ours
			return size, lines, nil
		case err != nil:
			return size, lines, err
		}
		l, ok := parseLine(text[:len(text)-1])
		if !ok {
			return size, lines, nil
		}
		size, lines = size+int64(len(text)), lines+1
		switch {
		case l.Change != nil:
			if l.Change.After(waiting[l.Change.Key()]) {
				waiting[l.Change.Key()] = l.Change
			}
		case waiting[l.Settled] != nil && waiting[l.Settled].Stamp <= l.Stamp:
			delete(waiting, l.Settled)
		}
	}
}

func parseLine(b []byte) (l line, ok bool) {
	sum, text, found := bytes.Cut(b, []byte(" "))
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if !found || err != nil || crc32.Checksum(text, table) != uint32(want) {
		return l, false
	}
	if json.Unmarshal(text, &l) != nil || (l.Change == nil) == (l.Settled == "") {
		return l, false
	}
	return l, l.Change == nil || sound(l.Change)
}

func formatLine(l line) ([]byte, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	if len(text)+10 > maximumLine {
		return nil, errors.New("a change of user state is too long")
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(text, table), text), nil
}

// append adds lines and has them on the disk when it returns. After a failure the file is as before.
func (j *journal) append(lines ...line) error {
	var b []byte
	for _, l := range lines {
		text, err := formatLine(l)
		if err != nil {
			return err
		}
		b = append(b, text...)
	}
	if _, err := j.file.WriteAt(b, j.size); err != nil {
		_ = j.file.Truncate(j.size)
		return err
	}
	if err := j.file.Sync(); err != nil {
		_ = j.file.Truncate(j.size)
		return err
	}
	j.size += int64(len(b))
	j.lines += len(lines)
	return nil
}

// rewrite puts a file in the place of the journal that holds just what waits.
func (j *journal) rewrite(waiting map[string]*telephony.UserState) error {
	f, err := create(filepath.Dir(j.path), temporary)
	if err != nil {
		return err
	}
	next := &journal{path: j.path, file: f}
	lines := make([]line, 0, len(waiting))
	for _, u := range waiting {
		lines = append(lines, line{Change: u})
	}
	if err = next.append(lines...); err == nil {
		err = os.Rename(f.Name(), j.path)
	}
	if err == nil {
		err = syncDirectory(filepath.Dir(j.path))
	}
	if err != nil {
		f.Close()
		_ = os.Remove(f.Name())
		return err
	}
	if j.file != nil {
		j.file.Close()
	}
	*j = *next
	return nil
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (j *journal) close() error { return j.file.Close() }
