package cdr

import (
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// syncer makes a file durable without keeping a processor of the Go scheduler while the disk works. On a server with one
// core an ordinary fsync stops everything else until the scheduler notices, for up to twenty milliseconds, and calls are
// set up in less. So the kernel is asked to do it (Linux 4.18 and later, io_submit with IOCB_CMD_FSYNC), and an event
// descriptor, which is waited for like a socket, tells when it is done. Where the kernel does not, fsync is called.
type syncer struct {
	once    sync.Once
	context uintptr // 0: not to be had
	event   *os.File
	fd      uint32
}

// iocb is struct iocb of linux/aio_abi.h; what a sync does not use is zero.
type iocb struct {
	_      uint64 // data
	_      [2]uint32
	opcode uint16
	_      int16 // priority
	fildes uint32
	_      [4]uint64 // buffer, bytes, offset, reserved
	flags  uint32
	resfd  uint32
}

// ioEvent is struct io_event of linux/aio_abi.h.
type ioEvent struct {
	_      [2]uint64 // data, object
	result int64
	_      int64
}

const (
	iocbSync  = 2 // IOCB_CMD_FSYNC
	iocbResfd = 1 // IOCB_FLAG_RESFD
)

// open asks for the means; without them sync calls fsync.
func (s *syncer) open() {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return
	}
	var context uintptr
	if _, _, errno := unix.Syscall(unix.SYS_IO_SETUP, 1, uintptr(unsafe.Pointer(&context)), 0); errno != 0 {
		_ = unix.Close(fd)
		return
	}
	s.context, s.fd, s.event = context, uint32(fd), os.NewFile(uintptr(fd), "eventfd")
}

// sync returns when all that was written to f is durable. It is not safe for concurrent use. A nil syncer calls fsync.
func (s *syncer) sync(f *os.File) error {
	if s == nil {
		return f.Sync()
	}
	s.once.Do(s.open)
	if s.context == 0 {
		return f.Sync()
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	submitted := false
	err = raw.Control(func(fd uintptr) {
		cb := &iocb{opcode: iocbSync, fildes: uint32(fd), flags: iocbResfd, resfd: s.fd}
		n, _, errno := unix.Syscall(unix.SYS_IO_SUBMIT, s.context, 1, uintptr(unsafe.Pointer(&cb)))
		submitted = errno == 0 && n == 1
	})
	if err != nil || !submitted {
		return errors.Join(err, f.Sync())
	}
	return s.await(f)
}

// await waits for the one request that is under way. The file stays open until then: only its owner, who waits here,
// closes it.
func (s *syncer) await(f *os.File) error {
	var count [8]byte
	if _, err := s.event.Read(count[:]); err != nil {
		// Nobody knows what became of the request: not again, and this time by hand.
		s.close()
		return f.Sync()
	}
	var event ioEvent
	n, _, errno := unix.Syscall6(unix.SYS_IO_GETEVENTS, s.context, 1, 1, uintptr(unsafe.Pointer(&event)), 0, 0)
	if errno != 0 || n != 1 || binary.NativeEndian.Uint64(count[:]) != 1 {
		s.close()
		return f.Sync()
	}
	if event.result < 0 {
		return &os.PathError{Op: "fsync", Path: f.Name(), Err: unix.Errno(-event.result)}
	}
	return nil
}

// close gives the means back.
func (s *syncer) close() {
	if s.context == 0 {
		return
	}
	_, _, _ = unix.Syscall(unix.SYS_IO_DESTROY, s.context, 0, 0)
	_ = s.event.Close()
	s.context = 0
}
