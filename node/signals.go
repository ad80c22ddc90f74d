package node

import (
	"crypto/tls"
	"net"
	"strconv"
	"sync"
	"time"

	"tandem/bus/mesh"
	"tandem/call/signal"
	"tandem/cluster"
	"tandem/cluster/link"
	"tandem/fault"
	"tandem/service"
)

// signalsPort is this server's end of the signals between servers, as far as it is not the mesh's own affair.
type signalsPort struct {
	listens string // where they are listened for

	mu     sync.Mutex // of what follows, and of starting and changing the mesh
	runs   bool
	ended  bool
	failed time.Time // when it could not be started last; zero: it could, or was not tried
}

// newMesh makes this server's end of the signals between servers. It listens when there are others.
func (m *membership) newMesh() (err error) {
	i := m.link.Self()
	address := m.n.ports.wanted("signals", m.n.settings.Ports.Signals)
	if _, port, err := net.SplitHostPort(address); err == nil && port == "0" {
		free, err := freePort(m.n.settings.Address)
		if err != nil {
			return err
		}
		address = net.JoinHostPort(m.n.settings.Address, strconv.Itoa(free))
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	m.mesh, err = mesh.New(mesh.Options{
		Self:   mesh.Member{Node: signal.NodeID(i.Node), Name: m.self, Address: net.JoinHostPort(ownAddresses(m.n.settings.Address)[0].String(), port)},
		Listen: address, Cluster: i.Cluster, Identify: identify, Log: m.log,
		TLS: func() (server, client *tls.Config, err error) {
			c := m.link.TLS(link.Signals)
			return c, c, nil
		},
	})
	m.signals.listens = address
	return err
}

// meshAgain is how long a mesh that could not listen waits until it tries again.
const meshAgain = 2 * time.Second

// meet takes the members as they are now: who is to be talked to. The mesh listens when there are others.
func (m *membership) meet(all []cluster.Member) {
	servers, names := make([]mesh.Member, len(all)), make(map[signal.NodeID]string, len(all))
	for i, member := range all {
		names[signal.NodeID(member.Node)] = string(member.Name)
		servers[i] = mesh.Member{Node: signal.NodeID(member.Node), Name: member.Name, Address: member.Signals()}
	}
	m.servers.Store(&names)
	m.signals.mu.Lock()
	switch {
	case m.signals.ended:
	case m.signals.runs:
		if err := m.mesh.SetMembers(servers); err != nil {
			m.log.Error("the servers to talk to could not be changed", "cause", err)
		}
	case len(servers) > 1: // a server alone needs no signals
		m.startMesh(servers)
	}
	m.signals.mu.Unlock()
	m.spread.Look()
}

// meetAgain tries again what meet could not do, when it is time: the port may be free now.
func (m *membership) meetAgain() {
	m.signals.mu.Lock()
	due := !m.signals.runs && !m.signals.failed.IsZero() && time.Since(m.signals.failed) >= meshAgain
	m.signals.mu.Unlock()
	if due {
		m.meet(cluster.Members(m.store.Snapshot()))
	}
}

// meshSubject is what alarms about the port of the mesh are about.
const meshSubject = "signals between servers"

// startMesh is called with the lock of signals held.
func (m *membership) startMesh(servers []mesh.Member) {
	if err := m.mesh.Start(servers); err != nil {
		if f := fault.From(service.PortFault(err, service.DatabaseLayerMonitor, "tcp", m.signals.listens)); f != nil {
			m.n.alarms.Raise(f, meshSubject)
		}
		if m.signals.failed.IsZero() {
			m.log.Error("there are no signals between servers", "cause", err)
		}
		m.signals.failed = time.Now()
		return
	}
	m.signals.runs, m.signals.failed = true, time.Time{}
	m.n.alarms.ClearSubject(meshSubject)
	if a, err := net.ResolveTCPAddr("tcp", m.signals.listens); err == nil {
		m.n.ports.note("signals", a)
	}
}

// closeMesh says goodbye to the other servers.
func (m *membership) closeMesh() {
	m.signals.mu.Lock()
	m.signals.ended = true
	m.signals.mu.Unlock()
	m.mesh.Close()
	m.n.alarms.ClearSubject(meshSubject)
	m.n.ports.forget("signals")
}
