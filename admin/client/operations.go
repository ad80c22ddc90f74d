package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// query collects parameters; empty ones are left out.
type query url.Values

func (q query) text(name, value string) query {
	if value != "" {
		q[name] = []string{value}
	}
	return q
}

func (q query) flag(name string, value bool) query {
	if value {
		q[name] = []string{"true"}
	}
	return q
}

func (q query) number(name string, value int) query {
	if value != 0 {
		q[name] = []string{strconv.Itoa(value)}
	}
	return q
}

func (q query) time(name string, value time.Time) query {
	if !value.IsZero() {
		q[name] = []string{value.Format(time.RFC3339Nano)}
	}
	return q
}

// Status tells how the server is.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, http.MethodGet, "/status", nil, nil)
}

// Apply applies a site file, all of it or nothing. source is the file's name for messages. With dryRun nothing changes.
func (c *Client) Apply(ctx context.Context, source string, site []byte, dryRun bool) (Result, error) {
	return decode[Result](ctx, c, request{method: http.MethodPost, path: "/apply", body: site, content: "application/yaml",
		query: url.Values(query{}.text("source", source).flag("dryRun", dryRun))})
}

// Export returns the configuration as a site file. Secrets are left out unless asked for.
func (c *Client) Export(ctx context.Context, secrets bool) ([]byte, error) {
	a, err := c.do(ctx, request{method: http.MethodGet, path: "/export", query: url.Values(query{}.flag("secrets", secrets))})
	return a.body, err
}

// Kinds lists the kinds of objects.
func (c *Client) Kinds(ctx context.Context) ([]KindInfo, error) {
	return ask[[]KindInfo](ctx, c, http.MethodGet, "/kinds", nil, nil)
}

// List returns a part of the objects of a kind. Kinds are known by their singular and their collection's name.
func (c *Client) List(ctx context.Context, kind string, q ListQuery) (Page, error) {
	return ask[Page](ctx, c, http.MethodGet, "/objects"+segment(kind),
		url.Values(query{}.text("filter", q.Filter).text("after", q.After).number("limit", q.Limit)), nil)
}

// Get returns an object, and the tag that Put and Delete compare.
func (c *Client) Get(ctx context.Context, kind, name string) (object json.RawMessage, tag string, err error) {
	a, err := c.do(ctx, request{method: http.MethodGet, path: "/objects" + segment(kind, name)})
	return a.body, a.tag, err
}

// Put makes or replaces an object. A tag that is not empty must be the object's still.
func (c *Client) Put(ctx context.Context, kind, name string, object json.RawMessage, tag string) (Result, error) {
	return decode[Result](ctx, c, request{method: http.MethodPut, path: "/objects" + segment(kind, name), body: object,
		content: "application/json", match: tag})
}

// Delete removes an object. A tag that is not empty must be the object's still.
func (c *Client) Delete(ctx context.Context, kind, name, tag string) (Result, error) {
	return decode[Result](ctx, c, request{method: http.MethodDelete, path: "/objects" + segment(kind, name), match: tag})
}

// Route explains where digits go that are dialled at a device, or DEVICE/LINE.
func (c *Client) Route(ctx context.Context, from, digits string) (Route, error) {
	return ask[Route](ctx, c, http.MethodGet, "/route", url.Values(query{}.text("from", from).text("digits", digits)), nil)
}

// Services lists the services of the server.
func (c *Client) Services(ctx context.Context) ([]Service, error) {
	return ask[[]Service](ctx, c, http.MethodGet, "/services", nil, nil)
}

// Service does something to a service: activate, deactivate, start, stop or restart.
func (c *Client) Service(ctx context.Context, name, action string) (Service, error) {
	return ask[Service](ctx, c, http.MethodPost, "/services"+segment(name, action), nil, nil)
}

// SetRecovery says what happens when a service fails by itself.
func (c *Client) SetRecovery(ctx context.Context, name string, r Recovery) (Service, error) {
	return ask[Service](ctx, c, http.MethodPut, "/services"+segment(name, "recovery"), nil, r)
}

// Alarms lists the alarms that stand, or with history those that ended too.
func (c *Client) Alarms(ctx context.Context, history bool) ([]Alarm, error) {
	return ask[[]Alarm](ctx, c, http.MethodGet, "/alarms", url.Values(query{}.flag("history", history)), nil)
}

// Acknowledge marks an alarm as seen.
func (c *Client) Acknowledge(ctx context.Context, code, subject string) (Alarm, error) {
	return ask[Alarm](ctx, c, http.MethodPost, "/alarms/acknowledge", nil, map[string]string{"code": code, "subject": subject})
}

// Messages lists the catalogue of the server.
func (c *Client) Messages(ctx context.Context) ([]Message, error) {
	return ask[[]Message](ctx, c, http.MethodGet, "/messages", nil, nil)
}

// Message explains one identifier as the server's catalogue has it.
func (c *Client) Message(ctx context.Context, id string) (Message, error) {
	return ask[Message](ctx, c, http.MethodGet, "/messages"+segment(id), nil, nil)
}

// Story tells what happened to a device.
func (c *Client) Story(ctx context.Context, device string) (DeviceStory, error) {
	return ask[DeviceStory](ctx, c, http.MethodGet, "/devices"+segment(device, "story"), nil, nil)
}

// Restart asks a device to restart as soon as it is idle.
func (c *Client) Restart(ctx context.Context, device string) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: "/devices" + segment(device, "restart")})
	return err
}

// Registrations lists the devices of the cluster.
func (c *Client) Registrations(ctx context.Context, q RegistrationQuery) (Registrations, error) {
	return ask[Registrations](ctx, c, http.MethodGet, "/registrations", url.Values(query{}.text("state", q.State).text("server", q.Server).
		text("filter", q.Filter)), nil)
}

// Records lists call records, newest first.
func (c *Client) Records(ctx context.Context, q RecordQuery) ([]Record, error) {
	return ask[[]Record](ctx, c, http.MethodGet, "/calls", url.Values(query{}.time("since", q.Since).time("until", q.Until).
		text("number", q.Number).text("device", q.Device).text("server", q.Server).text("call", q.Call).number("limit", q.Limit)), nil)
}

// LiveCalls lists the sides of calls in progress.
func (c *Client) LiveCalls(ctx context.Context) ([]LiveCall, error) {
	p, err := c.CallsInProgress(ctx)
	return p.Calls, err
}

// CallsInProgress is LiveCalls with the servers that could not be asked.
func (c *Client) CallsInProgress(ctx context.Context) (CallsInProgress, error) {
	return ask[CallsInProgress](ctx, c, http.MethodGet, "/calls/live", nil, nil)
}

// Call tells everything known of the call with an identifier such as 1/42; raw adds the bytes of its messages.
func (c *Client) Call(ctx context.Context, id string, raw bool) (CallStory, error) {
	manager, number, _ := strings.Cut(id, "/")
	return ask[CallStory](ctx, c, http.MethodGet, "/calls"+segment(manager, number), url.Values(query{}.flag("raw", raw)), nil)
}

// Parameters lists the service and enterprise parameters.
func (c *Client) Parameters(ctx context.Context) ([]Parameter, error) {
	return ask[[]Parameter](ctx, c, http.MethodGet, "/parameters", nil, nil)
}

// SetParameter sets a parameter.
func (c *Client) SetParameter(ctx context.Context, name string, value ParameterValue) (Result, error) {
	return ask[Result](ctx, c, http.MethodPut, "/parameters"+segment(name), nil, value)
}

// Tokens lists the API tokens, without their secrets.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	return ask[[]Token](ctx, c, http.MethodGet, "/tokens", nil, nil)
}

// CreateToken makes an API token. Its secret is in the answer and nowhere else.
func (c *Client) CreateToken(ctx context.Context, wish NewToken) (Token, error) {
	return ask[Token](ctx, c, http.MethodPost, "/tokens", nil, wish)
}

// DeleteToken makes a token worthless.
func (c *Client) DeleteToken(ctx context.Context, name string) (Result, error) {
	return ask[Result](ctx, c, http.MethodDelete, "/tokens"+segment(name), nil, nil)
}

// Files lists the files that devices may fetch.
func (c *Client) Files(ctx context.Context) ([]File, error) {
	return ask[[]File](ctx, c, http.MethodGet, "/files", nil, nil)
}

// AddFile makes or replaces a file that devices may fetch.
func (c *Client) AddFile(ctx context.Context, name string, content []byte) (File, error) {
	return decode[File](ctx, c, request{method: http.MethodPut, path: "/files" + segment(name), body: content, content: "application/octet-stream"})
}

// RemoveFile takes a file away.
func (c *Client) RemoveFile(ctx context.Context, name string) (Result, error) {
	return ask[Result](ctx, c, http.MethodDelete, "/files"+segment(name), nil, nil)
}

// Audit lists what was done and refused, newest first; limit 0 is the server's default.
func (c *Client) Audit(ctx context.Context, limit int) ([]AuditEntry, error) {
	return ask[[]AuditEntry](ctx, c, http.MethodGet, "/audit", url.Values(query{}.number("limit", limit)), nil)
}
