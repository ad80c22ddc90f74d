package replica

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/confdb"
	"tandem/fault"
	"tandem/telephony"
)

// TestT20_FullDisk runs a server on a small file system of its own, which is filled to the last byte and emptied again.
func TestT20_FullDisk(t *testing.T) {
	child := exec.Command(os.Args[0], t.TempDir())
	child.Env = append(os.Environ(), childVariable+"=full")
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 { // a user name space lets anybody mount in his own mount name space
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := child.CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "all right") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func fullDiskChild(directory string) {
	if err := fullDisk(directory); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("all right")
}

// fillDisk writes a file until not a byte is left.
func fillDisk(directory string) error {
	f, err := os.OpenFile(filepath.Join(directory, "ballast"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			return err
		}
	}
	return nil
}

func fullDisk(directory string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private (the test needs the right to mount in a name space of its own): %w", err)
	}
	if err := syscall.Mount("tmpfs", directory, "tmpfs", 0, "size=48m"); err != nil {
		return fmt.Errorf("mount a small file system: %w", err)
	}
	// First with the check for free space, then without it, as if somebody else took the space after the check: every write that
	// fails then fails in the log or in the database itself.
	for _, checked := range []bool{true, false} {
		if err := fullDiskRound(filepath.Join(directory, fmt.Sprint(checked)), directory, checked); err != nil {
			return fmt.Errorf("with the check of free space %v: %w", checked, err)
		}
	}
	return nil
}

func fullDiskRound(directory, disk string, checked bool) error {
	if err := os.Mkdir(directory, 0o700); err != nil {
		return err
	}
	s, err := openSite(directory, true, func(r *Replica) {
		if !checked {
			r.options.FreeSpace = func() (uint64, error) { return 1 << 40, nil }
		}
	})
	if err != nil {
		return err
	}
	defer s.Close()
	write := func(name string) error {
		p := partition(name)
		p.Description = strings.Repeat("x", 100)
		_, err := s.Apply(context.Background(), *new(confdb.ChangeSet).Put(p), confdb.Options{})
		return err
	}
	there := func(name string) bool { return s.Snapshot().Partition(telephony.PartitionName(name)) != nil }
	acknowledged := []string{"before"}
	if err := write("before"); err != nil {
		return err
	}
	if err := fillDisk(disk); err != nil {
		return err
	}
	refused := 0
	for i := range 300 { // the files have some room inside; without the check it is used up first
		name := fmt.Sprint("full", i)
		err := write(name)
		if err == nil {
			acknowledged = append(acknowledged, name)
			if checked {
				return errors.New("a write was taken on a full disk")
			}
			continue
		}
		refused++
		f := fault.From(err)
		switch {
		case f == nil || f.Action == "" || strings.Contains(f.Error(), "{"):
			return fmt.Errorf("refused without advice: %w", err)
		case checked && (!errors.Is(err, fault.DiskFull) || f.Status != 507):
			return fmt.Errorf("refused with status %d: %w", f.Status, err)
		case f.Status != 507 && f.Status != 503:
			return fmt.Errorf("refused with status %d: %w", f.Status, err)
		}
		if !there("before") || there(name) {
			return errors.New("reading is disturbed")
		}
		if refused >= 2 {
			break
		}
	}
	if refused == 0 {
		return errors.New("nothing was refused: the test proves nothing")
	}
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	deadline := time.Now().Add(20 * time.Second)
	for err := write("after"); err != nil; err = write("after") { // without a restart
		if time.Now().After(deadline) {
			return fmt.Errorf("still refused though there is room: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	acknowledged = append(acknowledged, "after")
	if err := s.Close(); err != nil {
		return err
	}
	again, err := openSite(directory, false, nil)
	if err != nil {
		return err
	}
	defer again.Close()
	for _, name := range acknowledged {
		if again.Snapshot().Partition(telephony.PartitionName(name)) == nil {
			return fmt.Errorf("the acknowledged %s is lost", name)
		}
	}
	return nil
}
