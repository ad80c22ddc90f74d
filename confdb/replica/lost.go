package replica

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"tandem/fault"
)

// saveLost writes the changes that only this server has into a file for the administrator, before its copy gives way to that of the
// cluster: who, when, what. A copy of the database lies beside it. Until that is on the disk nothing is thrown away.
func (r *Replica) saveLost() error {
	if r.store == nil || !r.deposed() {
		return nil
	}
	m := r.machine
	at, _ := m.storage.State()
	common, known := r.lineage.state().common(at)
	if newest := r.lineage.state(); !known && slices.ContainsFunc(newest.Branches, func(b branch) bool { return b.Epoch == newest.Seen }) {
		common, known = 0, true // its epoch is too old for anybody to remember: whatever it has is saved
	}
	if !known {
		// It does not know yet where the cluster went on without it. Only the publisher can have what nobody else has.
		if _, subscriber := r.marked(subscriberFile); subscriber {
			return nil
		}
		return fmt.Errorf("it is not known yet at which change the cluster of epoch %d went on without this server", r.lineage.state().Seen)
	}
	first, err := r.store.FirstIndex()
	if err != nil {
		return err
	}
	last, err := r.store.LastIndex()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	count := 0
	for i := max(first, common+1); first > 0 && i <= last; i++ {
		var l raft.Log
		if err := r.store.GetLog(i, &l); err != nil {
			return err
		}
		if l.Type == raft.LogCommand && r.describe(&b, &l) {
			count++
		}
	}
	missing := uint64(0)
	if at.Index > common && (first == 0 || first > common+1) { // the log was cut since
		missing = min(first-1, at.Index) - common
		if first == 0 {
			missing = at.Index - common
		}
	}
	if count == 0 && missing == 0 {
		return nil
	}
	base := filepath.Join(r.options.Directory, fmt.Sprintf("lost-changes-%d-%d", at.Epoch, common))
	for n := 2; ; n++ { // what was saved before is not written over
		if _, err := os.Lstat(base + ".txt"); errors.Is(err, fs.ErrNotExist) {
			break
		}
		base = filepath.Join(r.options.Directory, fmt.Sprintf("lost-changes-%d-%d-%d", at.Epoch, common, n))
	}
	copied := base + ".db"
	if err := os.RemoveAll(copied); err != nil { // of an attempt before that failed
		return err
	}
	if err := m.storage.Copy(copied); err != nil {
		return err
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "Changes of %s that the cluster does not have: those after entry %d of epoch %d.\n", r.options.Server, common, at.Epoch)
	fmt.Fprintf(&head, "The database as it was is in %s.\n", filepath.Base(copied))
	if missing > 0 {
		fmt.Fprintf(&head, "The first %d entries are not in the log any more; only that database has them.\n", missing)
	}
	path := base + ".txt"
	if err := writeDurably(path, append(append(head.Bytes(), '\n'), b.Bytes()...)); err != nil {
		return err
	}
	r.options.Report(fault.New(fault.ChangesSetAside, "count", fmt.Sprint(uint64(count)+missing), "server", string(r.options.Server),
		"index", fmt.Sprint(common), "epoch", fmt.Sprint(at.Epoch), "file", path))
	return nil
}

// describe writes an entry in words; false if it holds no change.
func (r *Replica) describe(to *bytes.Buffer, l *raft.Log) bool {
	e, err := decodeEntry(l.Data, newestFormat)
	if err != nil || e.format != formatChangeset {
		return false
	}
	w := bufio.NewWriter(to)
	defer w.Flush()
	actor := e.actor
	if actor == "" {
		actor = "nobody named"
	}
	fmt.Fprintf(w, "entry %d, %s, by %s\n", l.Index, e.time.UTC().Format(time.RFC3339), actor)
	lines, err := r.machine.storage.Describe(e.body)
	for _, line := range lines {
		fmt.Fprintf(w, "  %s\n", line)
	}
	if err != nil {
		fmt.Fprintf(w, "  (the rest cannot be read: %v)\n", err)
	}
	return true
}
