package node

import (
	"context"
	"time"

	"tandem/call"
	"tandem/call/signal"
	"tandem/confdb"
	"tandem/confdb/live"
	"tandem/fault"
	"tandem/telephony"
)

// forwardWithin bounds how long a user at a phone waits for a forwarding to be kept.
const forwardWithin = 5 * time.Second

// setForwardAll keeps the forwarding of all calls of a line that a user set at a phone. An empty destination, or the line
// itself, ends it.
func setForwardAll(d *live.Directory, store *confdb.Store, device string, line signal.LineRef, destination string) error {
	ctx, cancel := context.WithTimeout(context.Background(), forwardWithin)
	defer cancel()
	if destination == line.Number {
		destination = ""
	}
	key := telephony.LineKey{Pattern: telephony.Pattern(line.Number), Partition: telephony.PartitionName(line.Partition)}
	_, err := store.Update(ctx, confdb.Options{Actor: device, UserState: true}, func(s *confdb.Snapshot) (confdb.ChangeSet, error) {
		set := confdb.ChangeSet{Source: "the phone " + device}
		number := s.DirectoryNumber(key)
		if number == nil {
			return set, fault.New(fault.ObjectNotFound, "kind", "directory number", "name", key.String())
		}
		changed := *number
		if destination == "" {
			if number.ForwardAll == nil {
				return set, nil
			}
			changed.ForwardAll = nil
			return *set.Put(&changed), nil
		}
		var space telephony.CallingSearchSpaceName
		if number.ForwardAll != nil {
			space = number.ForwardAll.CallingSearchSpace
		} else if p, ok := d.Profile(device, 1); ok {
			// As the user could call it now: the rights of the device.
			space = telephony.CallingSearchSpaceName(p.Spaces[1])
		}
		a := d.Analyze(call.Query{Digits: destination, Spaces: []string{string(space)}, Complete: true})
		if a.Outcome != call.Found {
			return set, fault.New(fault.ForwardUnreachable, "destination", destination, "line", key.String(), "space", string(space))
		}
		changed.ForwardAll = &telephony.Forward{Destination: telephony.Number(destination), CallingSearchSpace: space}
		return *set.Put(&changed), nil
	})
	return err
}
