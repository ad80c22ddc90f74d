package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"tandem/admin/client"
	"tandem/confdb"
	"tandem/fault"
	"tandem/provision/firmware"
	"tandem/telephony"
)

func fileWords(f *telephony.FirmwareFile) client.File {
	category := f.Category
	if category == "" {
		category = "firmware"
	}
	return client.File{Name: f.Name, Size: f.Size, SHA256: f.SHA256, Category: category}
}

// FileList lists the files that devices may fetch.
func (o *Operations) FileList(ctx context.Context) ([]client.File, error) {
	if err := o.may(ctx, ToRead, "see files"); err != nil {
		return nil, err
	}
	s, err := o.snapshot()
	if err != nil {
		return nil, err
	}
	out := []client.File{}
	for f := range s.FirmwareFiles() {
		out = append(out, fileWords(f))
	}
	return out, nil
}

// AddFile takes the contents of a file that devices may fetch under a name.
func (o *Operations) AddFile(ctx context.Context, name string, content io.Reader) (client.File, error) {
	if err := o.may(ctx, ToAdminister, "add-file"); err != nil {
		return client.File{}, err
	}
	if err := firmware.Check(name); err != nil {
		return client.File{}, err
	}
	if o.Writable != nil {
		if err := o.Writable(); err != nil {
			return client.File{}, err
		}
	}
	o.uploads.begin()
	defer o.uploads.end(o.sweep)
	hash, size, err := o.Firmware.Put(content)
	switch {
	case errors.Is(err, firmware.ErrTooLarge):
		return client.File{}, fault.Wrap(err, fault.RequestTooLarge, "limit", fmt.Sprintf("%d MiB", firmware.MaximumSize>>20))
	case errors.Is(err, firmware.ErrEmpty):
		return client.File{}, fault.Wrap(err, fault.RequestInvalid, "problem", "The file is empty")
	case err != nil:
		return client.File{}, err
	}
	f := &telephony.FirmwareFile{Name: name, SHA256: hash, Size: size}
	if _, err := o.change(ctx, "add-file", name, false, func(*confdb.Snapshot) (confdb.ChangeSet, error) {
		return *new(confdb.ChangeSet).Put(f), nil
	}); err != nil {
		return client.File{}, err
	}
	return fileWords(f), nil
}

// RemoveFile takes a file away; its contents go when no other name has them.
func (o *Operations) RemoveFile(ctx context.Context, name string) (client.Result, error) {
	r, err := o.Delete(ctx, string(telephony.KindFirmwareFile), name, "")
	if err != nil {
		return r, err
	}
	o.SweepFiles()
	return r, nil
}

// SweepFiles removes the contents that no name has any more, now or at the end of the last upload that runs. Servers call it when the
// configuration has changed elsewhere.
func (o *Operations) SweepFiles() { o.uploads.whenNone(o.sweep) }

// sweep removes the contents that no name has any more.
func (o *Operations) sweep() {
	s, err := o.snapshot()
	if err != nil {
		return // the next removal does it
	}
	used := map[string]bool{}
	for f := range s.FirmwareFiles() {
		used[f.SHA256] = true
	}
	if _, err := o.Firmware.Sweep(func(hash string) bool { return used[hash] }); err != nil {
		o.Log.Warn("contents of removed files could not be swept away", "cause", err)
	}
}

// uploads keeps a sweep from taking contents whose name is not yet in the configuration.
type uploads struct {
	mu  sync.Mutex
	now int
	due bool
}

func (u *uploads) begin() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.now++
}

func (u *uploads) end(sweep func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.now--; u.now == 0 && u.due {
		u.due = false
		sweep()
	}
}

// whenNone sweeps now, or at the end of the last upload that runs.
func (u *uploads) whenNone(sweep func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.due = u.now > 0; !u.due {
		sweep()
	}
}
