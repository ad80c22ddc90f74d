package sccp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// Errors of Decode and Append, to be tested with errors.Is.
var (
	// ErrCount: a counter in a message promises more elements than the frame or the field holds (T-1).
	ErrCount = errors.New("count larger than its room")
	// ErrValue: a field holds what cannot be, for example a port above 65535.
	ErrValue = errors.New("impossible value")
	// ErrNotForVersion: the catalogue has no form of this message for the version.
	ErrNotForVersion = errors.New("message does not exist in this version")
)

// A coder walks over a message body in one direction. A message's layout method calls it once per
// field; decoding fills the field, encoding appends it. A body that ends early leaves the remaining
// fields zero, because older phones send truncated forms (sccp.md 1.1).
type coder struct {
	buf      []byte // decoding: the body; encoding: the caller's buffer, body appended at start
	off      int    // decoding: the next byte
	start    int    // encoding: where the body begins
	err      error
	id       MessageID // the form on the wire
	version  Version
	charset  Charset
	decoding bool
}

func (c *coder) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *coder) has(ch change) bool { return c.version.has(ch) }

// left is the number of bytes that were received and not yet decoded.
func (c *coder) left() int { return len(c.buf) - c.off }

// take returns the next n bytes, fewer where the body ends.
func (c *coder) take(n int) []byte {
	n = min(n, c.left())
	b := c.buf[c.off : c.off+n]
	c.off += n
	return b
}

// u32 is a word of 32 bits.
func u32[T ~uint32](c *coder, p *T) {
	if !c.decoding {
		c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(*p))
		return
	}
	if c.left() >= 4 {
		*p = T(binary.LittleEndian.Uint32(c.buf[c.off:]))
		c.off += 4
		return
	}
	*p = T(lsb(c.take(4)))
}

// u16 is a word of 16 bits.
func u16[T ~uint16](c *coder, p *T) {
	if !c.decoding {
		c.buf = binary.LittleEndian.AppendUint16(c.buf, uint16(*p))
		return
	}
	*p = T(lsb(c.take(2)))
}

// u8 is one byte.
func u8[T ~uint8](c *coder, p *T) {
	if !c.decoding {
		c.buf = append(c.buf, uint8(*p))
		return
	}
	*p = T(lsb(c.take(1)))
}

// lsb reads a number whose upper bytes may be missing.
func lsb(b []byte) (n uint32) {
	for i, x := range b {
		n |= uint32(x) << (8 * i)
	}
	return n
}

// flag is a word that is 0 or 1; anything but 0 reads as true.
func (c *coder) flag(p *bool) {
	var n uint32
	if *p {
		n = 1
	}
	u32(c, &n)
	if c.decoding {
		*p = n != 0
	}
}

// raw is a fixed number of bytes.
func (c *coder) raw(p []byte) {
	if !c.decoding {
		c.buf = append(c.buf, p...)
		return
	}
	clear(p[copy(p, c.take(len(p))):])
}

// gap is n bytes without meaning: skipped, sent as zeros.
func (c *coder) gap(n int) {
	if c.decoding {
		c.take(n)
		return
	}
	for ; n > 0; n-- {
		c.buf = append(c.buf, 0)
	}
}

// text is a field of width bytes, NUL-terminated when sent; received, it may be full without a NUL
// and holds filler after it.
func (c *coder) text(p *string, width int) {
	if c.decoding {
		*p = c.charset.decode(untilNUL(c.take(width)))
		return
	}
	at := len(c.buf)
	c.buf = c.charset.AppendText(c.buf, *p, width-1)
	c.gap(at + width - len(c.buf))
}

// zstr is a zero-terminated string, directly followed by the next field, of at most width bytes
// including the zero.
func (c *coder) zstr(p *string, width int) {
	if !c.decoding {
		c.buf = append(c.charset.AppendText(c.buf, *p, width-1), 0)
		return
	}
	s := untilNUL(c.buf[c.off:])
	c.take(len(s) + 1)
	*p = c.charset.decode(s)
}

func untilNUL(b []byte) []byte {
	for i, x := range b {
		if x == 0 {
			return b[:i]
		}
	}
	return b
}

// count checks a counter that was just decoded: n elements of size bytes each, at least, must fit into
// what is left. Encoding checks against the room of the fixed layout.
func (c *coder) count(n uint32, size, room int) int {
	if c.decoding {
		if uint64(n)*uint64(size) > uint64(c.left()) {
			c.fail(fmt.Errorf("%w: %d elements in %d bytes", ErrCount, n, c.left()))
			return 0
		}
		return int(n)
	}
	if n > uint32(room) {
		c.fail(fmt.Errorf("%w: %d elements, room for %d", ErrCount, n, room))
		return 0
	}
	return int(n)
}

// ipv4 is an address of four bytes in network order. An IPv6 address does not fit.
func (c *coder) ipv4(p *netip.Addr) {
	var b [4]byte
	if !c.decoding {
		if a := p.Unmap(); a.Is4() {
			b = a.As4()
		} else if a.IsValid() {
			c.fail(fmt.Errorf("%w: %v where only IPv4 fits", ErrValue, a))
		}
	}
	c.raw(b[:])
	if c.decoding {
		*p = netip.AddrFrom4(b)
	}
}

// ipv6 is an address of 16 bytes in network order.
func (c *coder) ipv6(p *netip.Addr) {
	var b [16]byte
	if !c.decoding && p.IsValid() {
		b = p.As16()
	}
	c.raw(b[:])
	if c.decoding {
		*p = netip.AddrFrom16(b)
	}
}

// address is the reference's ipAny: four bytes, or a family word and 16 bytes (sccp.md 1.4).
func (c *coder) address(p *netip.Addr, typed bool) {
	if !typed {
		c.ipv4(p)
		return
	}
	var family uint32
	var b [16]byte
	if !c.decoding && p.IsValid() {
		if a := p.Unmap(); a.Is4() {
			four := a.As4()
			copy(b[:], four[:])
		} else {
			family, b = 1, a.As16()
		}
	}
	u32(c, &family)
	c.raw(b[:])
	if !c.decoding {
		return
	}
	if family == 1 {
		*p = netip.AddrFrom16(b).Unmap()
	} else {
		*p = netip.AddrFrom4([4]byte(b[:4]))
	}
}

// port is a UDP or TCP port in a little-endian word.
func (c *coder) port(p *uint16) {
	n := uint32(*p)
	u32(c, &n)
	if c.decoding {
		if n > 65535 {
			c.fail(fmt.Errorf("%w: port %d", ErrValue, n))
		}
		*p = uint16(n)
	}
}

// endpoint is an address followed by its port.
func (c *coder) endpoint(p *netip.AddrPort, typed bool) {
	addr, port := p.Addr(), p.Port()
	c.address(&addr, typed)
	c.port(&port)
	if c.decoding {
		*p = netip.AddrPortFrom(addr, port)
	}
}

// typedAddress says whether addresses of this body carry their family. The version decides, and on
// receive the length does where it fits only the other form (sccp.md 1.2): plain is the size of the
// whole body with a four-byte address, the other form has 16 more.
func (c *coder) typedAddress(plain int) bool {
	typed := c.has(typedAddress)
	if !c.decoding {
		return typed
	}
	if typed {
		return len(c.buf) > plain
	}
	return len(c.buf) >= plain+16
}

// numberWidth is the width of each of n directory numbers in a fixed body with rest other bytes: 24,
// and from version 18 on whatever the length of the body says (sccp.md 1.4).
func (c *coder) numberWidth(n, rest int) int {
	if c.decoding && c.has(wideNumbers) {
		for _, width := range [...]int{25, 28} {
			if len(c.buf) == n*width+rest {
				return width
			}
		}
	}
	return NumberWidth
}

// NumberWidth is the size of a directory number in a fixed layout, terminating zero included.
const NumberWidth = 24
