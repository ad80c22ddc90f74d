package node

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"time"

	"tandem/cluster"
	"tandem/confdb"
	"tandem/fault"
	"tandem/security/ca"
	"tandem/security/login"
	"tandem/telephony"
)

// InitOptions say how a new server is set up.
type InitOptions struct {
	Data       string // directory, which must be empty or not exist
	Name       string // of the server
	Address    string // IP address that it listens on and phones are given; empty: all, and the one at which a phone asks
	Passphrase string // the cluster's private pass-phrase; empty: one is made
	Ports      Ports  // those that differ from the standard
}

// InitResult is what a new server prints once and keeps nowhere in clear.
type InitResult struct {
	Administrator string // log-in name
	Password      string
	Passphrase    string
	Generated     bool // the pass-phrase was made here
}

// passphraseMinimum is the least length of a pass-phrase.
const passphraseMinimum = 16

// Init sets a stand-alone publisher up. When it fails the directory is as it was.
func Init(o InitOptions) (result InitResult, err error) {
	if !serverName.MatchString(o.Name) {
		return result, fault.New(fault.ServerNameInvalid, "name", o.Name)
	}
	if o.Passphrase != "" && len(o.Passphrase) < passphraseMinimum {
		return result, fault.New(fault.PassphraseWeak, "length", len(o.Passphrase), "minimum", passphraseMinimum)
	}
	settings := Settings{Name: o.Name, Node: 1, Address: o.Address, Ports: o.Ports}
	if err := settings.check(); err != nil {
		return result, fault.Wrap(err, fault.SettingsInvalid, "file", "of the new server")
	}
	undo, err := prepareDirectory(o.Data)
	if err != nil {
		return result, err
	}
	defer func() {
		if err != nil {
			undo()
		}
	}()
	result.Administrator = "administrator"
	if result.Password, err = login.NewPassword(rand.Reader); err != nil {
		return result, err
	}
	if result.Passphrase = o.Passphrase; result.Passphrase == "" {
		result.Generated = true
		if result.Passphrase, err = login.NewPassphrase(rand.Reader); err != nil {
			return result, err
		}
	}
	if err := makeCertificate(o.Data, o.Name, o.Address, time.Now()); err != nil {
		return result, err
	}
	secrets, err := cluster.OpenSecrets(filepath.Join(o.Data, secretDir))
	if err != nil {
		return result, err
	}
	trust, err := cluster.Found(secrets, result.Passphrase, ca.StandardCost, details(settings), time.Now())
	if err != nil {
		return result, err
	}
	store, _, err := openStore(context.Background(), storeOptions{data: o.Data, name: o.Name, create: true})
	if err != nil {
		return result, err
	}
	set := new(confdb.ChangeSet).Put(firstObjects(o, result.Password)...).Put(trust...)
	set.Source = "the first start"
	_, err = store.Apply(context.Background(), *set, confdb.Options{Actor: "init"})
	if e := store.Close(); err == nil {
		err = e
	}
	if err != nil {
		return result, err
	}
	// The settings come last: without them the directory is no server.
	return result, settings.save(o.Data)
}

// firstObjects is the configuration of a new server: enough to let a first phone in.
func firstObjects(o InitOptions, password string) []telephony.Object {
	zone := "UTC"
	if local := time.Local.String(); local != "Local" && local != "" {
		zone = local
	}
	return []telephony.Object{
		&telephony.Server{Name: telephony.ServerName(o.Name), Address: o.Address},
		&telephony.CallManagerGroup{Name: "Default", Members: []telephony.ServerName{telephony.ServerName(o.Name)}},
		&telephony.Region{Name: "Default"},
		&telephony.Location{Name: "Default"},
		&telephony.DateTimeGroup{Name: "Default", TimeZone: zone},
		&telephony.DevicePool{Name: "Default", CallManagerGroup: "Default", Region: "Default", Location: "Default", DateTimeGroup: "Default"},
		&telephony.User{UserID: "administrator", LastName: "Administrator", Role: telephony.RoleAdministrator, Password: telephony.NewSecret(password)},
	}
}
