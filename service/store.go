package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FileStore keeps the settings of the services in one JSON file, which is replaced as a whole: after a crash it holds the
// old settings or the new ones.
type FileStore struct{ Path string }

// Load reads the file. A file that is not there means that nothing was chosen yet.
func (s FileStore) Load() (map[Name]Settings, error) {
	data, err := os.ReadFile(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var settings map[Name]Settings
	if err := json.Unmarshal(data, &settings); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	return settings, nil
}

// Save writes the settings to the disk before it returns.
func (s FileStore) Save(settings map[Name]Settings) (err error) {
	data, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return err
	}
	directory := filepath.Dir(s.Path)
	f, err := os.CreateTemp(directory, filepath.Base(s.Path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the error that matters is the first
		}
	}()
	_, err = f.Write(append(data, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), s.Path)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(directory)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closing := d.Close(); err == nil {
		err = closing
	}
	return err
}
