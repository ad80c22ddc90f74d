package runner

import "tandem/call/signal"

// appearances is a Directory that counts the appearances of a line for less than it describes the line.
type appearances interface {
	Appearances(ref signal.LineRef) int
}

// Shown implements line.Shown.
func (e lineEnv) Shown(ref signal.LineRef) bool {
	count, ok := e.x.directory.(appearances)
	if !ok || count.Appearances(ref) > 1 {
		return true
	}
	e.x.mu.RLock()
	defer e.x.mu.RUnlock()
	return len(e.x.watchers[ref]) > 0 || len(e.x.watching[ref]) > 0
}
