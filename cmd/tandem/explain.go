package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"tandem/admin/client"
	"tandem/fault"
	"tandem/service/trace"
)

// explainCommands tell why something is as it is.
type explainCommands struct {
	Explain struct {
		Device  explainDevice  `cmd:"" help:"Tell a device's story: what it asked for, what it got, why it was refused."`
		Message explainMessage `cmd:"" help:"Explain the identifier of an error or alarm, or list all. It needs no server."`
		Call    explainCall    `cmd:"" help:"Draw a call as a ladder of messages, and list its records."`
	} `cmd:"" help:"Explain a device, a message or a call."`
	Route routeCommand `cmd:"" help:"Explain where digits lead that are dialled at a device."`
}

type explainDevice struct {
	Name string `arg:"" placeholder:"NAME" help:"Name of the device."`
	connection
	format
}

// Run tells the story of a device.
func (e *explainDevice) Run(ctx context.Context, c *console) error {
	server, err := e.open()
	if err != nil {
		return err
	}
	defer server.Close()
	s, err := server.Story(ctx, e.Name)
	if err != nil {
		return err
	}
	writeNotAsked(c.err, s.NotAsked, "What happened there is missing.")
	return e.show(c.out, s, func() { writeDevice(c.out, s) })
}

func writeDevice(w io.Writer, s client.DeviceStory) {
	name := clean(s.Device)
	if s.Configured {
		fmt.Fprintf(w, "%s is configured", name)
		if what := strings.TrimSpace(clean(s.Protocol + " " + s.Product)); what != "" {
			fmt.Fprintf(w, " as %s", what)
		}
		if s.Description != "" {
			fmt.Fprintf(w, " (%s)", clean(s.Description))
		}
		fmt.Fprintln(w, ".")
	} else {
		fmt.Fprintf(w, "%s is not configured.\n", name)
	}
	switch r := s.Registration; {
	case r == nil:
		fmt.Fprintln(w, "It is not registered.")
	case r.State == client.Lost:
		fmt.Fprintf(w, "It was registered at %s, from %s, since %s. That server does not answer now, and the device has not come to another.\n",
			clean(r.Server), clean(r.Address), moment(r.Since))
	default:
		fmt.Fprintf(w, "It is registered at %s, from %s, since %s", clean(r.Server), clean(r.Address), moment(r.Since))
		if len(r.Lines) > 0 {
			fmt.Fprintf(w, " with %s", clean(strings.Join(r.Lines, ", ")))
		}
		fmt.Fprintln(w, ".")
	}
	if len(s.Lines) == 0 {
		fmt.Fprintln(w, "Nothing was heard of it since the servers started.")
		return
	}
	lines := make([]trace.Line, len(s.Lines))
	// Where something happened matters where there are several servers.
	several := slices.ContainsFunc(s.Lines, func(l client.StoryLine) bool { return l.Server != s.Lines[0].Server })
	for i, l := range s.Lines {
		sentence := clean(l.Sentence)
		if several {
			sentence = clean(l.Server) + ": " + sentence
		}
		lines[i] = trace.Line{Time: l.Time, Last: l.Last, Count: l.Count, Code: l.Code, Sentence: sentence}
	}
	fmt.Fprintln(w)
	_ = trace.WriteStory(w, s.Device, lines, time.Local)
}

type explainMessage struct {
	ID string `arg:"" optional:"" placeholder:"ID" help:"Identifier, such as TDM-CFG-0012, or the letters of an area, such as CFG. Absent: list all."`
	connection
	format
}

// messageOf is an entry of the catalogue as the API shows it.
func messageOf(e fault.Entry, area fault.Area) client.Message {
	return client.Message{FaultNotice: client.FaultNotice{Code: e.Code, Severity: e.Severity.String(), Message: e.Message, Reason: e.Reason,
		Action: e.Action}, Area: area.About}
}

// noticeOf is a fault of this program as the API shows those of a server.
func noticeOf(f *fault.Error) client.FaultNotice {
	return client.FaultNotice{Code: f.Code, Severity: f.Severity.String(), Message: f.Message, Reason: f.Reason, Action: f.Action}
}

// Run explains a message. A place of a server is accepted and needed only for what this program's catalogue lacks.
func (e *explainMessage) Run(ctx context.Context, c *console) error {
	id := strings.ToUpper(strings.TrimSpace(e.ID))
	var list []client.Message
	for _, a := range fault.Areas() {
		for _, entry := range a.Entries {
			if string(entry.Code) == id {
				return e.one(c, messageOf(entry, a))
			}
			if id == "" || id == a.Letters || id == "TDM-"+a.Letters {
				list = append(list, messageOf(entry, a))
			}
		}
	}
	if len(list) == 0 {
		return e.elsewhere(ctx, c, id)
	}
	slices.SortFunc(list, func(a, b client.Message) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return e.show(c.out, list, func() {
		t := newTable(c.out, "IDENTIFIER", "SEVERITY", "MESSAGE")
		for _, m := range list {
			t.row(m.Code, m.Severity, m.Message)
		}
		t.end()
	})
}

// elsewhere asks the server, which may be newer than this program.
func (e *explainMessage) elsewhere(ctx context.Context, c *console, id string) error {
	unknown := fault.New(fault.MessageUnknown, "id", id)
	if e.Data == "" && e.Server == "" {
		return unknown
	}
	server, err := e.open()
	if err != nil {
		return err
	}
	defer server.Close()
	m, err := server.Message(ctx, id)
	if err != nil {
		return unknown
	}
	return e.one(c, m)
}

func (e *explainMessage) one(c *console, m client.Message) error {
	return e.show(c.out, m, func() {
		fmt.Fprintf(c.out, "%s\n\n", m.Code)
		t := newTable(c.out)
		t.row("  What", m.Message)
		t.row("  Why", orDash(m.Reason))
		t.row("  Do", orDash(m.Action))
		t.row("  Severity", m.Severity)
		t.row("  Area", m.Area)
		t.end()
		if strings.Contains(m.Message+m.Reason+m.Action, "{") {
			fmt.Fprintln(c.out, "\nNames in braces stand for what the message names when it happens.")
		}
	})
}

type explainCall struct {
	ID    string `arg:"" placeholder:"ID" help:"Identifier of the call, such as 1/42: calls lists them."`
	Raw   bool   `help:"Show the bytes of each message too."`
	ASCII bool   `name:"ascii" help:"Draw without box characters."`
	connection
	format
}

// Run draws a call.
func (e *explainCall) Run(ctx context.Context, c *console) error {
	manager, number, ok := strings.Cut(e.ID, "/")
	if !ok || manager == "" || number == "" {
		return fault.New(fault.CommandUsage, "cause", fmt.Sprintf("%q is no identifier of a call: they look like 1/42", e.ID))
	}
	server, err := e.open()
	if err != nil {
		return err
	}
	defer server.Close()
	s, err := server.Call(ctx, e.ID, e.Raw)
	if err != nil {
		return err
	}
	writeNotAsked(c.err, s.NotAsked, "Its messages there are missing.")
	return e.show(c.out, s, func() { e.draw(c.out, s) })
}

func (e *explainCall) draw(w io.Writer, s client.CallStory) {
	l := trace.Ladder{Call: s.Call}
	for _, m := range s.Messages {
		l.Messages = append(l.Messages, trace.Message{Time: m.Time, From: m.From, To: m.To, Protocol: m.Protocol, Summary: m.Summary,
			Raw: m.Raw, Length: m.Length})
	}
	// One server stands between its devices. Several stand in the order in which they come into the call.
	server := s.Server
	if slices.ContainsFunc(s.Messages, func(m client.LadderMessage) bool { return m.Server != s.Messages[0].Server }) {
		server = ""
	} else if len(s.Messages) > 0 {
		server = s.Messages[0].Server
	}
	_ = l.Write(w, trace.PictureOptions{Zone: time.Local, Server: server, Raw: e.Raw, ASCII: e.ASCII, Colour: colourful(w)})
	if len(s.Live) > 0 {
		fmt.Fprintln(w, "\nIt is in progress:")
		fmt.Fprintln(w)
		writeLive(w, s.Live)
	}
	if len(s.Records) > 0 {
		fmt.Fprintln(w)
		writeRecords(w, s.Records)
	}
}

// colourful reports whether w is a terminal whose user wants colours.
func colourful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))
}

type routeCommand struct {
	From   string `required:"" placeholder:"DEVICE[/LINE]" help:"Device at which the digits are dialled, and the line's button if it is not the first: SEP001122334455/2."`
	Digits string `arg:"" placeholder:"DIGITS" help:"What is dialled."`
	connection
	format
}

// Run explains a route.
func (r *routeCommand) Run(ctx context.Context, c *console) error {
	server, err := r.open()
	if err != nil {
		return err
	}
	defer server.Close()
	route, err := server.Route(ctx, r.From, r.Digits)
	if err != nil {
		return err
	}
	return r.show(c.out, route, func() { writeRoute(c.out, route) })
}

func writeRoute(w io.Writer, r client.Route) {
	fmt.Fprintf(w, "%s dials %s", clean(r.From), clean(r.Digits))
	var spaces []string
	for _, s := range []struct{ what, name string }{{"line", r.LineCSS}, {"device", r.DeviceCSS}} {
		if s.name != "" {
			spaces = append(spaces, s.name+" of the "+s.what)
		}
	}
	if len(spaces) > 0 {
		fmt.Fprintf(w, " (calling search spaces: %s)", clean(strings.Join(spaces, ", ")))
	}
	fmt.Fprintln(w)
	for i, p := range r.Passes {
		look := "Looked up"
		if i > 0 {
			look = "Looked up again"
		}
		fmt.Fprintf(w, "\n%s: %s in %s\n", look, clean(p.Digits), clean(partitions(p.Partitions)))
		if len(p.Candidates) == 0 {
			fmt.Fprintln(w, "  No pattern matches.")
		} else {
			writeCandidates(w, p)
		}
		for _, s := range p.Steps {
			fmt.Fprintf(w, "  %s\n", clean(s))
		}
	}
	fmt.Fprintln(w)
	if r.Routed {
		t := newTable(w)
		t.row("Decided by", strings.TrimSpace(r.PatternKind+" "+place(r.Pattern, r.Partition)))
		t.row("Called", orDash(r.Called))
		t.row("Calling", orDash(r.Calling))
		t.end()
		for _, x := range r.Rings {
			state := "not registered"
			if x.Registered {
				state = "registered from " + x.Address
			}
			fmt.Fprintf(w, "Rings %s, line %d (%s): %s\n", clean(x.Device), x.Line, clean(x.Label), clean(state))
		}
		for _, f := range r.Forwards {
			fmt.Fprintln(w, clean(f))
		}
	}
	if !r.Routed {
		fmt.Fprintf(w, "It leads nowhere: %s (cause %d).\n", clean(strings.TrimSuffix(r.Reason, ".")), r.Cause)
	}
	if r.Waits {
		fmt.Fprintln(w, "Longer numbers match too: dialled digit by digit, the call waits for the interdigit timer or #.")
	}
}

func writeCandidates(w io.Writer, p client.RoutePass) {
	t := newTable(w, "  PATTERN", "PARTITION", "KIND", "NUMBERS", "VERDICT")
	for _, k := range p.Candidates {
		t.row("  "+k.Pattern, partitionText(k.Partition), k.Kind, orDash(k.Numbers), k.Verdict)
	}
	t.end()
	if p.More {
		fmt.Fprintln(w, "  … and more")
	}
}

func partitionText(name string) string {
	if name == "" {
		return "<none>"
	}
	return name
}

func partitions(names []string) string {
	if len(names) == 0 {
		return "no partition"
	}
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = partitionText(n)
	}
	return strings.Join(texts, ", ")
}

func place(pattern, partition string) string { return pattern + " in " + partitionText(partition) }
