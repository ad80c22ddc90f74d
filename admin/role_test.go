package admin_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"tandem/admin/client"
	"tandem/fault"
	"tandem/telephony"
)

// TestRolesOnEveryWrite tries everything that changes something with every role.
func TestRolesOnEveryWrite(t *testing.T) {
	type do func(*world, context.Context) error
	put := func(kind, name, text string) do {
		return func(w *world, ctx context.Context) error {
			_, err := w.Put(ctx, kind, name, []byte(text), "")
			return err
		}
	}
	apply := func(text string) do {
		return func(w *world, ctx context.Context) error {
			_, err := w.Apply(ctx, "x", []byte(text), false)
			return err
		}
	}
	remove := func(kind, name string) do {
		return func(w *world, ctx context.Context) error { _, err := w.Delete(ctx, kind, name, ""); return err }
	}
	writes := map[string]struct {
		operator bool
		do       do
	}{
		"apply a number":              {true, apply(`directoryNumbers: [{pattern: "2005", partition: internal}]`)},
		"apply a region":              {false, apply(`regions: [{name: New}]`)},
		"apply both":                  {false, apply("directoryNumbers: [{pattern: \"2005\", partition: internal}]\nregions: [{name: New}]")},
		"put a number":                {true, put("directoryNumber", "2005/internal", `{"pattern":"2005","partition":"internal"}`)},
		"put a partition":             {false, put("partition", "p", `{"name":"p"}`)},
		"put a user":                  {true, put("user", "bob", `{"userId":"bob"}`)},
		"put a user with a role":      {false, put("user", "bob", `{"userId":"bob","role":"auditor"}`)},
		"take a user's role":          {false, put("user", "olga", `{"userId":"olga"}`)},
		"an administrator's password": {false, put("user", "root", `{"userId":"root","role":"administrator","password":"mine"}`)},
		"raise oneself":               {false, put("user", "olga", `{"userId":"olga","role":"administrator"}`)},
		"put a token":                 {false, put("apiToken", "t", `{"name":"t","user":"root","hash":"x"}`)},
		"delete a phone":              {true, remove("phone", "SIP2001")},
		"delete a region":             {false, remove("region", "Spare")},
		"delete a user":               {false, remove("user", "olga")},
		"set a parameter": {false, func(w *world, ctx context.Context) error {
			_, err := w.SetParameter(ctx, "T302Timer", client.ParameterValue{Value: "4000"})
			return err
		}},
		"create a token": {false, func(w *world, ctx context.Context) error {
			_, err := w.CreateToken(ctx, client.NewToken{Name: "t", User: "root"})
			return err
		}},
		"add a file": {false, func(w *world, ctx context.Context) error {
			_, err := w.AddFile(ctx, "a.bin", strings.NewReader("x"))
			return err
		}},
		"export secrets": {false, func(w *world, ctx context.Context) error { _, err := w.Export(ctx, true); return err }},
		"stop a service": {false, func(w *world, ctx context.Context) error {
			_, err := w.ServiceAction(ctx, "tftp", "deactivate")
			return err
		}},
		"restart a phone": {true, func(w *world, ctx context.Context) error { return w.RestartDevice(ctx, "SIP2001") }},
		"acknowledge": {true, func(w *world, ctx context.Context) error {
			w.Alarms.Raise(fault.New(fault.DatabaseNotReady), "db")
			_, err := w.Acknowledge(ctx, fault.DatabaseNotReady, "")
			return err
		}},
	}
	w := newWorld(t)
	for name, x := range writes {
		for _, role := range []telephony.Role{"", "janitor", telephony.RoleAuditor, telephony.RoleOperator} {
			if role == telephony.RoleOperator && x.operator {
				continue
			}
			before := w.store.Snapshot().Position()
			err := x.do(w, as(role))
			if !errors.Is(err, fault.NotAuthorised) {
				t.Errorf("%s as %q: %v", name, role, err)
			}
			if w.store.Snapshot().Position() != before {
				t.Errorf("%s as %q changed the configuration", name, role)
			}
			if e := w.lastAudit(t); e.Code != fault.NotAuthorised || e.Actor != "tester" {
				t.Errorf("%s as %q: the audit log says %+v", name, role, e)
			}
		}
		for _, role := range []telephony.Role{telephony.RoleOperator, telephony.RoleAdministrator} {
			if role == telephony.RoleOperator && !x.operator {
				continue
			}
			fresh := newWorld(t)
			if err := x.do(fresh, as(role)); err != nil {
				t.Errorf("%s as %s: %v", name, role, err)
			}
			if e := fresh.lastAudit(t); e.Code != "" || e.Operation == "" || e.Actor != "tester" {
				t.Errorf("%s as %s: the audit log says %+v", name, role, e)
			}
		}
	}
	if _, err := w.Apply(context.Background(), "x", []byte(site), false); !errors.Is(err, fault.NotAuthorised) {
		t.Errorf("without an identity: %v", err)
	}
}

// TestReadingNeedsARole reads everything with and without a role.
func TestReadingNeedsARole(t *testing.T) {
	w := newWorld(t)
	reads := map[string]func(context.Context) error{
		"status": func(ctx context.Context) error { _, err := w.Status(ctx); return err },
		"export": func(ctx context.Context) error { _, err := w.Export(ctx, false); return err },
		"kinds":  func(ctx context.Context) error { _, err := w.Kinds(ctx); return err },
		"list":   func(ctx context.Context) error { _, err := w.List(ctx, "phones", client.ListQuery{}); return err },
		"get":    func(ctx context.Context) error { _, _, err := w.Get(ctx, "user", "alice"); return err },
		"route":  func(ctx context.Context) error { _, err := w.Route(ctx, "SIP2001", "2002"); return err },
		"registered": func(ctx context.Context) error {
			_, err := w.Registrations(ctx, client.RegistrationQuery{})
			return err
		},
		"live":       func(ctx context.Context) error { _, err := w.LiveCalls(ctx); return err },
		"records":    func(ctx context.Context) error { _, err := w.Operations.Records(ctx, client.RecordQuery{}); return err },
		"story":      func(ctx context.Context) error { _, err := w.Story(ctx, "SIP2001"); return err },
		"services":   func(ctx context.Context) error { _, err := w.ServiceList(ctx); return err },
		"alarms":     func(ctx context.Context) error { _, err := w.AlarmList(ctx, true); return err },
		"messages":   func(ctx context.Context) error { _, err := w.MessageList(ctx); return err },
		"parameters": func(ctx context.Context) error { _, err := w.ParameterList(ctx); return err },
		"files":      func(ctx context.Context) error { _, err := w.FileList(ctx); return err },
		"audit":      func(ctx context.Context) error { _, err := w.Audit(ctx, 0); return err },
	}
	for name, read := range reads {
		if err := read(as("")); !errors.Is(err, fault.NotAuthorised) {
			t.Errorf("%s without a role: %v", name, err)
		}
		if err := read(as(telephony.RoleAuditor)); err != nil {
			t.Errorf("%s as auditor: %v", name, err)
		}
	}
	if _, err := w.TokenList(as(telephony.RoleOperator)); !errors.Is(err, fault.NotAuthorised) {
		t.Errorf("tokens as operator: %v", err)
	}
}
