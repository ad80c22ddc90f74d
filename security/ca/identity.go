package ca

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"tandem/telephony"
)

// Identity is who a certificate says that its holder is.
type Identity struct {
	Cluster string               // identifier of the cluster: 32 hexadecimal digits
	Node    uint16               // number of the server in the cluster, from 1, never used again
	Name    telephony.ServerName // its name when the certificate was made
}

// String is the identity as it stands in logs: "cm2 (node 2)".
func (i Identity) String() string { return fmt.Sprintf("%s (node %d)", i.Name, i.Node) }

// scheme is that of the URI in a certificate: tandem://CLUSTER/node/NUMBER/NAME.
const scheme = "tandem"

var (
	clusterForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	nameForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$`)
	errIdentity = errors.New("the certificate names no server of a Tandem cluster")
)

func (i Identity) check() error {
	switch {
	case !clusterForm.MatchString(i.Cluster):
		return errors.New("ca: the identifier of the cluster is not 32 hexadecimal digits")
	case i.Node == 0:
		return errors.New("ca: a node's number begins at 1")
	case !nameForm.MatchString(string(i.Name)):
		return fmt.Errorf("ca: %q is not the name of a server", i.Name)
	}
	return nil
}

func (i Identity) uri() *url.URL {
	return &url.URL{Scheme: scheme, Host: i.Cluster, Path: fmt.Sprintf("/node/%d/%s", i.Node, i.Name)}
}

// IdentityOf reads the identity in a certificate. It says nothing about whether the certificate is to be trusted; Trust.Verify does.
func IdentityOf(c *x509.Certificate) (Identity, error) {
	if len(c.URIs) != 1 || c.URIs[0].Scheme != scheme {
		return Identity{}, errIdentity
	}
	parts := strings.Split(c.URIs[0].Path, "/")
	if len(parts) != 4 || parts[0] != "" || parts[1] != "node" {
		return Identity{}, errIdentity
	}
	node, err := strconv.ParseUint(parts[2], 10, 16)
	if err != nil || strconv.FormatUint(node, 10) != parts[2] {
		return Identity{}, errIdentity
	}
	i := Identity{Cluster: c.URIs[0].Host, Node: uint16(node), Name: telephony.ServerName(parts[3])}
	if i.check() != nil {
		return Identity{}, errIdentity
	}
	return i, nil
}
