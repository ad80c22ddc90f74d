package node

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"tandem/cluster"
	"tandem/fault"
)

// JoinOptions say how a server joins a cluster.
type JoinOptions struct {
	Data       string // directory, which must be empty or not exist, or hold a join that was broken off
	Name       string // of the server
	Address    string // IP address that it listens on and announces; empty: all, and the one from which it reaches the publisher
	Ports      Ports  // those that differ from the standard
	Publisher  string // HOST:PORT of the publisher; empty: the one in the token
	Token      string
	Passphrase string
	Version    string
}

// joiningFile marks a directory in which a join began and did not end: it may be taken up again, as the same server.
const joiningFile = "joining"

// Join makes an empty directory a server of a cluster. When it is refused the directory is as it was; when it is broken off, it can
// be called again with the same token.
func Join(ctx context.Context, o JoinOptions) (result *cluster.JoinResult, err error) {
	if !serverName.MatchString(o.Name) {
		return nil, fault.New(fault.ServerNameInvalid, "name", o.Name)
	}
	settings := Settings{Name: o.Name, Node: 1, Address: o.Address, Ports: o.Ports}
	if err := settings.check(); err != nil {
		return nil, fault.Wrap(err, fault.SettingsInvalid, "file", "of the new server")
	}
	token, err := cluster.ParseToken(o.Token)
	if err != nil {
		return nil, err
	}
	mark := filepath.Join(o.Data, joiningFile)
	undo := func() {}
	if _, err := os.Stat(mark); errors.Is(err, fs.ErrNotExist) {
		if undo, err = prepareDirectory(o.Data); err != nil {
			return nil, err
		}
		if err := writeFile(mark, []byte(o.Name+"\n"), 0o600); err != nil {
			undo()
			return nil, fault.Wrap(err, fault.DataDirectoryReadOnly, "directory", o.Data)
		}
	}
	defer func() {
		if err != nil && !errors.Is(err, fault.JoinBroken) { // who is to go on must still be the same server
			undo()
		}
	}()
	secrets, err := cluster.OpenSecrets(filepath.Join(o.Data, secretDir))
	if err != nil {
		return nil, fault.Wrap(err, fault.DataDirectoryReadOnly, "directory", o.Data)
	}
	join := cluster.JoinOptions{Secrets: secrets, Token: token, Passphrase: o.Passphrase, Publisher: o.Publisher, Details: details(settings), Version: o.Version}
	if a, err := netip.ParseAddr(o.Address); err == nil && !a.IsUnspecified() {
		join.Announce = a
	}
	if result, err = cluster.Join(ctx, join); err != nil {
		return nil, err
	}
	if err := makeCertificate(o.Data, o.Name, o.Address, time.Now()); err != nil {
		return nil, fault.Wrap(err, fault.JoinBroken)
	}
	key, ok := result.Files[dataKeyFile]
	if !ok {
		return nil, fault.Wrap(errors.New("the publisher did not send the key of the configuration"), fault.JoinBroken)
	}
	if err := writeFile(filepath.Join(o.Data, secretDir, dataKeyFile), key, 0o600); err != nil {
		return nil, fault.Wrap(err, fault.JoinBroken)
	}
	settings.Node = result.Identity.Node
	// The settings come last: without them the directory is no server.
	if err := settings.save(o.Data); err != nil {
		return nil, fault.Wrap(err, fault.JoinBroken)
	}
	return result, os.Remove(mark)
}
