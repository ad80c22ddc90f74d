package sccpstation

import (
	"slices"

	"tandem/wire/sccp"
)

// traits are the ways of models that matter in calls (sccp.md 4.15, Q-1 to Q-29). They are data.
type traits struct {
	noSpeaker   bool // nothing that SetSpeakerMode could switch
	noLamp      bool // messages are told by the dial tone
	flash       bool // a hook flash is the Transfer key, and on-hook completes
	buttonIndex bool // keys and hook carry the button's position instead of the line
	timeAfter   bool // needs the time after each call (7936)
	sendsDTMF   bool // a port whose line hears digits: SendDtmfTone instead of a tone
	deafInCall  bool // plays no tone while its audio is open (7910)
	noSoftKeys  bool // has none, although its load knows the message
}

var (
	analoguePorts = []sccp.DeviceType{sccp.DeviceATA186, sccp.DeviceATA188, sccp.DeviceAnalogPhone, sccp.DeviceISDNBRIPhone,
		sccp.DeviceVGC, sccp.DeviceVGCVirtualPhone, sccp.DeviceSCCPGatewayVirtualPhone}
	flashTransfers = []sccp.DeviceType{sccp.Device6901}
)

func traitsOf(d sccp.DeviceType, v sccp.Version) traits {
	port := slices.Contains(analoguePorts, d)
	cradle := slices.Contains(flashTransfers, d)
	return traits{
		noSpeaker: port || cradle, noLamp: port, flash: port || cradle, sendsDTMF: port, noSoftKeys: port || cradle,
		buttonIndex: v < 15 || d == sccp.Device7906, timeAfter: d == sccp.Device7936,
		deafInCall: d == sccp.Device7910,
	}
}

// taken says which of the messages that not every phone knows this one takes.
type taken struct{ softKeys, history, text, flash bool }

func takenBy(d sccp.DeviceType, v sccp.Version) taken {
	return taken{
		softKeys: sccp.Takes(d, v, sccp.IDSelectSoftKeys) && !traitsOf(d, v).noSoftKeys,
		// Before version 8 no phone is known to have it.
		history: sccp.Takes(d, v, sccp.IDCallHistoryInfo) && v >= 8,
		text:    sccp.Takes(d, v, sccp.IDDisplayText),
		flash:   sccp.Takes(d, v, sccp.IDSetHookFlashDetect),
	}
}

// allows says whether the phone knows a message. What is not named here belongs to every phone's dialogue.
func (t taken) allows(id sccp.MessageID) bool {
	switch id {
	case sccp.IDSelectSoftKeys:
		return t.softKeys
	case sccp.IDCallHistoryInfo:
		return t.history
	case sccp.IDDisplayText, sccp.IDClearDisplay:
		return t.text
	case sccp.IDSetHookFlashDetect:
		return t.flash
	}
	return true
}
