package tftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// GetOptions says how Get asks. The zero value asks as an old phone does: octet mode, no options.
type GetOptions struct {
	BlockSize    int           // asked as blksize; 0: not asked
	Window       int           // asked as windowsize; 0: not asked
	TransferSize bool          // ask for tsize
	Timeout      time.Duration // asked as timeout in whole seconds; 0: not asked
	Extra        Options       // asked as they are

	Repeat  time.Duration // wait before a packet is repeated; 0: 1 s, doubled up to 4 s
	Repeats int           // repetitions without progress; 0: 5
	MaxSize int64         // octets that are accepted; 0: 64 MiB
	Local   netip.Addr    // own address; the zero value leaves it to the system
}

// Transfer is what Get learned besides the content.
type Transfer struct {
	Server    netip.AddrPort // address from which the file came
	Confirmed Options        // options that the server confirmed
	Repeated  int            // packets that were repeated after silence
}

// ErrTimeout says that the server fell silent.
var ErrTimeout = errors.New("TFTP server does not answer")

const defaultMaxSize = 64 << 20

// Get fetches one file over UDP from addr ("host:port"). The server's refusal is a Failure in the error's chain; silence
// is ErrTimeout; a server that confirms what was not asked is an error (RFC 2347). ctx ends it at once.
func Get(ctx context.Context, addr, name string, o GetOptions) ([]byte, Transfer, error) {
	g, err := newGet(ctx, addr, name, o)
	if err != nil {
		return nil, Transfer{}, fmt.Errorf("get %s: %w", name, err)
	}
	defer g.conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = g.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := g.run(ctx); err != nil {
		return nil, g.transfer, fmt.Errorf("get %s: %w", name, err)
	}
	return g.content, g.transfer, nil
}

// get is the receiving side of one transfer.
type get struct {
	o        GetOptions
	conn     *net.UDPConn
	server   netip.AddrPort // where to send; its port changes with the first answer
	known    bool           // the port of the transfer is known
	request  Request
	terms    Terms
	content  []byte
	block    int64 // last block received in order
	inWindow int   // blocks since the last acknowledgement
	asked    bool  // the hole in this window was reported already
	out      []byte
	transfer Transfer
}

func newGet(ctx context.Context, addr, name string, o GetOptions) (*get, error) {
	var resolver net.Resolver
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port %q is no number", port)
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		found, err := resolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, err
		}
		ip = found[0]
	}
	var local *net.UDPAddr
	if o.Local.IsValid() {
		local = net.UDPAddrFromAddrPort(netip.AddrPortFrom(o.Local, 0))
	}
	conn, err := net.ListenUDP("udp", local)
	if err != nil {
		return nil, err
	}
	if o.MaxSize <= 0 {
		o.MaxSize = defaultMaxSize
	}
	g := &get{
		o: o, conn: conn, server: netip.AddrPortFrom(ip.Unmap(), uint16(number)), terms: StandardTerms,
		request: Request{Name: name, Options: o.ask()},
	}
	return g, nil
}

func (o GetOptions) ask() Options {
	var asked Options
	if o.BlockSize > 0 {
		asked = append(asked, Option{OptionBlockSize, strconv.Itoa(o.BlockSize)})
	}
	if o.TransferSize {
		asked = append(asked, Option{OptionTransferSize, "0"})
	}
	if o.Timeout > 0 {
		asked = append(asked, Option{OptionTimeout, strconv.Itoa(int(o.Timeout / time.Second))})
	}
	if o.Window > 0 {
		asked = append(asked, Option{OptionWindowSize, strconv.Itoa(o.Window)})
	}
	return append(asked, o.Extra...)
}

func (g *get) run(ctx context.Context) error {
	patience := Patience{First: g.o.Repeat, Repeats: g.o.Repeats}.orDefault()
	if g.o.Repeat > 0 {
		patience.Longest = 4 * g.o.Repeat
	}
	buffer := make([]byte, MaxPacket+1)
	wait, repeats := patience.First, 0
	if err := g.send(g.request.Append(g.out[:0])); err != nil {
		return err
	}
	deadline := time.Now().Add(wait)
	for {
		if err := g.conn.SetReadDeadline(deadline); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n, from, err := g.conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if repeats == patience.Repeats {
				return ErrTimeout
			}
			repeats++
			g.transfer.Repeated++
			wait = min(2*wait, patience.Longest)
			deadline = time.Now().Add(wait)
			if err := g.repeat(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		moved, done, err := g.take(buffer[:n], from)
		if err != nil || done {
			return err
		}
		if moved {
			wait, repeats = patience.First, 0
			deadline = time.Now().Add(wait)
		}
	}
}

// take handles one packet; moved says that the transfer got further.
func (g *get) take(b []byte, from netip.AddrPort) (moved, done bool, err error) {
	if from.Addr() != g.server.Addr() || g.known && from.Port() != g.server.Port() {
		if from.Addr() == g.server.Addr() { // RFC 1350 section 4: tell the stranger, go on
			_, _ = g.conn.WriteToUDPAddrPort(Failure{UnknownTransfer, "unknown transfer"}.Append(nil), from)
		}
		return false, false, nil
	}
	packet, err := Parse(b)
	if err != nil {
		return false, false, nil
	}
	switch p := packet.(type) {
	case Failure:
		return false, true, p
	case OptionAck:
		if g.block > 0 || g.known && len(g.transfer.Confirmed) == 0 {
			return false, false, nil
		}
		if g.known { // our answer was lost
			return false, false, g.acknowledge()
		}
		g.settle(from)
		if err := g.accept(p.Options); err != nil {
			_ = g.send(Failure{OptionRefused, err.Error()}.Append(g.out[:0]))
			return false, true, err
		}
		return true, false, g.acknowledge()
	case Data:
		if !g.known {
			g.settle(from)
		}
		return g.data(p)
	}
	return false, false, nil
}

func (g *get) settle(from netip.AddrPort) {
	g.server, g.known = from, true
	g.transfer.Server = from
}

// accept checks the server's option acknowledgement and takes its terms over.
func (g *get) accept(confirmed Options) error {
	for _, option := range confirmed {
		asked, ok := g.request.Options.Get(option.Name)
		if !ok {
			return fmt.Errorf("server confirms option %q, which was not asked for", option.Name)
		}
		value, err := strconv.ParseUint(option.Value, 10, 63)
		if err != nil {
			return fmt.Errorf("server confirms %s=%q", option.Name, option.Value)
		}
		limit, _ := strconv.ParseUint(asked, 10, 63)
		switch strings.ToLower(option.Name) {
		case OptionBlockSize:
			if value < MinBlockSize || value > max(limit, MinBlockSize) {
				return fmt.Errorf("server confirms block size %d for %d", value, limit)
			}
			g.terms.BlockSize = int(value)
		case OptionWindowSize:
			if value < 1 || value > limit {
				return fmt.Errorf("server confirms window size %d for %d", value, limit)
			}
			g.terms.Window = int(value)
		case OptionTransferSize:
			if value > uint64(g.o.MaxSize) {
				return fmt.Errorf("file has %d octets, more than %d", value, g.o.MaxSize)
			}
		}
	}
	g.transfer.Confirmed = confirmed
	return nil
}

func (g *get) data(p Data) (moved, done bool, err error) {
	if len(p.Payload) > g.terms.BlockSize {
		return false, true, fmt.Errorf("block of %d octets where %d were agreed", len(p.Payload), g.terms.BlockSize)
	}
	if p.Block != uint16(g.block+1) {
		// A hole in a window is reported once; a repeated block is confirmed again only where the sender cannot take
		// that for a hole (RFC 7440 section 4, RFC 1123 section 4.2.3.1).
		if behind := uint16(g.block) - p.Block; g.terms.Window == 1 && behind == 0 || g.terms.Window > 1 && !g.asked {
			g.asked = true
			return false, false, g.acknowledge()
		}
		return false, false, nil
	}
	if int64(len(g.content)+len(p.Payload)) > g.o.MaxSize {
		_ = g.send(Failure{DiskFull, "larger than expected"}.Append(g.out[:0]))
		return false, true, fmt.Errorf("more than %d octets", g.o.MaxSize)
	}
	g.content = append(g.content, p.Payload...)
	g.block++
	g.asked = false
	g.inWindow++
	last := len(p.Payload) < g.terms.BlockSize
	if last || g.inWindow >= g.terms.Window {
		err = g.acknowledge()
	}
	return true, last, err
}

func (g *get) acknowledge() error {
	g.inWindow = 0
	return g.send(Ack{uint16(g.block)}.Append(g.out[:0]))
}

// repeat sends again what the server may have missed.
func (g *get) repeat() error {
	if !g.known {
		return g.send(g.request.Append(g.out[:0]))
	}
	g.asked = false
	return g.acknowledge()
}

func (g *get) send(b []byte) error {
	g.out = b
	_, err := g.conn.WriteToUDPAddrPort(b, g.server)
	return err
}
