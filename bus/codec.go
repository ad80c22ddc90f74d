package bus

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"tandem/call/signal"
)

// format is the first byte of every message about calls and registrations. Servers of two neighbouring versions understand
// each other within a format; another is refused.
const format = 1

// ErrUnknownMessage says that a message has a number that this version does not know. A newer server sent it; nothing
// waits for its effect longer than for a lost server's.
var ErrUnknownMessage = errors.New("a message of a kind that this version does not know")

// Bounds of what is read. A message of MaximumMessage bytes fits.
const (
	maximumElements = 8192 // of one list
	maximumFields   = 256  // of one structure
	maximumDepth    = 24
)

var encoder, decoder = func() (cbor.EncMode, cbor.DecMode) {
	e, err := cbor.EncOptions{Time: cbor.TimeRFC3339NanoUTC}.EncMode()
	if err != nil {
		panic(err) // an option is wrong, which every test finds
	}
	d, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsAllowed,
		MaxArrayElements: maximumElements, MaxMapPairs: maximumFields, MaxNestedLevels: maximumDepth,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		UTF8:              cbor.UTF8DecodeInvalid, // names come from phones; a bad one must not cost a call
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return e, d
}()

// Encode writes a signal for an address, or one of the messages of this package (with no address).
func Encode(to signal.Address, message any) ([]byte, error) {
	n, ok := numberOf[reflect.TypeOf(message)]
	if !ok {
		return nil, fmt.Errorf("%T does not cross to other servers", message)
	}
	address, err := encoder.Marshal(to)
	if err != nil {
		return nil, err
	}
	body, err := encoder.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("write %T: %w", message, err)
	}
	b := make([]byte, 0, 2+len(address)+len(body))
	b = append(b, format, n)
	b = append(b, address...)
	b = append(b, body...)
	if len(b) > MaximumMessage {
		return nil, ErrTooLarge
	}
	return b, nil
}

// Decode reads what Encode writes. ErrUnknownMessage means that it comes from a newer version; any other error that it is
// spoilt.
func Decode(b []byte) (to signal.Address, message any, err error) {
	if len(b) < 2 || len(b) > MaximumMessage {
		return to, nil, fmt.Errorf("a message of %d bytes", len(b))
	}
	if b[0] != format {
		return to, nil, fmt.Errorf("%w: format %d", ErrUnknownMessage, b[0])
	}
	t, ok := numbers[b[1]]
	if !ok {
		return to, nil, fmt.Errorf("%w: number %d", ErrUnknownMessage, b[1])
	}
	rest, err := decoder.UnmarshalFirst(b[2:], &to)
	if err != nil {
		return to, nil, fmt.Errorf("address of a %s: %w", t.Name(), err)
	}
	v := reflect.New(t)
	if err := decoder.Unmarshal(rest, v.Interface()); err != nil {
		return to, nil, fmt.Errorf("%s: %w", t.Name(), err)
	}
	return to, v.Elem().Interface(), nil
}
