package cluster

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/confdb"
	"tandem/fault"
	"tandem/security/ca"
	"tandem/telephony"
)

var (
	identityForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	nameForm     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,62}$`)
)

// checkForm says what is wrong with a request by itself.
func (r *request) checkForm() error {
	switch {
	case !identityForm.MatchString(r.Identity):
		return errors.New("the identity has not its form")
	case !nameForm.MatchString(string(r.Name)):
		return fmt.Errorf("%q is not the name of a server", r.Name)
	case len(r.Addresses) == 0 || len(r.Addresses) > ca.MaximumAddresses:
		return fmt.Errorf("a server has 1 to %d addresses", ca.MaximumAddresses)
	case slices.ContainsFunc(r.Addresses, func(a netip.Addr) bool { return !a.IsValid() || a.IsUnspecified() || a.Zone() != "" }):
		return errors.New("an address is none")
	case !r.Ports.valid():
		return errors.New("a port is not between 1 and 65535")
	case len(r.SealingKey) != 32:
		return errors.New("the sealing key has not its form")
	}
	return nil
}

// checkVersion holds a server to the version of the cluster (C-106). permitted are the two versions of an upgrade in progress.
func checkVersion(version, own string, permitted []string) error {
	if len(permitted) == 0 {
		permitted = []string{own}
	}
	if slices.Contains(permitted, version) {
		return nil
	}
	return fault.New(fault.JoinVersionDiffers, "version", version, "wanted", strings.Join(permitted, " or "))
}

// checkPlace says whether a server can be a member beside those that there are: no identity twice (C-25), no server under two names, or by
// name and by address (C-150).
func checkPlace(s *confdb.Snapshot, r *request) error {
	for o := range s.Members() {
		if o.Identity == r.Identity {
			return fault.New(fault.JoinIdentityTaken, "server", o.Server)
		}
		if o.Removed() {
			continue
		}
		m := memberOf(o)
		if strings.EqualFold(string(m.Name), string(r.Name)) {
			return fault.New(fault.JoinNameTaken, "name", r.Name, "server", m.Name, "node", m.Node)
		}
		if m.Ports.orStandard() != r.Ports.orStandard() {
			continue // several servers on one machine, each on ports of its own
		}
		for _, a := range r.Addresses {
			if slices.Contains(m.Addresses, a.Unmap()) {
				return fault.New(fault.JoinAddressTaken, "name", r.Name, "address", a, "server", m.Name)
			}
		}
	}
	for o := range s.Servers() {
		// A server that an administrator entered before it joins, under another name: by its address, or by the name that we have as address.
		if strings.EqualFold(string(o.Name), string(r.Name)) || memberNamed(s, o.Name) {
			continue
		}
		for _, there := range []string{string(o.Name), o.Address} {
			a, err := netip.ParseAddr(there)
			if strings.EqualFold(there, string(r.Name)) || err == nil && slices.Contains(r.Addresses, a) {
				return fault.New(fault.JoinAddressTaken, "name", r.Name, "address", there, "server", o.Name)
			}
		}
	}
	return nil
}

func memberNamed(s *confdb.Snapshot, name telephony.ServerName) bool {
	for m := range s.Members() {
		if !m.Removed() && m.Server == name {
			return true
		}
	}
	return false
}

// nextNode is the number of the next server: above every number that there ever was.
func nextNode(s *confdb.Snapshot) (uint16, error) {
	highest := 0
	for m := range s.Members() {
		highest = max(highest, m.Node)
	}
	if highest >= 65535 {
		return 0, fault.New(fault.ClusterFull)
	}
	return uint16(highest + 1), nil
}

// admit is the change that makes a server a member, with its certificate. A server that was admitted before with the same token, and
// did not hear of it, gets a new certificate under the same number.
func admit(s *confdb.Snapshot, r *request, again bool, ring *ca.Keyring, now time.Time) (confdb.ChangeSet, *admission, error) {
	var set confdb.ChangeSet
	key, err := ca.RequestedKey(r.Request)
	if err != nil {
		return set, nil, fault.Wrap(err, fault.JoinRequestInvalid)
	}
	before := self(s, r.Identity)
	if before != nil && before.Removed() || !again {
		before = nil
	}
	var node uint16
	if before != nil {
		node = uint16(before.Node)
	} else {
		if err := checkPlace(s, r); err != nil {
			return set, nil, err
		}
		if node, err = nextNode(s); err != nil {
			return set, nil, err
		}
	}
	generation, err := signing(s)
	if err != nil {
		return set, nil, err
	}
	a, err := openAuthority(generation, ring)
	if err != nil {
		return set, nil, fault.Wrap(err, fault.AuthorityNotOpened, "generation", strconv.Itoa(generation.Generation))
	}
	c, err := a.Issue(ca.Subject{Identity: ca.Identity{Cluster: a.Cluster, Node: node, Name: r.Name}, Addresses: r.Addresses, Key: key}, now)
	if err != nil {
		return set, nil, fault.Wrap(err, fault.JoinRequestInvalid)
	}
	m := newMember(r.Identity, node, r.Details, hex.EncodeToString(r.SealingKey), c, a.Generation, now)
	if before != nil {
		m.JoinedAt = before.JoinedAt
		m.Certificates = append(m.Certificates, before.Certificates[:min(len(before.Certificates), maximumCertificates-1)]...)
	}
	set.Put(m)
	if s.Server(r.Name) == nil {
		set.Put(&telephony.Server{Name: r.Name, Address: r.Addresses[0].String()})
	}
	set.Source = "a server that joins"
	answer := &admission{Node: node, Cluster: a.Cluster, Certificate: c.Raw, Keyring: ring.Encode()}
	for _, g := range generations(s) {
		c, err := certificateOf(g)
		if err != nil {
			return set, nil, err
		}
		answer.Authorities = append(answer.Authorities, c.Raw)
	}
	return set, answer, nil
}
