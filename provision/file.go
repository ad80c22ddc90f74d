package provision

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"time"

	"tandem/telephony"
)

// Transport is how a file was asked for.
type Transport string

// The transports.
const (
	TFTP Transport = "TFTP"
	HTTP Transport = "HTTP"
)

// Request is one question for a file.
type Request struct {
	Name      string // as the client wrote it
	Transport Transport
	Source    netip.AddrPort // who asks
	Local     netip.Addr     // address of ours at which it was asked; the zero value if that is not known
	At        time.Time
}

// File is the answer. Whoever opened it calls Close once.
type File struct {
	Name     string               // as it is called here, whatever letter case was asked for
	Device   telephony.DeviceName // whose own file it is, or ""
	Kind     Kind
	Size     int64  // octets of Content
	ETag     string // changes with the content; without quotation marks
	Content  io.ReaderAt
	release  func() error
	Modified time.Time // zero if it is not known
}

// Close gives the content back.
func (f *File) Close() error {
	if f.release == nil {
		return nil
	}
	return f.release()
}

// What Open answers when there is nothing to send.
var (
	ErrNotFound = errors.New("no such file")             // a name that could be, but is not here
	ErrRefused  = errors.New("not a name that we serve") // a name outside of the closed set: other folders, odd characters
	ErrWrite    = errors.New("devices may only read")
	ErrBusy     = errors.New("too many transfers")
)

// Result tells how a request went.
type Result struct {
	File    *File // nil if none was sent
	Sent    int64 // octets that the client confirmed (TFTP) or that were handed to the network (HTTP)
	Took    time.Duration
	Err     error  // ErrNotFound and the others above, or why the transfer ended early; nil if all is well
	Remark  string // how it ended, if that is worth a word
	Partial bool   // only a part was asked for, or the client has the content already (HTTP)
}

// Files is what the servers of this directory ask.
type Files interface {
	// Open finds the file. Its errors wrap ErrNotFound or ErrRefused, or are faults of ours.
	Open(ctx context.Context, r Request) (*File, error)
	// Served is called once for each request, when it is over. It does not block.
	Served(r Request, result Result)
}
