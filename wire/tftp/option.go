package tftp

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// The names of the options that exist for us, in small letters (RFC 2347: letter case does not count).
const (
	OptionBlockSize    = "blksize"    // RFC 2348: octets of a block
	OptionTimeout      = "timeout"    // RFC 2349: seconds between repetitions
	OptionTransferSize = "tsize"      // RFC 2349: octets of the file
	OptionWindowSize   = "windowsize" // RFC 7440: blocks sent before an acknowledgement is awaited
)

// Option is one name and value, as they were written.
type Option struct{ Name, Value string }

// Options keeps the order in which they were asked.
type Options []Option

// Get returns the value of the first option of that name, whatever its case.
func (o Options) Get(name string) (string, bool) {
	for _, option := range o {
		if strings.EqualFold(option.Name, name) {
			return option.Value, true
		}
	}
	return "", false
}

func (o Options) append(dst []byte) []byte {
	for _, option := range o {
		dst = append(append(dst, option.Name...), 0)
		dst = append(append(dst, option.Value...), 0)
	}
	return dst
}

// parseOptions reads name and value pairs. It is lenient: what is not a whole pair ends the list, a second option of the
// same name does not count (RFC 2347: each option once), and no more than MaxOptions are kept.
func parseOptions(b []byte) Options {
	var options Options
	for len(options) < MaxOptions {
		name, rest, ok := bytes.Cut(b, []byte{0})
		if !ok || len(name) == 0 {
			break
		}
		value, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			break
		}
		b = rest
		if _, twice := options.Get(string(name)); !twice {
			options = append(options, Option{string(name), string(value)})
		}
	}
	return options
}

// Limits bounds what a server agrees to. The zero value means DefaultLimits.
type Limits struct {
	MaxBlockSize int // octets, MinBlockSize to MaxBlockSize
	MaxWindow    int // blocks, from 1
	MaxFlight    int // octets sent without an acknowledgement; the window is cut so that it fits, to 1 block at least
	MaxTimeout   int // seconds between repetitions, 1 to 255; a client that asks for more gets our own rhythm
}

// DefaultLimits lets a client choose any block size of the standard, and keeps what is under way within the receive
// buffer that systems give a socket by default (RFC 7440 section 4 warns of larger windows).
var DefaultLimits = Limits{MaxBlockSize: MaxBlockSize, MaxWindow: 64, MaxFlight: 128 << 10, MaxTimeout: 30}

func (l Limits) orDefault() Limits {
	if l.MaxBlockSize < MinBlockSize || l.MaxBlockSize > MaxBlockSize {
		l.MaxBlockSize = DefaultLimits.MaxBlockSize
	}
	if l.MaxWindow < 1 {
		l.MaxWindow = DefaultLimits.MaxWindow
	}
	if l.MaxFlight < 1 {
		l.MaxFlight = DefaultLimits.MaxFlight
	}
	if l.MaxTimeout < 1 || l.MaxTimeout > 255 {
		l.MaxTimeout = DefaultLimits.MaxTimeout
	}
	return l
}

// Terms is what one transfer runs on.
type Terms struct {
	BlockSize int           // octets, MinBlockSize to MaxBlockSize
	Window    int           // blocks before an acknowledgement, from 1
	Timeout   time.Duration // between repetitions, 1 s to 255 s; 0 if none was agreed
}

// StandardTerms are those of RFC 1350, for a transfer without options.
var StandardTerms = Terms{BlockSize: StandardBlock, Window: 1}

// Negotiate answers the options of a read request for a file of size octets. confirmed holds only options that were
// asked for, under the names that the client wrote, with values in their range: blksize is brought into 8 to
// 65464 and never exceeds the limit, tsize is exact, windowsize may be lowered, a time-out outside of 1 to the limit and
// anything that is not a number is left out, as is what we do not know. An empty confirmed means that no option
// acknowledgement is sent and the first answer is block 1.
func Negotiate(asked Options, limits Limits, size int64) (terms Terms, confirmed Options) {
	limits = limits.orDefault()
	terms = StandardTerms
	window := -1 // its place in confirmed: it can only be settled when the block size is known
	for _, option := range asked {
		value, err := strconv.ParseUint(option.Value, 10, 63)
		if err != nil {
			continue
		}
		confirm := func(agreed int64) {
			confirmed = append(confirmed, Option{option.Name, strconv.FormatInt(agreed, 10)})
		}
		switch strings.ToLower(option.Name) {
		case OptionBlockSize:
			terms.BlockSize = int(max(MinBlockSize, min(value, uint64(limits.MaxBlockSize))))
			confirm(int64(terms.BlockSize))
		case OptionTimeout:
			if value >= 1 && value <= uint64(limits.MaxTimeout) {
				terms.Timeout = time.Duration(value) * time.Second
				confirm(int64(value))
			}
		case OptionTransferSize:
			confirm(size)
		case OptionWindowSize:
			if value >= 1 && value <= 65535 {
				terms.Window = int(min(value, uint64(limits.MaxWindow)))
				window = len(confirmed)
				confirm(0)
			}
		}
	}
	if window >= 0 {
		terms.Window = max(1, min(terms.Window, limits.MaxFlight/terms.BlockSize))
		confirmed[window].Value = strconv.Itoa(terms.Window)
	}
	return terms, confirmed
}
