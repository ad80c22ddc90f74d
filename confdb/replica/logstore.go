package replica

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"
)

// patientStore is the log's file. Raft ends the process when it cannot store its term (a full disk during an election); so a
// term that cannot be stored is tried again until there is room. Entries that cannot be stored are refused at once: that
// is the answer to who writes.
//
// It keeps the newest entry in memory: while nothing is written, raft asks for its term with every heartbeat to every server, a hundred times
// a second, and the entry of a site file has megabytes. After a start it is known as soon as a publisher has written that it is one.
type patientStore struct {
	*raftboltdb.BoltStore
	closing chan struct{}
	newest  atomic.Pointer[raft.Log]
}

// GetLog implements raft.LogStore.
func (s *patientStore) GetLog(index uint64, l *raft.Log) error {
	if newest := s.newest.Load(); newest != nil && newest.Index == index {
		*l = *newest
		return nil
	}
	return s.BoltStore.GetLog(index, l)
}

// DeleteRange implements raft.LogStore.
func (s *patientStore) DeleteRange(first, last uint64) error {
	s.newest.Store(nil)
	return s.BoltStore.DeleteRange(first, last)
}

func (s *patientStore) patiently(do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-s.closing:
			return nil // raft is told to end; StoreLogs keeps it from writing under a term that is not stored
		case <-time.After(retryPause):
		}
	}
}

// Set implements raft.StableStore.
func (s *patientStore) Set(key, value []byte) error {
	return s.patiently(func() error { return s.BoltStore.Set(key, value) })
}

// SetUint64 implements raft.StableStore.
func (s *patientStore) SetUint64(key []byte, value uint64) error {
	return s.patiently(func() error { return s.BoltStore.SetUint64(key, value) })
}

// StoreLog implements raft.LogStore.
func (s *patientStore) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (s *patientStore) StoreLogs(logs []*raft.Log) error {
	select {
	case <-s.closing:
		return errClosed
	default:
	}
	if err := s.BoltStore.StoreLogs(logs); err != nil || len(logs) == 0 {
		return err
	}
	newest := *logs[len(logs)-1]
	s.newest.Store(&newest)
	return nil
}

// openLog opens the log's file, and makes an empty one if there is none. A damaged one gives an error instead of a panic.
func openLog(path string) (store *raftboltdb.BoltStore, err error) {
	defer func() {
		if p := recover(); p != nil { // bbolt panics on some damage
			store, err = nil, fmt.Errorf("the log is damaged: %v", p)
		}
	}()
	store, err = raftboltdb.New(raftboltdb.Options{Path: path, BoltOptions: &bbolt.Options{Timeout: time.Second}, MsgpackUseNewTimeFormat: true})
	if err != nil {
		return nil, err
	}
	if err := readable(store); err != nil {
		_ = store.Close()
		return nil, err
	}
	return store, nil
}

// readable reads the ends of the log.
func readable(store *raftboltdb.BoltStore) error {
	first, err := store.FirstIndex()
	if err != nil {
		return err
	}
	last, err := store.LastIndex()
	if err != nil {
		return err
	}
	if last == 0 {
		return nil
	}
	for _, index := range []uint64{first, last} {
		var l raft.Log
		if err := store.GetLog(index, &l); err != nil {
			return fmt.Errorf("read log entry %d: %w", index, err)
		}
	}
	return nil
}

// setAside renames a damaged file or directory to the first free name.
func setAside(path string) error {
	for n := 1; n < 1000; n++ {
		to := fmt.Sprintf("%s.damaged%d", path, n)
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			err := os.Rename(path, to)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
	}
	return errors.New("too many damaged files lie there already")
}
