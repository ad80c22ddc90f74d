package lab

import (
	"context"
	"fmt"
	"time"

	"tandem/admin/client"
	"tandem/node"
	"tandem/service/trace"
)

func newClient(data string) *client.Client { return client.Local(node.SocketPath(data)) }

// Apply applies a site file, all of it or nothing.
func (s *Server) Apply(ctx context.Context, site []byte) error {
	_, err := s.Client.Apply(ctx, "site.yaml", site, false)
	return err
}

// Story is everything that the server knows of a call.
func (s *Server) Story(ctx context.Context, call string) (client.CallStory, trace.Ladder, error) {
	story, err := s.Client.Call(ctx, call, true)
	if err != nil {
		return story, trace.Ladder{}, err
	}
	l := trace.Ladder{Call: story.Call}
	for _, m := range story.Messages {
		l.Messages = append(l.Messages, trace.Message{Time: m.Time, From: m.From, To: m.To, Protocol: m.Protocol, Summary: m.Summary,
			Raw: m.Raw, Length: m.Length})
	}
	return story, l, nil
}

// Records waits until the server has at least n finished records that a query asks for, and returns them, oldest first.
func (s *Server) Records(ctx context.Context, q client.RecordQuery, n int) ([]client.Record, error) {
	for {
		records, err := s.Client.Records(ctx, q)
		if err != nil {
			return nil, err
		}
		var done []client.Record
		for i := len(records) - 1; i >= 0; i-- {
			if records[i].Ended != nil {
				done = append(done, records[i])
			}
		}
		if len(done) >= n {
			return done, nil
		}
		select {
		case <-ctx.Done():
			return done, fmt.Errorf("%d of %d call records: %w", len(done), n, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
