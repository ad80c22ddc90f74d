package live

import (
	"context"

	"tandem/call/signal"
	"tandem/confdb"
	"tandem/registration"
	"tandem/telephony"
)

// Change tells what a change of configuration touches in call processing.
type Change struct {
	Position confdb.Position
	Lines    []signal.LineRef // to be told to their devices
	Devices  []string         // resolved anew; whether one must restart its Fingerprint says
	Limits   bool             // parameters changed
	Err      error            // patterns that do not compile; the others are in force
}

// Follow keeps the directory up to date until ctx ends or the store is closed. changed is called after each change is in
// force.
func (d *Directory) Follow(ctx context.Context, store *confdb.Store, changed func(Change)) error {
	w := store.Watch(d.Snapshot().Position())
	for {
		e, err := w.Next(ctx)
		if err != nil {
			return err
		}
		changed(d.apply(e))
	}
}

// apply puts one event in force.
func (d *Directory) apply(e confdb.Event) Change {
	before := d.view.Load()
	c := Change{Position: e.Position}
	if e.Resync {
		c.Err = d.compile(e.Snapshot)
		c.Limits = true
		for p := range e.Snapshot.Phones() {
			c.Devices = append(c.Devices, string(p.Name))
		}
		return c
	}
	next := &view{snapshot: e.Snapshot, plan: before.plan, limits: before.limits}
	if changes := planChanges(e.Changes); len(changes) > 0 {
		next.plan, c.Err = before.plan.With(changes...)
	}
	lines, devices := map[signal.LineRef]bool{}, map[string]bool{}
	wide := false
	for _, change := range e.Changes {
		switch change.Kind {
		case telephony.KindServiceParameter, telephony.KindEnterpriseParameter:
			c.Limits = true
		case telephony.KindDirectoryNumber:
			key := telephony.ParseLineKey(change.Key)
			lines[refOf(key)] = true
			for _, a := range e.Snapshot.Appearances(key) {
				devices[string(a.Phone.Name)] = true
			}
		case telephony.KindUserState:
			for _, o := range []telephony.Object{change.Before, change.After} {
				if u, ok := o.(*telephony.UserState); ok && u != nil && u.Setting.AboutLine() {
					lines[refOf(telephony.ParseLineKey(u.Subject))] = true
				} else if ok && u != nil {
					for _, l := range d.linesOf(e.Snapshot, u.Subject) {
						lines[l] = true
					}
				}
			}
		case telephony.KindPhone:
			devices[change.Key] = true
			for _, o := range []telephony.Object{change.Before, change.After} {
				if p, ok := o.(*telephony.Phone); ok && p != nil {
					for _, l := range p.Lines {
						lines[refOf(l.LineKey())] = true
					}
				}
			}
		case telephony.KindDevicePool, telephony.KindDateTimeGroup, telephony.KindSoftkeyTemplate, telephony.KindButtonTemplate,
			telephony.KindProduct, telephony.KindDeviceDefaults, telephony.KindCallManagerGroup, telephony.KindRegion,
			telephony.KindServer, telephony.KindSRSTReference:
			wide = true
		}
	}
	if c.Limits {
		next.limits = limitsOf(e.Snapshot.Parameters(d.server))
	}
	d.view.Store(next)
	if wide {
		// Settings that many devices share: those whose resolved form changed.
		for p := range e.Snapshot.Phones() {
			name := string(p.Name)
			if devices[name] {
				continue
			}
			if old := before.snapshot.Phone(p.Name); old == nil || different(resolve(before.snapshot, old), resolve(e.Snapshot, p)) {
				devices[name] = true
			}
		}
	}
	for l := range lines {
		c.Lines = append(c.Lines, l)
	}
	for n := range devices {
		c.Devices = append(c.Devices, n)
	}
	return c
}

func different(a, b *registration.Device) bool { return a.Fingerprint != b.Fingerprint }
