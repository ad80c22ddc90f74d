package telephony

// Member is a server's membership in the cluster: who it is, beyond the name that an administrator gave it. Joining makes it,
// removing the server marks it; it is never deleted, so that the number of a node is never used again and a removed server
// stays locked out. No site file holds it.
type Member struct {
	Identity        string     `yaml:"identity" json:"identity" hex:"true" minLength:"32" maxLength:"32" doc:"Drawn by the server when it was set up, and kept on its disk."`
	Node            int        `yaml:"node" json:"node" minimum:"1" maximum:"65535" doc:"Number of the server in the cluster."`
	Server          ServerName `yaml:"server" json:"server" maxLength:"63" doc:"Name of the server."`
	Addresses       []string   `yaml:"addresses,omitempty" json:"addresses,omitempty" maxItems:"32" maxLength:"45" doc:"IP addresses at which the other servers reach it, the one that it announces first."`
	ReplicationPort int        `yaml:"replicationPort,omitempty" json:"replicationPort,omitempty" minimum:"0" maximum:"65535" doc:"Port of configuration replication."`
	SignalsPort     int        `yaml:"signalsPort,omitempty" json:"signalsPort,omitempty" minimum:"0" maximum:"65535" doc:"Port of signals between servers."`
	FilesPort       int        `yaml:"filesPort,omitempty" json:"filesPort,omitempty" minimum:"0" maximum:"65535" doc:"Port of files, records and joining."`
	SealingKey      string     `yaml:"sealingKey" json:"sealingKey" hex:"true" minLength:"64" maxLength:"64" doc:"Public key with which cluster secrets are sealed for it."`
	Certificates    []string   `yaml:"certificates,omitempty" json:"certificates,omitempty" maxItems:"4" maxLength:"64" hex:"true" doc:"SHA-256 of its certificates, the newest first."`
	Generation      int        `yaml:"generation" json:"generation" minimum:"1" maximum:"2147483647" doc:"Generation of the certificate authority by which it has a certificate."`
	JoinedAt        string     `yaml:"joinedAt" json:"joinedAt" time:"true" maxLength:"35" doc:"When it joined."`
	RemovedAt       string     `yaml:"removedAt,omitempty" json:"removedAt,omitempty" time:"true" maxLength:"35" doc:"When it was removed. Empty: it is a member."`
}

// Kind implements Object.
func (*Member) Kind() Kind { return KindMember }

// Key implements Object.
func (m *Member) Key() string { return m.Identity }

// Removed reports whether the server was removed from the cluster.
func (m *Member) Removed() bool { return m.RemovedAt != "" }

// States of a generation of the certificate authority.
const (
	AuthoritySigning = "signing" // it makes certificates; one generation at a time
	AuthorityTrusted = "trusted" // its certificates hold until every server has a newer one
	AuthorityRetired = "retired" // a removed server may know its key: only the certificates that are on record hold
)

// ClusterAuthority is one generation of the cluster's certificate authority, with its key wrapped. No site file holds it.
type ClusterAuthority struct {
	Fingerprint string            `yaml:"fingerprint" json:"fingerprint" hex:"true" minLength:"64" maxLength:"64" doc:"SHA-256 of the certificate."`
	Cluster     string            `yaml:"cluster" json:"cluster" hex:"true" minLength:"32" maxLength:"32" doc:"Identifier of the cluster."`
	Generation  int               `yaml:"generation" json:"generation" minimum:"1" maximum:"2147483647" doc:"Its number, from 1."`
	State       string            `yaml:"state" json:"state" enum:"signing,trusted,retired" doc:"Whether it makes certificates, and which of them hold."`
	Certificate string            `yaml:"certificate" json:"certificate" maxLength:"8192" doc:"The certificate, in base64."`
	WrappedKey  Secret            `yaml:"wrappedKey,omitempty" json:"wrappedKey,omitzero" maxLength:"8192" secret:"kept" doc:"The key, wrapped, in base64."`
	Envelopes   map[string]string `yaml:"envelopes,omitempty" json:"envelopes,omitempty" maxItems:"65535" maxLength:"512" doc:"The cluster secret of the generation, sealed for each server, by its identity."`
}

// Kind implements Object.
func (*ClusterAuthority) Kind() Kind { return KindClusterAuthority }

// Key implements Object.
func (a *ClusterAuthority) Key() string { return a.Fingerprint }
