package node

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tandem/confdb"
	"tandem/confdb/replica"
	"tandem/confdb/sqlite"
	"tandem/dialplan"
	"tandem/fault"
	"tandem/security/login"
	"tandem/telephony"
)

// Files of the configuration store.
const (
	dataKeyFile  = "data.key"
	logDirectory = "log"
)

// storeReady bounds how long the store may take until it can be worked with: the election of a group of one, or, on a server that has
// just joined, its first copy from the publisher.
const storeReady = 2 * time.Minute

type storeOptions struct {
	data    string
	name    string
	create  bool // begin the configuration of a new cluster
	joins   bool // a server that joined: an empty copy is filled by the publisher
	streams *replica.Streams
	forward confdb.Forwarder
	applied func(confdb.Position)
	report  func(*fault.Error)
	raise   func(*fault.Error)
	clear   func(fault.Code)
	fence   func(ctx context.Context, server telephony.ServerName, epoch uint64) (confdb.Position, error)
	release func(ctx context.Context, server telephony.ServerName, epoch uint64)
	made    func(*confdb.Store, *replica.Replica) // told before the store is waited for; may be nil
	log     *slog.Logger
}

// openStore opens the configuration of a data directory, or makes it, and waits until it can be worked with: changed on the
// publisher, read on a subscriber. The end of ctx ends the waiting.
func openStore(ctx context.Context, o storeOptions) (*confdb.Store, *replica.Replica, error) {
	key, err := sqlite.LoadKey(filepath.Join(o.data, secretDir, dataKeyFile), o.create)
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(o.data, databaseDir)
	logs := filepath.Join(dir, logDirectory)
	if err := os.MkdirAll(logs, 0o750); err != nil {
		return nil, nil, err
	}
	r, err := replica.Open(replica.Options{Directory: logs, Server: telephony.ServerName(o.name), Create: o.create, Join: o.joins,
		Open: sqlite.Opener(dir, key, o.create), Streams: o.streams, Applied: o.applied, Report: o.report, Raise: o.raise, Clear: o.clear, Logger: o.log,
		Fence: o.fence, Release: o.release})
	if err != nil {
		return nil, nil, err
	}
	store, err := confdb.New(r, confdb.StoreOptions{
		ParsePattern: func(p telephony.Pattern) error { return dialplan.ParsePattern(string(p)) },
		Hasher:       login.NewHasher(login.StandardCost, rand.Reader), Forward: o.forward,
	})
	if err != nil {
		_ = r.Close()
		return nil, nil, err
	}
	if o.made != nil {
		o.made(store, r)
	}
	if err := usable(ctx, r, store); err != nil {
		_ = store.Close()
		return nil, nil, err
	}
	return store, r, nil
}

// usable waits until the configuration can be worked with. Who follows another server needs a copy, and no publisher.
func usable(ctx context.Context, r *replica.Replica, store *confdb.Store) error {
	ctx, cancel := context.WithTimeout(ctx, storeReady)
	defer cancel()
	for {
		if r.Follows() && store.Snapshot().Position().Index > 0 {
			return nil
		}
		once, done := context.WithTimeout(ctx, lookAgain)
		err := r.WaitReady(once)
		done()
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookAgain):
		}
	}
}

// lookAgain is the time between two looks at a configuration that cannot be worked with yet.
const lookAgain = 20 * time.Millisecond
