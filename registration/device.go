package registration

import (
	"time"

	"tandem/call/signal"
	"tandem/telephony"
)

// Device is a configured device as an adapter needs it: everything resolved that the configuration spreads over device
// pools, templates and defaults. It is immutable; a change of configuration makes a new one.
type Device struct {
	Name        string
	Description string
	Protocol    telephony.Protocol
	Product     telephony.Product
	Owner       string // user identifier
	DigestUser  string // SIP: who registers it
	Load        string // firmware load it shall run; empty: none is assigned

	Lines       []Line // by instance; the first is instance 1
	Buttons     []telephony.Button
	SpeedDials  []telephony.SpeedDial
	ServiceURLs []telephony.ServiceURL
	Softkeys    telephony.SoftkeyTemplate

	Zone          *time.Location
	DateFormat    string // as in the date/time group
	UserLocale    string
	NetworkLocale string

	// Fingerprint changes when something changed that the device learns only by restarting.
	Fingerprint uint64
}

// Line is a line on a device.
type Line struct {
	Instance     int
	Ref          signal.LineRef
	Label        string // beside the button
	Display      string // name for others
	ExternalMask string
	MaxCalls     int
	BusyTrigger  int
	Ring         telephony.Ring
	RingInUse    telephony.Ring
	AutoAnswer   telephony.AutoAnswer
	Shared       bool // other devices have it too
}

// Line returns the line of an instance, counted from 1.
func (d *Device) Line(instance int) (Line, bool) {
	if instance < 1 || instance > len(d.Lines) {
		return Line{}, false
	}
	return d.Lines[instance-1], true
}
