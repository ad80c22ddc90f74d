package provision

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tandem/fault"
	"tandem/provision/cnf"
	"tandem/telephony"
)

// Served tells the story of a request that is over, and looks for the patterns behind it.
func (s *Service) Served(r Request, result Result) {
	if r.At.IsZero() {
		r.At = time.Now()
	}
	address := r.Source.Addr()
	shown := show(r.Name)
	name, err := ParseName(r.Name)
	if err != nil || errors.Is(result.Err, ErrWrite) {
		s.refused(r, shown, result.Err)
		return
	}
	device := s.watch.who(name.Device, address, r.At)
	who := string(device)
	if who == "" {
		who = address.String()
	}
	if errors.Is(result.Err, ErrBusy) {
		if s.watch.once("busy", r.At) {
			s.o.Alarms.Event(fault.New(fault.ProvisionBusy, "address", address, "count", "Too many"), "TFTP")
		}
		s.o.Story.Tell(who, fault.ProvisionBusy, fmt.Sprintf("Asked for %s over %s and was not answered: too many transfers at once. It asks again by itself.", shown, r.Transport))
		return
	}
	s.o.Story.Tell(who, "", s.sentence(shown, name, r, result))
	s.patterns(who, device, name, r, result)
}

// refused tells of a name outside of the set, and of an attempt to write.
func (s *Service) refused(r Request, shown string, err error) {
	address := r.Source.Addr().String()
	who := address
	if device := s.watch.who("", r.Source.Addr(), r.At); device != "" {
		who = string(device)
	}
	code := fault.ProvisionNameRefused
	text := "Asked for %s over %s and was refused: that is no name of a file for devices."
	if errors.Is(err, ErrWrite) {
		code, text = fault.ProvisionWriteRefused, "Tried to write %s over %s and was refused: devices may only read."
	}
	s.o.Story.Tell(who, code, fmt.Sprintf(text, shown, r.Transport))
	if s.watch.once(string(code)+who, r.At) {
		s.o.Alarms.Event(fault.New(code, "file", shown, "address", address), address)
	}
}

// sentence says what was asked for and what became of it.
func (s *Service) sentence(shown string, name Name, r Request, result Result) string {
	asked := fmt.Sprintf("Asked for %s over %s from %s", shown, r.Transport, r.Source.Addr())
	switch {
	case result.Err == nil && result.Partial && result.Sent == 0:
		return asked + " and has it already."
	case result.Err == nil && result.Partial:
		return fmt.Sprintf("%s and got a part of it, %s bytes.", asked, grouped(result.Sent))
	case result.Err == nil:
		text := fmt.Sprintf("%s and got it, %s bytes", asked, grouped(result.Sent))
		if result.Took >= time.Second {
			text += fmt.Sprintf(" in %.1f s", result.Took.Seconds())
		}
		if result.Remark != "" {
			text += " (" + result.Remark + ")"
		}
		return text + "."
	case errors.Is(result.Err, ErrNotFound):
		return asked + " and was told at once that it is not here" + s.whyNot(name) + "."
	case result.File != nil:
		return fmt.Sprintf("%s and got %s of %s bytes: %v.", asked, grouped(result.Sent), grouped(result.File.Size), result.Err)
	}
	return fmt.Sprintf("%s and got an error: %v.", asked, result.Err)
}

// whyNot says why a file is not here, where that is no mistake or needs a word.
func (s *Service) whyNot(name Name) string {
	switch name.Kind {
	case KindTrustList:
		return ": this server issues no trust lists, and phones go on without"
	case KindSigned:
		return ": files are not signed, and phones that hold no trust list take the plain one"
	case KindOldBinary:
		return ": the format before XML is not made"
	case KindOtherVendor:
		return ": only Cisco phones are set up by files"
	case KindPhone, KindPhoneText:
		c := s.o.Configuration()
		p := c.Phone(name.Device)
		if mac, ok := name.Device.MAC(); ok && p == nil {
			p = c.Phone(telephony.DeviceName("SEP" + mac))
		}
		if p == nil {
			return ": no device of this name is configured"
		}
		switch cnf.FormOf(c.Product(p.Product), p.Protocol) {
		case cnf.None:
			return fmt.Sprintf(": a %s with %s is not set up by files", p.Product, p.Protocol)
		case cnf.SIPText:
			return fmt.Sprintf(": a %s with SIP reads SIP<MAC>.cnf", p.Product)
		default:
			return fmt.Sprintf(": a %s with %s reads SEP<MAC>.cnf.xml", p.Product, p.Protocol)
		}
	}
	return ""
}

// patterns looks for a loop, for another cluster's trust, for an unknown phone and for a load that is not
// here.
func (s *Service) patterns(who string, device telephony.DeviceName, name Name, r Request, result Result) {
	if count, found := s.watch.loop(who, name.Text, r.At); found {
		f := fault.New(fault.ProvisionLoop, "device", who, "file", name.Text, "count", count, "window", "two minutes")
		s.o.Alarms.Raise(f, who)
		s.o.Story.Tell(who, f.Code, f.Message+" "+f.Reason)
	}
	if name.Device == "" {
		return
	}
	foreign, plain := s.watch.trust(device, name.Kind, r.At)
	if foreign {
		f := fault.New(fault.ProvisionForeignTrust, "device", device, "file", name.Text)
		s.o.Alarms.Raise(f, string(device))
		s.o.Story.Tell(string(device), f.Code, f.Message+" "+f.Reason+" "+f.Action)
	}
	if plain {
		s.o.Alarms.Clear(fault.ProvisionForeignTrust, string(device))
		s.o.Story.Tell(string(device), "", "Asks for its plain file again: it no longer insists on another cluster's signature.")
	}
	if name.Kind != KindPhone && name.Kind != KindPhoneText {
		return
	}
	switch {
	case result.Err == nil && result.File != nil && result.File.Device != "":
		s.watch.known(result.File.Device, false)
		if load := s.missingLoad(result.File.Device); load != "" {
			s.o.Alarms.Raise(fault.New(fault.FirmwareMissing, "load", load, "device", result.File.Device), string(result.File.Device))
		} else {
			s.o.Alarms.Clear(fault.FirmwareMissing, string(result.File.Device))
		}
		s.o.Alarms.Clear(fault.ConfigurationFileInvalid, string(result.File.Device))
		for _, l := range s.CheckLocales(result.File.Device) {
			s.o.Story.Tell(string(result.File.Device), "", fmt.Sprintf("The files of the locale %s were never added, so it keeps its own English and its own tones.", l))
		}
	case result.Err != nil && result.File == nil && !errors.Is(result.Err, ErrNotFound):
		s.o.Alarms.Raise(fault.Wrap(result.Err, fault.ConfigurationFileInvalid, "device", device), string(device))
	case errors.Is(result.Err, ErrNotFound) && s.o.Configuration().Phone(device) == nil && name.Kind == KindPhone:
		if s.watch.stranger(device, r.Source.Addr(), r.At) {
			if why := s.closed(); why != "" {
				s.o.Alarms.Event(fault.New(fault.ProvisionUnknownDevice, "device", device, "why", why), string(device))
			}
		}
	}
}

// closed says why auto-registration does not admit an unknown phone here, or "".
func (s *Service) closed() string {
	switch a := s.o.Configuration().AutoRegistration(s.o.Server); {
	case a == nil:
		return "it is not set up on this server"
	case !a.Enabled:
		return "it is off on this server"
	}
	return ""
}

// show makes a name that a stranger sent fit for a sentence.
func show(name string) string {
	const most = 60
	if len(name) > most {
		name = name[:most] + "…"
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; c <= ' ' || c > '~' && c < 0x80 || c == '"' {
			return strconv.QuoteToASCII(name)
		}
	}
	return strings.ToValidUTF8(name, "?")
}

// grouped writes a number with commas between its thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
