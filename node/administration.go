package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tandem/admin"
	"tandem/admin/client"
	"tandem/call/signal"
	"tandem/cluster"
	"tandem/confdb"
	"tandem/confdb/replica"
	"tandem/fault"
	"tandem/telephony"
)

var _ admin.Cluster = (*membership)(nil)

// Roles of a server, as administrators are told.
const (
	rolePublisher  = "publisher"
	roleVoter      = "voter"
	roleSubscriber = "subscriber"
)

// role is a server's part in the replication.
func (m *membership) role(name telephony.ServerName, group []replica.Member) string {
	if name == m.publisherName() {
		return rolePublisher
	}
	if slices.ContainsFunc(group, func(g replica.Member) bool { return g.Server == name && g.Voter }) && voters(group) > 1 {
		return roleVoter
	}
	return roleSubscriber
}

func voters(group []replica.Member) (n int) {
	for _, g := range group {
		if g.Voter {
			n++
		}
	}
	return n
}

// Servers implements admin.Cluster.
func (m *membership) Servers(context.Context) ([]client.ClusterServer, error) {
	out := []client.ClusterServer{}
	group := m.replica.Members()
	for _, member := range cluster.Members(m.store.Snapshot()) {
		w := client.ClusterServer{Name: string(member.Name), Node: int(member.Node), Role: m.role(member.Name, group)}
		if len(member.Addresses) > 0 {
			w.Address = member.Addresses[0].String()
		}
		status, heard, known := m.describe(), time.Now(), true
		w.Reachable = true
		if member.Name != m.self {
			status, heard, known = m.mesh.StatusOf(signal.NodeID(member.Node))
			w.Reachable = m.hears(member.Node)
		}
		if known {
			w.Heard, w.Version, w.Processing, w.Registered, w.Calls, w.Load = &heard, status.Version, status.Processing, status.Registered, status.Calls, status.Load
			w.Started = &status.Started
		}
		out = append(out, w)
	}
	return out, nil
}

// hears says that a server can be reached now.
func (m *membership) hears(node uint16) bool {
	for _, p := range m.mesh.Peers() {
		if p.Node == signal.NodeID(node) {
			return true
		}
	}
	return false
}

// remove locks a server out.
func (m *membership) remove(ctx context.Context, name string) error {
	group := m.replica.Members()
	if slices.ContainsFunc(group, func(g replica.Member) bool { return string(g.Server) == name && g.Voter && !g.Publisher }) && voters(group) > 1 {
		return fault.New(fault.MemberVotes, "server", name)
	}
	if _, err := m.authority.Remove(ctx, telephony.ServerName(name)); err != nil {
		return err
	}
	m.align()
	return nil
}

func (m *membership) setVoters(names []string) error {
	servers := make([]telephony.ServerName, len(names))
	for i, n := range names {
		servers[i] = telephony.ServerName(n)
	}
	return m.replica.SetVoters(servers...)
}

func (m *membership) createJoinToken(validity time.Duration, address, replace string) (client.JoinToken, error) {
	token, until, err := m.authority.CreateToken(cluster.TokenOptions{Life: validity, Address: address, Replace: telephony.ServerName(replace)})
	if err != nil {
		return client.JoinToken{}, err
	}
	return client.JoinToken{Token: token.String(), Expires: until, Address: token.Address}, nil
}

// standings is what is known of each server's copy, this one's first.
func (m *membership) standings() (publisher confdb.Position, all []replica.Standing) {
	own := m.replica.Status()
	me := replica.Standing{Server: m.self, Position: own.Position, Heard: time.Now(), Connected: true, Publisher: own.Leads, Filling: own.Filling}
	if own.Halted != nil {
		me.Halted = own.Halted.Error()
	}
	publisher, all = own.Position, []replica.Standing{me}
	name := m.publisherName()
	for _, member := range cluster.Members(m.store.Snapshot()) {
		if member.Name == m.self {
			continue
		}
		s := replica.Standing{Server: member.Name, Connected: m.hears(member.Node)}
		if status, heard, known := m.mesh.StatusOf(signal.NodeID(member.Node)); known {
			s.Position, s.Heard, s.Publisher, s.Halted = confdb.Position{Epoch: status.Epoch, Index: status.Index}, heard, status.Publisher, status.Halted
			s.Filling = status.Filling
		}
		if member.Name == name {
			publisher = s.Position
		}
		all = append(all, s)
	}
	return publisher, all
}

// verdicts are findings in the words of the API.
var verdicts = map[replica.Finding]string{replica.InStep: "current", replica.Behind: "behind", replica.Building: "being rebuilt",
	replica.OldEpoch: "old epoch", replica.Stopped: "halted", replica.Unreachable: "unreachable", replica.Unknown: "unknown"}

// Replication implements admin.Cluster.
func (m *membership) Replication(context.Context) (client.Replication, error) {
	at, all := m.standings()
	group := m.replica.Members()
	r := client.Replication{Publisher: string(m.publisherName()), Servers: []client.ReplicaStatus{}}
	for _, s := range all {
		v := replica.Verdict(at, s, time.Now())
		w := client.ReplicaStatus{Server: string(s.Server), Role: m.role(s.Server, group), Lag: int64(v.Lag), Verdict: verdicts[v.Finding], Reason: v.Why,
			Reachable: s.Connected}
		if !s.Heard.IsZero() {
			heard := s.Heard
			w.Contact, w.Position = &heard, &client.Position{Epoch: s.Position.Epoch, Index: s.Position.Index}
		}
		if w.Position == nil || v.Finding == replica.OldEpoch {
			w.Lag = -1
		}
		if string(s.Server) == r.Publisher {
			r.Writable = s.Connected && s.Publisher
		}
		r.Servers = append(r.Servers, w)
	}
	slices.SortFunc(r.Servers, func(a, b client.ReplicaStatus) int { return strings.Compare(a.Server, b.Server) })
	return r, nil
}

// verifyWithin bounds how long a server may take until it stands where the copies are compared.
const verifyWithin = 15 * time.Second

// verify compares this copy, the publisher's, with all others.
func (m *membership) verify(ctx context.Context) (client.Verification, error) {
	own, err := m.replica.Verify(ctx)
	if err != nil {
		return client.Verification{}, err
	}
	v := client.Verification{Position: client.Position{Epoch: own.Position.Epoch, Index: own.Position.Index}, Equal: true}
	for _, member := range cluster.Members(m.store.Snapshot()) {
		c := client.CopyDigest{Server: string(member.Name)}
		digest := own
		if member.Name != m.self {
			within, cancel := context.WithTimeout(ctx, verifyWithin)
			digest, err = askAs[replica.Digest](within, m, member, digestPath, own.Position)
			cancel()
		}
		switch {
		case member.Name != m.self && err != nil:
			c.Differ = "it could not be compared: " + err.Error()
		default:
			c.Digest = digest.Sum()
			different := own.Differs(digest)
			c.Equal = len(different) == 0
			c.Differ = m.differences(ctx, member, own.Position, different)
		}
		v.Equal = v.Equal && c.Equal
		v.Copies = append(v.Copies, c)
	}
	return v, nil
}

// differences names what two copies do not have alike, a few objects of each kind.
func (m *membership) differences(ctx context.Context, member cluster.Member, at confdb.Position, kinds []telephony.Kind) string {
	var out []string
	for _, kind := range kinds {
		theirs, err := askAs[map[string]string](ctx, m, member, objectsPath, objectsQuestion{At: at, Kind: kind})
		if err != nil {
			out = append(out, kind.Title())
			continue
		}
		keys := replica.DifferentObjects(m.replica.Objects(at, kind), theirs)
		text := fmt.Sprintf("%s %s", kind.Title(), strings.Join(keys[:min(len(keys), 5)], ", "))
		if len(keys) > 5 {
			text += fmt.Sprintf(" and %d more", len(keys)-5)
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// reinitialize rebuilds the copy of a server, or of all but this one.
func (m *membership) reinitialize(ctx context.Context, server string) error {
	if server == string(m.self) {
		return fault.New(fault.RequestInvalid, "problem", server+" is the publisher: its copy is the one that the others are made from")
	}
	var done []error
	found := false
	for _, member := range cluster.Members(m.store.Snapshot()) {
		if member.Name == m.self && server == "" || server != "" && string(member.Name) != server {
			continue
		}
		found = true
		err := m.replica.Reinitialize(ctx, member.Name, func(ctx context.Context) error {
			_, err := askAs[struct{}](ctx, m, member, rebuildPath, struct{}{})
			return err
		})
		if err != nil {
			done = append(done, err)
		}
	}
	if !found && server != "" {
		return fault.New(fault.ObjectNotFound, "kind", "server", "name", server)
	}
	return errors.Join(done...)
}

// Promote implements admin.Cluster: with the publisher alive its role moves; by force another takes its place.
func (m *membership) Promote(ctx context.Context, p client.Promotion) (client.PromotionResult, error) {
	status, err := m.Replication(ctx)
	if err != nil {
		return client.PromotionResult{}, err
	}
	r := client.PromotionResult{Publisher: status.Publisher, Servers: status.Servers}
	if p.Server != "" && !p.Force {
		return m.move(ctx, p.Server, r)
	}
	_, all := m.standings()
	group := m.replica.Members()
	var known []replica.Candidate
	for _, s := range all {
		c := replica.Candidate{Server: s.Server, Position: s.Position, Reachable: s.Connected, Publisher: s.Publisher || string(s.Server) == status.Publisher,
			Voter: slices.ContainsFunc(group, func(g replica.Member) bool { return g.Server == s.Server && g.Voter }), Broken: s.Halted, Newest: m.newest(s.Server)}
		known = append(known, c)
	}
	chosen, err := replica.ChoosePublisher(known, telephony.ServerName(p.Server), p.AcceptLoss)
	if p.Server == "" { // a proposal
		switch {
		case err == nil:
			r.Proposed, r.Publisher = string(chosen), ""
		case errors.Is(err, fault.PublisherLives): // then the role can move
			r.Proposed, err = mostAdvanced(status), nil
		}
		return r, err
	}
	if err != nil {
		return r, err
	}
	o := replica.PromoteOptions{Lost: telephony.ServerName(status.Publisher), AcceptLoss: p.AcceptLoss}
	for _, c := range known {
		o.Others = append(o.Others, c.Server)
	}
	if o.Lost == "" {
		o.Lost = m.lastPublisher(known)
	}
	if chosen == m.self {
		err = m.replica.Promote(ctx, o)
	} else if member, ok := cluster.Find(m.store.Snapshot(), chosen); ok {
		_, err = askAs[struct{}](ctx, m, member, promotePath, o)
	}
	if err != nil {
		return r, err
	}
	r.Publisher, r.Done, r.Servers = string(chosen), true, nil
	return r, nil
}

// lastPublisher is the server that is given up by a promotion when nobody knows a publisher any more: the one that said so last.
func (m *membership) lastPublisher(known []replica.Candidate) telephony.ServerName {
	for _, c := range known {
		if c.Publisher && !c.Reachable {
			return c.Server
		}
	}
	return ""
}

// newest is the newest epoch that a server ever heard of, as it says; 0 if that is not known.
func (m *membership) newest(server telephony.ServerName) uint64 {
	if server == m.self {
		return m.replica.Status().Newest
	}
	if member, ok := cluster.Find(m.store.Snapshot(), server); ok {
		s, _, _ := m.mesh.StatusOf(signal.NodeID(member.Node))
		return s.Newest
	}
	return 0
}

// mostAdvanced is the subscriber to which the role could move while the publisher lives.
func mostAdvanced(s client.Replication) string {
	best := client.ReplicaStatus{}
	for _, c := range s.Servers {
		if c.Server == s.Publisher || !c.Reachable || c.Position == nil {
			continue
		}
		if best.Position == nil || c.Position.Epoch > best.Position.Epoch || c.Position.Epoch == best.Position.Epoch && c.Position.Index > best.Position.Index {
			best = c
		}
	}
	return best.Server
}

// move has the publisher hand its role over.
func (m *membership) move(ctx context.Context, to string, r client.PromotionResult) (client.PromotionResult, error) {
	if to == r.Publisher {
		r.Done = true
		return r, nil
	}
	var err error
	if m.replica.Status().Leads {
		err = m.replica.Transfer(ctx, telephony.ServerName(to))
	} else if p, ok := m.publisher(); ok {
		_, err = askAs[struct{}](ctx, m, p, transferPath, telephony.ServerName(to))
	} else {
		err = fault.New(fault.PublisherAway, "cause", "no server says that it is the publisher")
	}
	if err != nil {
		return r, err
	}
	r.Publisher, r.Done, r.Servers = to, true, nil
	return r, nil
}

// Names implements admin.Cluster.
func (m *membership) Names(ctx context.Context) (client.NameMatrix, error) {
	members := cluster.Members(m.store.Snapshot())
	reports := []cluster.NameReport{m.names(ctx)}
	for _, member := range members {
		if member.Name == m.self {
			continue
		}
		if report, err := askAs[cluster.NameReport](ctx, m, member, namesPath, struct{}{}); err == nil {
			reports = append(reports, report)
		}
	}
	matrix := cluster.NewMatrix(members, reports)
	out := client.NameMatrix{Checks: []client.NameCheck{}}
	for _, row := range matrix.Rows {
		c := client.NameCheck{From: string(row.From), To: string(row.Name), Forward: strings.Join(row.Forward, ", "), Reverse: strings.Join(row.Reverse, ", "),
			OK: len(row.Problems) == 0}
		for _, p := range row.Problems {
			c.Complaint = strings.TrimSpace(c.Complaint + " " + p.Message)
		}
		out.Checks = append(out.Checks, c)
	}
	for _, s := range matrix.Silent {
		out.Notes = append(out.Notes, fmt.Sprintf("%s could not be asked.", s))
	}
	for server, sources := range matrix.Ignored {
		out.Notes = append(out.Notes, fmt.Sprintf("%s is set up to find names by %s too; Tandem asks /etc/hosts and DNS only.", server, strings.Join(sources, ", ")))
	}
	slices.Sort(out.Notes)
	return out, nil
}

// SetUserSetting implements admin.Cluster.
func (m *membership) SetUserSetting(ctx context.Context, actor string, setting telephony.UserSetting, line telephony.LineKey, device telephony.DeviceName, value string) (int, error) {
	if setting == telephony.SettingForwardAll {
		name := ""
		if a := m.store.Snapshot().Appearances(line); len(a) > 0 {
			name = string(a[0].Phone.Name)
		}
		return m.setForwardAll(ctx, actor, name, signal.LineRef{Number: string(line.Pattern), Partition: string(line.Partition)}, value)
	}
	if setting == telephony.SettingDoNotDisturb {
		return m.setDoNotDisturb(ctx, actor, string(device), value == telephony.DoNotDisturbOn)
	}
	return m.set(ctx, telephony.UserState{Setting: setting, Subject: line.String(), Value: value, Actor: actor})
}

// announced tells the cluster where this server listens, if that is not what it knows: ports that the system chose, or that were moved.
func (m *membership) announced(ctx context.Context) error {
	p := m.n.ports
	now := cluster.Ports{Replication: p.port("replication", 0), Signals: p.port("signals", 0), Files: p.port("files", 0)}
	me, ok := cluster.Find(m.store.Snapshot(), m.self)
	if !ok || now.Replication == 0 || now.Files == 0 {
		return nil
	}
	if now.Signals == 0 {
		now.Signals = me.Ports.Signals
	}
	addresses := addressesNow(me.Addresses, ownAddresses(m.n.settings.Address))
	if now != me.Ports || !slices.Equal(addresses, me.Addresses) {
		if err := m.authority.Announce(ctx, addresses, now); err != nil {
			return err
		}
	}
	return m.phonePorts(ctx)
}

// addressesNow is what a server announces that announced some addresses and has others: as before while the first of them, which the
// other servers use, is still one of its own.
func addressesNow(announced, own []netip.Addr) []netip.Addr {
	switch {
	case len(announced) > 0 && slices.Contains(own, announced[0]), len(own) == 0 || own[0].IsLoopback() && len(announced) > 0 && !announced[0].IsLoopback():
		return announced // that all interfaces are gone is no new address
	}
	return own
}

// phonePorts puts on record the ports at which phones find this server, where they are not the standard ones: what the others write into
// the files of phones.
func (m *membership) phonePorts(ctx context.Context) error {
	p := m.n.ports
	sccp, sip, sips := unusual(p.port("sccp", 0), StandardPorts.SCCP), unusual(p.port("sip", 0), StandardPorts.SIP), unusual(p.port("sips", 0), StandardPorts.SIPS)
	differs := func(s *telephony.Server) bool {
		return s != nil && (sccp != 0 && s.SCCPPort != sccp || sip != 0 && s.SIPPort != sip || sips != 0 && s.SecureSIPPort != sips)
	}
	if !differs(m.store.Snapshot().Server(m.self)) {
		return nil
	}
	_, err := m.store.Update(ctx, confdb.Options{Actor: "the server " + string(m.self)}, func(s *confdb.Snapshot) (confdb.ChangeSet, error) {
		set := confdb.ChangeSet{Source: "where phones find a server"}
		server := s.Server(m.self)
		if !differs(server) {
			return set, nil
		}
		changed := *server
		changed.SCCPPort, changed.SIPPort, changed.SecureSIPPort = cmp.Or(sccp, server.SCCPPort), cmp.Or(sip, server.SIPPort), cmp.Or(sips, server.SecureSIPPort)
		return *set.Put(&changed), nil
	})
	return err
}

// unusual is the port, or 0 where it is the standard one, or not known yet.
func unusual(port, standard int) int {
	if port == standard {
		return 0
	}
	return port
}
