package service

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// machine reads the machine that the process runs on (Linux).
func machine() *Probe {
	begin := time.Now()
	return &Probe{
		Disk: func(directory string) (free, total uint64, err error) {
			var s syscall.Statfs_t
			if err := syscall.Statfs(directory, &s); err != nil {
				return 0, 0, err
			}
			return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), nil
		},
		Descriptors: func() (used, limit uint64, err error) {
			var r syscall.Rlimit
			if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
				return 0, 0, err
			}
			used, err = openDescriptors()
			return used, r.Cur, err
		},
		Memory: func() (used, limit uint64, err error) {
			used, err = residentMemory()
			return used, memoryLimit(os.DirFS("/")), err
		},
		Clock: func() (time.Time, time.Duration) { return time.Now(), time.Since(begin) },
	}
}

func openDescriptors() (uint64, error) {
	// Since Linux 6.2 the size of the directory is the number of descriptors; before it is 0.
	if info, err := os.Stat("/proc/self/fd"); err == nil && info.Size() > 0 {
		return uint64(info.Size()), nil
	}
	directory, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	defer func() { _ = directory.Close() }() // nothing was written
	names, err := directory.Readdirnames(-1)
	return uint64(len(names)), err
}

func residentMemory() (uint64, error) {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(data)
	if len(fields) < 2 {
		return 0, errors.New("/proc/self/statm has no second field")
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	return pages * uint64(os.Getpagesize()), err
}

// memoryLimit returns the least of the limits of the control groups that this process is in and of the machine's memory,
// in bytes; 0 if none can be read. root is the root of the file system.
func memoryLimit(root fs.FS) uint64 {
	least := uint64(0)
	take := func(n uint64) {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	if data, err := fs.ReadFile(root, "proc/meminfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "MemTotal:" {
				if kilobytes, err := strconv.ParseUint(fields[1], 10, 64); err == nil {
					take(kilobytes * 1024)
				}
			}
		}
	}
	group := "/"
	if data, err := fs.ReadFile(root, "proc/self/cgroup"); err == nil {
		for line := range strings.Lines(string(data)) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
				group = path.Clean("/" + rest)
			}
		}
	}
	for ; ; group = path.Dir(group) {
		take(limitFile(root, filepath.Join("sys/fs/cgroup", group, "memory.max")))
		if group == "/" {
			break
		}
	}
	take(limitFile(root, "sys/fs/cgroup/memory/memory.limit_in_bytes")) // the older control groups
	return least
}

func limitFile(root fs.FS, name string) uint64 {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64) // "max" means none
	if err != nil {
		return 0
	}
	return n
}

// LimitMemory tells the run-time to keep below seven eighths of the memory that the process may have, so that it collects more
// often before the kernel ends it (T-22). A limit in the environment (GOMEMLIMIT) comes first. It returns the limit in bytes,
// 0 if none was set.
func LimitMemory() uint64 {
	if os.Getenv("GOMEMLIMIT") != "" {
		return 0
	}
	limit := memoryLimit(os.DirFS("/"))
	if limit == 0 || limit > 1<<62 {
		return 0
	}
	limit = limit / 8 * 7
	debug.SetMemoryLimit(int64(limit))
	return limit
}
