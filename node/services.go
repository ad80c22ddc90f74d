package node

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"tandem/bus/runner"
	"tandem/call/signal"
	"tandem/confdb"
	"tandem/confdb/live"
	"tandem/fault"
	"tandem/media/session"
	"tandem/provision"
	"tandem/provision/tftpd"
	"tandem/registration"
	"tandem/service"
	"tandem/signalling/sccpstation"
	"tandem/signalling/sipua"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

// definitions lists every service of the product.
func (n *Node) definitions() []service.Definition {
	return []service.Definition{
		{Name: service.DatabaseLayerMonitor, About: "the configuration database on this server", Always: true,
			Start: n.startDatabase, StartWithin: storeReady + 10*time.Second},
		{Name: service.CDRInsert, About: "call records: journal and files", Always: true,
			Needs: []service.Name{service.DatabaseLayerMonitor}, Keeps: true, Start: n.startRecords},
		{Name: service.CallManager, About: "registration and call processing: SCCP and SIP", Activated: true,
			Needs: []service.Name{service.DatabaseLayerMonitor, service.CDRInsert}, Keeps: true, Start: n.startCallManager},
		{Name: service.TFTP, About: "configuration files and firmware over TFTP and HTTP", Activated: true,
			Needs: []service.Name{service.DatabaseLayerMonitor}, Keeps: true, Start: n.startTFTP},
		{Name: service.RISDataCollector, About: "what is registered where, and figures", Activated: true,
			Needs: []service.Name{service.DatabaseLayerMonitor}, Start: n.startRIS},
		{Name: service.Web, About: "the REST API and the figures, over HTTPS", Activated: true,
			Needs: []service.Name{service.DatabaseLayerMonitor}, Start: n.startWeb},
	}
}

// startDatabase opens the configuration and follows its changes.
func (n *Node) startDatabase(h *service.Host) error {
	m, err := n.openMembership(h)
	if err != nil {
		return err
	}
	store := m.store
	directory, err := live.New(telephony.ServerName(n.settings.Name), store.Snapshot(), codecs{})
	if err != nil {
		n.alarms.Raise(fault.Wrap(err, fault.DialPlanNotCurrent), "dial plan")
	}
	directory.Overlay(m.users)
	n.mu.Lock()
	n.membership, n.store, n.directory = m, store, directory
	n.mu.Unlock()
	n.know(store.Snapshot())
	h.OnStop(func(context.Context) error {
		n.mu.Lock()
		n.membership, n.store, n.directory = nil, nil, nil
		n.mu.Unlock()
		return nil
	})
	h.Go("change feed", func(ctx context.Context) error {
		err := directory.Follow(ctx, store, n.changed)
		if ctx.Err() != nil || errors.Is(err, confdb.ErrClosed) {
			return nil
		}
		return err
	})
	return nil
}

// know tells the stories which devices are configured, so that unknown names cannot push them out.
func (n *Node) know(s *confdb.Snapshot) {
	var names []string
	for p := range s.Phones() {
		names = append(names, string(p.Name))
	}
	n.stories.Know(names...)
}

// changed hands a change of configuration that is in force to whom it concerns.
func (n *Node) changed(c live.Change) {
	if c.Err != nil {
		n.alarms.Raise(fault.Wrap(c.Err, fault.DialPlanNotCurrent), "dial plan")
	}
	n.mu.RLock()
	x, sccp, sip := n.exchange, n.sccp, n.sip
	n.mu.RUnlock()
	n.stories.Know(c.Devices...)
	if x != nil {
		x.Refresh(c.Lines...)
	}
	for _, d := range c.Devices {
		if sccp != nil {
			sccp.DeviceChanged(d)
		}
		if sip != nil {
			sip.DeviceChanged(d)
		}
	}
}

// codecs is media/session as the directory asks for it.
type codecs struct{}

func (codecs) Narrow(o *signal.Session, d signal.Capabilities, ceiling telephony.Codec) (*signal.Session, bool) {
	return session.Narrow(o, d, ceiling)
}
func (codecs) Common(a, b signal.Capabilities, ceiling telephony.Codec) signal.Capabilities {
	return session.Common(a, b, ceiling)
}

func (n *Node) live() *live.Directory {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.directory
}

// startCallManager brings up call processing and the protocols of its phones.
func (n *Node) startCallManager(h *service.Host) error {
	n.mu.RLock()
	directory, store, records, members := n.directory, n.store, n.records, n.membership
	n.mu.RUnlock()
	if directory == nil || records == nil || members == nil {
		return errors.New("the configuration or the call records are not open")
	}
	x := runner.New(runner.Options{
		Node: signal.NodeID(n.settings.Node), Directory: directory, Facts: n.facts(records.fact), FirstCall: records.own.FirstCall(), Log: h.Log(),
		ForwardAll: func(device string, line signal.LineRef, destination string) error {
			_, err := members.setForwardAll(context.Background(), device, device, line, destination)
			return err
		},
		DoNotDisturb: func(device string, on bool) error {
			_, err := members.setDoNotDisturb(context.Background(), device, device, on)
			return err
		},
		Registered: n.registered, Alarm: n.callAlarm, Link: members.calls, Signalled: members.signalled,
	})
	room := registration.NewSharedRoom(func() int { return directory.Parameters().Int(parameter.MaximumDeviceWeight) })
	sccp := sccpstation.New(n.sccpOptions(x, directory, store, room, h.Log()))
	options, err := n.sipOptions(x, directory, store, room, h.Log())
	if err != nil {
		return err
	}
	sip, err := sipua.New(options)
	if err != nil {
		return err
	}
	h.OnStop(func(context.Context) error {
		x.Close()
		sccp.Close()
		err := sip.Close()
		n.mu.Lock()
		n.exchange, n.sccp, n.sip = nil, nil, nil
		n.mu.Unlock()
		for _, name := range []string{"sccp", "sip", "sips"} {
			n.ports.forget(name)
		}
		return err
	})
	if err := n.listenSCCP(h, sccp); err != nil {
		return err
	}
	if err := n.listenSIP(sip); err != nil {
		return err
	}
	n.mu.Lock()
	n.exchange, n.sccp, n.sip = x, sccp, sip
	n.mu.Unlock()
	// Before phones come, because a phone whose server moves is restarted; if it cannot be now it is done later.
	ctx, cancel := context.WithTimeout(h.Context(), portsWithin)
	defer cancel()
	if err := members.phonePorts(ctx); err != nil {
		h.Log().Info("where phones find this server is not on record yet", "cause", err)
	}
	return nil
}

// portsWithin bounds how long the start of call processing waits until its ports are on record.
const portsWithin = 2 * time.Second

func (n *Node) listenSCCP(h *service.Host, s *sccpstation.Server) error {
	return n.ports.open(service.CallManager, "sccp", "tcp", n.settings.Ports.SCCP, func(address string) (net.Addr, error) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, err
		}
		h.Go("SCCP listener", func(context.Context) error { return s.Serve(l) })
		return l.Addr(), nil
	})
}

// listenSIP opens the ports of SIP: UDP and TCP on one number, TLS on another.
func (n *Node) listenSIP(s *sipua.Server) error {
	open := func(name, network string, port int, listen func(at, advertise netip.AddrPort) (netip.AddrPort, error)) error {
		return n.ports.open(service.CallManager, name, network, port, func(address string) (net.Addr, error) {
			at, also, err := everywhere(address)
			if err != nil {
				return nil, err
			}
			bound, err := listen(at, netip.AddrPort{})
			if err == nil && also.IsValid() {
				// A machine without IPv6 is no fault.
				if _, err := listen(netip.AddrPortFrom(also.Addr(), bound.Port()), netip.AddrPort{}); err != nil {
					n.log.Info("not listening on IPv6", "port", name, "cause", err)
				}
			}
			return net.TCPAddrFromAddrPort(bound), err
		})
	}
	port := n.settings.Ports.SIP
	if port == Ephemeral {
		port = freePair(n.settings.Address)
	}
	if err := open("sip", "udp", port, s.ListenUDP); err != nil {
		return err
	}
	// TCP takes the number that UDP got, also where --move-ports chose it.
	if err := open("sip", "tcp", n.ports.port("sip", port), s.ListenTCP); err != nil {
		return err
	}
	config, err := loadTLS(n.options.Data, n.settings.Name, n.settings.Address, time.Now())
	if err != nil {
		return err
	}
	return open("sips", "tcp", n.settings.Ports.SIPS, func(at, advertise netip.AddrPort) (netip.AddrPort, error) {
		return s.ListenTLS(at, advertise, config)
	})
}

// freePair finds a port number that is free for both UDP and TCP just now, or Ephemeral.
func freePair(address string) int {
	for range 20 {
		l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
		if err != nil {
			return Ephemeral
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenPacket("udp", net.JoinHostPort(address, strconv.Itoa(port)))
		l.Close()
		if err == nil {
			u.Close()
			return port
		}
	}
	return Ephemeral
}

// everywhere gives the addresses on which SIP listens: the one that is set, or all of IPv4 and of IPv6.
func everywhere(address string) (first netip.AddrPort, second netip.AddrPort, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return first, second, err
	}
	if host != "" {
		first, err = netip.ParseAddrPort(address)
		return first, second, err
	}
	if first, err = netip.ParseAddrPort(net.JoinHostPort("0.0.0.0", port)); err != nil {
		return first, second, err
	}
	return first, netip.AddrPortFrom(netip.IPv6Unspecified(), first.Port()), nil
}

// callAlarm raises what call processing reports; an overload stands until it is over, a fault that ended a call is an event.
func (n *Node) callAlarm(f *fault.Error, over bool) {
	switch {
	case over:
		n.alarms.Clear(f.Code, "call processing")
	case f.Code == fault.CallThrottled:
		n.alarms.Raise(f, "call processing")
	default:
		n.alarms.Event(f, "call processing")
	}
}

// registered is told of every registration that begins or ends.
func (n *Node) registered(r registration.Registration, present bool) {
	n.mu.RLock()
	files := n.files
	n.mu.RUnlock()
	if present && files != nil {
		files.Registered(telephony.DeviceName(r.Device))
	}
}

// facts passes what call processing reports on to the call records, and to the ladders which calls have become one.
func (n *Node) facts(records func(signal.Fact)) func(signal.Fact) {
	return func(f signal.Fact) {
		if j, ok := f.(signal.CallsJoined); ok {
			n.ladders.Same(j.Call.String(), j.Other.String())
		}
		records(f)
	}
}

// phonePorts are the ports that phones are told of. They are asked for whenever a file is made: call processing may come up
// after the files, stop while they are served, and return on other ports.
func (n *Node) phonePorts() provision.Ports {
	port := func(name string, wanted, standard int) int {
		if p := n.ports.port(name, wanted); p != Ephemeral {
			return p
		}
		return standard // never listened yet: which port the system will choose nobody knows
	}
	p, standard := n.settings.Ports, provision.StandardPorts
	return provision.Ports{SCCP: port("sccp", p.SCCP, standard.SCCP), SIP: port("sip", p.SIP, standard.SIP),
		SecureSIP: port("sips", p.SIPS, standard.SecureSIP)}
}

func (n *Node) startTFTP(h *service.Host) error {
	directory := n.live()
	if directory == nil {
		return errors.New("the configuration is not open")
	}
	files := provision.New(provision.Options{
		Server:        telephony.ServerName(n.settings.Name),
		Configuration: func() provision.Configuration { return directory.Snapshot() },
		Contents:      n.firmware, Fetch: n.fetchFile, Story: n.stories, Alarms: n.alarms,
		Ports: n.phonePorts,
	})
	err := n.ports.open(service.TFTP, "tftp", "udp", n.settings.Ports.TFTP, func(address string) (net.Addr, error) {
		s, err := tftpd.Listen(address, files, tftpd.FromParameters(directory.Parameters()))
		if err != nil {
			return nil, err
		}
		h.OnStop(func(context.Context) error { n.ports.forget("tftp"); return s.Close() })
		return net.UDPAddrFromAddrPort(s.Addr()), nil
	})
	if err != nil {
		return err
	}
	err = n.ports.open(service.TFTP, "provisioning", "tcp", n.settings.Ports.Provisioning, func(address string) (net.Addr, error) {
		s, err := tftpd.ListenHTTP(address, files, tftpd.HTTPConfig{})
		if err != nil {
			return nil, err
		}
		h.OnStop(func(ctx context.Context) error { n.ports.forget("provisioning"); return s.Close(ctx) })
		return net.TCPAddrFromAddrPort(s.Addr()), nil
	})
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.files = files
	n.mu.Unlock()
	h.OnStop(func(context.Context) error {
		n.mu.Lock()
		n.files = nil
		n.mu.Unlock()
		return nil
	})
	return nil
}

// startRIS has nothing to bring up: what is registered and what is called is asked for when somebody looks.
func (n *Node) startRIS(*service.Host) error { return nil }

func (n *Node) startWeb(h *service.Host) error {
	config, err := loadTLS(n.options.Data, n.settings.Name, n.settings.Address, time.Now())
	if err != nil {
		return err
	}
	return n.ports.open(service.Web, "web", "tcp", n.settings.Ports.Web, func(address string) (net.Addr, error) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, err
		}
		h.Go("HTTPS listener", func(ctx context.Context) error {
			err := n.web.ServeTLS(l, config)
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		})
		h.OnStop(func(context.Context) error { n.ports.forget("web"); return l.Close() })
		return l.Addr(), nil
	})
}
