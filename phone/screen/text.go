package screen

import "sync"

// safeText is a line that two goroutines write.
type safeText struct {
	mu   sync.Mutex
	text string
}

func (t *safeText) set(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = s
}

func (t *safeText) get() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text
}
