package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tandem/admin/client"
	"tandem/fault"
)

// serviceRecovery shows the recovery setting of a service, or changes what its options name.
type serviceRecovery struct {
	Name    string         `arg:"" placeholder:"SERVICE" help:"Name of the service, such as TFTP or \"CDR Insert\"."`
	Restart *bool          `negatable:"" help:"Start it again after a failure; --no-restart leaves it down until somebody starts it."`
	After   *time.Duration `placeholder:"TIME" help:"How long to wait before a restart, such as 1s."`
	Count   *int           `placeholder:"N" help:"How many restarts within the window; one failure more and it stays down."`
	Window  *time.Duration `placeholder:"TIME" help:"The time in which restarts are counted, such as 10m."`
	connection
	format
}

// Run shows or changes the setting.
func (s *serviceRecovery) Run(ctx context.Context, c *console) error {
	server, err := s.open()
	if err != nil {
		return err
	}
	defer server.Close()
	now, err := findService(ctx, server, s.Name)
	if err != nil {
		return err
	}
	if r := s.over(now.Recovery); r != now.Recovery {
		if now, err = server.SetRecovery(ctx, now.Name, r); err != nil {
			return err
		}
	}
	return s.show(c.out, now, func() { fmt.Fprintf(c.out, "%s: %s\n", clean(now.Name), recoveryWords(now.Recovery)) })
}

// over lays what the options name over a setting.
func (s *serviceRecovery) over(r client.Recovery) client.Recovery {
	if s.Restart != nil {
		r.Restart = *s.Restart
	}
	if s.After != nil {
		r.After = s.After.Seconds()
	}
	if s.Count != nil {
		r.Count = *s.Count
	}
	if s.Window != nil {
		r.Window = s.Window.Seconds()
	}
	return r
}

// findService finds a service by its name in any capitalisation.
func findService(ctx context.Context, server *client.Client, name string) (client.Service, error) {
	list, err := server.Services(ctx)
	if err != nil {
		return client.Service{}, err
	}
	var known []string
	for _, s := range list {
		if strings.EqualFold(s.Name, name) {
			return s, nil
		}
		known = append(known, s.Name)
	}
	return client.Service{}, fault.New(fault.ServiceUnknown, "service", name, "known", strings.Join(known, ", "))
}

func recoveryWords(r client.Recovery) string {
	if !r.Restart {
		return "after a failure it stays down until somebody starts it."
	}
	span := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return fmt.Sprintf("after a failure it is started again in %s, at most %d times within %s.", span(r.After), r.Count, span(r.Window))
}
