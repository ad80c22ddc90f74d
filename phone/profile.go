package phone

import "tandem/wire/sccp"

// Profile is how one SCCP model behaves, after the protocol reference (sccp.md 1.3,
// 4.1, 4.15 and ). It is data; the code that follows it is in the sccp files.
type Profile struct {
	Device sccp.DeviceType
	// Offer is the protocol version in Register, Features the three bytes behind it.
	Offer    sccp.Version
	Features sccp.Features
	// Load is the firmware that the phone claims to run.
	Load string
	// RegisterBody cuts Register to the length that the model sends; 0 sends all.
	RegisterBody int
	// Buttons is the number of keys that can be lines; entries of the template
	// beyond are not shown.
	Buttons int
	// SoftKeys: the model has them. Display: it has a text display.
	SoftKeys, Display bool
	// Order of the questions in registration; Pipelined asks them without waiting.
	Order     []question
	Pipelined bool
	// Token is what the phone sends before Register.
	Token token
	// NoStandby: no second connection, for the sake of the battery.
	NoStandby bool
	// KeepAliveFirst: a keep-alive before anything else (7985, 6911).
	KeepAliveFirst bool
	// IPPort: the old message with the RTP port follows Register.
	IPPort bool
	// XMLAlarm is sent beside the text alarm; AlarmJoined lacks the blank before
	// "Load=".
	XMLAlarm, AlarmJoined bool
	// Capabilities is the form: 0 CapabilitiesRes, else UpdateCapabilities 1 to 3.
	Capabilities uint8
	// AvailableLines is sent in RegisterAvailableLines; negative: never sent.
	AvailableLines int
	// Paths: media path and accessory messages of newer phones.
	Paths bool
	// Port is the one RTP port of the model, 0 for any.
	Port uint16
	// OneChannel: a second channel while one is open is an error that lasts.
	OneChannel bool
	// BareKeys: KeypadButton has no line and call (7912). ButtonIndex: the line
	// field of keys and hook is the button's position (below version 15, and 7906).
	BareKeys, ButtonIndex bool
	// EnBloc: all digits go at once.
	EnBloc bool
	// Flash: hook flash instead of a Transfer key, on-hook completes.
	Flash bool
	// NoSpeaker: only a handset.
	NoSpeaker bool
	// PartylessSecond: the second and later acknowledgements of a call's
	// transmission lack the party id.
	PartylessSecond bool
	// ForgetsAcks: every second media request is not acknowledged.
	ForgetsAcks bool
	// AcksWithoutCall: the acknowledgement ends before the call reference.
	AcksWithoutCall bool
	// TransmitAck: StartMediaTransmission is acknowledged (79x1 and later).
	TransmitAck bool
	// ResetsOn are ids at which the phone resets although it should know them.
	ResetsOn []sccp.MessageID
	// Refuses are ids that the model's table lacks: it closes the connection.
	Refuses []sccp.MessageID
	// BadCallRestarts: a call id that the phone holds invalid restarts it.
	BadCallRestarts bool
	// TimeAfterCall: the idle screen stays blank without the time (7936).
	TimeAfterCall bool
	// NoConnectedConference: soft-key set 7 is shown wrongly (69xx).
	NoConnectedConference bool
	// Analogue: a port for an ordinary telephone, without a lamp.
	Analogue bool
}

// question is one request of the registration dialogue (sccp.md 4.1, 7 to 14).
type question uint8

const (
	askButtons question = iota
	askSoftKeys
	askSoftKeySets
	askConfig
	askLines // and forwarding of each
	askSpeedDials
	askFeatures
	askServices
	tellAvailableLines
	askTime
	askVersion
	askServers
	tellPaths
	askForwards
)

type token uint8

const (
	noToken     token = iota
	cmToken           // RegisterTokenReq, only to come back to a better server
	sipuraToken       // SPCPRegisterTokenReq before every registration, and again in service
)

// Orders of registration. The first is that of the 7960 (CallManager 3.1 to 4.x).
var (
	orderClassic = []question{askButtons, askSoftKeys, askSoftKeySets, askLines, askForwards, askSpeedDials,
		askFeatures, askServices, tellAvailableLines, askTime}
	orderJava = []question{askButtons, askSoftKeys, askSoftKeySets, askConfig, askLines, askForwards, askSpeedDials,
		askFeatures, askServices, tellPaths, askTime, tellAvailableLines}
	orderKeys  = []question{askButtons, askConfig, askLines, askForwards, askSpeedDials, tellAvailableLines, askTime}
	orderFirst = []question{askButtons, askSoftKeys, askSoftKeySets, askConfig, askLines, askForwards, tellAvailableLines, askTime}
	orderPort  = []question{askButtons, askLines, askForwards, askSpeedDials, askTime}
	orderSmall = []question{askVersion, askButtons, askSoftKeys, askSoftKeySets, askServers, askConfig, askLines, askForwards,
		askSpeedDials, tellAvailableLines, askTime}
)

// Feature bytes as seen from the models (sccp.md 1.3).
var (
	featuresOld  = sccp.Features{0x00, 0x60, 0x85}
	featuresJava = sccp.Features{0x00, 0x72, 0x85}
	features69xx = sccp.Features{0x20, 0x70, 0x85}
)

// Messages that the tables of older models lack.
var (
	noHistory = []sccp.MessageID{sccp.IDCallHistoryInfo}
	noDisplay = []sccp.MessageID{sccp.IDCallHistoryInfo, sccp.IDSelectSoftKeys, sccp.IDSoftKeyTemplateRes, sccp.IDSoftKeySetRes}
	// 0x009A and 0x0099 belong to one-line displays; newer loads close on them.
	noText = []sccp.MessageID{sccp.IDClearDisplay, sccp.IDDisplayText}
)

// refuse joins lists.
func refuse(lists ...[]sccp.MessageID) []sccp.MessageID {
	var out []sccp.MessageID
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// java is a 79x1-generation phone.
func java(device sccp.DeviceType, buttons int, load string) Profile {
	return Profile{Device: device, Offer: 20, Features: featuresJava, Load: load, Buttons: buttons, SoftKeys: true, Display: true,
		Order: orderJava, Token: cmToken, XMLAlarm: true, Capabilities: 3, AvailableLines: 2, Paths: true, TransmitAck: true,
		Refuses: noText, BadCallRestarts: true}
}

// classic is a 7940-generation phone.
func classic(device sccp.DeviceType, buttons int, offer sccp.Version, load string) Profile {
	return Profile{Device: device, Offer: offer, Features: featuresOld, Load: load, Buttons: buttons, SoftKeys: true, Display: true,
		Order: orderClassic, Token: cmToken, RegisterBody: 64, ButtonIndex: true, Refuses: refuse(noHistory, noText)}
}

// sipura is an SPA5xx with its own flavour of the protocol.
func sipura(device sccp.DeviceType, buttons int) Profile {
	return Profile{Device: device, Offer: 8, Features: featuresOld, Load: "spa5xx-7.5.2", Buttons: buttons, SoftKeys: true, Display: true,
		Order: orderJavaWithLinesLast, Token: sipuraToken, RegisterBody: 64, AvailableLines: 1, ButtonIndex: true, EnBloc: true,
		Refuses: noText}
}

// orderJavaWithLinesLast ends with RegisterAvailableLines, at which an SPA5xx holds
// its registration for finished.
var orderJavaWithLinesLast = []question{askButtons, askSoftKeys, askSoftKeySets, askConfig, askTime, askLines, askForwards,
	askSpeedDials, askFeatures, tellAvailableLines}

// small is a 69xx phone.
func small(device sccp.DeviceType, buttons int, load string) Profile {
	return Profile{Device: device, Offer: 20, Features: features69xx, Load: load, Buttons: buttons, SoftKeys: true, Display: true,
		Order: orderJava, Token: cmToken, XMLAlarm: true, Capabilities: 2, AvailableLines: 1, TransmitAck: true,
		Refuses: noText, NoConnectedConference: true}
}

// Profiles are the models by name.
var Profiles = profiles()

func profiles() map[string]Profile {
	p := map[string]Profile{
		"12SP": {Device: sccp.Device12SPPlus, Offer: 0, Load: "", RegisterBody: 36, Buttons: 26, Display: true, IPPort: true,
			Order: []question{askButtons, askConfig, askLines, askForwards, tellAvailableLines, askTime}, Pipelined: true, ButtonIndex: true,
			AcksWithoutCall: true, Refuses: noDisplay},
		"30VIP": {Device: sccp.Device30VIP, Offer: 0, Load: "", RegisterBody: 36, Buttons: 26, Display: true, IPPort: true,
			Order: []question{askButtons, askConfig, askLines, askForwards, askSpeedDials, tellAvailableLines, askTime}, Pipelined: true,
			ButtonIndex: true, AcksWithoutCall: true, Refuses: noDisplay},
		"7910": {Device: sccp.Device7910, Offer: 2, Load: "P00405000700", RegisterBody: 64, Buttons: 1, Display: true, IPPort: true,
			Order: orderKeys, ButtonIndex: true, AcksWithoutCall: true, Refuses: noDisplay},
		"7902": {Device: sccp.Device7902, Offer: 5, Features: featuresOld, Load: "CP7902080002SCCP060817A", RegisterBody: 64, Buttons: 1,
			Order: orderKeys, ButtonIndex: true, BareKeys: true, Refuses: refuse(noDisplay, noText)},
		"7905": classic(sccp.Device7905, 1, 5, "CP7905080003SCCP070409A"),
		"7912": classic(sccp.Device7912, 1, 5, "CP7912080003SCCP070409A"),
		"7920": classic(sccp.Device7920, 6, 5, "cmterm_7920.4.0-03-02"),
		"7935": classic(sccp.Device7935, 2, 3, "P00503021900"),
		"7936": classic(sccp.Device7936, 2, 3, "cmterm_7936.3-3-21-0"),
		"7937": java(sccp.Device7937, 2, "apps37sccp.1-4-5-7"),
		"7940": classic(sccp.Device7940, 2, 11, "P0030801SR02"),
		"7960": classic(sccp.Device7960, 6, 5, "P00307020300"),
		// The last load of the 7960 speaks version 11 with dynamic messages.
		"7960-8": classic(sccp.Device7960, 6, 11, "P0030801SR02"),
		"7906":   java(sccp.Device7906, 1, "SCCP11.9-4-2SR3-1S"),
		"7911":   java(sccp.Device7911, 1, "SCCP11.8-4-2S"),
		"7921":   java(sccp.Device7921, 6, "CP7921G-1.4.5.3"),
		"7925":   java(sccp.Device7925, 6, "CP7925G-1.4.5.3"),
		"7931":   java(sccp.Device7931, 24, "SCCP31.9-4-2SR3-1S"),
		"7941":   java(sccp.Device7941, 2, "SCCP41.8-5-3S"),
		"7942":   java(sccp.Device7942, 2, "SCCP42.9-4-2SR3-1S"),
		"7945":   java(sccp.Device7945, 2, "SCCP45.9-4-2SR3-1S"),
		"7961":   java(sccp.Device7961, 6, "SCCP41.9-4-2SR3-1S"),
		"7962":   java(sccp.Device7962, 6, "SCCP42.9-4-2SR3-1S"),
		"7965":   java(sccp.Device7965, 6, "SCCP45.9-4-2SR3-1S"),
		"7970":   java(sccp.Device7970, 8, "SCCP70.9-4-2SR3-1S"),
		"7971":   java(sccp.Device7971, 8, "SCCP70.9-4-2SR3-1S"),
		"7975":   java(sccp.Device7975, 8, "SCCP75.9-4-2SR3-1S"),
		"7985":   java(sccp.Device7985, 1, "cmterm_7985.4-1-7-0"),
		"CIPC":   java(sccp.DeviceIPCommunicator, 8, "CIPC-8-6-6-0"),
		"6901":   small(sccp.Device6901, 1, "SCCP6901.9-2-1-a"),
		"6911":   small(sccp.Device6911, 1, "SCCP6911.9-2-1-a"),
		"6921":   small(sccp.Device6921, 2, "SCCP69xx.9-4-1-3"),
		"6941":   small(sccp.Device6941, 4, "SCCP69xx.9-4-1-3"),
		"6945":   small(sccp.Device6945, 4, "SCCP6945.9-4-1-3"),
		"6961":   small(sccp.Device6961, 12, "SCCP69xx.8-5-3"),
		"8941":   small(sccp.Device8941, 10, "SCCP894x.9-4-2-2"),
		"8945":   small(sccp.Device8945, 10, "SCCP894x.9-4-2-2"),
		"SPA502": sipura(sccp.DeviceSPA502G, 1),
		"SPA504": sipura(sccp.DeviceSPA504G, 4),
		"SPA514": sipura(sccp.DeviceSPA514G, 4),
		"SPA524": sipura(sccp.DeviceSPA524SG, 4),
		"SPA525": sipura(sccp.DeviceSPA525G2, 8),
		"ATA186": {Device: sccp.DeviceATA186, Offer: 33, Load: "ATA030204SCCP090202A", RegisterBody: 64, Buttons: 1,
			Order: orderPort, AvailableLines: -1, ButtonIndex: true, Flash: true, NoSpeaker: true, Analogue: true,
			Refuses: refuse(noDisplay, noText)},
		"VG248": {Device: sccp.DeviceAnalogPhone, Offer: 0, Load: "1.3(1)", RegisterBody: 48, Buttons: 1,
			Order: orderPort, AvailableLines: -1, ButtonIndex: true, Flash: true, NoSpeaker: true, Analogue: true,
			Refuses: refuse(noDisplay, noText)},
	}
	change := func(model string, f func(*Profile)) {
		q := p[model]
		f(&q)
		p[model] = q
	}
	for _, model := range []string{"7905", "7912"} {
		change(model, func(q *Profile) {
			q.Order, q.BareKeys, q.AvailableLines = orderSmall, model == "7912", -1
		})
	}
	change("7912", func(q *Profile) { q.Port = 16384 })
	change("7920", func(q *Profile) { q.OneChannel = true })
	for _, model := range []string{"7920", "7921", "7925"} {
		change(model, func(q *Profile) { q.NoStandby = true })
	}
	change("7936", func(q *Profile) { q.TimeAfterCall = true })
	change("7937", func(q *Profile) { q.ForgetsAcks = true })
	change("7906", func(q *Profile) { q.ButtonIndex, q.AlarmJoined = true, true })
	// The old load resets on set-hook-flash-detect.
	change("7911", func(q *Profile) {
		q.AlarmJoined, q.Offer, q.ResetsOn = true, 17, []sccp.MessageID{sccp.IDSetHookFlashDetect}
	})
	change("7941", func(q *Profile) { q.Offer = 17 })
	change("7961", func(q *Profile) { q.Offer, q.Capabilities = 22, 1 })
	change("7975", func(q *Profile) { q.Offer = 22 })
	change("6961", func(q *Profile) { q.Offer = 15 })
	change("7985", func(q *Profile) { q.KeepAliveFirst, q.Order, q.AvailableLines = true, orderFirst, 1 })
	change("6911", func(q *Profile) { q.KeepAliveFirst = true })
	change("6901", func(q *Profile) {
		// No soft keys on this one: a cradle and a hook flash.
		q.Flash, q.PartylessSecond, q.SoftKeys, q.Display, q.NoSpeaker = true, true, false, false, true
		q.Order = []question{askButtons, askConfig, askLines, askForwards, askSpeedDials, askTime, tellAvailableLines}
	})
	return p
}
