package userstate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"tandem/bus"
	"tandem/call/signal"
	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// follow ends the waiting of what the configuration brings.
func (s *Service) follow(ctx context.Context) {
	w := s.o.Store.Watch(confdb.Position{}) // from the beginning: what waits in the journal may be folded in already
	for {
		e, err := w.Next(ctx)
		if err != nil {
			return
		}
		var rows []*telephony.UserState
		waited := map[*telephony.UserState]*telephony.UserState{} // by row
		for _, u := range s.list() {
			if row := e.Snapshot.UserState(u.Setting, u.Subject); row != nil && !u.After(row) {
				rows = append(rows, row)
				waited[row] = u
			}
		}
		for _, row := range s.settle(rows...) {
			if u := waited[row]; u.Server == s.o.Server {
				s.tell(u, overruled(row, u))
			}
		}
	}
}

// list is what waits, oldest first.
func (s *Service) list() []*telephony.UserState {
	m := *s.overlay.Load()
	all := make([]*telephony.UserState, 0, len(m))
	for _, u := range m {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *telephony.UserState) int {
		if a.Stamp != b.Stamp {
			if a.Stamp < b.Stamp {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Key(), b.Key())
	})
	return all
}

// work folds what waits while this server is the publisher, and offers it to the others.
func (s *Service) work(ctx context.Context) {
	audit, retry := time.NewTicker(auditEvery), time.NewTicker(foldRetry)
	defer audit.Stop()
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
			s.fold(ctx)
		case <-retry.C: // this server may have become the publisher, or the configuration writable
			s.fold(ctx)
		case p := <-s.met:
			s.offer(p.Node)
		case <-audit.C:
			s.everyone(s.offer)
		}
	}
}

// offer sends everything that waits to a server.
func (s *Service) offer(to signal.NodeID) {
	for part := range slices.Chunk(s.list(), maximumChanges) {
		s.send(to, message{Changes: part})
	}
}

func (s *Service) send(to signal.NodeID, m message) {
	payload, err := m.encode()
	if err == nil {
		err = s.o.Mesh.Send(to, bus.TopicUserState, payload)
	}
	if err != nil && !errors.Is(err, bus.ErrUnreachable) {
		s.o.Log.Warn("user state was not sent", "cause", err)
	}
}

// foldBatch is how many changes go into one transaction.
const foldBatch = 200

// fold puts what waits into the configuration, if this server may.
func (s *Service) fold(ctx context.Context) {
	for ctx.Err() == nil && s.o.Publisher() {
		all := s.list()
		if len(all) == 0 {
			return
		}
		if !s.foldSome(ctx, all[:min(len(all), foldBatch)]) {
			return
		}
	}
}

// foldSome folds a few changes in one transaction; if the configuration refuses that, each for itself. It reports whether to go on.
func (s *Service) foldSome(ctx context.Context, some []*telephony.UserState) bool {
	within, cancel := context.WithTimeout(ctx, foldWithin)
	defer cancel()
	gone, later := map[*telephony.UserState]bool{}, map[*telephony.UserState]*telephony.UserState{}
	actor := some[0].Actor
	if len(some) > 1 {
		actor = "users"
	}
	_, err := s.o.Store.Update(within, confdb.Options{Actor: actor, UserState: true}, func(snapshot *confdb.Snapshot) (confdb.ChangeSet, error) {
		clear(gone)
		clear(later)
		set := confdb.ChangeSet{Source: "what users changed"}
		for _, u := range some {
			objects, ok := folded(snapshot, u)
			if !ok {
				gone[u] = true
			} else if len(objects) == 0 {
				later[u] = snapshot.UserState(u.Setting, u.Subject)
			}
			set.Put(objects...)
		}
		return set, nil
	})
	var refused *confdb.Refused
	switch {
	case err == nil:
		done := make([]*telephony.UserState, 0, len(some))
		for _, u := range some {
			switch row := later[u]; {
			case gone[u]:
				s.drop(u, orphaned(u))
			case row != nil && (row.Stamp != u.Stamp || row.Server != u.Server):
				s.drop(u, overruled(row, u))
			default:
				done = append(done, u)
			}
		}
		s.settle(done...)
		return true
	case errors.As(err, &refused) && len(some) > 1:
		for _, u := range some {
			if !s.foldSome(ctx, []*telephony.UserState{u}) {
				return false
			}
		}
		return true
	case errors.As(err, &refused):
		s.o.Log.Info("a user's change was refused", "setting", some[0].Key(), "cause", err)
		s.drop(some[0], orphaned(some[0]))
		return true
	}
	s.o.Log.Debug("user state waits for the configuration", "cause", err)
	return false
}

// drop ends a change that lost, here and on the servers that hold it.
func (s *Service) drop(u *telephony.UserState, why *fault.Error) {
	s.mu.Lock() // remembered first: another server may offer it again while it is settled
	if len(s.lost) >= maximumLost {
		clear(s.lost)
	}
	s.lost[u.Key()] = u
	s.mu.Unlock()
	if len(s.settle(u)) == 0 {
		return
	}
	s.tell(u, why)
	s.everyone(func(n signal.NodeID) { s.send(n, message{Settled: []*telephony.UserState{u}}) })
}

// orphaned says that a change was about something that is gone.
func orphaned(u *telephony.UserState) *fault.Error {
	return fault.New(fault.UserStateOrphaned, "setting", string(u.Setting), "subject", u.Subject, "actor", u.Actor)
}

// tell records a change that lost to an administrator or to a deletion. That a user changed the same once more is nothing to record.
func (s *Service) tell(u *telephony.UserState, why *fault.Error) {
	if why != nil && s.o.Dropped != nil {
		s.o.Dropped(u, why)
	}
}

// overruled says that an administrative change came after a user's; nil when it is the user's own, or another user's.
func overruled(row, u *telephony.UserState) *fault.Error {
	if !row.Administrative {
		return nil
	}
	return fault.New(fault.UserStateSuperseded, "setting", string(u.Setting), "subject", u.Subject, "actor", u.Actor, "other", row.Actor)
}

// folded gives the objects that a change makes of a configuration: none if there is a later word on the setting. ok is false
// when what the change is about is gone.
func folded(s *confdb.Snapshot, u *telephony.UserState) (objects []telephony.Object, ok bool) {
	if !u.After(s.UserState(u.Setting, u.Subject)) {
		return nil, true
	}
	if !u.Setting.AboutLine() {
		if s.Phone(telephony.DeviceName(u.Subject)) == nil {
			return nil, false
		}
		return []telephony.Object{u}, true
	}
	number := s.DirectoryNumber(telephony.ParseLineKey(u.Subject))
	if number == nil {
		return nil, false
	}
	if u.Setting != telephony.SettingForwardAll {
		return []telephony.Object{u}, true
	}
	changed := *number
	changed.ForwardAll = Forward(u)
	return []telephony.Object{&changed, u}, true
}

// Forward is the forwarding that a change of SettingForwardAll means; nil for none.
func Forward(u *telephony.UserState) *telephony.Forward {
	if u == nil || u.Value == "" {
		return nil
	}
	return &telephony.Forward{Destination: telephony.Number(u.Value), CallingSearchSpace: u.CallingSearchSpace}
}
