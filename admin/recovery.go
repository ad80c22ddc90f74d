package admin

import (
	"context"
	"time"

	"tandem/admin/client"
	"tandem/fault"
	"tandem/service"
)

// Bounds of a recovery setting.
const (
	recoveryAfter  = 3600  // seconds
	recoveryCount  = 1000  // restarts
	recoveryWindow = 86400 // seconds
)

// SetRecovery says what happens when a service fails by itself.
func (o *Operations) SetRecovery(ctx context.Context, name string, r client.Recovery) (client.Service, error) {
	const operation = "set-recovery"
	if err := o.may(ctx, ToAdminister, operation); err != nil {
		return client.Service{}, err
	}
	n := o.serviceName(name)
	err := checkRecovery(r)
	if err == nil {
		err = o.Services.SetRecovery(n, service.Recovery{Restart: r.Restart, After: seconds(r.After), Count: r.Count, Window: seconds(r.Window)})
	}
	o.note(ctx, operation, string(n), err, nil)
	if err != nil {
		return client.Service{}, err
	}
	s, err := o.Services.Get(n)
	return serviceWords(s), err
}

// checkRecovery refuses what no service could be run with. A window of nothing would count no failure, so that a service that
// fails at once would be restarted for ever.
func checkRecovery(r client.Recovery) error {
	problem := ""
	switch {
	case !(r.After >= 0 && r.After <= recoveryAfter): // not a number is refused, too
		problem = "A service is restarted after 0 to 3600 seconds"
	case r.Count < 0 || r.Count > recoveryCount:
		problem = "A service is restarted 0 to 1000 times within the window"
	case !(r.Window >= 1 && r.Window <= recoveryWindow):
		problem = "The window in which restarts are counted has 1 to 86400 seconds"
	default:
		return nil
	}
	return fault.New(fault.RequestInvalid, "problem", problem)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
