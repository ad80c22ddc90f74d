package signal

import "errors"

// ErrOverloaded refuses a new call because established ones would suffer (T-23). SIP answers 503 with Retry-After,
// SCCP plays reorder.
var ErrOverloaded = errors.New("call processing is overloaded, new calls are refused")

// ErrUnknownDevice refuses a call of a device that is not configured or not registered.
var ErrUnknownDevice = errors.New("the device is not registered")
