package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"tandem/admin/client"
)

// operateCommands keep the server running.
type operateCommands struct {
	Service  serviceCommands `cmd:"" help:"Services of the server."`
	Alarm    alarmCommands   `cmd:"" help:"Alarms."`
	Device   deviceCommands  `cmd:"" help:"Devices."`
	Line     lineCommands    `cmd:"" help:"What users change of a line at their phones."`
	File     fileCommands    `cmd:"" help:"Files that devices fetch: firmware, locales, rings."`
	APIToken tokenCommands   `cmd:"" name:"api-token" help:"Tokens with which programs and other machines use the API."`
}

type serviceCommands struct {
	List       serviceList       `cmd:"" help:"List the services and how they are."`
	Activate   serviceActivate   `cmd:"" help:"Let a service start with the server, and start it."`
	Deactivate serviceDeactivate `cmd:"" help:"Stop a service, and do not start it with the server any more."`
	Start      serviceStart      `cmd:"" help:"Start a service that was stopped or failed."`
	Stop       serviceStop       `cmd:"" help:"Stop a service until it is started or the server starts again."`
	Restart    serviceRestart    `cmd:"" help:"Stop and start a service."`
	Recovery   serviceRecovery   `cmd:"" help:"Show or change what happens when a service fails."`
}

type serviceList struct {
	connection
	format
}

// Run lists services.
func (l *serviceList) Run(ctx context.Context, c *console) error {
	server, err := l.open()
	if err != nil {
		return err
	}
	defer server.Close()
	list, err := server.Services(ctx)
	if err != nil {
		return err
	}
	return l.show(c.out, list, func() {
		t := newTable(c.out, "SERVICE", "ACTIVATED", "STATE", "SINCE", "RESTARTS", "JOB")
		for _, s := range list {
			activated := yesNo(s.Activated)
			if s.Always {
				activated = "always"
			}
			t.row(s.Name, activated, s.State, moment(s.Since), s.Restarts, s.About)
		}
		t.end()
		for _, s := range list {
			if s.Fault != nil {
				fmt.Fprintf(c.out, "\n%s:\n", clean(s.Name))
				writeNotice(c.out, *s.Fault)
			}
			if s.Next != nil {
				fmt.Fprintf(c.out, "  It is tried again at %s.\n", moment(*s.Next))
			}
		}
	})
}

// serviceNamed is a service on which an action is done.
type serviceNamed struct {
	Name string `arg:"" placeholder:"SERVICE" help:"Name of the service, such as TFTP or \"CDR Insert\"."`
	connection
	format
}

func (s *serviceNamed) do(ctx context.Context, c *console, action string) error {
	server, err := s.open()
	if err != nil {
		return err
	}
	defer server.Close()
	r, err := server.Service(ctx, s.Name, action)
	if err != nil {
		return err
	}
	return s.show(c.out, r, func() {
		activated := "activated"
		if !r.Activated {
			activated = "not activated"
		}
		fmt.Fprintf(c.out, "%s is %s, %s.\n", clean(r.Name), r.State, activated)
	})
}

type (
	serviceActivate   struct{ serviceNamed }
	serviceDeactivate struct{ serviceNamed }
	serviceStart      struct{ serviceNamed }
	serviceStop       struct{ serviceNamed }
	serviceRestart    struct{ serviceNamed }
)

// Run activates.
func (s *serviceActivate) Run(ctx context.Context, c *console) error { return s.do(ctx, c, "activate") }

// Run deactivates.
func (s *serviceDeactivate) Run(ctx context.Context, c *console) error {
	return s.do(ctx, c, "deactivate")
}

// Run starts.
func (s *serviceStart) Run(ctx context.Context, c *console) error { return s.do(ctx, c, "start") }

// Run stops.
func (s *serviceStop) Run(ctx context.Context, c *console) error { return s.do(ctx, c, "stop") }

// Run restarts.
func (s *serviceRestart) Run(ctx context.Context, c *console) error { return s.do(ctx, c, "restart") }

type alarmCommands struct {
	List        alarmList        `cmd:"" help:"List the alarms that stand, worst first."`
	Acknowledge alarmAcknowledge `cmd:"" help:"Mark an alarm as seen. It stands until its cause is gone."`
}

type alarmList struct {
	History bool `help:"Those that ended, too."`
	connection
	format
}

// Run lists alarms.
func (l *alarmList) Run(ctx context.Context, c *console) error {
	server, err := l.open()
	if err != nil {
		return err
	}
	defer server.Close()
	list, err := server.Alarms(ctx, l.History)
	if err != nil {
		return err
	}
	return l.show(c.out, list, func() {
		switch {
		case len(list) > 0:
			writeAlarms(c.out, list)
		case l.History:
			fmt.Fprintln(c.out, "No alarm stands, and none did since the server started.")
		default:
			fmt.Fprintln(c.out, "No alarm stands.")
		}
	})
}

func writeAlarms(w io.Writer, list []client.Alarm) {
	for i, a := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s  %s  %s\n", a.Code, a.Severity, clean(a.Subject))
		writeNotice(w, a.FaultNotice)
		since := "since " + moment(a.First)
		if a.Count > 1 {
			since += fmt.Sprintf(", %d times, the last at %s", a.Count, moment(a.Last))
		}
		if a.Cleared != nil {
			since += ", ended " + moment(*a.Cleared)
		}
		if a.AcknowledgedBy != "" {
			since += ", seen by " + clean(a.AcknowledgedBy)
		}
		fmt.Fprintf(w, "  When:  %s\n", since)
	}
}

// writeNotice shows a fault below a heading of its own.
func writeNotice(w io.Writer, n client.FaultNotice) {
	fmt.Fprintf(w, "  %s\n", clean(n.Message))
	if n.Reason != "" {
		fmt.Fprintf(w, "  Why:   %s\n", clean(n.Reason))
	}
	if n.Action != "" {
		fmt.Fprintf(w, "  Do:    %s\n", clean(n.Action))
	}
}

type alarmAcknowledge struct {
	Code    string `arg:"" placeholder:"CODE" help:"Identifier of the alarm."`
	Subject string `arg:"" optional:"" placeholder:"SUBJECT" help:"What it is about, if alarm list shows something there."`
	connection
	format
}

// Run acknowledges.
func (a *alarmAcknowledge) Run(ctx context.Context, c *console) error {
	server, err := a.open()
	if err != nil {
		return err
	}
	defer server.Close()
	r, err := server.Acknowledge(ctx, strings.ToUpper(a.Code), a.Subject)
	if err != nil {
		return err
	}
	return a.show(c.out, r, func() {
		fmt.Fprintf(c.out, "%s is marked as seen by %s. It stands until its cause is gone.\n", r.Code, clean(r.AcknowledgedBy))
	})
}

type deviceCommands struct {
	Restart      deviceRestart      `cmd:"" help:"Let a device restart as soon as it is idle."`
	DoNotDisturb deviceDoNotDisturb `cmd:"" name:"do-not-disturb" help:"Keep calls from ringing at a device, as its user can."`
}

type deviceRestart struct {
	Name string `arg:"" placeholder:"NAME" help:"Name of the device."`
	connection
}

// Run restarts a device.
func (d *deviceRestart) Run(ctx context.Context, c *console) error {
	server, err := d.open()
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.Restart(ctx, d.Name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s restarts as soon as it is idle.\n", clean(d.Name))
	return err
}

type fileCommands struct {
	List   fileList   `cmd:"" help:"List the files."`
	Add    fileAdd    `cmd:"" help:"Add a file, or replace the one of its name."`
	Remove fileRemove `cmd:"" help:"Remove a file."`
}

type fileList struct {
	connection
	format
}

// Run lists files.
func (l *fileList) Run(ctx context.Context, c *console) error {
	server, err := l.open()
	if err != nil {
		return err
	}
	defer server.Close()
	list, err := server.Files(ctx)
	if err != nil {
		return err
	}
	return l.show(c.out, list, func() {
		if len(list) == 0 {
			fmt.Fprintln(c.out, "No file was added.")
			return
		}
		t := newTable(c.out, "NAME", "SIZE", "CATEGORY", "SHA-256")
		for _, f := range list {
			t.row(f.Name, size(f.Size), f.Category, f.SHA256)
		}
		t.end()
	})
}

type fileAdd struct {
	File string `arg:"" type:"path" placeholder:"FILE" help:"The file."`
	Name string `placeholder:"NAME" help:"Name under which devices ask for it. Absent: the file's own."`
	connection
	format
}

// Run adds a file.
func (a *fileAdd) Run(ctx context.Context, c *console) error {
	server, err := a.open()
	if err != nil {
		return err
	}
	defer server.Close()
	content, err := readFile(a.File, uploadLimit)
	if err != nil {
		return err
	}
	name := a.Name
	if name == "" {
		name = filepath.Base(a.File)
	}
	f, err := server.AddFile(ctx, name, content)
	if err != nil {
		return err
	}
	return a.show(c.out, f, func() {
		fmt.Fprintf(c.out, "%s is there: %s, %s, SHA-256 %s.\n", clean(f.Name), f.Category, size(f.Size), f.SHA256)
	})
}

type fileRemove struct {
	Name string `arg:"" placeholder:"NAME" help:"Name of the file."`
	connection
	format
}

// Run removes a file.
func (r *fileRemove) Run(ctx context.Context, c *console) error {
	server, err := r.open()
	if err != nil {
		return err
	}
	defer server.Close()
	result, err := server.RemoveFile(ctx, r.Name)
	if err != nil {
		return err
	}
	return r.show(c.out, result, func() { fmt.Fprintf(c.out, "%s is removed.\n", clean(r.Name)) })
}

type tokenCommands struct {
	Create tokenCreate `cmd:"" help:"Make a token and show it, once."`
	List   tokenList   `cmd:"" help:"List the tokens, without their secrets."`
	Delete tokenDelete `cmd:"" help:"Make a token worthless."`
}

type tokenCreate struct {
	Name string  `arg:"" placeholder:"NAME" help:"What it is for."`
	User string  `placeholder:"USER" help:"User for whom it acts. Absent: the one who asks, and on the server itself administrator."`
	Role string  `enum:",administrator,operator,auditor" default:"" placeholder:"ROLE" help:"What it may do at most: administrator, operator or auditor. Absent: what its user may do."`
	Days float64 `placeholder:"DAYS" help:"Days after which it stops working. Absent: never."`
	connection
	format
}

// Run makes a token.
func (t *tokenCreate) Run(ctx context.Context, c *console) error {
	server, err := t.open()
	if err != nil {
		return err
	}
	defer server.Close()
	r, err := server.CreateToken(ctx, client.NewToken{Name: t.Name, User: t.User, Role: t.Role, Days: t.Days})
	if err != nil {
		return err
	}
	return t.show(c.out, r, func() {
		until := "until it is deleted"
		if r.Expires != "" {
			until = "until " + r.Expires
		}
		fmt.Fprintf(c.out, "%s\n\nThis token acts for %s, %s. It is shown once and kept as a hash only.\nGive it as TANDEM_TOKEN, or as the header \"Authorization: Bearer …\".\n",
			r.Secret, clean(r.User), until)
	})
}

type tokenList struct {
	connection
	format
}

// Run lists tokens.
func (l *tokenList) Run(ctx context.Context, c *console) error {
	server, err := l.open()
	if err != nil {
		return err
	}
	defer server.Close()
	list, err := server.Tokens(ctx)
	if err != nil {
		return err
	}
	return l.show(c.out, list, func() {
		if len(list) == 0 {
			fmt.Fprintln(c.out, "There is no token.")
			return
		}
		t := newTable(c.out, "NAME", "USER", "ROLE", "CREATED", "EXPIRES")
		for _, k := range list {
			expires := k.Expires
			if expires == "" {
				expires = "never"
			}
			t.row(k.Name, k.User, orDash(k.Role), orDash(k.Created), expires)
		}
		t.end()
	})
}

type tokenDelete struct {
	Name string `arg:"" placeholder:"NAME" help:"Name of the token."`
	connection
	format
}

// Run deletes a token.
func (d *tokenDelete) Run(ctx context.Context, c *console) error {
	server, err := d.open()
	if err != nil {
		return err
	}
	defer server.Close()
	r, err := server.DeleteToken(ctx, d.Name)
	if err != nil {
		return err
	}
	return d.show(c.out, r, func() { fmt.Fprintf(c.out, "The token %s is worthless now.\n", clean(d.Name)) })
}
