package replica

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Small files beside the log keep what must be known before the log can be trusted. They are written whole, or not at all.
const (
	subscriberFile = "subscriber"     // this server is not the only voter: it never begins a log of its own
	fillingFile    = "filling"        // the log is thrown away and the copy is built anew from the publisher's snapshot
	lineageFile    = "lineage.json"   // the epochs that this server has seen
	promotionFile  = "promotion.json" // a promotion is under way
	votersFile     = "voters.json"    // a change of the voters is under way
)

// Contents of fillingFile.
const (
	fillingWipe = "wipe" // the old log is still there
	fillingWait = "wait" // the log is empty, or was filled since
	// As fillingWait, and the log that was thrown away may have been a voter's: it does not vote before the publisher has made it a
	// subscriber.
	fillingMute = "mute"
)

func (r *Replica) markPath(name string) string { return filepath.Join(r.options.Directory, name) }

func (r *Replica) mark(name, content string) error {
	return writeDurably(r.markPath(name), []byte(content))
}

// marked returns the content of a mark, and whether it is there.
func (r *Replica) marked(name string) (string, bool) {
	data, err := os.ReadFile(r.markPath(name))
	return string(data), err == nil
}

func (r *Replica) unmark(name string) error {
	err := os.Remove(r.markPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDirectory(r.options.Directory)
}

func (r *Replica) markJSON(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.mark(name, string(data))
}

// readJSON reads a mark; false if it is not there or damaged.
func (r *Replica) readJSON(name string, v any) bool {
	content, ok := r.marked(name)
	return ok && json.Unmarshal([]byte(content), v) == nil
}

// writeDurably puts a file in place of the one before, and both the file and its name are on the disk when it returns.
func writeDurably(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*"+temporary)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}
