package registration

import "sync"

// Capacity is the account of what a server carries, in device weight units (callmanager-4x.md A.11, C-190). Like Table it
// is plain data without a lock.
type Capacity struct {
	used int
	held map[string]int // weight of each device
}

// Enter takes a device in, if its weight fits under the limit; one that is in already stays in whatever the limit is, with
// the weight that it has now.
func (c *Capacity) Enter(device string, weight, limit int) bool {
	weight = max(weight, 1)
	before, in := c.held[device]
	if !in && c.used+weight > limit {
		return false
	}
	if c.held == nil {
		c.held = map[string]int{}
	}
	c.held[device] = weight
	c.used += weight - before
	return true
}

// Leave takes a device out; one that is not in changes nothing.
func (c *Capacity) Leave(device string) {
	c.used -= c.held[device]
	delete(c.held, device)
}

// Used is the sum of the weights.
func (c *Capacity) Used() int { return c.used }

// Room is what a server can carry, as its adapters ask for it. Its methods are called with a device's lock held and must not
// block.
type Room interface {
	// Enter takes a device in and says whether there was room; for one that is in there is.
	Enter(device string, weight int) bool
	// Leave takes it out.
	Leave(device string)
	// Used gives the account: what the devices take, of how much; 0 of 0 where there is no limit.
	Used() (used, limit int)
}

// Unbounded is the Room of a server that carries whatever comes.
type Unbounded struct{}

// Enter implements Room.
func (Unbounded) Enter(string, int) bool { return true }

// Leave implements Room.
func (Unbounded) Leave(string) {}

// Used implements Room.
func (Unbounded) Used() (used, limit int) { return 0, 0 }

// SharedRoom is the Room that the adapters of one server share. It is safe for concurrent use.
type SharedRoom struct {
	limit func() int

	mu      sync.Mutex
	account Capacity
}

// NewSharedRoom makes a Room; limit gives what the server carries now, in device weight units.
func NewSharedRoom(limit func() int) *SharedRoom { return &SharedRoom{limit: limit} }

// Enter implements Room.
func (r *SharedRoom) Enter(device string, weight int) bool {
	limit := r.limit()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.account.Enter(device, weight, limit)
}

// Leave implements Room.
func (r *SharedRoom) Leave(device string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.account.Leave(device)
}

// Used implements Room.
func (r *SharedRoom) Used() (used, limit int) {
	limit = r.limit()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.account.Used(), limit
}
