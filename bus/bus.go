// Package bus says what servers of a cluster use to talk to each other about calls, registrations and user state: addresses,
// topics and the guarantees of delivery. bus/mesh carries it over the network; sim/net has a network in memory with
// faults for tests. What does not live here: who is a member (cluster), and what the messages mean (their senders).
package bus

import (
	"context"
	"errors"
	"time"

	"tandem/call/signal"
	"tandem/telephony"
)

// Peer is another server while it is reachable. A server that was lost and is heard again, restarted or not, is a new
// Peer with a higher Session: what was under way before is gone on both sides.
type Peer struct {
	Node        signal.NodeID
	Name        telephony.ServerName
	Incarnation uint64 // of the process: its start, in nanoseconds since 1970
	Session     uint64 // of the connection between the two servers; rises with each
}

// Topic separates the users of the bus. The numbers go over the network and never change their meaning.
type Topic uint8

// The topics.
const (
	TopicCalls         Topic = 1 // signals between half-calls and line owners
	TopicRegistrations Topic = 2 // who is registered where
	TopicUserState     Topic = 3 // what users change
	TopicReplication   Topic = 4 // positions, forwarded writes, verification
	TopicRecords       Topic = 5 // facts for call records that another server keeps
	TopicStatus        Topic = 6 // questions of administrators: live views, stories, ladders
)

// Bounds of what is sent.
const (
	MaximumMessage = 1 << 20 // bytes of one message
	MaximumQueued  = 65536   // messages that wait for one peer; more, and the peer is given up as lost
)

// Errors of sending.
var (
	// ErrUnreachable says that the server is not reachable now. What is sent to it has no effect.
	ErrUnreachable = errors.New("the server cannot be reached")
	// ErrTooLarge says that a message is larger than MaximumMessage.
	ErrTooLarge = errors.New("the message is too large")
)

// Status is what every server tells of itself with each heartbeat (every 500 ms). Lag and mixed versions are seen from it.
type Status struct {
	Version    string    // of the program
	Epoch      uint64    // position of the configuration as applied on that server
	Index      uint64    //
	Newest     uint64    // newest epoch that the server ever heard of
	Filling    bool      // its copy is being built anew
	Schema     int       // of its database
	Formats    int       // newest format of log entries and signals that it understands
	Halted     string    // why it does not follow the log any more; empty: it does
	Publisher  bool      // it accepts writes
	Processing bool      // its CallManager service takes calls
	Registered int       // devices
	Calls      int       // half-calls
	Load       float64   // part of the processors in use, 0 to 1
	Started    time.Time //
}

// Mesh connects this server with the others. All methods may be called from any goroutine; none but Ask blocks.
//
// Messages from one Peer arrive in the order in which they were sent, over all topics, each exactly once, as long as the
// Peer lives. When a message cannot be delivered the Peer is lost: Watch says so on both sides as soon as each sees it, and
// nothing of that session arrives afterwards.
type Mesh interface {
	// Self is this server.
	Self() Peer
	// Peers lists the servers that are reachable now, without this one, by node.
	Peers() []Peer
	// Send queues a message for a server. ErrUnreachable and ErrTooLarge mean that it will not arrive. A message to this
	// server itself is an error of the caller.
	Send(to signal.NodeID, topic Topic, payload []byte) error
	// Receive sets who takes the messages of a topic. take is called for one peer from one goroutine, in order, and must not
	// block. Set before Start of the implementation.
	Receive(topic Topic, take func(from Peer, payload []byte))
	// Ask sends a question and waits for the answer. It is not ordered with Send.
	Ask(ctx context.Context, to signal.NodeID, topic Topic, payload []byte) ([]byte, error)
	// Answer sets who answers the questions of a topic, each in a goroutine of its own. An error reaches the asking side as
	// an error with the same text.
	Answer(topic Topic, answer func(ctx context.Context, from Peer, payload []byte) ([]byte, error))
	// Watch has f told of each peer that becomes reachable or is lost, in order with the messages of that peer. It is told
	// at once of those that are reachable now.
	Watch(f func(p Peer, reachable bool))
	// Describe sets where the status of this server comes from.
	Describe(status func() Status)
	// StatusOf is the last status of a server and when it came; false when none was ever heard.
	StatusOf(node signal.NodeID) (Status, time.Time, bool)
}
