package registration

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
