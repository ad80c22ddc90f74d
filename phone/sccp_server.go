package phone

import (
	"context"
	"net"
	"sync"
	"time"

	"tandem/wire/sccp"
)

// probeEvery is how often a phone that is not with its first server tries it.
const probeEvery = 10 * time.Second

// keepOthers looks after the servers with which the phone is not registered
// (sccp.md 4.3): a spare connection to the next in the list with keep-alives only,
// and, away from the first server, attempts to come back with a token. A
// connection on which the token was granted is handed over through moved. The
// channel that is returned closes when both are done.
func (d *station) keepOthers(ctx context.Context, at int, moved chan<- net.Conn) <-chan struct{} {
	done := make(chan struct{})
	servers := d.p.cfg.Servers
	if len(servers) < 2 {
		close(done)
		return done
	}
	var both sync.WaitGroup
	both.Add(1)
	go func() {
		defer both.Done()
		d.standby(ctx, withPort(servers[(at+1)%len(servers)], "2000"))
	}()
	if at > 0 {
		both.Add(1)
		go func() {
			defer both.Done()
			d.comeBack(ctx, withPort(servers[0], "2000"), moved)
		}()
	}
	go func() {
		both.Wait()
		close(done)
	}()
	return done
}

// standby holds the spare connection.
func (d *station) standby(ctx context.Context, address string) {
	if d.p.WaitFor(ctx, "registration", func(s *State) bool { return s.Registration == Registered }) != nil {
		return
	}
	for ctx.Err() == nil {
		conn, err := d.dial(ctx, address)
		if err == nil {
			d.p.update(func(s *State) { s.Standby = address })
			d.beat(ctx, conn)
			conn.Close()
			d.p.update(func(s *State) { s.Standby = "" })
		}
		if !d.p.pause(ctx, probeEvery) {
			return
		}
	}
}

// beat sends keep-alives on a spare connection until one is not answered.
func (d *station) beat(ctx context.Context, conn net.Conn) {
	d.p.mu.Lock()
	interval := max(d.standbyFor, time.Second)
	d.p.mu.Unlock()
	reader := sccp.NewReader(conn)
	plain := sccp.NewCodec(sccp.MinVersion)
	for ctx.Err() == nil {
		frame, err := plain.Append(nil, &sccp.KeepAlive{})
		if err != nil {
			return
		}
		_ = conn.SetDeadline(time.Now().Add(interval))
		if _, err := conn.Write(frame); err != nil {
			return
		}
		f, err := reader.ReadFrame()
		if err != nil {
			return
		}
		if f.ID != sccp.IDKeepAliveAck {
			d.p.update(func(*State) { d.p.violation("%v on a standby connection", f.ID) })
		}
		d.p.update(func(s *State) { s.KeepAlives++ })
		if !d.p.pause(ctx, interval) {
			return
		}
	}
}

// comeBack asks the first server for a token until it is granted and the phone is
// idle; then it leaves the current server.
func (d *station) comeBack(ctx context.Context, address string, moved chan<- net.Conn) {
	probe := d.p.cfg.Habits.Probe
	if probe <= 0 {
		probe = probeEvery
	}
	for wait := probe; d.p.pause(ctx, wait); {
		wait = probe
		d.p.mu.Lock()
		idle := len(d.calls) == 0 && d.p.state.Registration == Registered
		d.p.mu.Unlock()
		if !idle {
			continue // never during a call
		}
		conn, err := d.dial(ctx, address)
		if err != nil {
			continue
		}
		granted, refused := d.askToken(conn)
		if !granted {
			conn.Close()
			if refused > 0 {
				wait = refused
			}
			continue
		}
		d.p.mu.Lock()
		if len(d.calls) > 0 {
			d.p.mu.Unlock()
			conn.Close()
			continue
		}
		d.p.note("token granted by %s, going back", address)
		moved <- conn
		d.send(&sccp.UnregisterReq{})
		current, answered := d.conn, d.unregister
		d.p.mu.Unlock()
		t := time.NewTimer(leaveTimeout)
		select {
		case <-answered:
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
		_ = current.SetReadDeadline(time.Unix(1, 0))
		return
	}
}

// askToken sends RegisterTokenReq and reads the answer.
func (d *station) askToken(conn net.Conn) (granted bool, wait time.Duration) {
	codec := sccp.NewCodec(sccp.MinVersion)
	frame, err := codec.Append(nil, &sccp.RegisterTokenReq{Name: d.p.cfg.Name, Instance: 1, IP: d.local, DeviceType: d.profile.Device})
	if err != nil {
		return false, 0
	}
	_ = conn.SetDeadline(time.Now().Add(answerTimeout))
	defer conn.SetDeadline(time.Time{})
	if _, err := conn.Write(frame); err != nil {
		return false, 0
	}
	f, err := sccp.NewReader(conn).ReadFrame()
	if err != nil {
		return false, 0
	}
	m, err := codec.DecodeFrame(f)
	if err != nil {
		return false, 0
	}
	switch m := m.(type) {
	case *sccp.RegisterTokenAck:
		return true, 0
	case *sccp.RegisterTokenReject:
		return false, time.Duration(m.Wait) * time.Second
	}
	return false, 0
}
