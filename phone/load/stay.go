package load

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"tandem/phone"
)

// absences are what phones that stay in service saw of losses of their servers.
type absences struct {
	gone    map[*phone.Phone]time.Time // since when each is out of service
	away    []time.Duration            // how long those that came back were
	most    int                        // out of service at once
	changed int                        // came back to another server
	server  map[*phone.Phone]string
}

// stay leaves the phones in service for a time, looks how they come through losses of their servers, and reports it.
func (r *runner) stay(ctx context.Context, length time.Duration, out io.Writer) error {
	a := absences{gone: map[*phone.Phone]time.Time{}, server: map[*phone.Phone]string{}}
	for end := time.Now().Add(length); ; {
		a.look(r.phones, time.Now())
		next := time.Now().Add(sampleEvery)
		if next.After(end) || !sleepUntil(ctx, next) {
			break
		}
	}
	slices.Sort(a.away)
	_, err := fmt.Fprintf(out, "Out of service      %d times, at most %d phones at once, %d still; %d came back to another server\n"+
		"Time away           p50 %v, p95 %v, longest %v\n", len(a.away)+len(a.gone), a.most, len(a.gone), a.changed,
		percentile(a.away, 50).Round(sampleEvery), percentile(a.away, 95).Round(sampleEvery), percentile(a.away, 100).Round(sampleEvery))
	return err
}

// look notes who is out of service now and who has come back.
func (a *absences) look(phones []*phone.Phone, now time.Time) {
	for _, p := range phones {
		server, since, ok := p.Home()
		lost, was := a.gone[p]
		switch {
		case !ok && !was:
			a.gone[p] = now
		case ok && was:
			delete(a.gone, p)
			a.away = keep(a.away, max(since.Sub(lost), 0))
		}
		if ok {
			if before := a.server[p]; before != "" && before != server {
				a.changed++
				if !was { // quicker than we looked
					a.away = keep(a.away, 0)
				}
			}
			a.server[p] = server
		}
	}
	a.most = max(a.most, len(a.gone))
}
