package lab

import (
	"context"
	"fmt"
	"time"
)

// poll asks again until nothing is missing. When ctx ends, the error says what was.
func poll(ctx context.Context, complaint func() error) error {
	for {
		err := complaint()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
