package peer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tandem/media/codec"
)

// earPause is how often a recording is looked at again.
const earPause = 100 * time.Millisecond

// near is how far a tone that is heard may be from the one that was said, in hertz.
const near = 12

// WaitHears waits until a recording has, from the given length on (in samples, see Recorded), the tone for a time.
func WaitHears(ctx context.Context, recordings string, from int, t codec.Tone, length time.Duration) error {
	for {
		samples, err := recording(recordings)
		if err != nil {
			return err
		}
		if len(samples) < from {
			from = 0 // the program has begun a new file in the place of the old one
		}
		heard := listen(samples[from:])
		for _, s := range heard {
			if s.Sound == codec.Pure && s.Tone.Near(t, near) && s.Length >= length {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%v was not heard for %v: %w; heard: %s", t, length, ctx.Err(), describe(heard))
		case <-time.After(earPause):
		}
	}
}

// WaitSilence waits until a recording has not grown for a time, or what came in that time was silence.
func WaitSilence(ctx context.Context, recordings string, length time.Duration) error {
	quiet, before := time.Now(), 0
	for {
		samples, err := recording(recordings)
		if err != nil {
			return err
		}
		if fresh := samples[min(before, len(samples)):]; loud(fresh) {
			quiet = time.Now()
		}
		before = len(samples)
		if time.Since(quiet) >= length {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it did not become silent for %v: %w; heard: %s", length, ctx.Err(), describe(listen(samples)))
		case <-time.After(earPause):
		}
	}
}

// loud reports whether samples are more than the faint noise of a codec.
func loud(samples []int16) bool {
	for _, s := range samples {
		if s > 200 || s < -200 {
			return true
		}
	}
	return false
}

// Recorded is the length of a recording now, in samples: the place from which WaitHears is to look.
func Recorded(recordings string) int {
	samples, _ := recording(recordings)
	return len(samples)
}

// Forget removes finished recordings.
func Forget(recordings string) error {
	files, err := filepath.Glob(recordings)
	for _, f := range files {
		err = errors.Join(err, os.Remove(f))
	}
	return err
}
