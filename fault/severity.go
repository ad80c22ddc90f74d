package fault

import (
	"fmt"
	"log/slog"
)

// Severity is how bad a fault is, with the numbers of syslog (RFC 5424 section 6.2.1): smaller is worse.
type Severity uint8

// The severities, worst first.
const (
	SeverityEmergency     Severity = iota // the server is unusable
	SeverityAlert                         // somebody must act at once
	SeverityCritical                      // a main function is lost
	SeverityError                         // something does not work; `tandem status` exits 3 while it stands
	SeverityWarning                       // it works, but not for long or not fully
	SeverityNotice                        // normal, but worth knowing
	SeverityInformational                 // normal
	SeverityDebug                         // for engineers
)

var severityNames = [...]string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}

// String returns the name in small letters.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// ParseSeverity reads a name as String writes it.
func ParseSeverity(name string) (Severity, error) {
	for i, n := range severityNames {
		if n == name {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("unknown severity %q", name)
}

// AtLeast reports whether s is as bad as t or worse.
func (s Severity) AtLeast(t Severity) bool { return s <= t }

// Level returns the level of the structured log: the four of log/slog, and 12 for anything worse than an error.
func (s Severity) Level() slog.Level {
	switch {
	case s < SeverityError:
		return slog.LevelError + 4
	case s == SeverityError:
		return slog.LevelError
	case s == SeverityWarning:
		return slog.LevelWarn
	case s == SeverityDebug:
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}

// Reaction is what a set-up program does when it meets a fault.
type Reaction uint8

// The reactions, strongest first.
const (
	Stop   Reaction = iota // do not go on
	Ask                    // go on only if the person agrees
	Warn                   // say it and go on
	Inform                 // mention it
)

// Reaction returns what a set-up program does about a fault of this severity.
func (s Severity) Reaction() Reaction {
	switch {
	case s <= SeverityError:
		return Stop
	case s == SeverityWarning:
		return Ask
	case s == SeverityNotice:
		return Warn
	default:
		return Inform
	}
}
