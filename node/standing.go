package node

import (
	"context"
	"time"

	"tandem/call/signal"
	"tandem/cluster"
	"tandem/fault"
)

// patience is how long a server may be away until that is an alarm: a service that is restarted and an election take less.
const patience = 3 * time.Second

// absences are the servers that are away, and since when.
type absences struct {
	begun     time.Time            // when this server began to listen
	servers   map[string]time.Time // by name
	publisher time.Time            // since when none is known; zero: one is
}

// watchServers lets alarms stand while other servers cannot be reached, or nobody takes changes of the configuration, until ctx ends.
func (m *membership) watchServers(ctx context.Context) error {
	away := absences{begun: time.Now(), servers: map[string]time.Time{}}
	defer func() {
		for name := range away.servers {
			m.n.alarms.Clear(fault.MemberUnreachable, subjectOf(name))
		}
		m.n.alarms.Clear(fault.PublisherUnreachable, "publisher")
	}()
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-t.C:
			m.look(&away, now)
		}
	}
}

func subjectOf(server string) string { return "server " + server }

func (m *membership) look(away *absences, now time.Time) {
	members := map[string]bool{}
	takes := m.replica.Status().Leads
	for _, member := range cluster.Members(m.store.Snapshot()) {
		if member.Name == m.self {
			continue
		}
		name := string(member.Name)
		members[name] = true
		status, heard, known := m.mesh.StatusOf(signal.NodeID(member.Node))
		if m.hears(member.Node) {
			takes = takes || status.Publisher
			if _, was := away.servers[name]; was {
				delete(away.servers, name)
				m.n.alarms.Clear(fault.MemberUnreachable, subjectOf(name))
			}
			continue
		}
		since, was := away.servers[name]
		if !was {
			if since = away.begun; known {
				since = heard
			}
			away.servers[name] = since
		}
		m.stands(fault.MemberUnreachable, subjectOf(name), now.Sub(since), "server", name, "since", moment(since, away.begun))
	}
	for name := range away.servers {
		if !members[name] { // it was removed
			delete(away.servers, name)
			m.n.alarms.Clear(fault.MemberUnreachable, subjectOf(name))
		}
	}
	switch {
	case takes:
		if !away.publisher.IsZero() {
			away.publisher = time.Time{}
			m.n.alarms.Clear(fault.PublisherUnreachable, "publisher")
		}
		return
	case away.publisher.IsZero():
		away.publisher = now
	}
	which := ""
	if p := m.replica.Publisher(); p != "" {
		which = "; it was " + string(p)
	}
	m.stands(fault.PublisherUnreachable, "publisher", now.Sub(away.publisher), "since", moment(away.publisher, away.begun), "which", which)
}

// stands raises an alarm that has lasted, once.
func (m *membership) stands(code fault.Code, subject string, lasted time.Duration, details ...any) {
	if lasted < patience || m.n.alarms.Stands(code, subject) {
		return
	}
	m.n.alarms.Raise(fault.New(code, details...), subject)
}

// moment says since when, as far as this server can know.
func moment(since, begun time.Time) string {
	if since.Sub(begun) < patience {
		return "since this server started at " + begun.Format(time.DateTime)
	}
	return "since " + since.Format(time.DateTime)
}
