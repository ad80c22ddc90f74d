package node

import (
	"sync"

	"tandem/registration"
)

// capacity is the account of device weights that the adapters of this server share (C-190).
type capacity struct {
	limit func() int // in force now

	mu      sync.Mutex
	account registration.Capacity
}

// Enter implements the Capacity of the adapters.
func (c *capacity) Enter(device string, weight int) bool {
	limit := c.limit()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.account.Enter(device, weight, limit)
}

// Leave implements the Capacity of the adapters.
func (c *capacity) Leave(device string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account.Leave(device)
}

// Used implements the Capacity of the adapters.
func (c *capacity) Used() (used, limit int) {
	limit = c.limit()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.account.Used(), limit
}
