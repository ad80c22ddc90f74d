package sccpstation

import "tandem/wire/sccp"

// handler is what is done with a message, and whether a device must be registered for it.
type handler struct {
	registered bool
	do         func(n *session, m sccp.Message, f sccp.Frame)
}

// handlers lists every message of phones that means something to this server. Others are read over.
var handlers map[sccp.MessageID]handler

func init() {
	handlers = map[sccp.MessageID]handler{
		// Registration (sccp.md 4.1, 4.3).
		sccp.IDRegister:               anybody(func(n *session, m *sccp.Register) { n.register(m) }),
		sccp.IDRegisterTokenReq:       anybody(func(n *session, m *sccp.RegisterTokenReq) { n.token(m.Name, false) }),
		sccp.IDSPCPRegisterTokenReq:   anybody(func(n *session, m *sccp.SPCPRegisterTokenReq) { n.token(m.Name, true) }),
		sccp.IDAlarm:                  anybody(func(n *session, m *sccp.Alarm) { n.alarm(m) }),
		sccp.IDXMLAlarm:               anybody(func(n *session, m *sccp.XMLAlarm) { n.xmlAlarm(m) }),
		sccp.IDUnregisterReq:          device((*station).unregister),
		sccp.IDCapabilitiesRes:        device((*station).capabilitiesRes),
		sccp.IDUpdateCapabilities:     device((*station).updateCapabilities),
		sccp.IDUpdateCapabilitiesV2:   device((*station).updateCapabilities),
		sccp.IDUpdateCapabilitiesV3:   device((*station).updateCapabilities),
		sccp.IDRegisterAvailableLines: device((*station).availableLines),

		// Questions, answered in any order and in every version.
		sccp.IDButtonTemplateReq:   question((*station).buttonTemplateReq),
		sccp.IDSoftKeyTemplateReq:  question((*station).softKeyTemplateReq),
		sccp.IDSoftKeySetReq:       question((*station).softKeySetReq),
		sccp.IDConfigStatReq:       question((*station).configStatReq),
		sccp.IDLineStatReq:         question((*station).lineStatReq),
		sccp.IDForwardStatReq:      question((*station).forwardStatReq),
		sccp.IDSpeedDialStatReq:    question((*station).speedDialStatReq),
		sccp.IDFeatureStatReq:      question((*station).featureStatReq),
		sccp.IDServiceURLStatReq:   question((*station).serviceURLStatReq),
		sccp.IDVersionReq:          question((*station).versionReq),
		sccp.IDServerReq:           question((*station).serverReq),
		sccp.IDTimeDateReq:         question((*station).timeDateReq),
		sccp.IDCallCountReq:        question((*station).callCountReq),
		sccp.IDSubscriptionStatReq: question((*station).subscriptionStatReq),

		// Keys and hook (plane.go).
		sccp.IDKeypadButton:                  key((*station).keypad),
		sccp.IDEnblocCall:                    key((*station).enbloc),
		sccp.IDStimulus:                      key((*station).stimulus),
		sccp.IDOffHook:                       key((*station).offHook),
		sccp.IDOnHook:                        key((*station).onHook),
		sccp.IDHookFlash:                     key((*station).hookFlash),
		sccp.IDOffHookWithCallingPartyNumber: key((*station).offHookWithNumber),
		sccp.IDSoftKeyEvent:                  key((*station).softKey),

		// Media.
		sccp.IDOpenReceiveChannelAck:     key((*station).openAck),
		sccp.IDStartMediaTransmissionAck: key((*station).transmitAck),
		sccp.IDMediaTransmissionFailure:  key((*station).transmitFailed),
		sccp.IDConnectionStatisticsRes:   key((*station).statistics),
	}
}

// anybody handles a message that comes before registration.
func anybody[M sccp.Message](do func(*session, M)) handler {
	return handler{false, func(n *session, m sccp.Message, _ sccp.Frame) { do(n, m.(M)) }}
}

// locked has a message handled by the session's station, if this is still the device's connection.
func locked[M sccp.Message](do func(*station, M), note bool) handler {
	return handler{true, func(n *session, m sccp.Message, f sccp.Frame) {
		st := n.st
		st.lock()
		defer st.unlock()
		if st.sess != n {
			n.ending = errEnd
			return
		}
		if note && st.srv.Ladder != nil {
			st.x.incoming, st.x.frame = m, sccp.AppendFrame(st.x.frame[:0], f.HeaderVersion, f.ID, f.Body)
		}
		do(st, m.(M))
	}}
}

func device[M sccp.Message](do func(*station, M)) handler { return locked(do, false) }

// question is a request of the registration dialogue, which may also come at any later time.
func question[M sccp.Message](do func(*station, M)) handler {
	return locked(func(st *station, m M) {
		do(st, m)
		st.asked()
	}, false)
}

// key is a message about a call, shown in the call's ladder.
func key[M sccp.Message](do func(*station, M)) handler { return locked(do, true) }
