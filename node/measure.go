package node

import (
	"context"

	"tandem/admin/client"
	"tandem/bus/runner"
)

// measure adds the figures that are asked for when they are exported.
func (n *Node) measure() {
	figure := func(name, help string, f func(*runner.Exchange) float64) {
		n.counters.Measure(name, help, func() float64 {
			if x := held(n, func() *runner.Exchange { return n.exchange }); x != nil {
				return f(x)
			}
			return 0
		})
	}
	figure("registered_devices", "Devices that are registered now.", func(x *runner.Exchange) float64 { return float64(x.Figures().Registered) })
	figure("half_calls", "Half-calls that exist now.", func(x *runner.Exchange) float64 { return float64(x.Figures().HalfCalls) })
	figure("calls_refused", "Calls refused because of overload since the start.", func(x *runner.Exchange) float64 { return float64(x.Figures().Refused) })
	figure("inputs_misplaced", "Inputs that had no place in the state they met.", func(x *runner.Exchange) float64 { return float64(x.Figures().Misplaced) })
	figure("calls_flooded", "Calls ended because more was sent to them than they could take.", func(x *runner.Exchange) float64 { return float64(x.Figures().Overflows) })
	figure("messages_lost", "Messages of or to other servers that were not understood or could not be sent.", func(x *runner.Exchange) float64 { return float64(x.Figures().Lost) })
	n.counters.Measure("alarms_standing", "Alarms that stand.", func() float64 { return float64(len(n.alarms.Standing())) })
	n.counters.Gauge("build_info", "The version that runs.", "version").Set(1, n.options.Version)
	n.measureCluster()
}

// measureCluster adds what this server knows of the cluster. While the configuration is not open these figures are missing.
func (n *Node) measureCluster() {
	members := func() *membership { return held(n, func() *membership { return n.membership }) }
	own := func(name, help string, f func(*membership) float64) {
		n.counters.MeasureEach(name, help, func(is func(float64, ...string)) {
			if m := members(); m != nil {
				is(f(m))
			}
		})
	}
	own("cluster_servers", "Servers of the cluster, this one among them.", func(m *membership) float64 { return float64(m.others() + 1) })
	own("cluster_reachable_servers", "Other servers of the cluster that can be reached now.", func(m *membership) float64 { return float64(len(m.mesh.Peers())) })
	own("publisher", "1 while this server is the publisher.", func(m *membership) float64 {
		if m.replica.Status().Leads {
			return 1
		}
		return 0
	})
	own("user_settings_waiting", "Changes of users that are not part of the configuration yet.", func(m *membership) float64 { return float64(m.users.Waiting()) })
	each := func(name, help string, f func(s client.ReplicaStatus, is func(float64, ...string)), labels ...string) {
		n.counters.MeasureEach(name, help, func(is func(float64, ...string)) {
			m := members()
			if m == nil {
				return
			}
			r, err := m.Replication(context.Background())
			if err != nil {
				return
			}
			for _, s := range r.Servers {
				f(s, is)
			}
		}, append([]string{"server"}, labels...)...)
	}
	each("replication_epoch", "Epoch of a server's copy of the configuration, as it says.", func(s client.ReplicaStatus, is func(float64, ...string)) {
		if s.Position != nil {
			is(float64(s.Position.Epoch), s.Server)
		}
	})
	each("replication_index", "Position of a server's copy of the configuration in its epoch, as it says.", func(s client.ReplicaStatus, is func(float64, ...string)) {
		if s.Position != nil {
			is(float64(s.Position.Index), s.Server)
		}
	})
	each("replication_lag_entries", "Changes of the configuration that a server's copy does not have yet; missing while that cannot be said.",
		func(s client.ReplicaStatus, is func(float64, ...string)) {
			if s.Lag >= 0 {
				is(float64(s.Lag), s.Server)
			}
		})
	each("replication_contact_timestamp_seconds", "When a server was heard of last.", func(s client.ReplicaStatus, is func(float64, ...string)) {
		if s.Contact != nil {
			is(float64(s.Contact.UnixMilli())/1000, s.Server)
		}
	})
	each("replication_verdict", "1 for what is to be thought of a server's copy.", func(s client.ReplicaStatus, is func(float64, ...string)) {
		is(1, s.Server, s.Verdict)
	}, "verdict")
}
