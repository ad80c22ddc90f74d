package provision

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/telephony"
)

// Figures of the patterns that are watched.
const (
	loopRequests   = 5                // more requests for one file than this …
	loopWindow     = 2 * time.Minute  // … within this are a loop
	foreignSigned  = 3                // requests for a signed file, without one for the plain file, mean another cluster's trust
	forget         = 10 * time.Minute // of silence, after which a phone begins anew
	maximumSeen    = 8192             // phones, addresses and files that are remembered
	maximumUnknown = 1000             // unknown phones that are listed
)

// UnknownPhone is a phone that asked for its file and is not configured.
type UnknownPhone struct {
	Device      telephony.DeviceName
	Address     netip.Addr
	First, Last time.Time
	Requests    int
}

// watch remembers who asked for what. It has bounded memory and takes the time as it is told.
type watch struct {
	mu      sync.Mutex
	asked   map[askedKey]*asked
	signed  map[telephony.DeviceName]*signed
	devices map[netip.Addr]lastDevice
	unknown map[telephony.DeviceName]*UnknownPhone
	said    map[string]time.Time
}

type askedKey struct{ who, file string }

type asked struct {
	times [loopRequests + 1]time.Time // a ring
	next  int
	told  bool
}

type signed struct {
	count int
	last  time.Time
	told  bool
}

type lastDevice struct {
	device telephony.DeviceName
	at     time.Time
}

func newWatch() *watch {
	return &watch{
		asked: map[askedKey]*asked{}, signed: map[telephony.DeviceName]*signed{}, devices: map[netip.Addr]lastDevice{},
		unknown: map[telephony.DeviceName]*UnknownPhone{}, said: map[string]time.Time{},
	}
}

// who names the asker: the device of the file, or the one that last asked for its own file from the same address, or "".
func (w *watch) who(own telephony.DeviceName, address netip.Addr, now time.Time) telephony.DeviceName {
	w.mu.Lock()
	defer w.mu.Unlock()
	if own != "" {
		if len(w.devices) >= maximumSeen {
			prune(w.devices, maximumSeen, func(d lastDevice) bool { return now.Sub(d.at) > forget })
		}
		w.devices[address] = lastDevice{own, now}
		return own
	}
	if d, ok := w.devices[address]; ok && now.Sub(d.at) <= forget {
		return d.device
	}
	return ""
}

// loop counts a request and reports how many there were within the window, once when that becomes too many.
func (w *watch) loop(who, file string, now time.Time) (count int, found bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := askedKey{who, strings.ToLower(file)}
	a := w.asked[key]
	if a == nil {
		if len(w.asked) >= maximumSeen {
			prune(w.asked, maximumSeen, func(a *asked) bool { return now.Sub(a.newest()) > loopWindow })
		}
		a = &asked{}
		w.asked[key] = a
	}
	if !a.newest().IsZero() && now.Sub(a.newest()) > forget {
		a.told = false
	}
	a.times[a.next] = now
	a.next = (a.next + 1) % len(a.times)
	oldest := a.times[a.next]
	if oldest.IsZero() || now.Sub(oldest) > loopWindow || a.told {
		return 0, false
	}
	a.told = true
	return len(a.times), true
}

func (a *asked) newest() time.Time { return a.times[(a.next+len(a.times)-1)%len(a.times)] }

// trust follows the files of one phone and reports, once, that it asks only for signed ones; plain tells that it asked for
// a plain one after that was reported.
func (w *watch) trust(device telephony.DeviceName, kind Kind, now time.Time) (foreign, plain bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.signed[device]
	switch kind {
	case KindSigned:
		if s == nil {
			if len(w.signed) >= maximumSeen {
				prune(w.signed, maximumSeen, func(s *signed) bool { return now.Sub(s.last) > forget })
			}
			s = &signed{}
			w.signed[device] = s
		} else if now.Sub(s.last) > forget && !s.told {
			s.count = 0
		}
		s.count++
		s.last = now
		if s.count >= foreignSigned && !s.told {
			s.told = true
			return true, false
		}
	case KindPhone, KindPhoneText:
		delete(w.signed, device)
		return false, s != nil && s.told
	}
	return false, false
}

// stranger notes a phone that is not configured; it reports true the first time, and again after a long silence.
func (w *watch) stranger(device telephony.DeviceName, address netip.Addr, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.unknown[device]
	if u == nil {
		if len(w.unknown) >= maximumUnknown {
			prune(w.unknown, maximumUnknown, func(u *UnknownPhone) bool { return now.Sub(u.Last) > forget })
		}
		u = &UnknownPhone{Device: device, First: now}
		w.unknown[device] = u
	}
	fresh := now.Sub(u.Last) > forget
	u.Address, u.Last = address, now
	u.Requests++
	return fresh
}

// once reports true for a key the first time, and again after a long silence about it.
func (w *watch) once(key string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.said) >= maximumSeen {
		prune(w.said, maximumSeen, func(at time.Time) bool { return now.Sub(at) > forget })
	}
	last, ok := w.said[key]
	if ok && now.Sub(last) <= forget {
		return false
	}
	w.said[key] = now
	return true
}

// known takes a phone off the list of unknown ones, and forgets its patterns.
func (w *watch) known(device telephony.DeviceName, registered bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.unknown, device)
	if !registered {
		return
	}
	delete(w.signed, device)
	for key := range w.asked {
		if key.who == string(device) {
			delete(w.asked, key)
		}
	}
}

func (w *watch) strangers() []UnknownPhone {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]UnknownPhone, 0, len(w.unknown))
	for _, u := range w.unknown {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b UnknownPhone) int { return strings.Compare(string(a.Device), string(b.Device)) })
	return list
}

// prune makes room in a table that reached its limit: what is old goes, and if that is little, whatever comes first.
func prune[K comparable, V any](m map[K]V, limit int, old func(V) bool) {
	for k, v := range m {
		if old(v) {
			delete(m, k)
		}
	}
	for k := range m {
		if len(m) <= limit*3/4 {
			return
		}
		delete(m, k)
	}
}
