package confdb_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"tandem/confdb"
	"tandem/telephony"
)

func putPartition(t testing.TB, s *confdb.Store, name string) {
	t.Helper()
	var set confdb.ChangeSet
	if _, err := s.Apply(context.Background(), *set.Put(&telephony.Partition{Name: telephony.PartitionName(name)}), confdb.Options{Actor: "me"}); err != nil {
		t.Fatal(err)
	}
}

func TestWatchTellsEveryChangeInOrder(t *testing.T) {
	s := confdb.NewMemory()
	w := s.Watch(s.Snapshot().Position())
	for i := range 5 {
		putPartition(t, s, fmt.Sprint("p", i))
	}
	for i := range 5 {
		e, err := w.Next(t.Context())
		if err != nil || e.Resync || len(e.Changes) != 1 || e.Changes[0].Key != fmt.Sprint("p", i) || e.Actor != "me" {
			t.Fatalf("entry %d: %+v, %v", i, e, err)
		}
		if e.Changes[0].Action() != confdb.Created || e.Snapshot.Partition(telephony.PartitionName(e.Changes[0].Key)) == nil || e.Snapshot.Count(telephony.KindPartition) != i+1 {
			t.Errorf("entry %d has the wrong snapshot", i)
		}
	}
}

func TestWatchWaitsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := confdb.NewMemory()
		w := s.Watch(s.Snapshot().Position())
		got := make(chan error)
		next := func() {
			_, err := w.Next(t.Context())
			got <- err
		}
		go next()
		synctest.Wait()
		select {
		case err := <-got:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		putPartition(t, s, "p")
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		go next()
		synctest.Wait()
		_ = s.Close()
		if err := <-got; !errors.Is(err, confdb.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestWatcherThatIsFarBehindBeginsAnew(t *testing.T) {
	s := confdb.NewMemory()
	w := s.Watch(s.Snapshot().Position())
	for i := range 1100 {
		putPartition(t, s, fmt.Sprint("p", i))
	}
	e, err := w.Next(t.Context())
	if err != nil || !e.Resync || len(e.Changes) != 0 || e.Snapshot.Count(telephony.KindPartition) != 1100 {
		t.Fatalf("%v %v", e.Resync, err)
	}
	putPartition(t, s, "next")
	if e, err = w.Next(t.Context()); err != nil || e.Resync || e.Changes[0].Key != "next" {
		t.Errorf("after the resync: %+v, %v", e, err)
	}
	other := s.Watch(confdb.Position{Epoch: 7, Index: 1}) // of another history
	if e, err = other.Next(t.Context()); err != nil || !e.Resync {
		t.Errorf("from a position of another epoch: %+v, %v", e, err)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	s := confdb.NewMemory()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Watch(s.Snapshot().Position()).Next(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
