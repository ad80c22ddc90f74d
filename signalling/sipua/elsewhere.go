package sipua

import (
	"tandem/call/signal"
	"tandem/fault"
)

// RegisteredElsewhere implements signal.Registrant: the phone has registered at another server, so its contacts here are
// dropped (T-14). Dialogs go on: they have their own route to the phone.
func (st *station) RegisteredElsewhere(incarnation uint64, server signal.NodeID) {
	st.mu.Lock()
	if st.closed || st.incarnation != incarnation {
		st.mu.Unlock()
		return
	}
	after := st.drop(func(*contact) bool { return true })
	st.schedule(st.s.o.Now())
	st.mu.Unlock()
	after()
	st.closeStale()
	st.s.say(st.name, string(fault.DeviceElsewhere), "registered at server %d: the registration here is over", server)
}
