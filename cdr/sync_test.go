package cdr

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"go.uber.org/goleak"
)

func TestSyncerSyncs(t *testing.T) {
	defer goleak.VerifyNone(t)
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var s syncer
	defer s.close()
	for range 20 {
		if _, err := f.WriteString("a line\n"); err != nil {
			t.Fatal(err)
		}
		if err := s.sync(f); err != nil {
			t.Fatal(err)
		}
	}
	s.close()
	if err := s.sync(f); err != nil {
		t.Errorf("without the kernel's help: %v", err)
	}
}

// TestSyncerTellsErrors: what fsync refuses is refused here too, whichever way was taken.
func TestSyncerTellsErrors(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	var s syncer
	defer s.close()
	if err := s.sync(write); err == nil {
		t.Error("a pipe was made durable")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := s.sync(f); err == nil {
		t.Error("a closed file was made durable")
	}
}

// TestKernelStructures: the sizes that the kernel expects.
func TestKernelStructures(t *testing.T) {
	if n := unsafe.Sizeof(iocb{}); n != 64 {
		t.Errorf("iocb has %d bytes, want 64", n)
	}
	if n := unsafe.Offsetof(iocb{}.flags); n != 56 {
		t.Errorf("flags lie at %d, want 56", n)
	}
	if n := unsafe.Sizeof(ioEvent{}); n != 32 {
		t.Errorf("io_event has %d bytes, want 32", n)
	}
}
