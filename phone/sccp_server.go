package phone

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"tandem/wire/sccp"
)

// link is a connection to a server over which the phone is not registered, or not yet.
type link struct {
	conn    net.Conn
	reader  *sccp.Reader
	at      int // place of the server in the list, from 0
	address string
	granted bool // the server gave a token
}

// connect makes a link to a server of the list.
func (d *station) connect(ctx context.Context, at int) (*link, error) {
	address := withPort(d.p.cfg.Servers[at], "2000")
	conn, err := d.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return &link{conn: conn, reader: sccp.NewReader(conn), at: at, address: address}, nil
}

// spares are the links that are left when a registration ends.
type spares struct {
	mu    sync.Mutex
	links []*link
}

func (s *spares) leave(l *link) {
	s.mu.Lock()
	s.links = append(s.links, l)
	s.mu.Unlock()
}

// take returns the link to go on with: the one with a token, else that to the best server. The others are given back.
func (s *spares) take() (best *link, others []*link) {
	for _, l := range s.links {
		if best == nil || l.granted || !best.granted && l.at < best.at {
			best, l = l, best
		}
		if l != nil {
			others = append(others, l)
		}
	}
	return best, others
}

// keepOthers looks after the servers with which the phone is not registered (sccp.md 4.3): a spare connection to the next in
// the list, and, away from the first server, the way back. What is left open is in the spares when the channel closes.
func (d *station) keepOthers(ctx context.Context, at int, left *spares) <-chan struct{} {
	done := make(chan struct{})
	var both sync.WaitGroup
	if at+1 < len(d.p.cfg.Servers) && !d.profile.NoStandby {
		both.Go(func() { d.standby(ctx, at+1, left) })
	}
	if at > 0 {
		both.Go(func() { d.comeBack(ctx, at, left) })
	}
	go func() {
		both.Wait()
		close(done)
	}()
	return done
}

// standby holds the spare connection from when the phone is registered.
func (d *station) standby(ctx context.Context, at int, left *spares) {
	if !d.p.await(ctx, func(s *State) bool { return s.Registration == Registered }) {
		return
	}
	for {
		if l, err := d.connect(ctx, at); err == nil {
			if d.hold(ctx, l, true) {
				left.leave(l)
				return
			}
			l.conn.Close()
		}
		if !d.p.pause(ctx, d.p.cfg.Habits.probe()) {
			return
		}
	}
}

// hold keeps a link alive with keep-alives, and nothing else, until ctx ends; then it reports true: the link can be used
// further. It reports false when the link broke, or the server said nothing for three intervals.
func (d *station) hold(ctx context.Context, l *link, shown bool) (usable bool) {
	release := d.interruptible(ctx, l)
	defer release()
	d.p.mu.Lock()
	interval := max(d.standbyFor, time.Second)
	d.p.mu.Unlock()
	if h := d.p.cfg.Habits.StandbyKeepAlive; h > 0 {
		interval = h
	}
	if shown {
		defer d.p.update(func(s *State) { s.Standby = "" })
	}
	for silent := 1; silent <= lostAfter; silent++ {
		if write(l, &sccp.KeepAlive{}) != nil {
			return false
		}
		for until := time.Now().Add(interval); ; {
			m, err := l.next(ctx, until)
			if ctx.Err() != nil {
				return true
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return false
			}
			d.p.update(func(s *State) {
				if m != sccp.IDKeepAliveAck {
					d.p.violation("%v on a standby connection", m)
					return
				}
				silent = 0
				s.KeepAlives++
				if shown {
					s.Standby = l.address
				}
			})
		}
	}
	return false
}

// interruptible has reading end with ctx. release must be called before the link is used otherwise.
func (d *station) interruptible(ctx context.Context, l *link) (release func()) {
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(fired)
		_ = l.conn.SetReadDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-fired
		}
		_ = l.conn.SetDeadline(time.Time{})
	}
}

// next reads one message and returns its kind.
func (l *link) next(ctx context.Context, until time.Time) (sccp.MessageID, error) {
	f, err := l.frame(ctx, until)
	return f.ID, err
}

func (l *link) frame(ctx context.Context, until time.Time) (sccp.Frame, error) {
	if err := l.conn.SetReadDeadline(until); err != nil {
		return sccp.Frame{}, err
	}
	if err := ctx.Err(); err != nil { // it ended before the deadline was set
		return sccp.Frame{}, err
	}
	return l.reader.ReadFrame()
}

// write sends a message as it is before registration.
func write(l *link, m sccp.Message) error {
	b, err := sccp.NewCodec(sccp.MinVersion).Append(nil, m)
	if err != nil {
		return err
	}
	_ = l.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err = l.conn.Write(b)
	return err
}

// comeBack watches the servers before the phone's own. One that is there for the monitor time without a break is asked for
// a token as soon as the phone is idle, never during a call; with the token the phone leaves its server for that one.
func (d *station) comeBack(ctx context.Context, at int, left *spares) {
	for d.p.pause(ctx, d.p.cfg.Habits.probe()) {
		for better := range at {
			l, err := d.connect(ctx, better)
			if err != nil {
				continue
			}
			if d.returnTo(ctx, l, at == len(d.p.cfg.Servers)-1) {
				left.leave(l)
				return
			}
			l.conn.Close()
		}
	}
}

// returnTo watches one better server. It reports true when the link is of use: with a token, or because ctx ended.
func (d *station) returnTo(ctx context.Context, l *link, shown bool) bool {
	if !d.answers(ctx, l) {
		return ctx.Err() != nil
	}
	for wait := d.p.monitorTime(); ; {
		ready, cancel := context.WithCancel(ctx)
		waiting := make(chan struct{})
		go func() {
			defer close(waiting)
			if d.p.pause(ready, wait) {
				d.p.await(ready, d.idle)
			}
			cancel()
		}()
		usable := d.hold(ready, l, shown)
		cancel()
		<-waiting
		switch {
		case ctx.Err() != nil:
			return usable
		case !usable:
			return false
		}
		granted, refused, err := d.askToken(ctx, l)
		if err != nil {
			return false
		}
		if granted && d.depart(ctx, l) {
			return true
		}
		wait = max(refused, time.Second)
	}
}

// idle: in service and without any call; others' calls on a shared line do not count.
func (d *station) idle(s *State) bool { return s.Registration == Registered && !d.busy() }

// answers says that there is a server behind a connection, and not only its machine.
func (d *station) answers(ctx context.Context, l *link) bool {
	release := d.interruptible(ctx, l)
	defer release()
	if write(l, &sccp.KeepAlive{}) != nil {
		return false
	}
	id, err := l.next(ctx, time.Now().Add(d.answerTime()))
	return err == nil && id == sccp.IDKeepAliveAck
}

// depart leaves the phone's server for the one that gave a token; false if a call came up, here or as the server sees it.
func (d *station) depart(ctx context.Context, l *link) bool {
	d.p.mu.Lock()
	if !d.idle(&d.p.state) {
		d.p.mu.Unlock()
		return false
	}
	d.p.note("token granted by %s, going back", l.address)
	d.send(&sccp.UnregisterReq{})
	current, answered := d.conn, d.unregister
	d.p.mu.Unlock()
	t := time.NewTimer(leaveTimeout)
	defer t.Stop()
	select {
	case status := <-answered:
		if status == sccp.UnregisterNAK {
			return false
		}
	case <-ctx.Done():
		return true
	case <-t.C:
	}
	l.granted = true
	_ = current.SetReadDeadline(time.Unix(1, 0))
	return true
}

// askToken sends RegisterTokenReq and reads the answer. Models that know no tokens simply register (sccp.md 4.3), and so do
// those that ask in their own way when they connect.
func (d *station) askToken(ctx context.Context, l *link) (granted bool, wait time.Duration, err error) {
	if d.profile.Token != cmToken {
		return true, 0, nil
	}
	release := d.interruptible(ctx, l)
	defer release()
	if err := write(l, &sccp.RegisterTokenReq{Name: d.p.cfg.Name, Instance: 1, IP: d.local, DeviceType: d.profile.Device}); err != nil {
		return false, 0, err
	}
	codec := sccp.NewCodec(sccp.MinVersion)
	for until := time.Now().Add(d.answerTime()); ; {
		f, err := l.frame(ctx, until)
		if err != nil {
			return false, 0, err
		}
		m, err := codec.DecodeFrame(f)
		if err != nil {
			return false, 0, err
		}
		switch m := m.(type) {
		case *sccp.RegisterTokenAck:
			return true, 0, nil
		case *sccp.RegisterTokenReject:
			d.p.update(func(s *State) {
				s.PutOff++
				d.p.note("%s refused a token for %d s", l.address, m.Wait)
			})
			return false, time.Duration(m.Wait) * time.Second, nil
		}
	}
}
