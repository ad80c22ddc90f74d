package sccpstation

import (
	"tandem/registration"
	"tandem/wire/sccp"
)

// restartState is how far the restart of a phone is.
type restartState uint8

const (
	restartNone    restartState = iota
	restartPending              // when the last call has ended
	resetPending                // the same, with a full boot
	restartSent
)

// DeviceChanged tells the server that the configuration of a device changed, or that the device is gone from it. A phone
// that can only learn it by restarting does so, alone, and not before it is idle; everything else is shown at once.
func (s *Server) DeviceChanged(name string) {
	st := s.known(name)
	if st == nil {
		return
	}
	dev, ok := s.Directory.Device(name)
	st.lock()
	defer st.release()
	if st.sess == nil || st.dev == dev {
		return
	}
	if !ok || dev.Protocol != st.dev.Protocol || dev.Fingerprint != st.dev.Fingerprint {
		why := "Its settings changed: it restarts when it is idle."
		if !ok {
			why = "It was taken out of the configuration: it restarts when it is idle."
		}
		s.Story.Say(name, "", why)
		st.wantRestart(restartPending)
		return
	}
	st.update(dev)
}

// Reset has a phone restart (or boot, which takes longer) as soon as it is idle. It reports false if the phone is not
// registered here.
func (s *Server) Reset(name string, boot bool) bool {
	st := s.known(name)
	if st == nil {
		return false
	}
	st.lock()
	defer st.release()
	if st.sess == nil {
		return false
	}
	how := restartPending
	if boot {
		how = resetPending
	}
	st.wantRestart(how)
	return true
}

func (st *station) wantRestart(how restartState) {
	if st.restart == restartSent {
		return
	}
	st.restart = how
	st.restartWhenIdle()
}

// restartWhenIdle sends the one Reset that is due, once.
func (st *station) restartWhenIdle() {
	if st.restart != restartPending && st.restart != resetPending || st.sess == nil || !st.idle() {
		return
	}
	m := &sccp.Reset{Type: sccp.ResetRestart}
	if st.restart == resetPending {
		m.Type = sccp.ResetDevice
	}
	st.restart = restartSent
	st.srv.Story.Say(st.name, "", "Was told to restart.")
	st.send(m)
}

// update shows a phone what changed without a restart: names and labels of lines, speed dials.
func (st *station) update(dev *registration.Device) {
	old := st.dev
	st.dev = dev
	st.computeMasks()
	if len(st.lines) != len(dev.Lines) {
		st.wantRestart(restartPending) // a line more or less is in every fingerprint; this is for a Directory that forgot it
		return
	}
	if !st.reg.done {
		return
	}
	for i := range dev.Lines {
		a, b := old.Lines[i], dev.Lines[i]
		if a.Label != b.Label || a.Display != b.Display || a.Ref != b.Ref {
			st.sendLine(uint32(i + 1))
		}
	}
	for _, b := range st.buttons() {
		if b.Type != sccp.ButtonSpeedDial {
			continue
		}
		if dialOf(old, int(b.Instance)) != dialOf(dev, int(b.Instance)) {
			st.sendSpeedDial(uint32(b.Instance))
		}
	}
	st.watchLamps()
	st.srv.Story.Say(st.name, "", "Was shown its changed settings.")
}

type dial struct{ number, label string }

func dialOf(d *registration.Device, index int) dial {
	for _, s := range d.SpeedDials {
		if s.Index == index {
			return dial{string(s.Number), s.Text()}
		}
	}
	return dial{}
}

// Registered is one phone that is registered here.
type Registered struct {
	Device  string
	Address string
	Version sccp.Version
	Model   sccp.DeviceType
	Calls   int
}

// Phones lists the phones that are registered here, in no order.
func (s *Server) Phones() []Registered {
	s.mu.Lock()
	stations := make([]*station, 0, len(s.stations))
	for _, st := range s.stations {
		stations = append(stations, st)
	}
	s.mu.Unlock()
	var out []Registered
	for _, st := range stations {
		st.lock()
		if n := st.sess; n != nil && st.reg.done {
			calls := 0
			for _, c := range st.calls {
				if c.id != 0 {
					calls++
				}
			}
			out = append(out, Registered{st.name, n.remote.String(), n.version, n.device, calls})
		}
		st.unlock()
	}
	return out
}

// Disconnect closes a phone's connection, for an administrator who wants it to come back at once.
func (s *Server) Disconnect(name string) bool {
	st := s.known(name)
	if st == nil {
		return false
	}
	st.lock()
	n := st.sess
	st.unlock()
	if n == nil {
		return false
	}
	n.conn.Close()
	return true
}
