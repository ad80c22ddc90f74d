package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"tandem/admin/client"
)

type risCommand struct {
	At           string `placeholder:"SERVER" help:"Devices registered at the server."`
	Registered   bool   `xor:"state" help:"Devices that are registered."`
	Unregistered bool   `xor:"state" help:"Devices that are configured and not registered."`
	Filter       string `placeholder:"TEXT" help:"Devices with the text in their name, description, product, address, firmware load or directory numbers."`
	connection
	format
}

// Run lists devices.
func (r *risCommand) Run(ctx context.Context, c *console) error {
	server, err := r.open()
	if err != nil {
		return err
	}
	defer server.Close()
	q := client.RegistrationQuery{Server: r.At, Filter: r.Filter}
	switch {
	case r.Registered:
		q.State = client.Registered
	case r.Unregistered:
		q.State = client.Unregistered
	}
	found, err := server.Registrations(ctx, q)
	if err != nil {
		return err
	}
	writeNotAsked(c.err, found.NotAsked, "Failures there are missing.")
	return r.show(c.out, found.Devices, func() {
		if len(found.Devices) == 0 {
			if q == (client.RegistrationQuery{}) {
				fmt.Fprintln(c.out, "No device is registered, and none is configured.")
			} else {
				fmt.Fprintln(c.out, "There is no such device.")
			}
			return
		}
		writeDevices(c.out, found.Devices)
	})
}

func writeDevices(w io.Writer, list []client.Registration) {
	states := map[string]int{}
	t := newTable(w, "DEVICE", "SERVER", "PROTOCOL", "ADDRESS", "LOAD", "SINCE", "LINES", "DESCRIPTION", "LAST FAILURE")
	for _, x := range list {
		states[x.State]++
		server, failure := orDash(x.Server), "-"
		if x.State == client.Lost {
			server += " (down)"
		}
		if f := x.LastFailure; f != nil {
			failure = moment(f.Time) + " " + f.Sentence
			if f.Server != x.Server {
				failure += " (" + f.Server + ")"
			}
		}
		t.row(x.Device, server, orDash(x.Protocol), orDash(x.Address), orDash(x.Load), moment(x.Since), orDash(strings.Join(x.Lines, ", ")), orDash(x.Description), failure)
	}
	t.end()
	fmt.Fprintf(w, "\n%s: %d registered, %d not", counted(len(list), "device", "devices"), states[client.Registered], states[client.Unregistered])
	if n := states[client.Lost]; n > 0 {
		fmt.Fprintf(w, ", %d last at a server that is down", n)
	}
	fmt.Fprintln(w, ".")
}

// writeNotAsked names the servers that could not be asked, and what is missing for it. It goes where errors go, so that lists stay lists.
func writeNotAsked(w io.Writer, list []client.NotAsked, missing string) {
	for _, n := range list {
		fmt.Fprintf(w, "%s was not asked: %s. %s\n", clean(n.Server), clean(n.Reason), missing)
	}
}
