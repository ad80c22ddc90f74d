package confdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/fault"
	"tandem/telephony"
)

// Forwarder takes changes to the server that may write. The composition puts the cluster's bus behind it.
type Forwarder interface {
	// Away reports whether another server is the publisher, or was until it was lost.
	Away() bool
	// Ask hands a request to the publisher's Store.Serve and returns its answer. ErrNotSent in the error's chain says that the request
	// had no effect and will have none; any other error leaves that open.
	Ask(ctx context.Context, request []byte) ([]byte, error)
}

// ErrNotSent says that a request did not reach the publisher.
var ErrNotSent = errors.New("confdb: the publisher was not reached")

const (
	forwardAttempts = 8                // how often a change is made anew because somebody else was quicker
	forwardTimeout  = 15 * time.Second // for the publisher's answer: longer than it waits for its own log
	settleTimeout   = 10 * time.Second // until this server has what the publisher acknowledged
)

// forward makes a change at the publisher. With guarded, which is for changes that were made from what they change, each object must
// be at the publisher as it is here; else the change is made anew from the newer state.
func (s *Store) forward(ctx context.Context, o Options, guarded bool, decide func(*Snapshot) (ChangeSet, error)) (Result, error) {
	for attempt := 0; ; attempt++ {
		before := s.Snapshot()
		set, err := decide(before)
		if err != nil {
			return Result{}, err
		}
		request, err := encodeRequest(set, o, before, guarded)
		if err != nil {
			return Result{}, err
		}
		asking, cancel := context.WithTimeout(ctx, forwardTimeout)
		data, err := s.options.Forward.Ask(asking, request)
		cancel()
		switch {
		case errors.Is(err, ErrNotSent):
			return Result{}, fault.Wrap(err, fault.PublisherAway)
		case err != nil:
			return Result{}, fault.Wrap(err, fault.ChangeOutcomeOpen)
		}
		a, err := decodeAnswer(data)
		if err != nil {
			return Result{}, fault.Wrap(err, fault.ChangeOutcomeOpen)
		}
		if a.Stale && attempt+1 < forwardAttempts {
			s.settle(ctx, a.Position)
			continue
		}
		if err := a.err(); err != nil {
			return Result{}, err
		}
		// The change is in the configuration of who asked when he is answered. If this server is cut off meanwhile it still counts.
		s.settle(ctx, a.Result.Position)
		return *a.Result, nil
	}
}

// settle waits until this server stands at a position of the publisher's log, or beyond.
func (s *Store) settle(ctx context.Context, at Position) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for w := s.Watch(s.Snapshot().Position()); ; {
		now := s.Snapshot().Position()
		if now.Epoch > at.Epoch || now.Epoch == at.Epoch && now.Index >= at.Index {
			return
		}
		if _, err := w.Next(ctx); err != nil {
			return
		}
	}
}

// errStale says that an object was changed by somebody else meanwhile.
var errStale = errors.New("the object was changed meanwhile")

// Serve answers a request of another server's Store, at the publisher. It never forwards: if this server is not the publisher the
// answer says so. An error means that the request could not be read.
func (s *Store) Serve(ctx context.Context, request []byte) ([]byte, error) {
	r, err := decodeRequest(request)
	if err != nil {
		return nil, fmt.Errorf("confdb: read a forwarded change: %w", err)
	}
	set, err := r.changeSet()
	if err != nil {
		return nil, fmt.Errorf("confdb: read a forwarded change: %w", err)
	}
	result, err := s.update(ctx, Options{Actor: r.Actor, UserState: r.UserState}, func(now *Snapshot) (ChangeSet, error) {
		for i, item := range r.Items {
			if item.Before == "" {
				continue
			}
			kind, key := set.Items[i].ref()
			is, err := fingerprint(now.Object(kind, key))
			if err != nil {
				return ChangeSet{}, err
			}
			if is != item.Before {
				return ChangeSet{}, fault.Wrap(errStale, fault.ChangeOvertaken, "kind", title(kind), "name", key)
			}
		}
		return set, nil
	})
	return encodeAnswer(result, err, s.Snapshot().Position())
}

// ref names the object of an item.
func (i *Item) ref() (telephony.Kind, string) {
	if i.Object != nil {
		return i.Object.Kind(), i.Object.Key()
	}
	return i.Kind, i.Key
}
