package node

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	Publisher  string // HOST or HOST:PORT of the publisher; what is missing is taken from the token
	Token      string
	Passphrase string
	Version    string
}

// joiningFile marks a directory in which a join began and did not end: it may be taken up again, as the same server.
const joiningFile = "joining"

// Joined is what a server knows after it has joined, in words.
type Joined struct {
	Publisher string
	Servers   []string // all, this one among them
	Node      int      // its number in the cluster
	Addresses []string // that it announces, the one for phones first
	Warnings  []*fault.Error
}

// settings are those of the new server, as far as they are known before it has a number.
func (o *JoinOptions) settings() (Settings, error) {
	if !serverName.MatchString(o.Name) {
		return Settings{}, fault.New(fault.ServerNameInvalid, "name", o.Name)
	}
	s := Settings{Name: o.Name, Node: 1, Address: o.Address, Ports: o.Ports}
	if err := s.check(); err != nil {
		return Settings{}, fault.Wrap(err, fault.SettingsInvalid, "file", "of the new server")
	}
	return s, nil
}

// CheckServer checks, without changing or sending anything, whether a server of that name and with these settings could be set up in
// the directory.
func CheckServer(o JoinOptions) error {
	if _, err := o.settings(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(o.Data, joiningFile)); err == nil {
		return nil // a join that was broken off may go on
	}
	return checkEmpty(o.Data)
}

// CheckToken checks that the token is whole, and says where the publisher will be asked for: HOST:PORT.
func CheckToken(o JoinOptions) (string, error) {
	token, err := cluster.ParseToken(o.Token)
	if err != nil {
		return "", err
	}
	return o.publisher(token), nil
}

// publisher is where the publisher is asked for. A port that is not said is that of the token.
func (o *JoinOptions) publisher(token cluster.Token) string {
	if o.Publisher == "" {
		return token.Address
	}
	if _, _, err := net.SplitHostPort(o.Publisher); err == nil {
		return o.Publisher
	}
	port := strconv.Itoa(StandardPorts.Files)
	if _, p, err := net.SplitHostPort(token.Address); err == nil {
		port = p
	}
	return net.JoinHostPort(strings.Trim(o.Publisher, "[]"), port)
}

// Join makes an empty directory a server of a cluster. When it is refused the directory is as it was; when it is broken off, it can
// be called again with the same token.
func Join(ctx context.Context, o JoinOptions) (joined *Joined, err error) {
	settings, err := o.settings()
	if err != nil {
		return nil, err
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
	join := cluster.JoinOptions{Secrets: secrets, Token: token, Passphrase: o.Passphrase, Publisher: o.publisher(token), Details: details(settings), Version: o.Version}
	if a, err := netip.ParseAddr(o.Address); err == nil && !a.IsUnspecified() {
		join.Announce = a
	}
	result, err := cluster.Join(ctx, join)
	if err != nil {
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
	joined = &Joined{Publisher: string(result.Publisher.Name), Node: int(result.Identity.Node), Warnings: result.Warnings}
	for _, m := range result.Members {
		joined.Servers = append(joined.Servers, string(m.Name))
	}
	for _, a := range result.Addresses {
		joined.Addresses = append(joined.Addresses, a.String())
	}
	return joined, os.Remove(mark)
}
