package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"tandem/bus/runner"
	"tandem/call/signal"
	"tandem/confdb"
	"tandem/confdb/live"
	"tandem/fault"
	"tandem/registration"
	"tandem/service/trace"
	"tandem/signalling/sccpstation"
	"tandem/signalling/sipua"
	"tandem/telephony"
	"tandem/telephony/parameter"
	"tandem/wire/sccp"
	"tandem/wire/sip"
)

// stories writes lines of adapters into the stories of devices.
type stories struct{ *trace.Stories }

// Say implements the Story of the adapters.
func (s stories) Say(device, code, text string) { s.Tell(device, fault.Code(code), text) }

// ladder puts messages of adapters into the ladders of calls.
type ladder struct {
	*trace.Ladders
	server, protocol string
}

// Message implements sccpstation.Ladder.
func (l ladder) Message(call signal.CallID, device string, toDevice bool, name, summary string, raw []byte) {
	m := trace.Message{Time: time.Now(), From: device, To: l.server, Protocol: l.protocol, Summary: name, Raw: raw, Length: len(raw)}
	if summary != "" {
		m.Summary = name + " " + summary
	}
	if toDevice {
		m.From, m.To = m.To, m.From
	}
	l.Add(call.String(), m)
}

// sipLadder puts messages of SIP into the ladders of calls.
type sipLadder ladder

// Message implements sipua.Ladder.
func (l sipLadder) Message(call signal.CallID, device string, toDevice bool, at time.Time, summarize func(b, raw []byte) []byte, raw []byte) {
	m := trace.Message{Time: at, From: device, To: l.server, Protocol: l.protocol, Raw: raw}
	if toDevice {
		m.From, m.To = m.To, m.From
	}
	l.AddTo(call, m, summarize)
}

// signalled puts signals to other servers into the ladders of calls.
func (m *membership) signalled(call signal.CallID, to signal.NodeID, name string) {
	names := m.servers.Load()
	if names == nil {
		return
	}
	message := trace.Message{Time: time.Now(), From: m.n.settings.Name, To: (*names)[to], Protocol: "signal"}
	m.n.ladders.AddTo(call, message, func(b, _ []byte) []byte { return append(b, name...) })
}

// devices is the live directory as the adapters ask for it.
type devices struct {
	*live.Directory
	store  *confdb.Store
	server telephony.ServerName
}

// AutoRegister implements sccpstation.Directory.
func (d devices) AutoRegister(ctx context.Context, name string, deviceType uint32, protocol telephony.Protocol) (*registration.Device, error) {
	n := confdb.Newcomer{Server: d.server, Name: telephony.DeviceName(name), Protocol: protocol}
	if p := d.Snapshot().ProductByDeviceType(int(deviceType)); p != nil {
		n.Product = p.Name
	}
	if _, _, err := d.store.AutoRegister(ctx, n); err != nil {
		return nil, err
	}
	// The change feed brings it into the directory a moment later.
	for {
		if device, ok := d.Device(name); ok {
			return device, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// DeviceOfDigestUser implements sipua.Directory.
func (d devices) DeviceOfDigestUser(user string) (*registration.Device, bool) {
	p := d.Snapshot().PhoneOfDigestUser(telephony.UserID(user))
	if p == nil || p.Protocol != telephony.ProtocolSIP {
		return nil, false
	}
	return d.Device(string(p.Name))
}

// HA1 implements sipua.Credentials.
func (d devices) HA1(user string, algorithm sip.Algorithm) (string, bool) {
	u := d.Snapshot().User(telephony.UserID(user))
	if u == nil || u.DigestPassword.Empty() {
		return "", false
	}
	return sip.HA1(algorithm, user, realm(d.Directory), u.DigestPassword.Reveal()), true
}

// realm is what phones authenticate to: the cluster.
func realm(d *live.Directory) string { return d.Parameters().Text(parameter.ClusterID) }

func (n *Node) sccpOptions(x *runner.Exchange, d *live.Directory, store *confdb.Store, room registration.Room, log *slog.Logger) sccpstation.Options {
	server := telephony.ServerName(n.settings.Name)
	return sccpstation.Options{
		Exchange: x, Directory: devices{d, store, server}, Story: stories{n.stories}, Alarms: n.alarms, Name: n.settings.Name,
		Ladder: ladder{n.ladders, n.settings.Name, "SCCP"}, Log: log,
		Parameters: func() sccpstation.Parameters {
			v, p := d.Parameters(), sccpstation.DefaultParameters()
			p.KeepAlive = v.Duration(parameter.StationKeepAliveInterval)
			p.StandbyKeepAlive = v.Duration(parameter.StationBackupKeepAliveInterval)
			p.MaximumVersion = min(sccp.Version(v.Int(parameter.StationMaximumVersion)), sccp.MaxVersion)
			p.MaximumDevices = v.Int(parameter.MaximumRegisteredDevices)
			p.FallbackRate, p.RegistrationRate = v.Int(parameter.MaximumFallbackRate), v.Int(parameter.MaximumRegistrationRate)
			return p
		},
		Capacity: room, Where: n.registeredAt(x),
		Servers: func(device string) []sccpstation.ServerEntry { return n.serversOf(d, device) },
	}
}

// serversOf lists the servers of a device's group.
func (n *Node) serversOf(d *live.Directory, device string) (out []sccpstation.ServerEntry) {
	s := d.Snapshot()
	p := s.Phone(telephony.DeviceName(device))
	if p == nil {
		return nil
	}
	pool := s.DevicePool(p.DevicePool)
	if pool == nil {
		return nil
	}
	group := s.CallManagerGroup(pool.CallManagerGroup)
	if group == nil {
		return nil
	}
	port := uint16(n.ports.port("sccp", n.settings.Ports.SCCP))
	for _, name := range group.Members {
		entry := sccpstation.ServerEntry{Name: string(name)}
		if server := s.Server(name); server != nil {
			if a, err := netip.ParseAddr(server.Address); err == nil {
				entry.Address = netip.AddrPortFrom(a, cmp.Or(uint16(server.SCCPPort), port))
			}
		}
		out = append(out, entry)
	}
	return out
}

func (n *Node) sipOptions(x *runner.Exchange, d *live.Directory, store *confdb.Store, room registration.Room, log *slog.Logger) (sipua.Options, error) {
	key, err := secret(filepath.Join(n.options.Data, secretDir, "nonce.key"), 32)
	if err != nil {
		return sipua.Options{}, err
	}
	v := d.Parameters()
	dir := devices{d, store, telephony.ServerName(n.settings.Name)}
	return sipua.Options{
		Exchange: x, Directory: dir, Credentials: dir, Realm: realm(d), NonceKey: key, NonceLife: v.Duration(parameter.SIPNonceLifetime),
		Name: n.settings.Name, Capacity: room, Where: n.registeredAt(x),
		Story: stories{n.stories}, Alarms: n.alarms, Ladder: sipLadder{n.ladders, n.settings.Name, "SIP"}, Log: log,
		SessionInterval: v.Duration(parameter.SIPSessionExpires), SessionMinimum: v.Duration(parameter.SIPSessionMinimum),
		Parameters: func() sipua.Parameters {
			v, p := d.Parameters(), sipua.DefaultParameters()
			p.RegistrationDefault = v.Duration(parameter.SIPRegistrationExpires)
			p.RegistrationMinimum = v.Duration(parameter.SIPRegistrationMinimum)
			p.RegistrationMaximum = v.Duration(parameter.SIPRegistrationMaximum)
			p.MaximumContacts = v.Int(parameter.SIPMaximumContacts)
			p.FallbackRate, p.RegistrationRate = v.Int(parameter.MaximumFallbackRate), v.Int(parameter.MaximumRegistrationRate)
			p.SubscriptionMaximum = v.Duration(parameter.SIPSubscriptionMaximum)
			p.InviteExpires = v.Duration(parameter.SIPInviteExpires)
			return p
		},
	}, nil
}

// secret reads a random secret of the server, or makes it.
func secret(path string, size int) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) == size {
		return key, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	key = make([]byte, size)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return key, writeFile(path, key, 0o600)
}
