package confdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tandem/confdb/schema"
	"tandem/fault"
	"tandem/telephony"
)

// filled makes an object with something in every field, by its description.
func filled(k *schema.Kind) telephony.Object {
	o := reflect.New(k.Type)
	fill(k.Fields, o.Elem())
	return o.Interface().(telephony.Object)
}

func fill(fields []*schema.Field, of reflect.Value) {
	for i, f := range fields {
		v := f.Value(of)
		text := fmt.Sprintf("%s %d <&> \u2028 é", f.Name, i)
		switch f.Shape {
		case schema.ShapeText:
			v.SetString(text)
		case schema.ShapeBool:
			v.SetBool(true)
		case schema.ShapeInteger:
			v.SetInt(1<<53 + int64(i))
			if v.Int() != 1<<53+int64(i) {
				v.SetInt(int64(i) + 1)
			}
		case schema.ShapeSecret:
			v.Set(reflect.ValueOf(telephony.NewSecret(text)))
		case schema.ShapeTexts:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			v.Index(0).SetString(text)
			v.Index(1).SetString("")
		case schema.ShapeTextMap:
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf(text).Convert(v.Type().Key()), reflect.ValueOf("value").Convert(v.Type().Elem()))
		case schema.ShapeStruct:
			v.Set(reflect.New(v.Type().Elem()))
			fill(f.Fields, v.Elem())
		case schema.ShapeStructs:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(f.Fields, v.Index(0))
		}
	}
}

// Every kind of object arrives at the publisher as it was sent, secrets included.
func TestForwardedObjectsAreWhole(t *testing.T) {
	secrets := 0
	for _, k := range schema.Kinds() {
		for _, o := range []telephony.Object{filled(k), reflect.New(k.Type).Interface().(telephony.Object)} {
			data, err := encodeObject(o)
			if err != nil {
				t.Fatal(err)
			}
			back, err := decodeObject(k.Kind, data)
			if err != nil || !Equal(o, back) {
				t.Errorf("%s: %v\n%s", k.Kind, err, data)
			}
			for _, f := range k.Fields {
				if f.Shape == schema.ShapeSecret && bytes.Contains(data, []byte(f.Name)) {
					secrets++
				}
			}
		}
	}
	if secrets == 0 {
		t.Error("no kind has a secret: the test proves nothing")
	}
	for _, bad := range []string{`{"name":"x","later":1}`, `{"name":null}`, `{"name":5}`, `[]`, ``} {
		if o, err := decodeObject(telephony.KindPartition, []byte(bad)); err == nil {
			t.Errorf("%s was read as %v", bad, o)
		}
	}
	if _, err := decodeObject("nonsense", []byte("{}")); err == nil {
		t.Error("an unknown kind was read")
	}
}

// away forwards to a store in the same process, and can fail.
type away struct {
	to     *Store
	err    error
	before func() // runs before the request is served
	asked  int
}

func (a *away) Away() bool { return true }

func (a *away) Ask(ctx context.Context, request []byte) ([]byte, error) {
	a.asked++
	if a.err != nil {
		return nil, a.err
	}
	if a.before != nil {
		a.before()
	}
	return a.to.Serve(ctx, request)
}

// following is a store whose changes go to another. Its own copy is fed by hand.
func following(to *Store) (*Store, *away) {
	a := &away{to: to}
	return NewMemoryWith(StoreOptions{Forward: a}), a
}

func (s *Store) copyFrom(other *Store) {
	var all []telephony.Object
	for _, info := range telephony.Kinds {
		for _, o := range other.Snapshot().Objects(info.Kind) {
			if !IsBuiltIn(info.Kind, o.Key()) {
				all = append(all, o)
			}
		}
	}
	s.Replaced(other.Snapshot().Position(), all)
}

func TestForwardedFaultsComeBackWhole(t *testing.T) {
	publisher := NewMemory(&telephony.Partition{Name: "a"})
	follower, a := following(publisher)
	set := *new(ChangeSet).Put(&telephony.CallingSearchSpace{Name: "c", Partitions: []telephony.PartitionName{"missing"}}, &telephony.Partition{Name: ""})
	set.Source, set.Items[0].Line = "site.yaml", 7
	_, want := publisher.Apply(t.Context(), set, Options{})
	_, got := follower.Apply(t.Context(), set, Options{})
	if want == nil || got == nil || got.Error() != want.Error() {
		t.Errorf("%v\nwant %v", got, want)
	}
	var refused *Refused
	if !errors.As(got, &refused) || fault.From(got).Code != fault.From(want).Code || fault.From(got).Status != fault.From(want).Status || fault.From(got).Severity != fault.From(want).Severity {
		t.Errorf("%#v", got)
	}
	a.err = fmt.Errorf("no connection: %w", ErrNotSent)
	if _, err := follower.Apply(t.Context(), set, Options{}); !errors.Is(err, fault.PublisherAway) {
		t.Errorf("%v", err)
	}
	a.err = context.DeadlineExceeded
	if _, err := follower.Apply(t.Context(), set, Options{}); !errors.Is(err, fault.ChangeOutcomeOpen) {
		t.Errorf("%v", err)
	}
	if _, err := follower.Apply(t.Context(), *new(ChangeSet).Put(&telephony.Partition{Name: "dry"}), Options{DryRun: true}); err != nil {
		t.Errorf("trying out needs no publisher: %v", err)
	}
}

// A change that was made from an old state is made again from the new one, and given up when that never ends.
func TestForwardedUpdateIsMadeAgain(t *testing.T) {
	publisher := NewMemory(&telephony.Partition{Name: "p"})
	follower, a := following(publisher)
	follower.copyFrom(publisher)
	describe := func(s *Snapshot) (ChangeSet, error) {
		p := *s.Partition("p")
		p.Description += "+"
		return *new(ChangeSet).Put(&p), nil
	}
	disturb := func() {
		p := *publisher.Snapshot().Partition("p")
		p.Description += "!"
		if _, err := publisher.Apply(t.Context(), *new(ChangeSet).Put(&p), Options{}); err != nil {
			t.Fatal(err)
		}
	}
	a.before = func() {
		if a.asked == 1 {
			disturb()
			follower.copyFrom(publisher)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // the log, which brings the follower what was stored
		w := publisher.Watch(publisher.Snapshot().Position())
		for {
			if _, err := w.Next(ctx); err != nil {
				return
			}
			follower.copyFrom(publisher)
		}
	}()
	if _, err := follower.Update(t.Context(), Options{}, describe); err != nil || publisher.Snapshot().Partition("p").Description != "!+" || a.asked != 2 {
		t.Errorf("%v after %d questions: %q", err, a.asked, publisher.Snapshot().Partition("p").Description)
	}
	a.before = disturb
	if _, err := follower.Update(t.Context(), Options{}, describe); !errors.Is(err, fault.ChangeOvertaken) || fault.From(err).Status != 409 {
		t.Errorf("%v", err)
	}
	// A plain wish does not depend on what was there.
	if _, err := follower.Apply(t.Context(), *new(ChangeSet).Put(&telephony.Partition{Name: "p", Description: "mine"}), Options{}); err != nil {
		t.Error(err)
	}
}

func TestForwardedMessagesAreBounded(t *testing.T) {
	bomb, err := pack(strings.Repeat("x", maximumUnpacked+10))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeRequest(bomb); !errors.Is(err, errTooLarge) {
		t.Errorf("%d bytes that unpack to more than the bound: %v", len(bomb), err)
	}
	publisher := NewMemory()
	for _, bad := range [][]byte{nil, {9}, {forwardFormat}, {forwardFormat, 0x1f, 0x8b}, make([]byte, MaximumForwarded+1)} {
		if _, err := publisher.Serve(t.Context(), bad); err == nil {
			t.Errorf("%d bytes of nonsense were served", len(bad))
		}
	}
	follower, _ := following(publisher)
	var large ChangeSet
	for i := range 40_000 {
		large.Put(&telephony.Partition{Name: telephony.PartitionName(fmt.Sprint(i)), Description: fmt.Sprintf("%x", sumOf(i))})
	}
	if _, err := follower.Apply(t.Context(), large, Options{}); !errors.Is(err, fault.ConfigurationTooLarge) {
		t.Errorf("%v", err)
	}
}

// sumOf gives text that does not compress.
func sumOf(i int) string {
	s, _ := fingerprint(&telephony.Partition{Name: telephony.PartitionName(fmt.Sprint("p", i))})
	return s
}

func FuzzForwardedRequest(f *testing.F) {
	set := *new(ChangeSet).Put(&telephony.Partition{Name: "a"}).Delete(telephony.KindPartition, "b")
	seed, err := encodeRequest(set, Options{Actor: "me", UserState: true}, emptySnapshot(), true)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{forwardFormat})
	publisher := NewMemory(&telephony.Partition{Name: "a"})
	f.Fuzz(func(t *testing.T, data []byte) {
		answer, err := publisher.Serve(context.Background(), data)
		if err != nil {
			return
		}
		if _, err := decodeAnswer(answer); err != nil {
			t.Fatal(err)
		}
	})
}
