package replica

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"tandem/fault"
)

// The engine is the part that follows the log: raft, its files and its connections. It can be stopped and begun anew on other files
// while the storage and who reads it stay.

// begin starts the engine on the files that are open.
func (r *Replica) begin() error {
	c := r.config()
	r.machine.mu.Lock()
	r.machine.sink = r.sink
	r.machine.mu.Unlock()
	transport, address, layer := r.connect(c.LocalID)
	if r.first {
		err := raft.BootstrapCluster(c, r.store, r.store, r.snapshots, transport, raft.Configuration{
			Servers: []raft.Server{{Suffrage: raft.Voter, ID: c.LocalID, Address: address}},
		})
		if err != nil {
			return fault.Wrap(err, fault.DatabaseWriteFailed, "file", r.logPath())
		}
		r.first = false
	}
	group, err := raft.NewRaft(c, r.machine, r.store, r.store, r.snapshots, transport)
	if err != nil {
		close(r.stopping)
		if closer, ok := transport.(raft.WithClose); ok {
			_ = closer.Close()
		}
		r.engine.Wait()
		r.renew()
		return fault.Wrap(err, fault.DatabaseCorrupt, "file", r.logPath())
	}
	r.restore = false
	r.mu.Lock()
	r.raft, r.layer, r.running = group, layer, true
	stopping := r.stopping
	r.mu.Unlock()
	r.engine.Go(func() { r.lead(group, stopping) })
	return nil
}

// end stops the engine and closes nothing that is read. What was under way is answered.
func (r *Replica) end() error {
	r.setReady(false)
	r.mu.Lock()
	running, group, layer := r.running, r.raft, r.layer
	r.running, r.layer = false, nil
	if running {
		close(r.stopping)
	}
	r.mu.Unlock()
	if !running {
		return nil
	}
	ended := group.Shutdown()
	if layer != nil { // raft waits for what is under way on its connections before it closes them
		_ = layer.Close()
	}
	err := ended.Error()
	r.engine.Wait()
	return err
}

// renew prepares what an engine needs afresh, on the same storage and log.
func (r *Replica) renew() {
	newest := r.machine.newest
	machine := r.newMachine(r.machine.storage)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopping = make(chan struct{})
	machine.closing, machine.newest = r.stopping, newest
	r.machine = machine
	if r.store != nil {
		r.store = &patientStore{BoltStore: r.store.BoltStore, closing: r.stopping}
	}
}

func (r *Replica) connect(id raft.ServerID) (raft.Transport, raft.ServerAddress, *streamLayer) {
	if r.options.Streams == nil {
		address, transport := raft.NewInmemTransport(raft.ServerAddress(id)) // a server alone listens on nothing
		return transport, address, nil
	}
	layer := newStreamLayer(r)
	transport := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: layer, MaxPool: pooledConnections, Timeout: transportTimeout, Logger: r.hclog(), MsgpackUseNewTimeFormat: true,
	})
	m := &mutableTransport{NetworkTransport: transport, consumer: make(chan raft.RPC), muted: r.muted}
	stopping := r.stopping
	r.engine.Go(func() { m.run(stopping) })
	return m, transport.LocalAddr(), layer
}

// mutableTransport keeps a server from voting while it has thrown its log away: its vote could elect a server without entries that
// it had confirmed.
type mutableTransport struct {
	*raft.NetworkTransport
	consumer chan raft.RPC
	muted    func() bool
}

var errMuted = errors.New("this server has no vote until its copy is whole")

func (t *mutableTransport) run(stopping <-chan struct{}) {
	for {
		select {
		case <-stopping:
			return
		case rpc := <-t.NetworkTransport.Consumer():
			switch rpc.Command.(type) {
			case *raft.RequestVoteRequest, *raft.RequestPreVoteRequest:
				if t.muted() {
					rpc.Respond(nil, errMuted)
					continue
				}
			}
			select {
			case t.consumer <- rpc:
			case <-stopping:
				rpc.Respond(nil, raft.ErrRaftShutdown)
				return
			}
		}
	}
}

// Consumer implements raft.Transport.
func (t *mutableTransport) Consumer() <-chan raft.RPC { return t.consumer }

func (r *Replica) muted() bool {
	content, filling := r.marked(fillingFile)
	return filling && (content != fillingWait || r.machineNow().isFilling())
}

// group is the engine that runs, or ran last. Nothing of it works once it has ended, but nothing of it panics.
func (r *Replica) group() *raft.Raft {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.raft
}

// answered waits for the engine's answer, at most for a time: an engine that ends in the wrong moment never gives it.
func answered(f raft.Future, stopping <-chan struct{}) error {
	result := make(chan error, 1)
	go func() { result <- f.Error() }() // ends with the answer
	timer := time.NewTimer(applyTimeout)
	defer timer.Stop()
	select {
	case err := <-result:
		return err
	case <-stopping:
		return errClosed
	case <-timer.C:
		return errors.New("the replication engine does not answer")
	}
}

func (r *Replica) machineNow() *machine {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.machine
}

func (r *Replica) currentLayer() *streamLayer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.layer
}

// reachable tries a connection to a member.
func (r *Replica) reachable(address raft.ServerAddress) error {
	layer := r.currentLayer()
	if layer == nil {
		return errClosed
	}
	c, err := layer.Dial(address, transportTimeout)
	if err != nil {
		return fmt.Errorf("%s cannot be reached: %w", address, err)
	}
	return c.Close()
}

// within waits for something that no channel tells, at most for a time.
func (r *Replica) within(limit time.Duration, holds func() bool) bool {
	for end := time.Now().Add(limit); !holds(); {
		if time.Now().After(end) {
			return false
		}
		select {
		case <-r.closing:
			return false
		case <-time.After(pollPause):
		}
	}
	return true
}

const pollPause = 20 * time.Millisecond
