package cnf

// fromGroup makes a SIP phone take its servers from the CallManager group.
const fromGroup = "USECALLMANAGER"

// Feature identifiers of the buttons of a SIP phone (sccp.md 5.7).
const (
	featureLine      = 9
	featureSpeedDial = 21
	featureService   = 20
)

// sipProfile is what makes SEP….cnf.xml a file for a SIP load (sccp.md 5.7).
func sipProfile(p Phone) *node {
	profile := el("sipProfile",
		el("sipProxies", leaf("backupProxy", fromGroup), leaf("backupProxyPort", ""), leaf("emergencyProxy", fromGroup),
			leaf("emergencyProxyPort", ""), leaf("outboundProxy", ""), leaf("outboundProxyPort", ""), leaf("registerWithProxy", true)),
		el("sipCallFeatures", leaf("cnfJoinEnabled", true),
			leaf("callForwardURI", "x-cisco-serviceuri-cfwdall"), // without it the key does nothing
			leaf("callPickupURI", "x-cisco-serviceuri-pickup"), leaf("callPickupListURI", "x-cisco-serviceuri-opickup"),
			leaf("callPickupGroupURI", "x-cisco-serviceuri-gpickup"), leaf("meetMeServiceURI", "x-cisco-serviceuri-meetme"),
			leaf("abbreviatedDialURI", "x-cisco-serviceuri-abbrdial"), leaf("rfc2543Hold", false), leaf("callHoldRingback", 2),
			leaf("localCfwdEnable", true), leaf("semiAttendedTransfer", true), leaf("anonymousCallBlock", 2),
			leaf("callerIdBlocking", 2), leaf("dndControl", 0), leaf("remoteCcEnable", false)),
		el("sipStack", leaf("sipInviteRetx", 6), leaf("sipRetx", 10), leaf("timerInviteExpires", 180),
			leaf("timerRegisterExpires", p.Expires), leaf("timerRegisterDelta", 5), leaf("timerKeepAliveExpires", min(p.Expires, 120)),
			leaf("timerSubscribeExpires", 120), leaf("timerSubscribeDelta", 5), leaf("timerT1", 500), leaf("timerT2", 4000),
			leaf("maxRedirects", 70), leaf("remotePartyID", true), leaf("userInfo", "None")),
		leaf("autoAnswerTimer", 1), leaf("autoAnswerAltBehavior", false), leaf("autoAnswerOverride", true),
		leaf("transferOnhookEnabled", false), leaf("enableVad", false), leaf("preferredCodec", "none"),
		leaf("dtmfAvtPayload", 101), leaf("dtmfDbLevel", 3), leaf("dtmfOutofBand", "avt"), leaf("alwaysUsePrimeLine", false),
		leaf("alwaysUsePrimeLineVoiceMail", false), leaf("kpml", 0), leaf("natEnabled", false), leaf("natAddress", ""),
		leaf("phoneLabel", label(p)), leaf("stutterMsgWaiting", 0), leaf("callStats", true),
		leaf("silentPeriodBetweenCallWaitingBursts", 10), leaf("disableLocalSpeedDialConfig", true),
		leaf("startMediaPort", 16384), leaf("stopMediaPort", 32766), leaf("voipControlPort", 5060),
		leaf("dscpForAudio", p.DSCPAudio<<2), leaf("ringSettingBusyStationPolicy", 0), leaf("dialTemplate", "dialplan.xml"),
		leaf("softKeyFile", ""))
	lines := el("sipLines")
	for i, line := range p.Lines {
		if i < len(p.LineButtons) {
			lines.add(sipLine(line, p.LineButtons[i], i+1))
		}
	}
	for _, k := range p.Keys {
		button := el("line").with("button", k.Button)
		if k.URL != "" {
			button.add(leaf("featureID", featureService), leaf("featureLabel", k.Label), leaf("serviceURI", k.URL))
		} else {
			button.add(leaf("featureID", featureSpeedDial), leaf("featureLabel", k.Label), leaf("speedDialNumber", k.Number))
		}
		lines.add(button)
	}
	profile.add(lines)
	return profile
}

func sipLine(l Line, button, index int) *node {
	answer := 2
	if l.AutoAnswer {
		answer = 3
	}
	return el("line",
		leaf("featureID", featureLine), leaf("featureLabel", l.Label), leaf("proxy", fromGroup), leaf("port", 5060),
		leaf("name", l.Number), leaf("displayName", l.Display),
		el("autoAnswer", leaf("autoAnswerEnabled", answer)),
		leaf("callWaiting", 3), leaf("authName", l.AuthName), leaf("authPassword", l.AuthPassword.Reveal()),
		leaf("sharedLine", false), leaf("messageWaitingLampPolicy", 1), leaf("messagesNumber", ""),
		leaf("ringSettingIdle", l.RingIdle), leaf("ringSettingActive", l.RingInUse), leaf("contact", l.Number),
		leaf("maxNumCalls", l.MaximumCalls), leaf("busyTrigger", l.BusyTrigger),
		el("forwardCallInfoDisplay", leaf("callerName", true), leaf("callerNumber", false), leaf("redirectedNumber", false), leaf("dialedNumber", true)),
	).with("button", button).with("lineIndex", index)
}

// label is the text at the top of the screen, at most 11 characters on old loads.
func label(p Phone) string {
	if len(p.Lines) == 0 {
		return ""
	}
	text := []rune(p.Lines[0].Label)
	return string(text[:min(len(text), 11)])
}
