package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// conn is one stream connection, accepted or made by us. One goroutine reads; a second one exists
// only while there is something to write.
type conn struct {
	stack      *Stack
	transport  Transport
	accepted   bool
	remote     netip.AddrPort
	serverName string
	contact    netip.AddrPort // our address for the peer; set before the connection is used

	mu      sync.Mutex
	nc      net.Conn // nil while connecting
	out     [][]byte
	queued  int
	writing bool
	closed  bool
	why     error
	proven  bool
	waiting map[*clientRecord]struct{} // requests sent here without any response yet
}

func (c *conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// everConnected reports whether the connection was ever up.
func (c *conn) everConnected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nc != nil
}

func (c *conn) flow() Flow { return Flow{conn: c, remote: c.remote} }

// send queues bytes, which must not change afterwards. rec is the request they hold, nil for
// anything else; it is told when the connection ends before there was a response.
func (c *conn) send(b []byte, rec *clientRecord) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.why
	}
	if c.queued+len(b) > c.stack.cfg.Limits.WriteQueue {
		c.stack.wg.Add(1)
		go func() { defer c.stack.wg.Done(); c.close(ErrQueueFull) }()
		return ErrQueueFull
	}
	c.out = append(c.out, b)
	c.queued += len(b)
	if rec != nil {
		if c.waiting == nil {
			c.waiting = make(map[*clientRecord]struct{})
		}
		c.waiting[rec] = struct{}{}
	}
	if c.nc != nil && !c.writing {
		c.startWriter()
	}
	return nil
}

func (c *conn) startWriter() {
	c.writing = true
	c.stack.wg.Add(1)
	go c.write()
}

// answered takes a request off the list of those that wait for a first response.
func (c *conn) answered(rec *clientRecord) {
	c.mu.Lock()
	delete(c.waiting, rec)
	c.mu.Unlock()
}

// write empties the queue and ends.
func (c *conn) write() {
	defer c.stack.wg.Done()
	for {
		c.mu.Lock()
		if len(c.out) == 0 || c.closed {
			c.writing = false
			c.mu.Unlock()
			return
		}
		bufs := net.Buffers(c.out)
		c.out, c.queued = nil, 0
		nc := c.nc
		c.mu.Unlock()
		_ = nc.SetWriteDeadline(time.Now().Add(c.stack.cfg.Limits.Write))
		if _, err := bufs.WriteTo(nc); err != nil {
			c.close(err)
			return
		}
	}
}

// close ends the connection and tells the requests that wait on it.
func (c *conn) close(why error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed, c.why = true, why
	waiting := c.waiting
	c.waiting, c.out = nil, nil
	nc := c.nc
	c.mu.Unlock()
	c.stack.forget(c)
	if nc != nil {
		nc.Close()
	}
	for rec := range waiting {
		rec.shard.post(event{do: func() { rec.broken(c, why) }})
	}
	if !c.stack.isClosed() {
		c.stack.cfg.Handler.OnFlowClosed(c.flow(), why)
	}
}

// serve reads messages until the connection ends.
func (c *conn) serve() {
	defer c.stack.wg.Done()
	lim := &c.stack.cfg.Limits
	if t, ok := c.nc.(*tls.Conn); ok && c.accepted {
		ctx, stop := context.WithTimeout(c.stack.ctx, lim.Dial)
		err := t.HandshakeContext(ctx)
		stop()
		if err != nil {
			c.close(err)
			return
		}
	}
	born := time.Now()
	buf := make([]byte, 0, 2048)
	var partial time.Time // when the first byte of an incomplete message came
	for {
		deadline := time.Now().Add(lim.Idle)
		if !c.proven && c.accepted {
			deadline = born.Add(lim.Unproven)
		}
		if !partial.IsZero() && partial.Add(lim.Message).Before(deadline) {
			deadline = partial.Add(lim.Message)
		}
		_ = c.nc.SetReadDeadline(deadline)
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*cap(buf), MaxMessage+4096))
			copy(grown, buf)
			buf = grown
		}
		n, err := c.nc.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		rest, ferr := c.messages(buf)
		if ferr != nil {
			c.stack.count.malformed.Add(1)
			if g := c.stack.cfg.Guard; g != nil {
				g.Malformed(c.remote, c.transport, ferr)
			}
			c.closeAfterWrites(ferr)
			return
		}
		if err != nil {
			if errors.Is(err, io.EOF) && n > 0 {
				continue
			}
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				c.stack.count.connIdle.Add(1)
				err = ErrIdle
			}
			c.close(err)
			return
		}
		switch {
		case len(rest) == 0:
			partial = time.Time{}
			if cap(buf) > 8192 { // a large message is rare: do not keep its buffer
				buf = make([]byte, 0, 2048)
			} else {
				buf = buf[:0]
			}
		default:
			if len(rest) < len(buf) || partial.IsZero() {
				partial = time.Now()
			}
			buf = buf[:copy(buf, rest)]
		}
	}
}

// messages handles all complete messages and returns what is left.
func (c *conn) messages(b []byte) ([]byte, error) {
	for {
		skip, n, ping, err := frame(b)
		if ping {
			_ = c.send([]byte("\r\n"), nil)
		}
		b = b[skip:]
		if err != nil {
			if n > 0 {
				c.stack.refuse(b[:n], c.flow(), 400, "Content-Length Missing Or Wrong")
			}
			return b, err
		}
		if n == 0 {
			return b, nil
		}
		if c.stack.receive(b[:n], c.flow()) {
			c.prove()
		}
		b = b[n:]
	}
}

// prove notes that a valid message came.
func (c *conn) prove() {
	if c.proven { // written only by the reader
		return
	}
	c.mu.Lock()
	c.proven = true
	c.mu.Unlock()
	c.stack.proved(c)
}

// closeAfterWrites lets a last answer out before the end.
func (c *conn) closeAfterWrites(why error) {
	for range 100 {
		c.mu.Lock()
		idle := !c.writing && len(c.out) == 0 || c.closed
		c.mu.Unlock()
		if idle {
			break
		}
		time.Sleep(time.Millisecond)
	}
	c.close(why)
}

// dial connects and then serves. It runs in the connection's own goroutine.
func (c *conn) dial() {
	s := c.stack
	ctx, stop := context.WithTimeout(s.ctx, s.cfg.Limits.Dial)
	var dialer net.Dialer
	if a := s.cfg.Source; a.IsValid() {
		dialer.LocalAddr = &net.TCPAddr{IP: a.AsSlice()}
	}
	nc, err := dialer.DialContext(ctx, "tcp", c.remote.String())
	if err == nil && c.transport == TLS {
		conf := s.cfg.TLSClient.Clone()
		if c.serverName != "" {
			conf.ServerName = c.serverName
		} else if conf.ServerName == "" {
			conf.ServerName = c.remote.Addr().String()
		}
		t := tls.Client(nc, conf)
		if err = t.HandshakeContext(ctx); err != nil {
			nc.Close()
		}
		nc = t
	}
	stop()
	if err != nil {
		s.wg.Done()
		c.close(err)
		return
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		nc.Close()
		s.wg.Done()
		return
	}
	c.nc = nc
	c.proven = true
	if len(c.out) > 0 {
		c.startWriter()
	}
	c.mu.Unlock()
	c.serve()
}
