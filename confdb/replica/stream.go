package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// Streams are the connections to the other servers: mutual TLS in a cluster, anything that carries bytes in tests.
type Streams struct {
	// Address is where the others reach this server, in the form that their Dial takes: at most 255 bytes.
	Address string
	// Listener gives their connections. The replica closes it.
	Listener net.Listener
	// Dial connects to another server within the time-out.
	Dial func(address string, timeout time.Duration) (net.Conn, error)
}

const (
	handshakeTimeout   = 3 * time.Second
	transportTimeout   = 3 * time.Second // of one message; a snapshot gets as much for each 256 KiB
	maximumConnections = 64              // from other servers, at a time
	pooledConnections  = 3               // to each
)

// The first bytes on a connection, both ways: who I am and at which epoch. The listening side says with a byte before it whether it goes
// on.
//
//	4 bytes "TNDR" | 1 version | 8 epoch | 1 length of name, name | 1 number of branches, 24 bytes each
const (
	helloMagic   = "TNDR"
	helloVersion = 1

	verdictWelcome = 1
	verdictOlder   = 2 // the caller is of an epoch that is over
	verdictWait    = 3 // the listening side is of an older epoch and begins anew first
)

type hello struct {
	epoch   uint64
	name    string
	lineage lineageState
}

func (h hello) encode() []byte {
	b := append([]byte(helloMagic), helloVersion)
	b = binary.BigEndian.AppendUint64(b, h.epoch)
	name := h.name[:min(len(h.name), 255)]
	b = append(append(b, byte(len(name))), name...)
	branches := h.lineage.Branches[:min(len(h.lineage.Branches), maximumBranches)]
	b = append(b, byte(len(branches)))
	for _, x := range branches {
		b = binary.BigEndian.AppendUint64(b, x.Epoch)
		b = binary.BigEndian.AppendUint64(b, x.Previous)
		b = binary.BigEndian.AppendUint64(b, x.Index)
	}
	return b
}

func readHello(r io.Reader) (h hello, err error) {
	var head [len(helloMagic) + 1 + 8 + 1]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return h, err
	}
	if string(head[:4]) != helloMagic || head[4] != helloVersion {
		return h, errors.New("the other side does not speak the replication of this version")
	}
	h.epoch = binary.BigEndian.Uint64(head[5:])
	name := make([]byte, int(head[13])+1)
	if _, err = io.ReadFull(r, name); err != nil {
		return h, err
	}
	n := int(name[len(name)-1])
	h.name = string(name[:len(name)-1])
	if n > maximumBranches {
		return h, fmt.Errorf("the other side knows %d branches", n)
	}
	data := make([]byte, 24*n)
	if _, err = io.ReadFull(r, data); err != nil {
		return h, err
	}
	for ; len(data) > 0; data = data[24:] {
		h.lineage.Branches = append(h.lineage.Branches, branch{binary.BigEndian.Uint64(data), binary.BigEndian.Uint64(data[8:]), binary.BigEndian.Uint64(data[16:])})
	}
	h.lineage.Seen = h.epoch
	return h, nil
}

func (r *Replica) hello() hello {
	return hello{epoch: r.epoch(), name: string(r.options.Server), lineage: r.lineage.state()}
}

// meet takes in what the other side said of the epochs, and looks after this server's own copy if that is over.
func (r *Replica) meet(h hello) {
	before := r.lineage.state().Seen
	if err := r.lineage.learn(h.lineage); err != nil {
		r.options.Logger.Warn("what is known of the epochs could not be stored", "error", err)
	}
	if h.epoch > before && r.deposed() {
		r.setReady(false)
	}
	if r.deposed() {
		r.nudge()
	}
}

// greet is the listening side of the handshake.
func (r *Replica) greet(c net.Conn) error {
	if err := c.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return err
	}
	h, err := readHello(c)
	if err != nil {
		return err
	}
	r.meet(h)
	verdict := byte(verdictWelcome)
	switch own := r.epoch(); {
	case h.epoch < own, h.epoch < r.lineage.state().Promised:
		verdict = verdictOlder
	case h.epoch > own:
		verdict = verdictWait
	}
	if _, err := c.Write(append([]byte{verdict}, r.hello().encode()...)); err != nil {
		return err
	}
	if verdict != verdictWelcome {
		return fmt.Errorf("%s is at epoch %d, this server at %d", h.name, h.epoch, r.epoch())
	}
	return c.SetDeadline(time.Time{})
}

// introduce is the calling side.
func (r *Replica) introduce(c net.Conn) error {
	if err := c.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return err
	}
	if _, err := c.Write(r.hello().encode()); err != nil {
		return err
	}
	var verdict [1]byte
	if _, err := io.ReadFull(c, verdict[:]); err != nil {
		return err
	}
	h, err := readHello(c)
	if err != nil {
		return err
	}
	r.meet(h)
	if promised := r.lineage.state().Promised; h.epoch < promised {
		return fmt.Errorf("%s is at epoch %d, and this server waits for the promotion of epoch %d", h.name, h.epoch, promised)
	}
	switch verdict[0] {
	case verdictWelcome:
		return c.SetDeadline(time.Time{})
	case verdictOlder:
		return fmt.Errorf("%s is at epoch %d; that of this server is over", h.name, h.epoch)
	default:
		return fmt.Errorf("%s begins its copy anew first", h.name)
	}
}

// accept takes connections as long as the replica lives, and hands them to the engine that runs.
func (r *Replica) accept() {
	limit := make(chan struct{}, maximumConnections)
	for {
		c, err := r.options.Streams.Listener.Accept()
		if err != nil {
			select {
			case <-r.closing:
				return
			case <-time.After(retryPause):
				continue
			}
		}
		select {
		case limit <- struct{}{}:
		default:
			_ = c.Close()
			continue
		}
		r.done.Go(func() {
			defer func() { <-limit }()
			if err := r.greet(c); err != nil {
				_ = c.Close()
				return
			}
			layer := r.currentLayer()
			if layer == nil {
				_ = c.Close()
				return
			}
			ended := make(chan struct{})
			layer.offer(&streamConn{Conn: c, layer: layer, ended: ended})
			select {
			case <-ended:
			case <-r.closing:
				_ = c.Close()
			}
		})
	}
}

// streamLayer is the raft.StreamLayer of one engine. Ending it cuts its connections, and not the listener.
type streamLayer struct {
	replica  *Replica
	incoming chan net.Conn
	closed   chan struct{}

	mu    sync.Mutex
	conns map[*streamConn]struct{} // nil when closed
}

func newStreamLayer(r *Replica) *streamLayer {
	return &streamLayer{replica: r, incoming: make(chan net.Conn), closed: make(chan struct{}), conns: map[*streamConn]struct{}{}}
}

func (l *streamLayer) add(c *streamConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		return false
	}
	l.conns[c] = struct{}{}
	return true
}

func (l *streamLayer) offer(c *streamConn) {
	if !l.add(c) {
		_ = c.Close()
		return
	}
	select {
	case l.incoming <- c:
	case <-l.closed:
		_ = c.Close()
	}
}

// Accept implements net.Listener.
func (l *streamLayer) Accept() (net.Conn, error) {
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *streamLayer) Close() error {
	l.mu.Lock()
	conns := l.conns
	l.conns = nil
	if conns != nil {
		close(l.closed)
	}
	l.mu.Unlock()
	for c := range conns {
		_ = c.Close()
	}
	return nil
}

// Addr implements net.Listener.
func (l *streamLayer) Addr() net.Addr { return streamAddress(l.replica.options.Streams.Address) }

// Dial implements raft.StreamLayer.
func (l *streamLayer) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	c, err := l.replica.options.Streams.Dial(string(address), timeout)
	if err != nil {
		return nil, err
	}
	s := &streamConn{Conn: c, layer: l}
	if !l.add(s) { // before the handshake, so that Close cuts that too
		_ = c.Close()
		return nil, net.ErrClosed
	}
	if err := l.replica.introduce(c); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

type streamAddress string

// Network implements net.Addr.
func (a streamAddress) Network() string { return "replication" }

// String implements net.Addr.
func (a streamAddress) String() string { return string(a) }

// streamConn is a connection that its layer knows of.
type streamConn struct {
	net.Conn
	layer *streamLayer
	ended chan struct{} // closed at its end; nil: nobody waits for that
	once  sync.Once
}

// Close implements net.Conn.
func (c *streamConn) Close() error {
	var err error
	c.once.Do(func() {
		err = c.Conn.Close()
		c.layer.mu.Lock()
		delete(c.layer.conns, c)
		c.layer.mu.Unlock()
		if c.ended != nil {
			close(c.ended)
		}
	})
	return err
}
