package cdr

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Times within which the publisher must answer; for a batch a second is added for each 100 kB.
const (
	askWithin     = 30 * time.Second
	deliverWithin = 2 * time.Minute
	slowestBytes  = 100_000
)

// Remote is the Destination at another server, whose address is base ("https://10.1.1.1:7402"). client carries this server's
// certificate and trusts the cluster's.
func Remote(client *http.Client, base string) Destination {
	return remote{client, strings.TrimSuffix(base, "/")}
}

type remote struct {
	client *http.Client
	base   string
}

func (r remote) Greet(ctx context.Context) (g Greeting, err error) {
	return g, r.ask(ctx, askWithin, http.MethodGet, storePath, nil, 0, nil, &g)
}

func (r remote) Missing(ctx context.Context, kind Kind, list []Listed) (names []string, err error) {
	body, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return names, r.ask(ctx, askWithin, http.MethodPost, missingPath+string(kind), bytes.NewReader(body), int64(len(body)), nil, &names)
}

func (r remote) Deliver(ctx context.Context, kind Kind, batch Listed, content io.Reader) (receipt Receipt, err error) {
	within := deliverWithin + time.Duration(batch.Size/slowestBytes)*time.Second
	return receipt, r.ask(ctx, within, http.MethodPut, batchPath+string(kind)+"/"+batch.Name, io.NopCloser(content), batch.Size, &batch, &receipt)
}

// ask makes one request and reads the answer into v.
func (r remote) ask(ctx context.Context, within time.Duration, method, path string, body io.Reader, size int64, batch *Listed, v any) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, r.base+path, body)
	if err != nil {
		return err
	}
	q.ContentLength = size
	if size == 0 {
		q.Body = http.NoBody
	}
	if batch != nil {
		q.Header.Set(sumHeader, batch.SHA256)
		q.Header.Set(ofHeader, batch.Of)
	}
	a, err := r.client.Do(q)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(a.Body, 1<<20))
	if err != nil {
		return err
	}
	if a.StatusCode == http.StatusOK {
		return json.Unmarshal(answer, v)
	}
	text := strings.TrimSpace(string(answer[:min(len(answer), 1024)]))
	switch a.StatusCode {
	case http.StatusInsufficientStorage:
		return fmt.Errorf("%w: %s", ErrNoRoom, text)
	case http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %s", ErrDamaged, text)
	case http.StatusServiceUnavailable:
		return fmt.Errorf("%w: %s", ErrNotTaking, text)
	}
	return fmt.Errorf("%s: %s", a.Status, text)
}
