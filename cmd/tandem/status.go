package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tandem/admin/client"
	"tandem/fault"
)

// lookCommands show how the server is and change nothing.
type lookCommands struct {
	Status statusCommand `cmd:"" help:"Show how the server is. Exits with 0 if it is ready, 1 while it starts or cannot be reached, 3 if something is down."`
	Ris    risCommand    `cmd:"" help:"List the devices of the cluster: where each is registered, since when, what went wrong with it last."`
	Calls  callsCommand  `cmd:"" help:"List call records, newest first, or calls in progress."`
	Audit  auditCommand  `cmd:"" help:"List who did what, newest first."`
}

type statusCommand struct {
	Wait    bool          `help:"Wait until the server can be reached and nothing is on its way any more."`
	Timeout time.Duration `default:"60s" help:"How long --wait waits."`
	connection
	format
}

// statusPause is the time between two looks of --wait.
const statusPause = 200 * time.Millisecond

// Run shows the status, and exits with what it says.
func (s *statusCommand) Run(ctx context.Context, c *console) error {
	server, err := s.open()
	if err != nil {
		return err
	}
	defer server.Close()
	st, err := server.Status(ctx)
	if s.Wait {
		st, err = s.await(ctx, server, st, err)
	}
	if err != nil {
		return err
	}
	if err := s.show(c.out, st, func() { writeStatus(c.out, st) }); err != nil {
		return err
	}
	if s.Wait && st.ExitStatus == exitFailed {
		return fault.New(fault.ServerNotReady, "services", strings.Join(st.Waiting, ", "))
	}
	if st.ExitStatus != exitDone {
		return status(st.ExitStatus)
	}
	return nil
}

// await looks again until nothing is on its way or the time is up.
func (s *statusCommand) await(ctx context.Context, server *client.Client, st client.Status, err error) (client.Status, error) {
	end := time.Now().Add(s.Timeout)
	for time.Now().Before(end) {
		switch {
		case err != nil && !errors.Is(err, fault.ServerUnreachable):
			return st, err
		case err == nil && st.ExitStatus != exitFailed && len(st.Waiting) == 0:
			return st, nil
		}
		select {
		case <-ctx.Done():
			return st, ctx.Err()
		case <-time.After(statusPause):
		}
		once, cancel := context.WithDeadline(ctx, end)
		next, failed := server.Status(once)
		ended := once.Err() != nil
		cancel()
		if ended { // that it took too long says less than what was seen before
			break
		}
		st, err = next, failed
	}
	return st, err
}

var stateTexts = map[string]string{"ready": "is ready", "starting": "is starting", "degraded": "runs, but not all of it"}

func writeStatus(w io.Writer, s client.Status) {
	state, ok := stateTexts[s.State]
	if !ok {
		state = "is " + s.State
	}
	fmt.Fprintf(w, "%s %s.\n\n", clean(s.Server), state)
	t := newTable(w)
	t.row("  version", s.Version+", since "+moment(s.Started))
	t.row("  devices", fmt.Sprintf("%s registered, %s configured", counted(s.Registered, "device", "devices"), counted(s.Configured, "phone", "phones")))
	t.row("  calls", s.Calls)
	configuration := "not open"
	if s.Configuration {
		configuration = "at change " + position(s.Position)
	}
	t.row("  configuration", configuration)
	for _, l := range s.Listening {
		t.row("  "+l.Use, l.Address)
	}
	t.end()
	if len(s.Waiting) > 0 {
		fmt.Fprintf(w, "\nStarting: %s\n", strings.Join(s.Waiting, ", "))
	}
	if len(s.Down) > 0 {
		fmt.Fprintf(w, "\nDown: %s\n", strings.Join(s.Down, ", "))
	}
	if len(s.Alarms) > 0 {
		fmt.Fprintln(w)
		writeAlarms(w, s.Alarms)
	}
}

func position(p client.Position) string { return fmt.Sprintf("%d/%d", p.Epoch, p.Index) }

type auditCommand struct {
	Limit int `short:"n" default:"50" placeholder:"N" help:"Entries at most."`
	connection
	format
}

// Run lists the audit.
func (a *auditCommand) Run(ctx context.Context, c *console) error {
	server, err := a.open()
	if err != nil {
		return err
	}
	defer server.Close()
	list, err := server.Audit(ctx, a.Limit)
	if err != nil {
		return err
	}
	return a.show(c.out, list, func() {
		if len(list) == 0 {
			fmt.Fprintln(c.out, "Nothing was done yet.")
			return
		}
		t := newTable(c.out, "TIME", "WHO", "FROM", "WHAT", "ON", "RESULT")
		for _, x := range list {
			t.row(moment(x.Time), x.Actor, orDash(x.Address), x.Operation, orDash(x.Object), auditResult(x))
		}
		t.end()
	})
}

// auditResult tells an entry's outcome in a few words.
func auditResult(e client.AuditEntry) string {
	if e.Code != "" {
		return "refused: " + string(e.Code)
	}
	n := len(e.Changes) + e.More
	switch n {
	case 0:
		return "done"
	case 1:
		return e.Changes[0].Action + " " + e.Changes[0].Kind + " " + e.Changes[0].Key
	}
	actions := map[string]int{}
	for _, ch := range e.Changes {
		actions[ch.Action]++
	}
	if e.More > 0 || len(actions) > 1 {
		return counted(n, "object", "objects")
	}
	return e.Changes[0].Action + " " + counted(n, "object", "objects")
}

type callsCommand struct {
	Since     string `placeholder:"WHEN" help:"Calls that began since: 1h, 2d, or 2026-11-22 or 2026-11-22T08:00:00Z."`
	Until     string `placeholder:"WHEN" help:"Calls that began before."`
	Number    string `placeholder:"NUMBER" help:"Calls in which the number took part."`
	Device    string `placeholder:"NAME" help:"Calls in which the device took part."`
	WrittenBy string `placeholder:"SERVER" help:"Records that the server wrote; the publisher has those of all servers."`
	Call      string `placeholder:"ID" help:"Records of one call, such as 1/42."`
	Live      bool   `help:"Calls in progress instead."`
	Limit     int    `short:"n" default:"50" placeholder:"N" help:"Records at most."`
	connection
	format
}

// Run lists records or live calls.
func (k *callsCommand) Run(ctx context.Context, c *console) error {
	now := time.Now()
	q := client.RecordQuery{Number: k.Number, Device: k.Device, Server: k.WrittenBy, Call: k.Call, Limit: k.Limit}
	var err error
	if q.Since, err = when("--since", k.Since, now); err != nil {
		return err
	}
	if q.Until, err = when("--until", k.Until, now); err != nil {
		return err
	}
	server, err := k.open()
	if err != nil {
		return err
	}
	defer server.Close()
	if k.Live {
		return k.live(ctx, c, server)
	}
	list, err := server.Records(ctx, q)
	if err != nil {
		return err
	}
	return k.show(c.out, list, func() {
		if len(list) == 0 {
			fmt.Fprintln(c.out, "No call was recorded.")
			return
		}
		writeRecords(c.out, list)
		if k.Limit > 0 && len(list) >= k.Limit {
			fmt.Fprintf(c.out, "\nThese are the newest %d; -n shows more.\n", len(list))
		}
	})
}

func (k *callsCommand) live(ctx context.Context, c *console, server *client.Client) error {
	p, err := server.CallsInProgress(ctx)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(p.Calls, func(l client.LiveCall) bool {
		return k.Number != "" && l.Number != k.Number && l.Peer != k.Number || k.Device != "" && l.Device != k.Device || k.Call != "" && l.Call != k.Call
	})
	writeNotAsked(c.err, p.NotAsked, "Calls there are missing.")
	return k.show(c.out, list, func() {
		if len(list) == 0 {
			fmt.Fprintln(c.out, "No call is in progress.")
			return
		}
		writeLive(c.out, list)
		if p.More {
			fmt.Fprintln(c.out, "\nThere are more than are listed.")
		}
	})
}

func writeLive(w io.Writer, list []client.LiveCall) {
	// Which server holds a side matters where there are several.
	several := slices.ContainsFunc(list, func(l client.LiveCall) bool { return l.Server != list[0].Server })
	columns := []any{"CALL", "DEVICE", "LINE", "NUMBER", "STATE"}
	if several {
		columns = append(columns, "SERVER")
	}
	t := newTable(w, append(columns, "WITH")...)
	for _, l := range list {
		row := []any{l.Call, l.Device, l.Line, orDash(l.Number), l.State}
		if several {
			row = append(row, l.Server)
		}
		t.row(append(row, strings.TrimSpace(orDash(l.Peer)+" "+l.PeerName))...)
	}
	t.end()
}

func writeRecords(w io.Writer, list []client.Record) {
	// Which server wrote a record matters where there are several.
	several := slices.ContainsFunc(list, func(r client.Record) bool { return r.Server != list[0].Server })
	columns := []any{"BEGAN", "CALL", "FROM", "TO", "REACHED", "TALKED", "CODEC", "OUTCOME"}
	if several {
		columns = append(columns, "SERVER")
	}
	t := newTable(w, columns...)
	for _, r := range list {
		talked := "-"
		if r.Answered != nil {
			talked = fmt.Sprintf("%.1f s", r.Duration)
		}
		outcome := r.Outcome
		if r.Transferred {
			outcome += ", joined by a transfer"
		}
		if r.Incomplete {
			outcome += ", incomplete"
		}
		row := []any{moment(r.Began), r.Call, orDash(r.Calling), orDash(r.OriginalCalled), orDash(r.FinalCalled), talked, orDash(r.Codec), outcome}
		if several {
			row = append(row, r.Server)
		}
		t.row(row...)
	}
	t.end()
}

// when reads a time: a duration before now, with d for days, a date or a time of RFC 3339. Empty is the zero time.
func when(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if d, err := time.ParseDuration(days + "h"); err == nil && d >= 0 && d < 100*365*time.Hour {
			return now.Add(-24 * d), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(form, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fault.New(fault.CommandUsage, "cause", fmt.Sprintf("%s %q is neither a duration such as 1h or 2d nor a time such as 2026-11-22T08:00:00Z", flag, text))
}
