package bus

import (
	"reflect"

	"tandem/call/signal"
)

// numbers are the numbers of everything that crosses. A number never changes its meaning and is not used again; what is new
// goes to the end of its group. Fields have their names on the wire: a new one may be added, and an old server passes it over;
// none is ever renamed or given another type.
var numbers = map[byte]reflect.Type{
	1:  reflect.TypeFor[signal.Setup](),
	2:  reflect.TypeFor[signal.Alerting](),
	3:  reflect.TypeFor[signal.Claim](),
	4:  reflect.TypeFor[signal.Granted](),
	5:  reflect.TypeFor[signal.Decline](),
	6:  reflect.TypeFor[signal.Connected](),
	7:  reflect.TypeFor[signal.ConnectAck](),
	8:  reflect.TypeFor[signal.Rejected](),
	9:  reflect.TypeFor[signal.Redirect](),
	10: reflect.TypeFor[signal.RedirectStatus](),
	11: reflect.TypeFor[signal.TransferorGone](),
	12: reflect.TypeFor[signal.Release](),
	13: reflect.TypeFor[signal.MediaOffer](),
	14: reflect.TypeFor[signal.MediaAnswer](),
	15: reflect.TypeFor[signal.MediaReject](),
	16: reflect.TypeFor[signal.KeyPressed](),
	17: reflect.TypeFor[signal.JoinRequest](),
	18: reflect.TypeFor[signal.JoinAccept](),
	19: reflect.TypeFor[signal.JoinRefuse](),
	20: reflect.TypeFor[signal.Joined](),
	21: reflect.TypeFor[signal.CallerChanged](),
	22: reflect.TypeFor[signal.TakeOver](),
	23: reflect.TypeFor[signal.TakenOver](),
	24: reflect.TypeFor[signal.TakeOverRefused](),
	25: reflect.TypeFor[signal.LineReport](),
	26: reflect.TypeFor[signal.Audit](),
	27: reflect.TypeFor[signal.AuditAnswer](),
	28: reflect.TypeFor[signal.OfferRequest](),
	29: reflect.TypeFor[signal.CallerOffer](),

	128: reflect.TypeFor[CreateHalf](),
	129: reflect.TypeFor[LineNotice](),
	130: reflect.TypeFor[Watching](),
	131: reflect.TypeFor[RefreshLine](),

	160: reflect.TypeFor[Registered](),
	161: reflect.TypeFor[Unregistered](),
	162: reflect.TypeFor[Registrations](),
	163: reflect.TypeFor[RegistrationDigest](),
	164: reflect.TypeFor[ResendRegistrations](),
	165: reflect.TypeFor[Leaving](),
}

var numberOf = func() map[reflect.Type]byte {
	m := make(map[reflect.Type]byte, len(numbers))
	for n, t := range numbers {
		m[t] = n
	}
	return m
}()
