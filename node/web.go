package node

import (
	"tandem/admin"
	"tandem/admin/rest"
	"tandem/cdr"
	"tandem/confdb"
	"tandem/confdb/live"
	"tandem/telephony"
)

// newWeb makes the operations of administrators and the API that offers them.
func (n *Node) newWeb() *rest.Server {
	n.operations = admin.New(admin.Sources{
		Server: telephony.ServerName(n.settings.Name), Version: n.options.Version, Started: n.started,
		Store:     func() *confdb.Store { return held(n, func() *confdb.Store { return n.store }) },
		Directory: func() *live.Directory { return held(n, func() *live.Directory { return n.directory }) },
		Records: func() cdr.Reports {
			r := held(n, func() *records { return n.records })
			if r == nil {
				return cdr.Reports{Server: n.settings.Name}
			}
			return cdr.Reports{Server: n.settings.Name, Local: r.own, Cluster: r.receiver}
		},
		Calls: func() admin.Calls {
			if x := held(n, func() admin.Calls {
				if n.exchange == nil {
					return nil
				}
				return processing{n.exchange}
			}); x != nil {
				return x
			}
			return nil
		},
		Cluster: func() admin.Cluster {
			if m := held(n, func() *membership { return n.membership }); m != nil {
				return m
			}
			return nil
		},
		Others:   others{n},
		Services: n.services, Alarms: n.alarms, Stories: n.stories, Ladders: n.ladders, Firmware: n.firmware,
		Listening: func() map[string]string { return n.ports.listening() },
		Restart:   n.restartDevice, Writable: n.watch.Writable, Log: n.log,
	})
	return rest.New(n.operations, rest.Options{Version: n.options.Version, Metrics: n.counters.Handler()})
}

// held reads what a service made, under the lock that guards it.
func held[T any](n *Node, read func() T) T {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return read()
}

// restartDevice has whichever adapter knows a device restart it when it is idle.
func (n *Node) restartDevice(device string) bool {
	n.mu.RLock()
	sccp, sip := n.sccp, n.sip
	n.mu.RUnlock()
	return (sccp != nil && sccp.Reset(device, false)) || (sip != nil && sip.Restart(device))
}
