package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"syscall"
	"time"

	"tandem/bus"
	"tandem/call/signal"
	"tandem/cluster"
	"tandem/cluster/link"
	"tandem/confdb"
	"tandem/confdb/replica"
	"tandem/fault"
	"tandem/telephony"
)

// Paths on the port between servers, beside those of files and records.
const (
	changePath   = "/configuration/change"   // a change that the publisher is to make
	digestPath   = "/configuration/digest"   // this server's copy, counted up at a position
	objectsPath  = "/configuration/objects"  // the hashes of the objects of a kind, likewise
	rebuildPath  = "/configuration/rebuild"  // begin this server's copy anew
	fencePath    = "/configuration/fence"    // promise to take nothing from the publisher before a promotion
	releasePath  = "/configuration/release"  // take that back
	promotePath  = "/configuration/promote"  // become the publisher by force
	transferPath = "/configuration/transfer" // hand the publisher's role over
	namesPath    = "/cluster/names"          // how this server resolves the others
)

// maximumRequest bounds what servers ask of one another; a large import is the largest.
const maximumRequest = 256 << 20

// forwarder takes changes of the configuration to the publisher. It implements confdb.Forwarder.
type forwarder struct{ m *membership }

// Away implements confdb.Forwarder.
func (f forwarder) Away() bool { return f.m.replica.Follows() }

// Ask implements confdb.Forwarder.
func (f forwarder) Ask(ctx context.Context, request []byte) ([]byte, error) {
	publisher, ok := f.m.publisher()
	if !ok || publisher.Name == f.m.self {
		return nil, fmt.Errorf("%w: no publisher is known", confdb.ErrNotSent)
	}
	answer, err := f.m.ask(ctx, publisher, changePath, request)
	var op *net.OpError
	if errors.Is(err, link.ErrWrongServer) || errors.Is(err, syscall.ECONNREFUSED) || (errors.As(err, &op) && op.Op == "dial") {
		err = errors.Join(confdb.ErrNotSent, err)
	}
	return answer, err
}

// ask sends a request to another server on the port between servers.
func (m *membership) ask(ctx context.Context, to cluster.Member, path string, request []byte) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+to.Files()+path, bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	a, err := m.client.Do(q)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // the address says nothing to an administrator
			err = u.Err
		}
		return nil, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(io.LimitReader(a.Body, maximumRequest))
	if err != nil {
		return nil, err
	}
	if a.StatusCode != http.StatusOK {
		var f fault.Error
		if json.Unmarshal(body, &f) == nil && f.Code != "" {
			return nil, &f
		}
		return nil, fmt.Errorf("server %s answered %s", to.Name, a.Status)
	}
	return body, nil
}

// askAs is ask in JSON.
func askAs[T any](ctx context.Context, m *membership, to cluster.Member, path string, request any) (answer T, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return answer, err
	}
	body, err = m.ask(ctx, to, path, body)
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	return answer, err
}

// handler answers the other servers.
func (m *membership) handler(records http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /files/", m.spread.Handler())
	if records != nil {
		mux.Handle("/records/", records)
	}
	answer := func(path string, do func(ctx context.Context, request []byte) ([]byte, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			if _, ok := peerOf(r); !ok {
				http.Error(w, "no server of this cluster", http.StatusForbidden)
				return
			}
			request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maximumRequest))
			var body []byte
			if err == nil {
				body, err = do(r.Context(), request)
			}
			w.Header().Set("Content-Type", "application/octet-stream")
			if err == nil {
				_, _ = w.Write(body)
				return
			}
			w.WriteHeader(http.StatusConflict)
			if f := fault.From(err); f != nil {
				body, _ = json.Marshal(f)
				_, _ = w.Write(body)
				return
			}
			fmt.Fprintln(w, err)
		})
	}
	answer(changePath, m.store.Serve)
	answer(digestPath, asJSON(func(ctx context.Context, at confdb.Position) (replica.Digest, error) {
		return m.replica.Digest(ctx, at)
	}))
	answer(objectsPath, asJSON(func(_ context.Context, q objectsQuestion) (map[string]string, error) {
		return m.replica.Objects(q.At, q.Kind), nil
	}))
	answer(rebuildPath, asJSON(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, m.replica.Rebuild() }))
	answer(promotePath, asJSON(func(ctx context.Context, o replica.PromoteOptions) (struct{}, error) {
		return struct{}{}, m.replica.Promote(ctx, o)
	}))
	answer(fencePath, asJSON(func(_ context.Context, epoch uint64) (confdb.Position, error) { return m.replica.Fence(epoch) }))
	answer(releasePath, asJSON(func(_ context.Context, epoch uint64) (struct{}, error) { return struct{}{}, m.replica.Release(epoch) }))
	answer(transferPath, asJSON(func(ctx context.Context, to telephony.ServerName) (struct{}, error) {
		return struct{}{}, m.replica.Transfer(ctx, to)
	}))
	answer(publisherPath, asJSON(m.worked))
	answer(namesPath, asJSON(func(ctx context.Context, _ struct{}) (cluster.NameReport, error) { return m.names(ctx), nil }))
	return mux
}

type objectsQuestion struct {
	At   confdb.Position `json:"at"`
	Kind telephony.Kind  `json:"kind"`
}

func asJSON[Q, A any](do func(context.Context, Q) (A, error)) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, request []byte) ([]byte, error) {
		var q Q
		if err := json.Unmarshal(request, &q); err != nil {
			return nil, err
		}
		a, err := do(ctx, q)
		if err != nil {
			return nil, err
		}
		return json.Marshal(a)
	}
}

// streams are the connections of the replication.
func (m *membership) streams(l net.Listener, address string) *replica.Streams {
	return &replica.Streams{Address: address, Listener: newGate(l, m.opened), Dial: func(address string, timeout time.Duration) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		select {
		case <-m.opened:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return m.link.Dial(ctx, link.Replication, address, m.nodeAt(address, cluster.Member.Replication))
	}}
}

// nodeAt is the member that is at an address; 0 if none is known.
func (m *membership) nodeAt(address string, where func(cluster.Member) string) uint16 {
	for _, member := range cluster.Members(m.store.Snapshot()) {
		if where(member) == address {
			return member.Node
		}
	}
	return 0
}

// fence asks another server for its promise to a promotion.
func (m *membership) fence(ctx context.Context, server telephony.ServerName, epoch uint64) (confdb.Position, error) {
	member, ok := cluster.Find(m.store.Snapshot(), server)
	if !ok {
		return confdb.Position{}, fmt.Errorf("%s is no member of the cluster", server)
	}
	return askAs[confdb.Position](ctx, m, member, fencePath, epoch)
}

// release takes a promise back.
func (m *membership) release(ctx context.Context, server telephony.ServerName, epoch uint64) {
	if member, ok := cluster.Find(m.store.Snapshot(), server); ok {
		if _, err := askAs[struct{}](ctx, m, member, releasePath, epoch); err != nil {
			m.log.Warn("a server that was asked for a promise still keeps it", "server", server, "cause", err)
		}
	}
}

// applied tells the publisher how far this server's disk is.
func (m *membership) applied(at confdb.Position) {
	select {
	case <-m.opened:
	default:
		return // while the configuration is opened there is nobody to tell
	}
	if p, ok := m.publisher(); ok && p.Name != m.self {
		payload, err := json.Marshal(at)
		if err == nil {
			_ = m.mesh.Send(signal.NodeID(p.Node), bus.TopicReplication, payload) // with the next heartbeat it is told again
		}
	}
}

// acknowledged takes what a subscriber tells of its disk.
func (m *membership) acknowledged(from bus.Peer, payload []byte) {
	var at confdb.Position
	if json.Unmarshal(payload, &at) == nil {
		m.replica.Acknowledge(from.Name, at)
	}
}

// heartbeats takes the positions of the others from their heartbeats until ctx ends, and brings the group in line with the members while
// this server is the publisher.
func (m *membership) heartbeats(ctx context.Context) error {
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		for _, p := range m.mesh.Peers() {
			if s, _, ok := m.mesh.StatusOf(p.Node); ok {
				m.replica.Acknowledge(p.Name, confdb.Position{Epoch: s.Epoch, Index: s.Index})
			}
		}
		m.meetAgain()
		m.align()
	}
}

// align makes members of the cluster members of the group, and takes those out that were removed. Only the publisher does; what
// fails is tried again with the next heartbeat.
func (m *membership) align() {
	if !m.replica.Status().Leads {
		return
	}
	group := map[telephony.ServerName]replica.Member{}
	for _, g := range m.replica.Members() {
		group[g.Server] = g
	}
	members := cluster.Members(m.store.Snapshot())
	if !slices.ContainsFunc(members, func(x cluster.Member) bool { return x.Name == m.self }) {
		return // a configuration of which this server is no part takes nobody out
	}
	for _, member := range members {
		g, there := group[member.Name]
		delete(group, member.Name)
		if there && (g.Address == member.Replication() || member.Name == m.self) {
			continue
		}
		if err := m.replica.AddSubscriber(member.Name, member.Replication()); err != nil {
			m.log.Warn("a server was not added to the replication", "server", member.Name, "cause", err)
		}
	}
	for name := range group {
		if name == m.self {
			continue
		}
		if err := m.replica.RemoveServer(name); err != nil {
			m.log.Warn("a server was not taken out of the replication", "server", name, "cause", err)
		}
	}
}
