package tftpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"tandem/provision"
	"tandem/wire/tftp"
)

// transfer is one read request and what becomes of it.
type transfer struct {
	server  *Server
	request tftp.Request
	r       provision.Request
	heard   time.Time // last time that the client asked; under the server's lock

	ctx    context.Context
	cancel context.CancelFunc // nil while it waits for a place
	link   link
	moved  atomic.Bool // the client has answered: a further request of the same name is a new beginning
}

// How a transfer ended early.
var (
	errSilent   = errors.New("the client fell silent")
	errLeft     = errors.New("the client closed its port")
	errReplaced = errors.New("the client began anew, or took too long")
	errStopped  = errors.New("the server stops")
	errText     = errors.New("too large for netascii")
)

// run is the goroutine of the transfer. A panic ends this transfer only.
func (t *transfer) run() {
	count := &t.server.count
	started := time.Now()
	var result provision.Result
	defer func() {
		if p := recover(); p != nil {
			count.failed.Add(1)
			t.server.config.Log.Error("a TFTP transfer failed inside", "file", t.r.Name, "client", t.r.Source, "panic", p,
				"stack", string(debug.Stack()))
			t.fail(tftp.NotDefined, "internal error")
			result.Err = fmt.Errorf("internal error: %v", p)
		}
		if t.link != nil {
			t.link.close()
		}
		result.Took = time.Since(started)
		t.server.files.Served(t.r, result)
		if result.File != nil {
			_ = result.File.Close()
		}
	}()
	if t.link == nil {
		link, err := dialPort(t.r.Local, t.r.Source)
		if err != nil {
			count.failed.Add(1)
			result.Err = err
			return
		}
		t.link = link
	}
	file, err := t.server.files.Open(t.ctx, t.r)
	switch {
	case err == nil:
	case errors.Is(err, provision.ErrNotFound):
		count.notFound.Add(1)
		t.fail(tftp.FileNotFound, "file not found")
		result.Err = err
		return
	case errors.Is(err, provision.ErrRefused): // looks to the client as if it were not there
		count.refused.Add(1)
		t.fail(tftp.FileNotFound, "file not found")
		result.Err = err
		return
	default:
		count.failed.Add(1)
		t.fail(tftp.NotDefined, "the file cannot be read now")
		result.Err = err
		return
	}
	result.File = file
	content, size := file.Content, file.Size
	if t.request.Mode == tftp.NetASCII {
		if content, size, err = netASCII(content, size); err != nil {
			count.refused.Add(1)
			t.fail(tftp.IllegalOperation, "use mode octet for this file")
			result.Err = err
			return
		}
	}
	result.Sent, result.Remark, result.Err = t.serve(content, size)
	switch {
	case result.Err == nil:
		count.served.Add(1)
	case errors.Is(result.Err, errStopped), errors.Is(result.Err, errReplaced), errors.Is(result.Err, errSilent),
		errors.Is(result.Err, errLeft), errors.As(result.Err, new(tftp.Failure)):
		count.abandoned.Add(1)
	default:
		count.failed.Add(1)
	}
}

// serve sends the content and says how many octets arrived.
func (t *transfer) serve(content io.ReaderAt, size int64) (int64, string, error) {
	terms, confirmed := tftp.Negotiate(t.request.Options, t.server.config.Limits, size)
	sender := tftp.NewSender(size, terms, len(confirmed) > 0, t.server.config.Patience)
	greeting := tftp.OptionAck{Options: confirmed}.Append(nil)
	packet := make([]byte, 0, 4+terms.BlockSize)
	buffer := make([]byte, 1024)
	highest := int64(0)
	var deadline time.Time

	step := sender.Start()
	for {
		if step.OptionAck {
			_ = t.link.send(greeting)
		}
		for block := step.First; block <= step.Last; block++ {
			offset, n := sender.Extent(block)
			packet = tftp.Data{Block: uint16(block)}.Append(packet[:0])
			packet = packet[:4+n]
			if read, err := content.ReadAt(packet[4:], offset); read < n {
				t.fail(tftp.NotDefined, "the file cannot be read now")
				return sender.Confirmed(), "", fmt.Errorf("read at %d: %w", offset, err)
			}
			_ = t.link.send(packet) // what the network refuses is repeated like what it loses
			t.server.count.bytes.Add(uint64(n))
			if block <= highest {
				t.server.count.resent.Add(1)
			}
			highest = max(highest, block)
		}
		if step.Wait > 0 {
			deadline = time.Now().Add(step.Wait)
		}
		switch step.Ending {
		case tftp.Complete:
			return size, "", nil
		case tftp.Unconfirmed:
			return size, step.Ending.String(), nil
		case tftp.Abandoned:
			return sender.Confirmed(), "", errSilent
		}
		var err error
		if step, err = t.await(sender, buffer, deadline); err != nil {
			return sender.Confirmed(), "", err
		}
	}
}

// await takes packets until one of them, or silence, calls for a step.
func (t *transfer) await(sender *tftp.Sender, buffer []byte, deadline time.Time) (tftp.Step, error) {
	for {
		n, err := t.link.receive(t.ctx, buffer, deadline)
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			return sender.Timeout(), nil
		case t.ctx.Err() != nil:
			why := errReplaced
			if t.server.ctx.Err() != nil {
				why = errStopped
			}
			t.fail(tftp.NotDefined, why.Error())
			return tftp.Step{}, why
		case errors.Is(err, syscall.ECONNREFUSED):
			return tftp.Step{}, errLeft
		default:
			return tftp.Step{}, err
		}
		packet, err := tftp.Parse(buffer[:n])
		if err != nil {
			t.server.count.malformed.Add(1)
			continue
		}
		switch p := packet.(type) {
		case tftp.Ack:
			t.moved.Store(true)
			if step := sender.Ack(p.Block); step.Sends() || step.Ending != tftp.Running {
				return step, nil
			}
		case tftp.Failure:
			return tftp.Step{}, p
		default:
			t.server.count.strays.Add(1)
		}
	}
}

// fail tells the client that there will be nothing more. It is sent once: an error packet is never confirmed.
func (t *transfer) fail(code tftp.ErrorCode, text string) {
	if t.link != nil {
		_ = t.link.send(tftp.Failure{Code: code, Message: text}.Append(nil))
	}
}
