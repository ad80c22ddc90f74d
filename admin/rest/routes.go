package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tandem/admin"
	"tandem/admin/client"
	"tandem/fault"
)

// answer is a JSON answer.
type answer[T any] struct{ Body T }

type nothing struct{}

// operation registers one operation: what it is, and what it does.
func operation[I, O any](s *Server, api huma.API, method, path, id, summary string, do func(context.Context, *I) (O, error)) {
	size := int64(objectSize)
	if id == "apply" {
		size = siteSize
	}
	huma.Register(api, huma.Operation{OperationID: id, Method: method, Path: "/api/v1" + path, Summary: summary, MaxBodyBytes: size,
		BodyReadTimeout: s.limits.Read, SkipValidateBody: id == "put" || id == "apply", // read by confdb/bulk, which names the line
		Middlewares: huma.Middlewares{s.early(api, id, size)}, Errors: []int{400, 401, 403, 404, 409, 412, 413, 422, 429, 500}},
		func(ctx context.Context, in *I) (*answer[O], error) {
			out, err := do(ctx, in)
			if err != nil {
				return nil, s.refusal(err)
			}
			return &answer[O]{out}, nil
		})
}

// early refuses before the body is read: who may change nothing, and what is too large.
func (s *Server) early(api huma.API, id string, size int64) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		if m := ctx.Method(); m != http.MethodGet && m != http.MethodHead {
			if err := s.ops.May(ctx.Context(), admin.ToOperate, id); err != nil {
				writeFault(w, err)
				return
			}
		}
		if r.ContentLength >= size {
			writeFault(w, fault.New(fault.RequestTooLarge, "limit", fmt.Sprintf("%d MiB", size>>20)))
			return
		}
		next(ctx)
	}
}

// Named is the name in an address; exported because the API framework reads embedded structs only so.
type Named struct {
	Name string `path:"name" doc:"Name." maxLength:"256"`
}

// ObjectRef is an object in an address.
type ObjectRef struct {
	Kind  string `path:"kind" doc:"Kind of object, in the singular or plural." maxLength:"64"`
	Name  string `path:"name" doc:"Name of the object, escaped: 2001%2Finternal." maxLength:"256"`
	Match string `header:"If-Match" doc:"ETag that the object must have."`
}

// register lists every operation of the API.
func (s *Server) register(api huma.API) {
	o := s.ops
	operation(s, api, http.MethodGet, "/status", "status", "The server at one glance", func(ctx context.Context, _ *nothing) (client.Status, error) {
		return o.Status(ctx)
	})
	operation(s, api, http.MethodPost, "/apply", "apply", "Take a site file, all of it or nothing", func(ctx context.Context, in *struct {
		DryRun  bool   `query:"dryRun" doc:"Find out what would change, and change nothing."`
		Source  string `query:"source" doc:"Name of the file, for messages." maxLength:"256"`
		RawBody []byte `contentType:"application/yaml"`
	}) (client.Result, error) {
		source := in.Source
		if source == "" {
			source = "the request"
		}
		return o.Apply(ctx, source, in.RawBody, in.DryRun)
	})
	huma.Register(api, huma.Operation{OperationID: "export", Method: http.MethodGet, Path: "/api/v1/export", Summary: "The configuration as a site file"},
		func(ctx context.Context, in *struct {
			Secrets bool `query:"secrets" doc:"With passwords; noted in the audit log."`
		}) (*struct {
			ContentType string `header:"Content-Type"`
			Body        []byte
		}, error) {
			text, err := o.Export(ctx, in.Secrets)
			if err != nil {
				return nil, s.refusal(err)
			}
			return &struct {
				ContentType string `header:"Content-Type"`
				Body        []byte
			}{"application/yaml", text}, nil
		})
	s.objects(api)
	s.watching(api)
	s.parts(api)
	s.recovery(api)
	s.cluster(api)
	s.quarantine(api)
}

func (s *Server) objects(api huma.API) {
	o := s.ops
	operation(s, api, http.MethodGet, "/kinds", "kinds", "Kinds of objects", func(ctx context.Context, _ *nothing) ([]client.KindInfo, error) {
		return o.Kinds(ctx)
	})
	operation(s, api, http.MethodGet, "/objects/{kind}", "list", "Objects of a kind", func(ctx context.Context, in *struct {
		Kind   string `path:"kind" doc:"Kind of object, in the singular or plural." maxLength:"64"`
		Filter string `query:"filter" doc:"Words that must all occur; field=text asks one field." maxLength:"256"`
		After  string `query:"after" doc:"Name after which the list begins." maxLength:"256"`
		Limit  int    `query:"limit" doc:"Objects at most." minimum:"0" maximum:"1000"`
	}) (client.Page, error) {
		return o.List(ctx, in.Kind, client.ListQuery{Filter: in.Filter, After: in.After, Limit: in.Limit})
	})
	huma.Register(api, huma.Operation{OperationID: "get", Method: http.MethodGet, Path: "/api/v1/objects/{kind}/{name}", Summary: "One object"},
		func(ctx context.Context, in *ObjectRef) (*struct {
			ETag string `header:"ETag"`
			Body json.RawMessage
		}, error) {
			text, tag, err := o.Get(ctx, in.Kind, in.Name)
			if err != nil {
				return nil, s.refusal(err)
			}
			return &struct {
				ETag string `header:"ETag"`
				Body json.RawMessage
			}{`"` + tag + `"`, text}, nil
		})
	operation(s, api, http.MethodPut, "/objects/{kind}/{name}", "put", "Make an object as given", func(ctx context.Context, in *struct {
		ObjectRef
		RawBody []byte `contentType:"application/json"`
	}) (client.Result, error) {
		return o.Put(ctx, in.Kind, in.Name, in.RawBody, unquote(in.Match))
	})
	operation(s, api, http.MethodDelete, "/objects/{kind}/{name}", "delete", "Delete an object that nothing depends on", func(ctx context.Context, in *ObjectRef) (client.Result, error) {
		return o.Delete(ctx, in.Kind, in.Name, unquote(in.Match))
	})
}

// unquote takes the tag out of an ETag as it stands in a header.
func unquote(tag string) string {
	tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tag[1 : len(tag)-1]
	}
	return tag
}

func (s *Server) watching(api huma.API) {
	o := s.ops
	operation(s, api, http.MethodGet, "/route", "route", "Where a number would go, and why", func(ctx context.Context, in *struct {
		From   string `query:"from" required:"true" doc:"DEVICE or DEVICE/LINE." maxLength:"128"`
		Digits string `query:"digits" required:"true" doc:"What is dialled." maxLength:"64"`
	}) (client.Route, error) {
		return o.Route(ctx, in.From, in.Digits)
	})
	operation(s, api, http.MethodGet, "/registrations", "registrations", "Devices of the cluster and where they are registered", func(ctx context.Context, in *struct {
		State  string `query:"state" enum:"registered,unregistered" doc:"Only such devices."`
		Server string `query:"server" doc:"Only devices that are registered at the server." maxLength:"63"`
		Filter string `query:"filter" doc:"Part of a name, description, product, address, load or directory number." maxLength:"128"`
	}) (client.Registrations, error) {
		return o.Registrations(ctx, client.RegistrationQuery{State: in.State, Server: in.Server, Filter: in.Filter})
	})
	operation(s, api, http.MethodGet, "/devices/{name}/story", "story", "What happened to a device", func(ctx context.Context, in *Named) (client.DeviceStory, error) {
		return o.Story(ctx, in.Name)
	})
	operation(s, api, http.MethodPost, "/devices/{name}/restart", "restart", "Restart a device when it is idle", func(ctx context.Context, in *Named) (nothing, error) {
		return nothing{}, o.RestartDevice(ctx, in.Name)
	})
	operation(s, api, http.MethodGet, "/calls/live", "live-calls", "Calls in progress", func(ctx context.Context, _ *nothing) (client.CallsInProgress, error) {
		return o.LiveCalls(ctx)
	})
	operation(s, api, http.MethodGet, "/calls", "calls", "Call records, newest first", func(ctx context.Context, in *struct {
		Since  time.Time `query:"since" doc:"Calls that were up after this."`
		Until  time.Time `query:"until" doc:"Calls that were up before this."`
		Number string    `query:"number" doc:"Calling, called or redirecting number." maxLength:"64"`
		Device string    `query:"device" doc:"Device of either side." maxLength:"128"`
		Server string    `query:"server" doc:"Server that wrote the record; the publisher has those of all." maxLength:"255"`
		Call   string    `query:"call" doc:"Identifier of the call." maxLength:"32"`
		Limit  int       `query:"limit" doc:"Records at most." minimum:"0" maximum:"100000"`
	}) ([]client.Record, error) {
		return o.Records(ctx, client.RecordQuery{Since: in.Since, Until: in.Until, Number: in.Number, Device: in.Device, Server: in.Server, Call: in.Call, Limit: in.Limit})
	})
	operation(s, api, http.MethodGet, "/calls/{manager}/{number}", "call", "Everything known of one call", func(ctx context.Context, in *struct {
		Manager string `path:"manager" maxLength:"8" doc:"First part of the call's identifier."`
		Number  string `path:"number" maxLength:"16" doc:"Second part of the call's identifier."`
		Raw     bool   `query:"raw" doc:"With the bytes of the messages."`
	}) (client.CallStory, error) {
		return o.Call(ctx, in.Manager+"/"+in.Number, in.Raw)
	})
}

type contentKey struct{}

// stream hands the body on as it comes, instead of all of it in memory, and gives it the time that a large file takes.
func (s *Server) stream(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(s.limits.Upload))
	_ = c.SetWriteDeadline(time.Now().Add(s.limits.Upload + s.limits.Write))
	next(huma.WithValue(ctx, contentKey{}, http.MaxBytesReader(w, r.Body, fileSize+1)))
}

func (s *Server) parts(api huma.API) {
	o := s.ops
	operation(s, api, http.MethodGet, "/services", "services", "Services of the server", func(ctx context.Context, _ *nothing) ([]client.Service, error) {
		return o.ServiceList(ctx)
	})
	operation(s, api, http.MethodPost, "/services/{name}/{action}", "service", "Activate, deactivate, start, stop or restart a service", func(ctx context.Context, in *struct {
		Named
		Action string `path:"action" doc:"What to do." enum:"activate,deactivate,start,stop,restart"`
	}) (client.Service, error) {
		return o.ServiceAction(ctx, in.Name, in.Action)
	})
	operation(s, api, http.MethodGet, "/alarms", "alarms", "Alarms", func(ctx context.Context, in *struct {
		History bool `query:"history" doc:"Those that ended too."`
	}) ([]client.Alarm, error) {
		return o.AlarmList(ctx, in.History)
	})
	operation(s, api, http.MethodPost, "/alarms/acknowledge", "acknowledge", "Note that somebody has seen an alarm", func(ctx context.Context, in *struct {
		Body struct {
			Code    string `json:"code" maxLength:"32" doc:"Identifier."`
			Subject string `json:"subject,omitempty" maxLength:"256" doc:"What it is about. Absent: whatever it is about."`
		}
	}) (client.Alarm, error) {
		return o.Acknowledge(ctx, fault.Code(in.Body.Code), in.Body.Subject)
	})
	operation(s, api, http.MethodGet, "/messages", "messages", "The catalogue of messages", func(ctx context.Context, _ *nothing) ([]client.Message, error) {
		return o.MessageList(ctx)
	})
	operation(s, api, http.MethodGet, "/messages/{name}", "message", "One message of the catalogue", func(ctx context.Context, in *Named) (client.Message, error) {
		return o.Message(ctx, in.Name)
	})
	operation(s, api, http.MethodGet, "/parameters", "parameters", "Service and enterprise parameters", func(ctx context.Context, _ *nothing) ([]client.Parameter, error) {
		return o.ParameterList(ctx)
	})
	operation(s, api, http.MethodPut, "/parameters/{name}", "set-parameter", "Set a parameter", func(ctx context.Context, in *struct {
		Named
		Body client.ParameterValue
	}) (client.Result, error) {
		return o.SetParameter(ctx, in.Name, in.Body)
	})
	operation(s, api, http.MethodGet, "/tokens", "tokens", "API tokens", func(ctx context.Context, _ *nothing) ([]client.Token, error) {
		return o.TokenList(ctx)
	})
	operation(s, api, http.MethodPost, "/tokens", "create-token", "Make an API token", func(ctx context.Context, in *struct{ Body client.NewToken }) (client.Token, error) {
		return o.CreateToken(ctx, in.Body)
	})
	operation(s, api, http.MethodDelete, "/tokens/{name}", "delete-token", "Take an API token back", func(ctx context.Context, in *Named) (client.Result, error) {
		return o.DeleteToken(ctx, in.Name)
	})
	operation(s, api, http.MethodGet, "/files", "files", "Files that devices may fetch", func(ctx context.Context, _ *nothing) ([]client.File, error) {
		return o.FileList(ctx)
	})
	huma.Register(api, huma.Operation{OperationID: "add-file", Method: http.MethodPut, Path: "/api/v1/files/{name}", Summary: "Add a file that devices may fetch",
		Middlewares: huma.Middlewares{s.early(api, "add-file", fileSize+1), s.stream},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {
			Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}},
		func(ctx context.Context, in *Named) (*answer[client.File], error) {
			content, _ := ctx.Value(contentKey{}).(io.Reader)
			f, err := o.AddFile(ctx, in.Name, content)
			if err != nil {
				return nil, s.refusal(err)
			}
			return &answer[client.File]{f}, nil
		})
	operation(s, api, http.MethodDelete, "/files/{name}", "remove-file", "Remove a file", func(ctx context.Context, in *Named) (client.Result, error) {
		return o.RemoveFile(ctx, in.Name)
	})
	operation(s, api, http.MethodGet, "/audit", "audit", "What was done and refused, newest first", func(ctx context.Context, in *struct {
		Limit int `query:"limit" doc:"Entries at most." minimum:"0" maximum:"1000"`
	}) ([]client.AuditEntry, error) {
		return o.Audit(ctx, in.Limit)
	})
}
