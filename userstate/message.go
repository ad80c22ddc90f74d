package userstate

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"tandem/telephony"
)

// messageFormat is the first byte of a message. A server that meets a newer one drops it: the publisher's configuration
// brings it the outcome.
const messageFormat = 1

// maximumChanges bounds one message.
const maximumChanges = 500

// message is what servers tell each other: changes that wait for the publisher, and what it decided about some.
type message struct {
	Changes []*telephony.UserState `cbor:"1,keyasint,omitempty"`
	Settled []*telephony.UserState `cbor:"2,keyasint,omitempty"` // dropped by the publisher: they wait no longer
}

var decoding = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: 1024, MaxMapPairs: 64, MaxNestedLevels: 8}.DecMode()
	if err != nil {
		panic(err) // constant options
	}
	return m
}()

func (m message) encode() ([]byte, error) {
	b, err := cbor.Marshal(m)
	if err != nil {
		return nil, err
	}
	return append([]byte{messageFormat}, b...), nil
}

func decodeMessage(b []byte) (m message, err error) {
	if len(b) == 0 || b[0] != messageFormat {
		return m, errors.New("a message about user state has an unknown format")
	}
	if err := decoding.Unmarshal(b[1:], &m); err != nil {
		return m, fmt.Errorf("a message about user state: %w", err)
	}
	for _, list := range [][]*telephony.UserState{m.Changes, m.Settled} {
		if len(list) > maximumChanges {
			return m, errors.New("a message about user state holds too many changes")
		}
		for _, u := range list {
			if !sound(u) {
				return m, errors.New("a message about user state holds a change that cannot be")
			}
		}
	}
	return m, nil
}

// latest bounds stamps (the year 2200): a change that no later one can follow would stay for ever.
const latest = 230 * 365 * 24 * 3600 * 1_000_000_000

// sound says that a change has the form that the configuration takes.
func sound(u *telephony.UserState) bool {
	if u == nil || u.Subject == "" || u.Stamp <= 0 || u.Stamp > latest || len(u.Subject) > 128 || len(u.Value) > 64 || len(u.CallingSearchSpace) > 50 ||
		len(u.Server) > 63 || len(u.Actor) > 128 {
		return false
	}
	switch u.Setting {
	case telephony.SettingForwardAll, telephony.SettingDoNotDisturb, telephony.SettingMessages:
		return true
	}
	return false
}
