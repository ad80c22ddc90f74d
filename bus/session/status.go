package session

import (
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"tandem/bus"
)

// wireStatus is bus.Status as it goes over the network. The numbers never change their meaning; what a neighbouring version
// does not know it passes over.
type wireStatus struct {
	Version    string  `cbor:"1,keyasint,omitempty"`
	Epoch      uint64  `cbor:"2,keyasint,omitempty"`
	Index      uint64  `cbor:"3,keyasint,omitempty"`
	Schema     int     `cbor:"4,keyasint,omitempty"`
	Formats    int     `cbor:"5,keyasint,omitempty"`
	Halted     string  `cbor:"6,keyasint,omitempty"`
	Publisher  bool    `cbor:"7,keyasint,omitempty"`
	Processing bool    `cbor:"8,keyasint,omitempty"`
	Registered int     `cbor:"9,keyasint,omitempty"`
	Calls      int     `cbor:"10,keyasint,omitempty"`
	Load       float64 `cbor:"11,keyasint,omitempty"`
	Started    int64   `cbor:"12,keyasint,omitempty"` // nanoseconds since 1970; 0: unknown
	Newest     uint64  `cbor:"13,keyasint,omitempty"`
	Filling    bool    `cbor:"14,keyasint,omitempty"`
}

const maximumStatus = 4096 // bytes; a longer reason of Halted is cut

var statusMode, _ = cbor.DecOptions{
	MaxArrayElements: 16, MaxMapPairs: 64, MaxNestedLevels: 4, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
}.DecMode()

func encodeStatus(s bus.Status) []byte {
	started := int64(0)
	if !s.Started.IsZero() {
		started = s.Started.UnixNano()
	}
	data, err := cbor.Marshal(wireStatus{short(s.Version, 256), s.Epoch, s.Index, s.Schema, s.Formats, short(s.Halted, 2048),
		s.Publisher, s.Processing, s.Registered, s.Calls, s.Load, started, s.Newest, s.Filling})
	if err != nil {
		return nil
	}
	return data
}

func short(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "") }

func decodeStatus(data []byte) (bus.Status, error) {
	if len(data) > maximumStatus {
		return bus.Status{}, errFrame
	}
	var w wireStatus
	if err := statusMode.Unmarshal(data, &w); err != nil {
		return bus.Status{}, err
	}
	s := bus.Status{Version: w.Version, Epoch: w.Epoch, Index: w.Index, Schema: w.Schema, Formats: w.Formats, Halted: w.Halted, Publisher: w.Publisher,
		Processing: w.Processing, Registered: w.Registered, Calls: w.Calls, Load: w.Load, Newest: w.Newest, Filling: w.Filling}
	if w.Started != 0 {
		s.Started = time.Unix(0, w.Started)
	}
	return s, nil
}
