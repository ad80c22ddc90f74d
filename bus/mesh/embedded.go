package mesh

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"tandem/bus/session"
	"tandem/call/signal"
)

// Subjects.
const (
	nodeSubjects  = "node.>"
	replySubjects = "reply.>"
)

func frameSubject(node signal.NodeID) string { return fmt.Sprintf("node.%d.frame", node) }
func askSubject(node signal.NodeID) string   { return fmt.Sprintf("node.%d.ask", node) }

// The name of a server inside NATS holds its incarnation: NATS refuses a second server of the same name, which would keep out a server that
// has started again while others have not noticed its end.
func natsName(node signal.NodeID, incarnation uint64) string {
	return fmt.Sprintf("node-%d-%d", node, incarnation)
}

// nodeOf reads the node from a name that natsName made.
func nodeOf(name string) (signal.NodeID, bool) {
	parts := strings.Split(name, "-")
	if len(parts) != 3 || parts[0] != "node" {
		return 0, false
	}
	n, err := strconv.ParseUint(parts[1], 10, 16)
	return signal.NodeID(n), err == nil && n > 0
}

const localUser = "tandem"

// secret is the password of this process towards the server inside it.
func secret() (string, error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(b[:]), nil
}

// settings are those of the server inside. They differ between two calls only by members and certificates, since NATS changes nothing
// else while it runs.
func (o Options) settings(members []Member, password string, admit *admission) (natsserver.Options, error) {
	config, err := admit.config()
	if err != nil {
		return natsserver.Options{}, err
	}
	host, port, err := hostPort(o.Listen)
	if err != nil {
		return natsserver.Options{}, err
	}
	var routes []*url.URL
	advertise := o.Self.Address
	for _, m := range members {
		if m.Node == o.Self.Node {
			advertise = m.Address
			continue
		}
		if _, _, err := hostPort(m.Address); err != nil {
			return natsserver.Options{}, fmt.Errorf("server %s: %w", m.Name, err)
		}
		routes = append(routes, &url.URL{Scheme: "nats-route", Host: m.Address})
	}
	permitted := &natsserver.SubjectPermission{Allow: []string{nodeSubjects, replySubjects}}
	return natsserver.Options{
		ServerName: natsName(o.Self.Node, o.Incarnation),
		// NATS starts no routes without a listener for clients. This one is on loopback, on some port, behind a password that
		// only this process knows; the process itself connects without it.
		Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, Username: localUser, Password: password,
		NoSigs: true, NoLog: true, NoSystemAccount: true, DisableShortFirstPing: true,
		MaxPayload: maximumPayload, MaxConn: 4, MaxTracedMsgLen: 1,
		Routes: routes,
		Cluster: natsserver.ClusterOpts{
			Name: o.Cluster, Host: host, Port: port, Advertise: advertise, NoAdvertise: true,
			TLSConfig: config, TLSTimeout: 5, AuthTimeout: 5,
			// One connection between two servers, so that frames stay in order; without compression.
			PoolSize: -1, Compression: natsserver.CompressionOpts{Mode: natsserver.CompressionOff},
			Permissions:  &natsserver.RoutePermissions{Import: permitted, Export: permitted},
			PingInterval: 2 * time.Second, MaxPingsOut: 2, WriteDeadline: 5 * time.Second,
		},
	}, nil
}

// maximumPayload is above what sessions send.
const maximumPayload = session.MaximumFrame + 64<<10

func hostPort(address string) (host string, port int, err error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(service, 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%s has no port", address)
	}
	return host, int(n), nil
}

// connect connects this process with the server inside it and begins to listen for frames and questions.
func (c *carrier) connect(server *natsserver.Server, password string, log *slog.Logger) error {
	conn, err := nats.Connect("", nats.InProcessServer(server), nats.UserInfo(localUser, password),
		nats.CustomInboxPrefix(fmt.Sprintf("reply.%d", c.self)), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond),
		nats.ReconnectJitter(0, 0), nats.ReconnectBufSize(-1), // what is not sent now is sent again by its session
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("The network between servers reports an error.", "cause", err)
		}))
	if err != nil {
		return err
	}
	frames, err := conn.Subscribe(frameSubject(c.self), func(m *nats.Msg) { c.endpoint.Frame(m.Data) })
	if err == nil {
		err = frames.SetPendingLimits(pendingFrames, pendingBytes)
	}
	if err == nil {
		_, err = conn.Subscribe(askSubject(c.self), func(m *nats.Msg) {
			c.endpoint.Question(m.Data, func(answer []byte) { _ = m.Respond(answer) }) // the asking side sees that its connection is gone
		})
	}
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		conn.Close()
		return err
	}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	return nil
}

// Bounds of what NATS holds for us before the sessions have seen it. More is dropped, and sent again.
const (
	pendingFrames = 65536
	pendingBytes  = 128 << 20
)

// close ends the connection once what was sent has left, or after a time.
func (c *carrier) close(wait time.Duration) {
	c.mu.Lock()
	conn := c.conn
	c.conn = nil
	c.mu.Unlock()
	if conn == nil {
		return
	}
	_ = conn.FlushTimeout(wait)
	conn.Close()
}

// logger leads what NATS logs into ours. NATS calls everything an error that fails once, such as dialling a server that is down; a server that
// is lost is told of by its session.
type logger struct{ log *slog.Logger }

func (l logger) Noticef(format string, v ...any) {
	l.log.Debug(fmt.Sprintf(format, v...), "part", "nats")
}
func (l logger) Warnf(format string, v ...any) {
	l.log.Debug(fmt.Sprintf(format, v...), "part", "nats")
}
func (l logger) Errorf(format string, v ...any) {
	l.log.Info(fmt.Sprintf(format, v...), "part", "nats")
}
func (l logger) Fatalf(format string, v ...any) {
	l.log.Error(fmt.Sprintf(format, v...), "part", "nats")
}
func (l logger) Debugf(string, ...any) {}
func (l logger) Tracef(string, ...any) {}
