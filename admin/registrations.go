package admin

import (
	"context"
	"slices"
	"strings"

	"tandem/admin/client"
	"tandem/cluster"
	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// names are the servers of the cluster by their numbers.
type names map[uint16]string

func (o *Operations) serverNames() names {
	out := names{}
	if store := o.Store(); store != nil {
		for _, m := range cluster.Members(store.Snapshot()) {
			out[m.Node] = string(m.Name)
		}
	}
	return out
}

// registeredWords is a registration with what is configured of the device. s may be nil.
func registeredWords(r Registered, s *confdb.Snapshot, servers names) client.Registration {
	w := client.Registration{Device: r.Device, Protocol: r.Protocol, State: client.Registered, Server: servers[uint16(r.Node)], Node: int(r.Node),
		Address: r.Address.String(), Since: r.Since, Load: r.Load}
	if r.Lost {
		w.State = client.Lost
	}
	if s != nil {
		configured(&w, s.Phone(telephony.DeviceName(r.Device)))
	}
	return w
}

// registrationOf is the registration of a device, also the last one at a server that is lost; nil: none is known.
func (o *Operations) registrationOf(x Calls, device string) *client.Registration {
	found := Registered{}
	var ok bool
	if found.Registration, ok = x.Registration(device); !ok {
		all := x.ClusterRegistrations()
		i := slices.IndexFunc(all, func(r Registered) bool { return r.Device == device && r.Lost })
		if i < 0 {
			return nil
		}
		found = all[i]
	}
	s, _ := o.snapshot() // without a configuration the registration is there all the same
	w := registeredWords(found, s, o.serverNames())
	return &w
}

// configured adds what is configured of a device, if it is.
func configured(w *client.Registration, p *telephony.Phone) {
	if p == nil {
		return
	}
	w.Description, w.Product = p.Description, string(p.Product)
	if w.Protocol == "" {
		w.Protocol = string(p.Protocol)
	}
	for _, l := range p.Lines {
		w.Lines = append(w.Lines, string(l.DirectoryNumber))
	}
}

// Registrations lists the devices of the cluster, by name: where each is registered, or that it is not, and what went wrong with it last.
func (o *Operations) Registrations(ctx context.Context, q client.RegistrationQuery) (client.Registrations, error) {
	out := client.Registrations{Devices: []client.Registration{}}
	if err := o.may(ctx, ToRead, "see registrations"); err != nil {
		return out, err
	}
	s, err := o.snapshot()
	if err != nil {
		return out, err
	}
	servers := o.serverNames()
	if q.Server != "" && !slices.ContainsFunc(cluster.Members(s), func(m cluster.Member) bool { return strings.EqualFold(string(m.Name), q.Server) }) {
		return out, fault.New(fault.ObjectNotFound, "kind", "server", "name", brief(q.Server))
	}
	x := o.Calls()
	if x == nil {
		return out, fault.New(fault.CallProcessingAway, "server", o.Server)
	}
	// The other servers are asked only now, when nothing else can be refused.
	answers, missed, err := o.everywhere(ctx, question{About: aboutFailures}, askWithin)
	if err != nil {
		return out, err
	}
	out.NotAsked = missed
	known := x.ClusterRegistrations()
	here := make(map[string]bool, len(known))
	for _, r := range known {
		here[r.Device] = true
		out.Devices = append(out.Devices, registeredWords(r, s, servers))
	}
	for p := range s.Phones() {
		if !here[string(p.Name)] {
			w := client.Registration{Device: string(p.Name), State: client.Unregistered}
			configured(&w, p)
			out.Devices = append(out.Devices, w)
		}
	}
	out.Devices = slices.DeleteFunc(out.Devices, func(r client.Registration) bool { return !wanted(&r, q) })
	slices.SortFunc(out.Devices, func(a, b client.Registration) int { return strings.Compare(a.Device, b.Device) })
	addFailures(out.Devices, answers)
	return out, nil
}

// wanted says that a device is one of those that are asked for.
func wanted(r *client.Registration, q client.RegistrationQuery) bool {
	if q.State != "" && (q.State == client.Unregistered) != (r.State == client.Unregistered) || q.Server != "" && !strings.EqualFold(r.Server, q.Server) {
		return false
	}
	if q.Filter == "" {
		return true
	}
	part := strings.ToLower(q.Filter)
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), part) }
	return has(r.Device) || has(r.Description) || has(r.Product) || has(r.Address) || has(r.Load) || slices.ContainsFunc(r.Lines, has)
}

// addFailures gives each device the newest failure that any server tells of.
func addFailures(devices []client.Registration, answers []answer) {
	at := make(map[string]int, len(devices))
	for i := range devices {
		at[devices[i].Device] = i
	}
	for _, a := range answers {
		for _, f := range a.Failures {
			i, ok := at[f.Device]
			if !ok || devices[i].LastFailure != nil && !f.Time.After(devices[i].LastFailure.Time) {
				continue
			}
			failure := f.Failure
			failure.Server = a.server
			devices[i].LastFailure = &failure
		}
	}
}
