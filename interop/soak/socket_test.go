//go:build soak

package soak

import (
	"context"
	"net"
	"net/http"
)

// localTransport reaches a server over the socket in its data directory.
func localTransport(path string) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
}
