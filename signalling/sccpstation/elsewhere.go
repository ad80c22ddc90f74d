package sccpstation

import (
	"fmt"

	"tandem/call/signal"
	"tandem/fault"
)

// RegisteredElsewhere implements signal.Registrant: the phone has registered at another server, so this registration is
// over (T-14). A call that is up here keeps its connection until it ends.
func (st *station) RegisteredElsewhere(incarnation uint64, server signal.NodeID) {
	st.lock()
	defer st.release()
	if !st.attached || st.incarnation != incarnation {
		return
	}
	st.attached, st.moved = false, true
	st.srv.Story.Say(st.name, string(fault.DeviceElsewhere), fmt.Sprintf("Registered at server %d: the registration here is over.", server))
	st.leaveWhenIdle()
}

// leaveWhenIdle closes the connection of a phone that is registered elsewhere as soon as nobody uses it.
func (st *station) leaveWhenIdle() {
	n := st.sess
	if !st.moved || n == nil || st.talking() {
		return
	}
	st.moved = false
	st.unbind()
	n.conn.Close()
}
