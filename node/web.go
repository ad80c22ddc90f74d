package node

import (
	"context"
	"crypto/tls"
	"net"
)

// webServer is what serves the API; it is admin/rest in the product.
type webServer interface {
	ServeUnix(net.Listener) error
	ServeTLS(net.Listener, *tls.Config) error
	Close(context.Context) error
}

type noWeb struct{ l []net.Listener }

func (w *noWeb) ServeUnix(l net.Listener) error {
	w.l = append(w.l, l)
	for {
		c, err := l.Accept()
		if err != nil {
			return nil
		}
		c.Close()
	}
}
func (w *noWeb) ServeTLS(l net.Listener, _ *tls.Config) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return nil
		}
		c.Close()
	}
}
func (w *noWeb) Close(context.Context) error {
	for _, l := range w.l {
		l.Close()
	}
	return nil
}

func (n *Node) newWeb() webServer { return &noWeb{} }
