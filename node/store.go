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
	dataKeyFile    = "data.key"
	passphraseFile = "passphrase.hash"
	logDirectory   = "log"
)

// storeReady bounds how long the store may take to accept writes: the election of a group of one.
const storeReady = 30 * time.Second

type storeOptions struct {
	data       string
	name       string
	passphrase string // kept as a hash by which joining servers are checked; only with create
	create     bool
	report     func(*fault.Error)
	log        *slog.Logger
}

// openStore opens the configuration of a data directory, or makes it.
func openStore(o storeOptions) (*confdb.Store, error) {
	secrets := filepath.Join(o.data, secretDir)
	key, err := sqlite.LoadKey(filepath.Join(secrets, dataKeyFile), o.create)
	if err != nil {
		return nil, err
	}
	if o.create {
		hash, err := login.NewHasher(login.StandardCost, rand.Reader).Hash(o.passphrase)
		if err != nil {
			return nil, err
		}
		if err := writeFile(filepath.Join(secrets, passphraseFile), []byte(hash+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	dir := filepath.Join(o.data, databaseDir)
	logs := filepath.Join(dir, logDirectory)
	if err := os.MkdirAll(logs, 0o750); err != nil {
		return nil, err
	}
	r, err := replica.Open(replica.Options{Directory: logs, Server: telephony.ServerName(o.name), Create: o.create,
		Open: sqlite.Opener(dir, key, o.create), Report: o.report, Logger: o.log})
	if err != nil {
		return nil, err
	}
	store, err := confdb.New(r, confdb.StoreOptions{
		ParsePattern: func(p telephony.Pattern) error { return dialplan.ParsePattern(string(p)) },
		Hasher:       login.NewHasher(login.StandardCost, rand.Reader),
	})
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeReady)
	defer cancel()
	if err := r.WaitReady(ctx); err != nil {
		_ = store.Close()
		return nil, err
	}
	return store, nil
}
