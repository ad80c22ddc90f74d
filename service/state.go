package service

import (
	"encoding/json"
	"fmt"
	"time"

	"tandem/fault"
)

// State is where a service is in its life.
type State uint8

// The states of a service.
const (
	Inactive State = iota // not activated on this server
	Stopped               // activated, and stopped by an administrator or with the server
	Starting              // on the way up, or waiting for a service that it needs and that is starting
	Running               // accepts work
	Stopping              // on the way down
	Failed                // activated and down for a reason; it may be tried again
)

var stateNames = [...]string{"inactive", "stopped", "starting", "running", "stopping", "failed"}

// String returns the state in small letters.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// MarshalJSON writes the name of the state.
func (s State) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads the name of a state.
func (s *State) UnmarshalJSON(data []byte) error {
	var name string
	if err := json.Unmarshal(data, &name); err != nil {
		return err
	}
	for i, n := range stateNames {
		if n == name {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("unknown state of a service %q", name)
}

// Recovery says what happens when a service fails by itself. It does not apply to ports, which are tried until they are free.
type Recovery struct {
	Restart bool          // false: it stays down until somebody starts it
	After   time.Duration // how long to wait before a restart
	Count   int           // how many restarts within Window; one failure more and it stays down
	Window  time.Duration // the time in which restarts are counted
}

type recoveryJSON struct {
	Restart bool   `json:"restart"`
	After   string `json:"after"`
	Count   int    `json:"count"`
	Window  string `json:"window"`
}

// MarshalJSON writes durations as people do: "1s", "10m0s".
func (r Recovery) MarshalJSON() ([]byte, error) {
	return json.Marshal(recoveryJSON{r.Restart, r.After.String(), r.Count, r.Window.String()})
}

// UnmarshalJSON reads what MarshalJSON writes. Negative figures are refused.
func (r *Recovery) UnmarshalJSON(data []byte) error {
	var form recoveryJSON
	if err := json.Unmarshal(data, &form); err != nil {
		return err
	}
	after, err := time.ParseDuration(form.After)
	if err != nil {
		return fmt.Errorf("after: %w", err)
	}
	window, err := time.ParseDuration(form.Window)
	if err != nil {
		return fmt.Errorf("window: %w", err)
	}
	if after < 0 || window < 0 || form.Count < 0 {
		return fmt.Errorf("a recovery setting has no negative figures")
	}
	*r = Recovery{form.Restart, after, form.Count, window}
	return nil
}

// DefaultRecovery restarts after a second, up to five times in ten minutes.
var DefaultRecovery = Recovery{Restart: true, After: time.Second, Count: 5, Window: 10 * time.Minute}

// Settings are what an administrator chose for one service on this server.
type Settings struct {
	Activated bool     `json:"activated"`
	Recovery  Recovery `json:"recovery"`
}

// Store keeps the Settings through restarts. Load returns what was saved; services that are not in it have their defaults.
type Store interface {
	Load() (map[Name]Settings, error)
	Save(map[Name]Settings) error
}

// Status is what can be seen of a service.
type Status struct {
	Name      Name         `json:"name"`
	About     string       `json:"about"`
	Activated bool         `json:"activated"`
	Always    bool         `json:"always"` // it cannot be deactivated
	State     State        `json:"state"`
	Since     time.Time    `json:"since"`    // when it came into this state
	Restarts  int          `json:"restarts"` // how often it was restarted after a failure since the server started
	Panics    int          `json:"panics"`   // how many panics were contained in it since the server started
	Recovery  Recovery     `json:"recovery"`
	Needs     []Name       `json:"needs,omitempty"`
	Fault     *fault.Error `json:"fault,omitempty"` // why it is down, if it failed
	Next      time.Time    `json:"next,omitzero"`   // when it is tried again, zero if it is not
}
