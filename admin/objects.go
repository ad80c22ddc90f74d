package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"tandem/admin/client"
	"tandem/confdb"
	"tandem/confdb/bulk"
	"tandem/fault"
	"tandem/telephony"
)

// Bounds of a list.
const (
	listDefault = 100
	listMaximum = 1000
)

func resultWords(r confdb.Result) client.Result {
	w := client.Result{Items: []client.ObjectChange{}, Unchanged: r.Unchanged, Durable: r.Durable, DryRun: r.DryRun,
		Position: client.Position{Epoch: r.Position.Epoch, Index: r.Position.Index}}
	for _, i := range r.Items {
		c := client.ObjectChange{Action: string(i.Action), Kind: string(i.Kind), Key: i.Key}
		for _, f := range i.Fields {
			c.Fields = append(c.Fields, client.FieldChange(f))
		}
		w.Items = append(w.Items, c)
	}
	return w
}

// needed is the permission that a change set asks for. Operators change phones, lines, and the users that administer nothing;
// with more they could make administrators of themselves.
func needed(s *confdb.Snapshot, set confdb.ChangeSet) Permission {
	for _, i := range set.Items {
		kind, key := i.Kind, i.Key
		if i.Object != nil {
			kind, key = i.Object.Kind(), i.Object.Key()
		}
		switch kind {
		case telephony.KindPhone, telephony.KindDirectoryNumber:
		case telephony.KindUser:
			if before := s.User(telephony.UserID(key)); before != nil && before.Role != "" {
				return ToAdminister
			}
			if after, ok := i.Object.(*telephony.User); ok && after.Role != "" {
				return ToAdminister
			}
		default:
			return ToAdminister
		}
	}
	return ToOperate
}

// change makes and applies a change set for somebody, when the role allows all of it. What decide looks at in the snapshot
// cannot change before the set is applied.
func (o *Operations) change(ctx context.Context, operation, object string, dryRun bool,
	decide func(*confdb.Snapshot) (confdb.ChangeSet, error)) (client.Result, error) {
	if err := o.may(ctx, ToOperate, operation); err != nil {
		return client.Result{}, err
	}
	r, err := o.update(ctx, operation, dryRun, decide)
	if err != nil {
		if !dryRun || errors.Is(err, fault.NotAuthorised) {
			o.note(ctx, operation, object, err, nil)
		}
		return client.Result{}, err
	}
	if !dryRun && len(r.Items) > 0 {
		o.note(ctx, operation, object, nil, &r)
		o.live(ctx, r.Position)
	}
	return resultWords(r), nil
}

func (o *Operations) update(ctx context.Context, operation string, dryRun bool,
	decide func(*confdb.Snapshot) (confdb.ChangeSet, error)) (confdb.Result, error) {
	store, err := o.store()
	if err != nil {
		return confdb.Result{}, err
	}
	if o.Writable != nil && !dryRun {
		if err := o.Writable(); err != nil {
			return confdb.Result{}, err
		}
	}
	return store.Update(ctx, confdb.Options{DryRun: dryRun, Actor: From(ctx).Name}, func(s *confdb.Snapshot) (confdb.ChangeSet, error) {
		set, err := decide(s)
		if err != nil {
			return set, err
		}
		return set, allowed(From(ctx), needed(s, set), operation)
	})
}

// Apply takes a site file, all of it or nothing.
func (o *Operations) Apply(ctx context.Context, source string, file []byte, dryRun bool) (client.Result, error) {
	if err := o.may(ctx, ToOperate, "apply"); err != nil { // before a large file is read
		return client.Result{}, err
	}
	set, err := bulk.Decode(source, file)
	return o.change(ctx, "apply", source, dryRun, func(*confdb.Snapshot) (confdb.ChangeSet, error) { return set, err })
}

// Export writes the configuration as a site file. With its secrets it is for administrators only, and noted.
func (o *Operations) Export(ctx context.Context, secrets bool) ([]byte, error) {
	need, operation := ToRead, "export"
	if secrets {
		need, operation = ToAdminister, "export-secrets"
	}
	if err := o.may(ctx, need, operation); err != nil {
		return nil, err
	}
	s, err := o.snapshot()
	if err != nil {
		return nil, err
	}
	if secrets {
		o.note(ctx, operation, "", nil, nil)
	}
	return bulk.Encode(s, bulk.Options{Secrets: secrets})
}

// Kinds lists the kinds of objects.
func (o *Operations) Kinds(ctx context.Context) ([]client.KindInfo, error) {
	if err := o.may(ctx, ToRead, "read the configuration"); err != nil {
		return nil, err
	}
	s, err := o.snapshot()
	if err != nil {
		return nil, err
	}
	var out []client.KindInfo
	for k := range telephony.PublicKinds() {
		out = append(out, client.KindInfo{Kind: string(k.Kind), Collection: k.Collection, Title: k.Title, Count: s.Count(k.Kind)})
	}
	return out, nil
}

// kindOf finds a kind by its name in the singular or plural, in any capitalisation.
func kindOf(name string) (telephony.KindInfo, error) {
	var known []string
	for k := range telephony.PublicKinds() {
		if strings.EqualFold(name, string(k.Kind)) || strings.EqualFold(name, k.Collection) {
			return k, nil
		}
		known = append(known, string(k.Kind))
	}
	return telephony.KindInfo{}, fault.New(fault.KindUnknown, "kind", brief(name), "known", strings.Join(known, ", "))
}

// List lists objects of a kind in the order of their names.
func (o *Operations) List(ctx context.Context, kind string, q client.ListQuery) (client.Page, error) {
	if err := o.may(ctx, ToRead, "read the configuration"); err != nil {
		return client.Page{}, err
	}
	k, err := kindOf(kind)
	if err != nil {
		return client.Page{}, err
	}
	s, err := o.snapshot()
	if err != nil {
		return client.Page{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = listDefault
	}
	limit = min(limit, listMaximum)
	page := client.Page{Kind: k.Kind, Items: []json.RawMessage{}}
	last, wanted := "", parseFilter(q.Filter)
	for _, object := range s.Objects(k.Kind) {
		here := (q.After == "" || object.Key() > q.After) && len(page.Items) < limit
		if !here && len(wanted) == 0 {
			page.Total++
			if len(page.Items) == limit {
				page.Next = last
			}
			continue
		}
		text, err := json.Marshal(object)
		if err != nil {
			return page, err
		}
		if !wanted.pass(text) {
			continue
		}
		page.Total++
		if here {
			page.Items = append(page.Items, text)
			last = object.Key()
		} else if len(page.Items) == limit {
			page.Next = last
		}
	}
	return page, nil
}

// tag names a state of an object, for If-Match.
func tag(text []byte) string {
	h := fnv.New64a()
	h.Write(text)
	return fmt.Sprintf("%016x", h.Sum64())
}

// Get gives an object as JSON, and the tag of its state.
func (o *Operations) Get(ctx context.Context, kind, name string) (json.RawMessage, string, error) {
	if err := o.may(ctx, ToRead, "read the configuration"); err != nil {
		return nil, "", err
	}
	k, err := kindOf(kind)
	if err != nil {
		return nil, "", err
	}
	s, err := o.snapshot()
	if err != nil {
		return nil, "", err
	}
	object := s.Object(k.Kind, name)
	if object == nil {
		return nil, "", fault.New(fault.ObjectNotFound, "kind", k.Title, "name", name)
	}
	text, err := json.Marshal(object)
	return text, tag(text), err
}

// anyTag is the tag that asks only that the object is there (RFC 9110, section 13.1.1).
const anyTag = "*"

// matches refuses a change to an object that is not in the state that the caller saw, or not there.
func matches(s *confdb.Snapshot, k telephony.KindInfo, name, match string) error {
	object := s.Object(k.Kind, name)
	if object == nil {
		return fault.New(fault.ObjectNotFound, "kind", k.Title, "name", name)
	}
	if match == "" || match == anyTag {
		return nil
	}
	text, err := json.Marshal(object)
	if err == nil && tag(text) != match {
		return fault.New(fault.ObjectChanged, "kind", k.Title, "name", name)
	}
	return err
}

// Put makes an object as it is given, new or in place of the one of its name. match is the tag that it must have, "*" if it
// need only be there, or empty.
func (o *Operations) Put(ctx context.Context, kind, name string, text []byte, match string) (client.Result, error) {
	if err := o.may(ctx, ToOperate, "put"); err != nil {
		return client.Result{}, err
	}
	k, err := kindOf(kind)
	if err != nil {
		return client.Result{}, err
	}
	item, err := bulk.DecodeObject("the request", k.Kind, text)
	if err == nil && item.Object != nil && item.Object.Key() != name {
		err = fault.New(fault.RequestInvalid, "problem", fmt.Sprintf("The address names %s, the object calls itself %s", brief(name), brief(item.Object.Key())))
	}
	return o.change(ctx, "put", string(k.Kind)+" "+name, false, func(s *confdb.Snapshot) (confdb.ChangeSet, error) {
		if err != nil {
			return confdb.ChangeSet{}, err
		}
		set := confdb.ChangeSet{Source: "the request", Items: []confdb.Item{item}}
		if match == "" {
			return set, nil
		}
		return set, matches(s, k, name, match)
	})
}

// Delete deletes an object; what depends on it is named in the refusal. match is as for Put.
func (o *Operations) Delete(ctx context.Context, kind, name, match string) (client.Result, error) {
	if err := o.may(ctx, ToOperate, "delete"); err != nil {
		return client.Result{}, err
	}
	k, err := kindOf(kind)
	if err != nil {
		return client.Result{}, err
	}
	return o.change(ctx, "delete", string(k.Kind)+" "+name, false, func(s *confdb.Snapshot) (confdb.ChangeSet, error) {
		return *new(confdb.ChangeSet).Delete(k.Kind, name), matches(s, k, name, match)
	})
}
