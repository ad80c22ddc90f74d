package node

import (
	"context"
	"net"
	"sync"
	"time"

	"tandem/cluster/link"
	"tandem/fault"
	"tandem/service"
)

// portAgain is how long a port between servers that could not be had is left alone.
const portAgain = 2 * time.Second

// later is a listener that may not have its port yet: it tries again until it does. A port between servers that is taken keeps other servers
// away and nothing else: the configuration is opened and calls go on.
type later struct {
	try    func() (net.Listener, error)
	closed chan struct{}
	once   sync.Once

	mu  sync.Mutex
	now net.Listener
}

// newLater tries once; what comes of it shows in Accept.
func newLater(try func() (net.Listener, error)) *later {
	l := &later{try: try, closed: make(chan struct{})}
	l.listen()
	return l
}

// listen returns the listener, or nil while the port cannot be had.
func (l *later) listen() net.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closed:
		return nil
	default:
	}
	if l.now == nil {
		if got, err := l.try(); err == nil {
			l.now = got
		}
	}
	return l.now
}

// Accept implements net.Listener.
func (l *later) Accept() (net.Conn, error) {
	for {
		if now := l.listen(); now != nil {
			return now.Accept()
		}
		select {
		case <-l.closed:
			return nil, net.ErrClosed
		case <-time.After(portAgain):
		}
	}
}

// Addr implements net.Listener; nil while there is none.
func (l *later) Addr() net.Addr {
	if now := l.listen(); now != nil {
		return now.Addr()
	}
	return nil
}

// Close implements net.Listener.
func (l *later) Close() error {
	l.once.Do(func() { close(l.closed) })
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		return nil
	}
	return l.now.Close()
}

// portBetween opens a port between servers, and hands the listener to use. A port that cannot be had is an alarm that stands.
func (m *membership) portBetween(name string, port int, p link.Purpose, use func(*link.Listener)) error {
	subject := "port for " + name
	err := m.n.ports.open(service.DatabaseLayerMonitor, name, "tcp", port, func(address string) (net.Addr, error) {
		l, err := m.link.Listen(p, address)
		if err != nil {
			return nil, err
		}
		use(l)
		return l.Addr(), nil
	})
	if err == nil {
		m.n.alarms.ClearSubject(subject)
	} else if f := fault.From(err); f != nil {
		m.n.alarms.Raise(f, subject)
	}
	return err
}

// again does something until it succeeds or ctx ends.
func again(ctx context.Context, do func() error) error {
	for do() != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(portAgain):
		}
	}
	return nil
}
