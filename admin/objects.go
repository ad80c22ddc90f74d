package admin

import (
	"context"
	"encoding/json"
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

// operated are the kinds of objects that an operator may change.
var operated = map[telephony.Kind]bool{telephony.KindPhone: true, telephony.KindDirectoryNumber: true}

// change applies a change set for somebody, when the role allows all of it.
func (o *Operations) change(ctx context.Context, operation, object string, set confdb.ChangeSet, dryRun bool) (client.Result, error) {
	need := ToOperate
	for _, i := range set.Items {
		kind := i.Kind
		if i.Object != nil {
			kind = i.Object.Kind()
		}
		if !operated[kind] {
			need = ToAdminister
		}
	}
	if err := o.may(ctx, need, operation); err != nil {
		return client.Result{}, err
	}
	store, err := o.store()
	if err != nil {
		return client.Result{}, err
	}
	if o.Writable != nil && !dryRun {
		if err := o.Writable(); err != nil {
			o.note(ctx, operation, object, err, nil)
			return client.Result{}, err
		}
	}
	r, err := store.Apply(ctx, set, confdb.Options{DryRun: dryRun, Actor: From(ctx).Name})
	if err != nil {
		o.note(ctx, operation, object, err, nil)
		return client.Result{}, err
	}
	if !dryRun && len(r.Items) > 0 {
		o.note(ctx, operation, object, nil, &r)
		o.live(ctx, r.Position)
	}
	return resultWords(r), nil
}

// Apply takes a site file, all of it or nothing.
func (o *Operations) Apply(ctx context.Context, source string, file []byte, dryRun bool) (client.Result, error) {
	set, err := bulk.Decode(source, file)
	if err != nil {
		return client.Result{}, err
	}
	return o.change(ctx, "apply", source, set, dryRun)
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
	for _, k := range telephony.Kinds {
		out = append(out, client.KindInfo{Kind: string(k.Kind), Collection: k.Collection, Title: k.Title, Count: s.Count(k.Kind)})
	}
	return out, nil
}

// kindOf finds a kind by its name in the singular or plural, in any capitalisation.
func kindOf(name string) (telephony.KindInfo, error) {
	var known []string
	for _, k := range telephony.Kinds {
		if strings.EqualFold(name, string(k.Kind)) || strings.EqualFold(name, k.Collection) {
			return k, nil
		}
		known = append(known, string(k.Kind))
	}
	return telephony.KindInfo{}, fault.New(fault.KindUnknown, "kind", name, "known", strings.Join(known, ", "))
}

// object finds an object by kind and name.
func (o *Operations) object(kind, name string) (telephony.KindInfo, telephony.Object, error) {
	k, err := kindOf(kind)
	if err != nil {
		return k, nil, err
	}
	s, err := o.snapshot()
	if err != nil {
		return k, nil, err
	}
	if found := s.Object(k.Kind, name); found != nil {
		return k, found, nil
	}
	return k, nil, fault.New(fault.ObjectNotFound, "kind", k.Title, "name", name)
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
	last := ""
	for _, object := range s.Objects(k.Kind) {
		text, err := json.Marshal(object)
		if err != nil {
			return page, err
		}
		if !passes(text, q.Filter) {
			continue
		}
		page.Total++
		if q.After != "" && object.Key() <= q.After {
			continue
		}
		if len(page.Items) == limit {
			page.Next = last
			continue
		}
		page.Items = append(page.Items, text)
		last = object.Key()
	}
	return page, nil
}

// passes says whether an object has all the words of a filter; "field=text" asks one field of it.
func passes(object []byte, filter string) bool {
	if filter == "" {
		return true
	}
	all := strings.ToLower(string(object))
	for _, word := range strings.Fields(strings.ToLower(filter)) {
		field, text, one := strings.Cut(word, "=")
		if one {
			if !strings.Contains(all, fmt.Sprintf("%q:%q", field, text)) && !strings.Contains(all, fmt.Sprintf("%q:%s", field, text)) {
				return false
			}
		} else if !strings.Contains(all, word) {
			return false
		}
	}
	return true
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
	_, object, err := o.object(kind, name)
	if err != nil {
		return nil, "", err
	}
	text, err := json.Marshal(object)
	return text, tag(text), err
}

// unchanged refuses a change to an object that is not in the state that the caller saw.
func (o *Operations) unchanged(kind, name, match string) error {
	if match == "" {
		return nil
	}
	k, object, err := o.object(kind, name)
	if err != nil {
		return err
	}
	text, err := json.Marshal(object)
	if err == nil && tag(text) != match {
		return fault.New(fault.ObjectChanged, "kind", k.Title, "name", name)
	}
	return err
}

// Put makes an object as it is given, new or in place of the one of its name. match is the tag that it must have, or empty.
func (o *Operations) Put(ctx context.Context, kind, name string, text []byte, match string) (client.Result, error) {
	k, err := kindOf(kind)
	if err != nil {
		return client.Result{}, err
	}
	if err := o.unchanged(kind, name, match); err != nil {
		return client.Result{}, err
	}
	item, err := bulk.DecodeObject("the request", k.Kind, text)
	if err != nil {
		return client.Result{}, err
	}
	if item.Object != nil && item.Object.Key() != name {
		return client.Result{}, fault.New(fault.RequestInvalid, "problem",
			fmt.Sprintf("The address names %s, the object calls itself %s", name, item.Object.Key()))
	}
	return o.change(ctx, "put", string(k.Kind)+" "+name, confdb.ChangeSet{Source: "the request", Items: []confdb.Item{item}}, false)
}

// Delete deletes an object; what depends on it is named in the refusal.
func (o *Operations) Delete(ctx context.Context, kind, name, match string) (client.Result, error) {
	k, _, err := o.object(kind, name)
	if err != nil {
		return client.Result{}, err
	}
	if err := o.unchanged(kind, name, match); err != nil {
		return client.Result{}, err
	}
	set := new(confdb.ChangeSet).Delete(k.Kind, name)
	return o.change(ctx, "delete", string(k.Kind)+" "+name, *set, false)
}
