package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"tandem/admin/client"
)

// clusterCommands look after the servers as one.
type clusterCommands struct {
	Server      clusterServerCommands `cmd:"" help:"Servers of the cluster."`
	Replication replicationCommands   `cmd:"" help:"Copies of the configuration."`
	JoinToken   joinTokenCommands     `cmd:"" name:"join-token" help:"Tokens with which servers join."`
	Promote     promoteCommand        `cmd:"" help:"Make another server the publisher."`
	Doctor      doctorCommands        `cmd:"" help:"Check what a cluster rests on."`
}

type clusterServerCommands struct {
	List      serverList      `cmd:"" help:"List the servers and how they are."`
	Remove    serverRemove    `cmd:"" help:"Lock a server out of the cluster for good."`
	SetVoters serverSetVoters `cmd:"" name:"set-voters" help:"Name the one, three or five servers that may be the publisher; with three the role moves by itself."`
}

type serverList struct {
	connection
	format
}

// Run lists servers.
func (l *serverList) Run(ctx context.Context, c *console) error {
	server, err := l.open()
	if err != nil {
		return err
	}
	defer server.Close()
	list, err := server.Servers(ctx)
	if err != nil {
		return err
	}
	return l.show(c.out, list, func() {
		t := newTable(c.out, "SERVER", "NODE", "ROLE", "ADDRESS", "STATE", "UP", "DEVICES", "CALLS", "LOAD", "VERSION")
		for _, s := range list {
			state, up, load := "takes calls", "-", fmt.Sprintf("%.0f %%", 100*s.Load)
			switch {
			case !s.Reachable && s.Heard != nil:
				state, load = "unreachable since "+moment(*s.Heard), "-"
			case !s.Reachable:
				state, load = "unreachable", "-"
			case !s.Processing:
				state = "takes no calls"
			}
			if s.Reachable && s.Started != nil {
				up = lasting(time.Since(*s.Started))
			}
			t.row(s.Name, s.Node, s.Role, orDash(s.Address), state, up, s.Registered, s.Calls, load, orDash(s.Version))
		}
		t.end()
	})
}

// lasting is a duration for people: its two largest units.
func lasting(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

type serverRemove struct {
	Name string `arg:"" placeholder:"SERVER" help:"Name of the server."`
	connection
}

// Run removes a server.
func (r *serverRemove) Run(ctx context.Context, c *console) error {
	server, err := r.open()
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.RemoveServer(ctx, r.Name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s is locked out: its connections are cut, and the cluster's keys have been changed so that what it keeps opens nothing.\n", clean(r.Name))
	return err
}

type serverSetVoters struct {
	Names []string `arg:"" placeholder:"SERVER" help:"One, three or five servers."`
	connection
	format
}

// Run sets the voters.
func (s *serverSetVoters) Run(ctx context.Context, c *console) error {
	server, err := s.open()
	if err != nil {
		return err
	}
	defer server.Close()
	r, err := server.SetVoters(ctx, s.Names)
	if err != nil {
		return err
	}
	return s.show(c.out, r, func() { writeReplication(c.out, r) })
}

type replicationCommands struct {
	Status       replicationStatus       `cmd:"" help:"Show where each copy stands. Exits with 3 if one is not current."`
	Verify       replicationVerify       `cmd:"" help:"Prove by hash that all copies are equal. Exits with 3 if they are not."`
	Reinitialize replicationReinitialize `cmd:"" help:"Rebuild copies from a snapshot; calls go on."`
}

type replicationStatus struct {
	connection
	format
}

// Run shows the replication.
func (r *replicationStatus) Run(ctx context.Context, c *console) error {
	server, err := r.open()
	if err != nil {
		return err
	}
	defer server.Close()
	s, err := server.Replication(ctx)
	if err != nil {
		return err
	}
	if err := r.show(c.out, s, func() { writeReplication(c.out, s) }); err != nil {
		return err
	}
	for _, copy := range s.Servers {
		if copy.Verdict != verdictCurrent {
			return status(exitDegraded)
		}
	}
	return nil
}

// verdictCurrent is the verdict on a copy that is as it should be.
const verdictCurrent = "current"

func writeReplication(w io.Writer, r client.Replication) {
	switch {
	case r.Publisher == "":
		fmt.Fprintf(w, "No publisher is known. The configuration can be read everywhere and changed nowhere; calls go on.\n\n")
	case !r.Writable:
		fmt.Fprintf(w, "%s is the publisher and takes no changes now.\n\n", clean(r.Publisher))
	}
	t := newTable(w, "SERVER", "ROLE", "POSITION", "BEHIND", "LAST CONTACT", "VERDICT")
	for _, s := range r.Servers {
		at, behind, contact, verdict := "-", "-", "-", s.Verdict
		if s.Position != nil {
			at = position(*s.Position)
		}
		if s.Lag >= 0 {
			behind = counted(int(s.Lag), "change", "changes")
		}
		if s.Contact != nil {
			contact = lasting(time.Since(*s.Contact)) + " ago"
		}
		if s.Reason != "" {
			verdict += ": " + s.Reason
		}
		t.row(s.Server, s.Role, at, behind, contact, verdict)
	}
	t.end()
}

type replicationVerify struct {
	connection
	format
}

// Run verifies.
func (r *replicationVerify) Run(ctx context.Context, c *console) error {
	server, err := r.open()
	if err != nil {
		return err
	}
	defer server.Close()
	v, err := server.VerifyReplication(ctx)
	if err != nil {
		return err
	}
	if err := r.show(c.out, v, func() {
		t := newTable(c.out, "SERVER", "EQUAL", "SHA-256", "DIFFERENCE")
		for _, d := range v.Copies {
			t.row(d.Server, yesNo(d.Equal), orDash(cut(d.Digest, 24)), orDash(d.Differ))
		}
		t.end()
		if v.Equal {
			fmt.Fprintf(c.out, "\nAll copies are equal at change %s.\n", position(v.Position))
		} else {
			fmt.Fprintf(c.out, "\nNot all copies are proven equal at change %s. tandem replication reinitialize SERVER rebuilds one.\n", position(v.Position))
		}
	}); err != nil {
		return err
	}
	if !v.Equal {
		return status(exitDegraded)
	}
	return nil
}

type replicationReinitialize struct {
	Name string `arg:"" optional:"" placeholder:"SERVER" help:"Server whose copy is rebuilt."`
	All  bool   `help:"All copies but the publisher's."`
	connection
	format
}

// Validate refuses neither and both.
func (r *replicationReinitialize) Validate() error {
	if (r.Name == "") != r.All {
		return fmt.Errorf("say either which SERVER is meant, or --all")
	}
	return nil
}

// Run rebuilds copies.
func (r *replicationReinitialize) Run(ctx context.Context, c *console) error {
	server, err := r.open()
	if err != nil {
		return err
	}
	defer server.Close()
	s, err := server.Reinitialize(ctx, r.Name)
	if err != nil {
		return err
	}
	return r.show(c.out, s, func() {
		what := "The copy of " + clean(r.Name) + " was"
		if r.All {
			what = "All copies but the publisher's were"
		}
		fmt.Fprintf(c.out, "%s built anew from a snapshot.\n\n", what)
		writeReplication(c.out, s)
	})
}

type joinTokenCommands struct {
	Create joinTokenCreate `cmd:"" help:"Make a token with which one server may join, and show it, once."`
}

type joinTokenCreate struct {
	Valid   time.Duration `default:"1h" help:"How long it is good."`
	Address string        `placeholder:"HOST:PORT" help:"Where the new server reaches this one, if not at its configured address."`
	Replace string        `placeholder:"SERVER" help:"Server whose disk is gone and whose place the new one takes; it is removed as the new one joins."`
	connection
	format
}

// Run makes a token.
func (j *joinTokenCreate) Run(ctx context.Context, c *console) error {
	server, err := j.open()
	if err != nil {
		return err
	}
	defer server.Close()
	t, err := server.CreateJoinToken(ctx, client.NewJoinToken{Minutes: j.Valid.Minutes(), Address: j.Address, Replace: j.Replace})
	if err != nil {
		return err
	}
	return j.show(c.out, t, func() {
		fmt.Fprintf(c.out, "%s\n\nIt lets one server join until %s and is shown only now. On the new server, with the cluster's\npass-phrase at hand:\n\n  tandem join --data DIR --name NAME\n\nasks for both; this server is looked for at %s.\n", t.Token, moment(t.Expires), clean(t.Address))
		if j.Replace != "" {
			fmt.Fprintf(c.out, "%s is removed as the new server joins; that one may take its name.\n", clean(j.Replace))
		}
	})
}

type promoteCommand struct {
	Name       string `arg:"" optional:"" placeholder:"SERVER" help:"Who is to be the publisher. Absent: propose the most advanced subscriber, and change nothing."`
	Force      bool   `help:"The publisher is lost for good. Ask a server that lives; the old publisher will rejoin as a subscriber."`
	AcceptLoss bool   `help:"With --force: go on although a server that may hold more cannot be asked."`
	connection
	format
}

// Run promotes, or proposes.
func (p *promoteCommand) Run(ctx context.Context, c *console) error {
	server, err := p.open()
	if err != nil {
		return err
	}
	defer server.Close()
	r, err := server.Promote(ctx, client.Promotion{Server: p.Name, Force: p.Force, AcceptLoss: p.AcceptLoss})
	if err != nil {
		return err
	}
	return p.show(c.out, r, func() {
		if len(r.Servers) > 0 {
			writeReplication(c.out, client.Replication{Publisher: r.Publisher, Writable: true, Servers: r.Servers})
			fmt.Fprintln(c.out)
		}
		switch {
		case r.Done:
			fmt.Fprintf(c.out, "%s is the publisher.\n", clean(r.Publisher))
		case r.Proposed != "":
			fmt.Fprintf(c.out, "The most advanced subscriber is %s. Nothing was changed; to make it the publisher:\n\n  tandem promote %s", clean(r.Proposed), clean(r.Proposed))
			if r.Publisher == "" {
				fmt.Fprint(c.out, " --force")
			}
			fmt.Fprintln(c.out)
		default:
			fmt.Fprintln(c.out, "No server can be the publisher in place of the one that is.")
		}
	})
}

type doctorCommands struct {
	Names doctorNames `cmd:"" help:"Check that all servers resolve one another's names, both ways. Exits with 3 if not."`
}

type doctorNames struct {
	connection
	format
}

// Run checks names.
func (d *doctorNames) Run(ctx context.Context, c *console) error {
	server, err := d.open()
	if err != nil {
		return err
	}
	defer server.Close()
	m, err := server.Names(ctx)
	if err != nil {
		return err
	}
	good := true
	for _, check := range m.Checks {
		good = good && check.OK
	}
	if err := d.show(c.out, m, func() {
		t := newTable(c.out, "AT", "SERVER", "ADDRESSES OF ITS NAME", "NAMES OF ITS ADDRESS", "VERDICT")
		for _, k := range m.Checks {
			verdict := "both ways agree"
			if !k.OK {
				verdict = k.Complaint
			}
			t.row(k.From, k.To, orDash(k.Forward), orDash(k.Reverse), verdict)
		}
		t.end()
		if !good {
			fmt.Fprintln(c.out, "\nAdd what is missing to DNS, forward and reverse, or to /etc/hosts of each server. Servers use addresses among\nthemselves; what uses names will fail.")
		}
		if len(m.Notes) > 0 {
			fmt.Fprintf(c.out, "\n%s\n", clean(strings.Join(m.Notes, " ")))
		}
	}); err != nil {
		return err
	}
	if !good {
		return status(exitDegraded)
	}
	return nil
}

// lineCommands change what users change at their phones.
type lineCommands struct {
	Forward  lineForward  `cmd:"" help:"Forward all calls of a line, as its user can at the phone."`
	Messages lineMessages `cmd:"" help:"Say how many voice messages wait for a line: its lamp lights while there are any."`
}

type lineForward struct {
	Line        string `arg:"" placeholder:"LINE" help:"NUMBER, or NUMBER/PARTITION."`
	Destination string `arg:"" optional:"" placeholder:"DESTINATION" help:"Where calls go. Absent: the forwarding ends."`
	connection
	format
}

// Run forwards.
func (f *lineForward) Run(ctx context.Context, c *console) error {
	return setUser(ctx, c, f.connection, f.format, client.UserSetting{Setting: "forwardAll", Subject: f.Line, Value: f.Destination}, func(s client.UserSetting) string {
		if s.Value == "" {
			return "Calls to " + s.Subject + " are not forwarded any more."
		}
		return "All calls to " + s.Subject + " go to " + s.Value + "."
	})
}

type lineMessages struct {
	Line  string `arg:"" placeholder:"LINE" help:"NUMBER, or NUMBER/PARTITION."`
	Count string `arg:"" placeholder:"COUNT" help:"Messages that wait; 0: none."`
	connection
	format
}

// Run lights or darkens a lamp.
func (m *lineMessages) Run(ctx context.Context, c *console) error {
	return setUser(ctx, c, m.connection, m.format, client.UserSetting{Setting: "messages", Subject: m.Line, Value: m.Count}, func(s client.UserSetting) string {
		if s.Value == "" {
			return "No message waits for " + s.Subject + "."
		}
		if s.Value == "1" {
			return "1 message waits for " + s.Subject + "."
		}
		return s.Value + " messages wait for " + s.Subject + "."
	})
}

type deviceDoNotDisturb struct {
	Name  string `arg:"" placeholder:"NAME" help:"Name of the device."`
	State string `arg:"" enum:"on,off" placeholder:"on|off" help:"on: calls do not ring there."`
	connection
	format
}

// Run sets do not disturb.
func (d *deviceDoNotDisturb) Run(ctx context.Context, c *console) error {
	return setUser(ctx, c, d.connection, d.format, client.UserSetting{Setting: "doNotDisturb", Subject: d.Name, Value: d.State}, func(s client.UserSetting) string {
		if s.Value == "" {
			return s.Subject + " takes calls."
		}
		return "Calls do not ring at " + s.Subject + "."
	})
}

func setUser(ctx context.Context, c *console, at connection, f format, s client.UserSetting, words func(client.UserSetting) string) error {
	server, err := at.open()
	if err != nil {
		return err
	}
	defer server.Close()
	s, err = server.SetUserSetting(ctx, s)
	if err != nil {
		return err
	}
	return f.show(c.out, s, func() { fmt.Fprintln(c.out, clean(words(s))) })
}
