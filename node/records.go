package node

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"time"

	"tandem/call/signal"
	"tandem/cdr"
	"tandem/fault"
	"tandem/service"
	"tandem/telephony/parameter"
)

// collectedDir is where the records of all servers are, in the directory of this server's own.
const collectedDir = "cluster"

// records are the call records of this server, what it witnessed of those that others keep, and those of all servers, which the
// publisher collects.
type records struct {
	own      *cdr.Collector
	facts    *cdr.Facts
	receiver *cdr.Receiver
	shipper  *cdr.Shipper
}

// startRecords opens the call records, and delivers them to the publisher if the cluster has more than one server.
func (n *Node) startRecords(h *service.Host) error {
	n.mu.RLock()
	directory, members := n.directory, n.membership
	n.mu.RUnlock()
	if directory == nil || members == nil {
		return errors.New("the configuration is not open")
	}
	dir := filepath.Join(n.options.Data, recordDir)
	cluster := func() string { return directory.Parameters().Text(parameter.ClusterID) }
	o := cdr.Options{Cluster: cluster(), Node: signal.NodeID(n.settings.Node), Log: h.Log(), Parameters: directory.Parameters,
		Alarm: n.recordAlarm, Cleared: n.recordCleared}
	own, err := cdr.Open(dir, o)
	if err != nil {
		return err
	}
	h.OnStop(func(ctx context.Context) error { return own.Close(ctx) })
	r := &records{own: own}
	if r.facts, err = cdr.OpenFacts(dir, o); err != nil {
		return err
	}
	h.OnStop(func(ctx context.Context) error { return r.facts.Close(ctx) })
	r.receiver, err = cdr.NewReceiver(cdr.ReceiverOptions{Dir: filepath.Join(dir, collectedDir), Cluster: cluster, Parameters: directory.Parameters,
		Accepts: func() bool { return members.replica.Status().Leads }, Alarm: n.recordAlarm, Cleared: n.recordCleared, Log: h.Log()})
	if err != nil {
		return err
	}
	h.OnStop(func(context.Context) error { return r.receiver.Close() })
	r.shipper = cdr.NewShipper(cdr.ShipperOptions{Dir: dir, Publisher: func() (cdr.Destination, error) { return members.recordsTo(r.receiver) },
		Parameters: directory.Parameters, Alarm: n.recordAlarm, Cleared: n.recordCleared, Log: h.Log(),
		Moved: func(ctx context.Context, to cdr.Destination) error {
			if members.replica.Status().Leads {
				return nil
			}
			return r.receiver.HandOn(ctx, to, members.removed)
		}})
	n.mu.Lock()
	n.records = r
	n.mu.Unlock()
	h.OnStop(func(context.Context) error {
		n.mu.Lock()
		n.records = nil
		n.mu.Unlock()
		return nil
	})
	h.Go("delivery of records", r.shipper.Run)
	h.Go("records of all servers", r.receiver.Run)
	h.Go("records of removed servers", func(ctx context.Context) error { return members.closeRemoved(ctx, r) })
	return nil
}

// errAlone says that there is nobody to deliver records to: a server alone reads its own.
var errAlone = errors.New("the cluster has one server")

// recordsTo is where this server's records go now.
func (m *membership) recordsTo(own *cdr.Receiver) (cdr.Destination, error) {
	if m.others() == 0 {
		return nil, errAlone
	}
	if m.replica.Status().Leads {
		return own.Local(string(m.self)), nil
	}
	p, ok := m.publisher()
	if !ok {
		return nil, fault.New(fault.PublisherAway, "cause", "no server says that it is the publisher")
	}
	return cdr.Remote(m.client, "https://"+p.Files()), nil
}

// removed says that a server was removed from the cluster.
func (m *membership) removed(server string) bool {
	gone := false
	for o := range m.store.Snapshot().Members() {
		if string(o.Server) == server {
			if !o.Removed() {
				return false
			}
			gone = true
		}
	}
	return gone
}

// removedEvery is how often the publisher looks whether a server was removed whose calls are to be closed.
const removedEvery = 5 * time.Second

// closeRemoved closes the records of servers that were removed, at whichever server is the publisher, and has records delivered as soon
// as the role moved.
func (m *membership) closeRemoved(ctx context.Context, r *records) error {
	closed, led := map[uint16]bool{}, false
	for {
		leads := m.replica.Status().Leads
		if leads != led {
			led = leads
			clear(closed)
			r.shipper.Kick()
		}
		for o := range m.store.Snapshot().Members() {
			node := uint16(o.Node)
			if !leads || !o.Removed() || closed[node] {
				continue
			}
			if _, err := r.receiver.CloseRecordsOf(node); err != nil {
				m.log.Warn("the calls of a removed server were not closed yet", "server", o.Server, "cause", err)
				continue
			}
			closed[node] = true
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(removedEvery):
		}
	}
}

func (n *Node) recordAlarm(err error) {
	if f := fault.From(err); f != nil {
		n.alarms.Raise(f, "call records")
	}
}

func (n *Node) recordCleared(c fault.Code) { n.alarms.Clear(c, "call records") }

// recordsHandler takes the records of the other servers, while the service that keeps them runs.
func (n *Node) recordsHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r := held(n, func() *records { return n.records })
		if r == nil {
			http.Error(w, "call records are not open", http.StatusServiceUnavailable)
			return
		}
		r.receiver.Handler(peerOf).ServeHTTP(w, q)
	})
}

// fact takes what call processing reports.
func (r *records) fact(f signal.Fact) {
	r.own.Fact(f)
	r.facts.Fact(f)
}
