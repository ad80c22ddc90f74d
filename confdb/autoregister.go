package confdb

import (
	"context"
	"fmt"
	"strconv"

	"tandem/fault"
	"tandem/telephony"
)

// Newcomer is an unknown phone that asks to be let in.
type Newcomer struct {
	Server   telephony.ServerName // at which it asked
	Name     telephony.DeviceName
	Protocol telephony.Protocol
	Product  telephony.ProductName
}

// AutoRegister creates a phone with a directory number of its own: the lowest free number of the server's range. Two
// phones that come at once get two numbers. A phone that is there already is returned as it is. The error is
// ErrNotAdmitted where auto-registration is off, fault.AutoRegistrationFull where no number is left.
func (s *Store) AutoRegister(ctx context.Context, n Newcomer) (*telephony.Phone, Result, error) {
	if p := s.Snapshot().Phone(n.Name); p != nil {
		return p, Result{Position: s.Snapshot().Position()}, nil
	}
	actor := "auto-registration of " + string(n.Name)
	result, err := s.Update(ctx, Options{Actor: actor}, func(now *Snapshot) (ChangeSet, error) {
		if now.Phone(n.Name) != nil {
			return ChangeSet{}, nil
		}
		a := now.AutoRegistration(n.Server)
		if a == nil || !a.Enabled {
			return ChangeSet{}, ErrNotAdmitted
		}
		number, ok := nextFree(now, a)
		if !ok {
			return ChangeSet{}, fault.New(fault.AutoRegistrationFull, "device", n.Name, "first", a.StartNumber, "last", a.EndNumber)
		}
		pool := a.DevicePool
		if d := now.DeviceDefaults(n.Product, n.Protocol); d != nil && d.DevicePool != "" {
			pool = d.DevicePool
		}
		set := ChangeSet{Source: "of " + actor}
		set.Put(
			&telephony.DirectoryNumber{Pattern: telephony.Pattern(number), Partition: a.Partition, ExternalMask: a.ExternalMask,
				Description: "Auto-registered"},
			&telephony.Phone{Name: n.Name, Description: "Auto-registered", Protocol: n.Protocol, Product: n.Product, DevicePool: pool,
				CallingSearchSpace: a.CallingSearchSpace,
				Lines:              []telephony.LineAppearance{{DirectoryNumber: telephony.Pattern(number), Partition: a.Partition}}})
		return set, nil
	})
	if err != nil {
		return nil, result, err
	}
	return s.Snapshot().Phone(n.Name), result, nil
}

// ErrNotAdmitted is the answer of AutoRegister where auto-registration is off on the server.
var ErrNotAdmitted = fmt.Errorf("confdb: auto-registration is off")

// nextFree is the lowest number of the range that is neither a directory number nor a pattern of its partition.
func nextFree(s *Snapshot, a *telephony.AutoRegistration) (telephony.Number, bool) {
	first, err1 := strconv.ParseInt(string(a.StartNumber), 10, 64)
	last, err2 := strconv.ParseInt(string(a.EndNumber), 10, 64)
	if err1 != nil || err2 != nil {
		return "", false
	}
	for n := first; n <= last; n++ {
		digits := fmt.Sprintf("%0*d", len(a.StartNumber), n)
		key := telephony.LineKey{Pattern: telephony.Pattern(digits), Partition: a.Partition}
		if s.DirectoryNumber(key) == nil && s.TranslationPattern(key) == nil && s.RoutePattern(key) == nil {
			return telephony.Number(digits), true
		}
	}
	return "", false
}
