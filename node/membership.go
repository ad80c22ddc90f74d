package node

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"tandem/bus"
	"tandem/bus/mesh"
	"tandem/bus/runner"
	"tandem/call/signal"
	"tandem/cluster"
	"tandem/cluster/link"
	"tandem/confdb"
	"tandem/confdb/replica"
	"tandem/fault"
	"tandem/files"
	"tandem/service"
	"tandem/telephony"
	"tandem/userstate"
)

// membership is what makes this server one of a cluster, if only of one: trust, replication, signals, files, user state. It lives as
// long as the configuration is open.
type membership struct {
	n       *Node
	self    telephony.ServerName
	log     *slog.Logger
	secrets *cluster.Secrets
	link    *link.Link
	mesh    *mesh.Mesh
	replica *replica.Replica
	store   *confdb.Store
	opened  chan struct{} // closed when trust goes by the configuration
	client  *http.Client  // to the other servers' port for files

	authority *cluster.Authority
	users     *userstate.Service
	spread    *files.Spread
	calls     *runner.Link // of call processing with that of the other servers
	signals   signalsPort
	servers   atomic.Pointer[map[signal.NodeID]string] // names of the servers
}

// openMembership opens the configuration and everything that ties this server to the others, and registers how it ends.
func (n *Node) openMembership(h *service.Host) (m *membership, err error) {
	m = &membership{n: n, self: n.settings.server(), log: h.Log(), opened: make(chan struct{})}
	if m.secrets, err = cluster.OpenSecrets(filepath.Join(n.options.Data, secretDir)); err != nil {
		return nil, err
	}
	if m.link, err = n.openLink(m.secrets); err != nil {
		return nil, fault.Wrap(err, fault.SettingsInvalid, "file", filepath.Join(n.options.Data, secretDir))
	}
	h.OnStop(func(context.Context) error { return m.link.Close() })
	m.client = serversClient(m.link, func(address string) uint16 { return m.nodeAt(address, cluster.Member.Files) })
	h.OnStop(func(context.Context) error { m.client.CloseIdleConnections(); return nil })
	if err := m.newMesh(); err != nil {
		return nil, err
	}
	h.OnStop(func(context.Context) error { m.closeMesh(); return nil })
	if err := m.openStore(h); err != nil {
		return nil, err
	}
	if err := m.join(h); err != nil {
		return nil, err
	}
	return m, nil
}

// openStore opens the configuration. The replication listens before, because whoever fills an empty copy calls this server.
func (m *membership) openStore(h *service.Host) error {
	n := m.n
	port := newLater(func() (l net.Listener, err error) {
		err = m.portBetween("replication", n.settings.Ports.Replication, link.Replication, func(at *link.Listener) { l = at })
		return l, err
	})
	streams := m.streams(port, m.reachable(n.ports.wanted("replication", n.settings.Ports.Replication)))
	h.OnStop(func(context.Context) error { n.ports.forget("replication"); return streams.Listener.Close() })
	raise := func(f *fault.Error) { n.alarms.Raise(f, "configuration") }
	store, _, err := openStore(h.Context(), storeOptions{data: n.options.Data, name: n.settings.Name, log: h.Log(), streams: streams, joins: m.link.Self().Node != 1,
		report: raise, raise: raise, clear: func(c fault.Code) { n.alarms.Clear(c, "configuration") }, applied: m.applied, forward: forwarder{m}, fence: m.fence, release: m.release,
		made: func(s *confdb.Store, r *replica.Replica) {
			m.store, m.replica = s, r // before opened is closed and never after, because whoever dials or is told waits for that
			m.trust()
			close(m.opened)
		}})
	if err != nil {
		return err
	}
	h.OnStop(func(context.Context) error {
		err := store.Close()
		n.alarms.ClearSubject("configuration") // whoever opens it next finds out anew
		return err
	})
	return nil
}

// trust lets the link go by the configuration, as far as there is one.
func (m *membership) trust() {
	state, err := cluster.LinkState(m.store.Snapshot(), m.secrets, time.Now())
	if err == nil {
		err = m.link.Update(state)
	}
	if err != nil {
		m.log.Error("the trust between servers is not up to date", "cause", err)
	}
}

// join starts what needs the configuration.
func (m *membership) join(h *service.Host) (err error) {
	n := m.n
	m.authority, err = cluster.NewAuthority(cluster.AuthorityOptions{Store: m.store, Secrets: m.secrets, Link: m.link, Name: m.self, Version: n.options.Version,
		Publisher: m.publisherName, Address: m.joinAddress, Files: n.handover, Resolver: cluster.StaticResolver(), Log: h.Log()})
	if err != nil {
		return err
	}
	m.spread = files.New(files.Options{Store: n.firmware, Wanted: m.wantedFiles, Client: m.client, Peers: m.filePeers, Missing: m.missingFiles, Log: h.Log()})
	m.mesh.Receive(bus.TopicReplication, m.acknowledged)
	m.calls = runner.NewLink(m.mesh)
	m.mesh.Answer(bus.TopicStatus, func(ctx context.Context, _ bus.Peer, question []byte) ([]byte, error) {
		return n.operations.Answer(ctx, question)
	})
	m.mesh.Describe(m.describe)
	m.mesh.Watch(func(p bus.Peer, reachable bool) {
		if !reachable {
			m.replica.Lost(p.Name)
			return
		}
		m.applied(m.store.Snapshot().Position())
		m.spread.Look()
	})
	m.users, err = userstate.Open(userstate.Options{Directory: filepath.Join(n.options.Data, databaseDir), Server: m.self, Store: m.store, Mesh: m.mesh,
		Publisher: func() bool { return m.replica.Status().Leads }, Others: m.others, Changed: n.userChanged, Dropped: n.userDropped,
		Single: func(alone bool) {
			if alone {
				n.alarms.Raise(fault.New(fault.UserStateSingle), "user state")
			} else {
				n.alarms.Clear(fault.UserStateSingle, "user state")
			}
		}, Log: h.Log()})
	if err != nil {
		return err
	}
	h.OnStop(func(context.Context) error { return m.users.Close() })
	keeper := cluster.NewKeeper(cluster.KeeperOptions{Store: m.store, Secrets: m.secrets, Link: m.link, Authority: m.authority, Log: h.Log(),
		Raise: func(subject string, f *fault.Error) { n.alarms.Raise(f, subject) }, Clear: func(subject string, c fault.Code) { n.alarms.Clear(c, subject) }})
	h.Go("certificates", ends(keeper.Run))
	h.Go("replication", m.heartbeats)
	h.Go("address", m.announce)
	h.Go("alarms about servers", m.watchServers)
	h.Go("files", func(ctx context.Context) error { m.spread.Run(ctx); return nil })
	h.Go("names of files", m.followFiles)
	h.Go("members", func(ctx context.Context) error {
		return ends(func(ctx context.Context) error { return cluster.Follow(ctx, m.store, m.meet) })(ctx)
	})
	return m.listenFiles(h)
}

// announceEvery is how often this server looks whether the cluster knows where it is.
const announceEvery = 2 * time.Second

// announce tells the cluster where this server is, until that is known and whenever it changes.
func (m *membership) announce(ctx context.Context) error {
	told := ""
	for {
		err := m.announced(ctx)
		if err == nil {
			told = ""
		} else if ctx.Err() == nil && err.Error() != told { // once, while the publisher is away
			told = err.Error()
			m.log.Info("where this server listens is not on record yet", "cause", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(announceEvery):
		}
	}
}

// ends makes nothing of it that work ends because the service does.
func ends(work func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := work(ctx)
		if ctx.Err() != nil || errors.Is(err, confdb.ErrClosed) {
			return nil
		}
		return err
	}
}

// listenFiles opens the port for files, records and joining.
func (m *membership) listenFiles(h *service.Host) error {
	n := m.n
	open := func() error {
		return m.portBetween("files", n.settings.Ports.Files, link.Files, func(l *link.Listener) {
			h.OnStop(func(context.Context) error { n.ports.forget("files"); return l.Close() })
			h.Go("port between servers", func(ctx context.Context) error {
				return serveServers(ctx, l, contained(h, m.handler(n.recordsHandler())), h.Log())
			})
			h.Go("joining", func(ctx context.Context) error { return m.authority.Serve(ctx, l.Joins()) })
		})
	}
	if open() != nil {
		h.Go("opening the port between servers", func(ctx context.Context) error { return again(ctx, open) })
	}
	return nil
}

func (m *membership) publisherName() telephony.ServerName {
	if m.replica.Status().Leads {
		return m.self
	}
	if p := m.replica.Publisher(); p != "" && p != m.self {
		return p
	}
	for _, p := range m.mesh.Peers() { // a server that has no copy yet hears from the publisher itself who it is
		if s, _, ok := m.mesh.StatusOf(p.Node); ok && s.Publisher {
			return p.Name
		}
	}
	return ""
}

// publisher is the server that takes changes, if one is known.
func (m *membership) publisher() (cluster.Member, bool) {
	if m.replica == nil || m.store == nil {
		return cluster.Member{}, false
	}
	name := m.publisherName()
	if name == "" {
		return cluster.Member{}, false
	}
	return cluster.Find(m.store.Snapshot(), name)
}

// others counts the other servers of the cluster, reachable or not.
func (m *membership) others() int { return max(len(cluster.Members(m.store.Snapshot()))-1, 0) }

// joinAddress is where another server joins.
func (m *membership) joinAddress() string {
	if me, ok := cluster.Find(m.store.Snapshot(), m.self); ok && len(me.Addresses) > 0 {
		return net.JoinHostPort(me.Addresses[0].String(), strconv.Itoa(m.n.ports.port("files", m.n.settings.Ports.Files)))
	}
	return ""
}

// reachable is the address at which other servers reach a listener.
func (m *membership) reachable(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return net.JoinHostPort(ownAddresses(m.n.settings.Address)[0].String(), port)
}

// describe is what this server says of itself with each heartbeat.
func (m *membership) describe() bus.Status {
	s := m.replica.Status()
	out := bus.Status{Version: m.n.options.Version, Epoch: s.Position.Epoch, Index: s.Position.Index, Newest: s.Newest, Filling: s.Filling, Schema: s.Schema, Formats: 1, Publisher: s.Leads,
		Load: m.n.busy.load(), Started: m.n.started}
	if s.Halted != nil {
		out.Halted = s.Halted.Error()
	}
	m.n.mu.RLock()
	x := m.n.exchange
	m.n.mu.RUnlock()
	if x != nil {
		f := x.Figures()
		out.Processing, out.Registered, out.Calls = true, f.Registered, f.HalfCalls
	}
	return out
}

// names is how this server resolves the others.
func (m *membership) names(ctx context.Context) cluster.NameReport {
	text, _ := os.ReadFile("/etc/nsswitch.conf")
	return cluster.ReportNames(ctx, cluster.StaticResolver(), m.self, cluster.Members(m.store.Snapshot()), string(text))
}

func (m *membership) wantedFiles() []string {
	var hashes []string
	for f := range m.store.Snapshot().FirmwareFiles() {
		hashes = append(hashes, f.SHA256)
	}
	return hashes
}

// fetchWithin bounds how long a phone waits for a file that is not on this server yet: it asks again for about a minute.
const fetchWithin = 45 * time.Second

// fetchFile brings a content from another server for a phone that wants it now.
func (n *Node) fetchFile(ctx context.Context, hash string) error {
	n.mu.RLock()
	m := n.membership
	n.mu.RUnlock()
	if m == nil {
		return files.ErrNowhere
	}
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	return m.spread.Fetch(ctx, hash)
}

// followFiles keeps the contents on this server in step with the configuration: what it names is fetched, what it does not name any
// more is swept away, wherever it was taken out.
func (m *membership) followFiles(ctx context.Context) error {
	w := m.store.Watch(confdb.Position{})
	for {
		e, err := w.Next(ctx)
		if err != nil {
			return nil
		}
		about := func(c confdb.Change) bool { return c.Kind == telephony.KindFirmwareFile }
		if !e.Resync && !slices.ContainsFunc(e.Changes, about) {
			continue
		}
		m.spread.Look()
		m.n.operations.SweepFiles()
	}
}

// filePeers are the servers that can be reached, as addresses of their port for files.
func (m *membership) filePeers() []string {
	var out []string
	members := cluster.Members(m.store.Snapshot())
	for _, p := range m.mesh.Peers() {
		if i := slices.IndexFunc(members, func(x cluster.Member) bool { return signal.NodeID(x.Node) == p.Node }); i >= 0 {
			out = append(out, "https://"+members[i].Files())
		}
	}
	return out
}

func (m *membership) missingFiles(hashes []string) {
	if len(hashes) == 0 {
		m.n.alarms.Clear(fault.FilesMissing, "files")
		return
	}
	var names []string
	for f := range m.store.Snapshot().FirmwareFiles() {
		if slices.Contains(hashes, f.SHA256) && len(names) < 5 {
			names = append(names, f.Name)
		}
	}
	m.n.alarms.Raise(fault.New(fault.FilesMissing, "count", len(hashes), "names", names), "files")
}
