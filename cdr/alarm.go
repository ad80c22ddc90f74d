package cdr

import (
	"context"
	"log/slog"

	"tandem/fault"
)

// standing raises alarms and remembers which stand. Its owner guards it.
type standing struct {
	alarm    func(error)
	cleared  func(fault.Code)
	log      *slog.Logger
	standing map[fault.Code]bool
}

func newStanding(alarm func(error), cleared func(fault.Code), log *slog.Logger) standing {
	return standing{alarm, cleared, log, map[fault.Code]bool{}}
}

// raise reports something that does not stand.
func (s *standing) raise(f *fault.Error) { raise(s.alarm, s.log, f) }

// stands raises an alarm once until it is over.
func (s *standing) stands(f *fault.Error) {
	if !s.standing[f.Code] {
		s.again(f)
	}
}

// again raises an alarm that may stand already, because there is more of it.
func (s *standing) again(f *fault.Error) {
	s.standing[f.Code] = true
	s.raise(f)
}

func (s *standing) over(code fault.Code) {
	if s.standing[code] {
		delete(s.standing, code)
		if s.cleared != nil {
			s.cleared(code)
		}
	}
}

// raise hands an alarm over, or logs it where nobody takes alarms.
func raise(alarm func(error), log *slog.Logger, f *fault.Error) {
	if alarm != nil {
		alarm(f)
		return
	}
	log.Log(context.Background(), f.Severity.Level(), f.Message, "fault", f)
}
