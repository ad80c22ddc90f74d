package confdb

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tandem/fault"
	"tandem/telephony"
)

// A request and an answer between servers are a byte of format and compressed JSON.
const (
	forwardFormat = 1

	// MaximumForwarded is the size in bytes of a request or an answer, compressed, as it fits into one message between servers. A site
	// of 20,000 phones takes less than half of it.
	MaximumForwarded = 1<<20 - 4096
	maximumUnpacked  = 64 << 20 // bytes
)

type forwardRequest struct {
	Source    string        `json:"source,omitempty"`
	Actor     string        `json:"actor,omitempty"`
	UserState bool          `json:"userState,omitempty"`
	Items     []forwardItem `json:"items"`
}

type forwardItem struct {
	Kind         telephony.Kind  `json:"kind"`
	Key          string          `json:"key,omitempty"`    // of a deletion
	Object       json.RawMessage `json:"object,omitempty"` // none: a deletion
	ClearSecrets []string        `json:"clearSecrets,omitempty"`
	Line         int             `json:"line,omitempty"`
	FieldLines   map[string]int  `json:"fieldLines,omitempty"`
	Before       string          `json:"before,omitempty"` // fingerprint of the object that the change was made from; "": it does not matter
}

func encodeRequest(set ChangeSet, o Options, before *Snapshot, guarded bool) ([]byte, error) {
	if len(set.Items) > maximumItems {
		return nil, fault.New(fault.ConfigurationTooLarge, "source", source(set), "limit", fmt.Sprintf("%d objects", maximumItems))
	}
	r := forwardRequest{Source: set.Source, Actor: o.Actor, UserState: o.UserState, Items: make([]forwardItem, len(set.Items))}
	for i := range set.Items {
		item := &set.Items[i]
		kind, key := item.ref()
		f := forwardItem{Kind: kind, Key: key, ClearSecrets: item.ClearSecrets, Line: item.Line, FieldLines: item.FieldLines}
		var err error
		if item.Object != nil {
			f.Key = ""
			if f.Object, err = encodeObject(item.Object); err != nil {
				return nil, unknownKind(string(kind))
			}
		}
		if guarded {
			if f.Before, err = fingerprint(before.Object(kind, key)); err != nil {
				return nil, err
			}
		}
		r.Items[i] = f
	}
	data, err := pack(r)
	if errors.Is(err, errTooLarge) {
		return nil, fault.New(fault.ConfigurationTooLarge, "source", source(set), "limit", "one message between servers; at the publisher itself more is possible")
	}
	return data, err
}

func decodeRequest(data []byte) (r forwardRequest, err error) {
	if err = unpack(data, &r); err == nil && len(r.Items) > maximumItems {
		err = errTooLarge
	}
	return r, err
}

func (r *forwardRequest) changeSet() (ChangeSet, error) {
	set := ChangeSet{Source: r.Source, Items: make([]Item, len(r.Items))}
	for i, f := range r.Items {
		item := Item{ClearSecrets: f.ClearSecrets, Line: f.Line, FieldLines: f.FieldLines}
		if len(f.Object) > 0 {
			o, err := decodeObject(f.Kind, f.Object)
			if err != nil {
				return ChangeSet{}, err
			}
			item.Object = o
		} else {
			item.Kind, item.Key = f.Kind, f.Key
		}
		set.Items[i] = item
	}
	return set, nil
}

// forwardAnswer is the outcome at the publisher: a result, or what was wrong.
type forwardAnswer struct {
	Result   *Result        `json:"result,omitempty"`
	Faults   []forwardFault `json:"faults,omitempty"`
	More     int            `json:"more,omitempty"`
	Refused  bool           `json:"refused,omitempty"` // the faults are the problems of a Refused
	Stale    bool           `json:"stale,omitempty"`
	Position Position       `json:"position"` // of the publisher
}

// forwardFault is a fault with its texts as they were filled in at the publisher.
type forwardFault struct {
	Code     fault.Code     `json:"code"`
	Severity fault.Severity `json:"severity"`
	Message  string         `json:"message"`
	Reason   string         `json:"reason"`
	Action   string         `json:"action"`
	Status   int            `json:"status"`
	Cause    string         `json:"cause,omitempty"`
}

func encodeAnswer(result Result, err error, at Position) ([]byte, error) {
	a := forwardAnswer{Position: at}
	var refused *Refused
	switch {
	case err == nil:
		a.Result = &result
	case errors.As(err, &refused):
		a.Refused, a.More = true, refused.More
		for _, p := range refused.Problems {
			a.Faults = append(a.Faults, toForward(p))
		}
	default:
		f := fault.From(err)
		if f == nil {
			f = fault.Wrap(err, fault.DatabaseNotReady)
		}
		a.Faults, a.Stale = []forwardFault{toForward(f)}, errors.Is(err, errStale)
	}
	data, packing := pack(a)
	if errors.Is(packing, errTooLarge) && a.Result != nil { // it took effect; only the list of what changed does not fit
		a.Result.Items = nil
		return pack(a)
	}
	return data, packing
}

func toForward(f *fault.Error) forwardFault {
	w := forwardFault{f.Code, f.Severity, f.Message, f.Reason, f.Action, f.Status, ""}
	if f.Err != nil {
		w.Cause = f.Err.Error()
	}
	return w
}

func decodeAnswer(data []byte) (a forwardAnswer, err error) {
	err = unpack(data, &a)
	if err == nil && a.Result == nil && len(a.Faults) == 0 {
		err = errors.New("the answer holds neither a result nor a fault")
	}
	return a, err
}

// err is the error that the publisher's store gave; nil if there is a result.
func (a *forwardAnswer) err() error {
	if a.Result != nil {
		return nil
	}
	all := make([]*fault.Error, len(a.Faults))
	for i, w := range a.Faults {
		all[i] = &fault.Error{Code: w.Code, Severity: w.Severity, Message: w.Message, Reason: w.Reason, Action: w.Action, Status: w.Status}
		if w.Cause != "" {
			all[i].Err = errors.New(w.Cause)
		}
	}
	if a.Refused {
		return &Refused{Problems: all, More: a.More}
	}
	return all[0]
}

var errTooLarge = errors.New("it is too large")

func pack(v any) ([]byte, error) {
	var b bytes.Buffer // writing into it cannot fail
	b.WriteByte(forwardFormat)
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if b.Len() > MaximumForwarded {
		return nil, errTooLarge
	}
	return b.Bytes(), nil
}

func unpack(data []byte, v any) error {
	if len(data) == 0 || len(data) > MaximumForwarded {
		return errors.New("it is empty or too large")
	}
	if data[0] != forwardFormat {
		return fmt.Errorf("it has the unknown format %d", data[0])
	}
	z, err := gzip.NewReader(bytes.NewReader(data[1:]))
	if err != nil {
		return err
	}
	limited := io.LimitReader(z, maximumUnpacked+1)
	text, err := io.ReadAll(limited)
	if err != nil {
		return err
	}
	if len(text) > maximumUnpacked {
		return errTooLarge
	}
	return json.Unmarshal(text, v)
}
