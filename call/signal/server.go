package signal

// What a machine is told about the other servers of the cluster. These are inputs like TimerFired: they come from the
// machinery of the own server and never cross.

// ServerLost says that a server cannot be reached any more: what was under way to it and from it is lost.
type ServerLost struct{ Node NodeID }

// ServerBack says that a server is reachable again. Restarted tells a new process, which knows nothing of what was before,
// from one that was only cut off and still has its half-calls.
type ServerBack struct {
	Node      NodeID
	Restarted bool
}

// DeviceBack says that a device which a half-call waits for (Await) has registered without a call of its own: what it
// had on the server that was lost is over.
type DeviceBack struct{ Device string }

// OwnerMoved says that another server owns the half-call's line now.
type OwnerMoved struct{}
