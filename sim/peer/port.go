package peer

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports are given out from below those that the system chooses for connections and those of audio, so that nobody takes one
// between its choice and its use.
const (
	firstPort = 10240
	lastPort  = 16000
)

var given struct {
	sync.Mutex
	ports map[int]bool
}

// FreePorts finds a port of the loopback address from which n ports on are free for TCP and UDP, and gives none of them out
// again as long as this process lives.
func FreePorts(n int) (int, error) {
	given.Lock()
	defer given.Unlock()
	if given.ports == nil {
		given.ports = make(map[int]bool)
	}
	for range 1000 {
		first := firstPort + rand.IntN(lastPort-firstPort-n)
		free := true
		for p := first; p < first+n && free; p++ {
			free = !given.ports[p] && isFree(p)
		}
		if !free {
			continue
		}
		for p := first; p < first+n; p++ {
			given.ports[p] = true
		}
		return first, nil
	}
	return 0, errors.New("no free ports were found")
}

func isFree(port int) bool {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	defer l.Close()
	p, err := net.ListenPacket("udp", address)
	if err != nil {
		return false
	}
	return p.Close() == nil
}
