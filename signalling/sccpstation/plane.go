package sccpstation

import "tandem/wire/sccp"

// control is what a user can do, whichever key, soft key or hook says it.
type control uint8

const (
	pressOffHook control = iota
	pressOnHook
	pressFlash
	pressDigit
	pressNumber // a whole number at once
	pressLine
	pressSpeedDial
	pressRedial
	pressNewCall
	pressHold
	pressTransfer
	pressForwardAll
	pressDoNotDisturb
	pressBackspace
	pressEndCall
	pressResume
	pressAnswer
	pressDial
	pressMessages
	// Features that are not installed: refused in every state.
	pressInfo
	pressConference
	pressPark
	pressJoin
	pressMeetMe
	pressPickup
	pressGroupPickup
	pressCallBack
	pressBarge
	pressDirectTransfer
	pressSelect
	pressConferenceList
	pressVideoMode
	pressOther
	controls
)

var controlNames = [controls]string{"off hook", "on hook", "hook flash", "digit", "number", "line key", "speed dial", "Redial",
	"NewCall", "Hold", "Transfer", "CFwdAll", "DND", "<<", "EndCall", "Resume", "Answer", "Dial", "Messages", "Info", "Confrn", "Park",
	"Join", "MeetMe", "PickUp", "GPickUp", "CallBack", "Barge", "DirTrfr", "Select", "ConfList", "VidMode", "another key"}

func (k control) String() string { return controlNames[k] }

// press is one action of the user.
type press struct {
	what   control
	line   int    // instance, 0 where it is not said
	digit  byte   // pressDigit
	number string // pressNumber
	index  int    // pressSpeedDial
	dead   bool   // it named a call that is over
}

// action does what a press asks for. c is nil in state sIdle.
type action func(st *station, c *call, p press)

// plane is the call plane: what every press does in every state of the call that it is for. A pair that is not listed is
// refused with a text.
var plane map[state]map[control]action

func init() { // not a literal: the actions lead back to the table
	plane = map[state]map[control]action{
		sIdle: {
			pressOffHook:      begin,
			pressOnHook:       hookDown,
			pressDigit:        beginWithDigit,
			pressNumber:       beginWithNumber,
			pressLine:         lineKey,
			pressSpeedDial:    beginWithSpeedDial,
			pressRedial:       beginWithRedial,
			pressNewCall:      begin,
			pressForwardAll:   forwardAll,
			pressDoNotDisturb: doNotDisturb,
		},
		sOffHook: {
			pressOffHook:      switchPath,
			pressOnHook:       hangUp,
			pressFlash:        backToHeld,
			pressDigit:        dialDigit,
			pressNumber:       dialNumber,
			pressLine:         lineKey,
			pressSpeedDial:    dialSpeedDial,
			pressRedial:       dialRedial,
			pressForwardAll:   forwardAll,
			pressEndCall:      hangUp,
			pressDoNotDisturb: doNotDisturb,
		},
		sDialing: {
			pressOffHook:   switchPath,
			pressOnHook:    hangUp,
			pressFlash:     backToHeld,
			pressDigit:     dialDigit,
			pressLine:      lineKey,
			pressBackspace: dialBackspace,
			pressEndCall:   hangUp,
			pressDial:      dialEnd,
		},
		sCollecting: {
			pressOffHook:    switchPath,
			pressOnHook:     collectCancel,
			pressDigit:      collectDigit,
			pressNumber:     collectNumber,
			pressLine:       lineKey,
			pressSpeedDial:  collectSpeedDial,
			pressForwardAll: collectCancel,
			pressBackspace:  collectBackspace,
			pressEndCall:    collectCancel,
			pressDial:       collectEnd,
		},
		sProceeding: {
			pressOffHook:  switchPath,
			pressOnHook:   hangUp,
			pressFlash:    backToHeld,
			pressEndCall:  hangUp,
			pressTransfer: completeTransfer,
		},
		sRingOut: {
			pressOffHook:  switchPath,
			pressOnHook:   hangUpOrTransfer,
			pressFlash:    backToHeld,
			pressEndCall:  hangUp,
			pressTransfer: completeTransfer,
		},
		sFailed: {
			pressOffHook:   switchPath,
			pressOnHook:    hangUp,
			pressFlash:     backToHeld,
			pressNumber:    beginWithNumber,
			pressLine:      lineKey,
			pressSpeedDial: beginWithSpeedDial,
			pressRedial:    beginWithRedial,
			pressNewCall:   begin,
			pressEndCall:   hangUp,
		},
		sRingIn: {
			pressOffHook:      answer,
			pressOnHook:       hookDown,
			pressFlash:        answer,
			pressNumber:       beginWithNumber,
			pressLine:         answer,
			pressSpeedDial:    beginWithSpeedDial,
			pressRedial:       beginWithRedial,
			pressNewCall:      begin,
			pressEndCall:      reject,
			pressAnswer:       answer,
			pressDoNotDisturb: doNotDisturb,
		},
		sAnswering: {
			pressOffHook: switchPath,
			pressOnHook:  hangUp,
			pressEndCall: hangUp,
		},
		sConnected: {
			pressOffHook:      switchPath,
			pressOnHook:       hangUpOrTransfer,
			pressFlash:        flash,
			pressDigit:        sendKey,
			pressNumber:       beginWithNumber,
			pressLine:         lineKey,
			pressSpeedDial:    beginWithSpeedDial,
			pressRedial:       beginWithRedial,
			pressNewCall:      begin,
			pressHold:         hold,
			pressTransfer:     transfer,
			pressEndCall:      hangUp,
			pressDoNotDisturb: doNotDisturb,
		},
		sHeld: {
			pressOffHook:      begin,
			pressOnHook:       hookDown,
			pressFlash:        resume,
			pressNumber:       beginWithNumber,
			pressLine:         resume,
			pressSpeedDial:    beginWithSpeedDial,
			pressRedial:       beginWithRedial,
			pressNewCall:      begin,
			pressHold:         toggleHold,
			pressEndCall:      hangUp,
			pressResume:       resume,
			pressTransfer:     completeFromHeld,
			pressDoNotDisturb: doNotDisturb,
		},
		sRetrieving: {
			pressOffHook: switchPath,
			pressOnHook:  hangUp,
			pressEndCall: hangUp,
		},
		sRemote: {
			pressOffHook:      begin,
			pressOnHook:       hookDown,
			pressNumber:       beginWithNumber,
			pressLine:         begin,
			pressSpeedDial:    beginWithSpeedDial,
			pressRedial:       beginWithRedial,
			pressNewCall:      begin,
			pressForwardAll:   forwardAll,
			pressDoNotDisturb: doNotDisturb,
		},
		sRemoteHeld: {
			pressOffHook:      begin,
			pressOnHook:       hookDown,
			pressNumber:       beginWithNumber,
			pressLine:         retrieve,
			pressSpeedDial:    beginWithSpeedDial,
			pressRedial:       beginWithRedial,
			pressNewCall:      begin,
			pressResume:       retrieve,
			pressForwardAll:   forwardAll,
			pressDoNotDisturb: doNotDisturb,
		},
	}
}

// softKeyControls says what each soft key means.
var softKeyControls = map[sccp.SoftKeyCode]control{
	sccp.SoftKeyRedial: pressRedial, sccp.SoftKeyNewCall: pressNewCall, sccp.SoftKeyHold: pressHold,
	sccp.SoftKeyTransfer: pressTransfer, sccp.SoftKeyForwardAll: pressForwardAll, sccp.SoftKeyDoNotDisturb: pressDoNotDisturb, sccp.SoftKeyBackspace: pressBackspace,
	sccp.SoftKeyEndCall: pressEndCall, sccp.SoftKeyResume: pressResume, sccp.SoftKeyAnswer: pressAnswer,
	sccp.SoftKeyInfo: pressInfo, sccp.SoftKeyConference: pressConference, sccp.SoftKeyPark: pressPark,
	sccp.SoftKeyJoin: pressJoin, sccp.SoftKeyMeetMe: pressMeetMe, sccp.SoftKeyPickup: pressPickup,
	sccp.SoftKeyGroupPickup: pressGroupPickup, sccp.SoftKeyCallBack: pressCallBack, sccp.SoftKeyBarge: pressBarge,
	sccp.SoftKeyDirectTransfer: pressDirectTransfer, sccp.SoftKeySelect: pressSelect,
	sccp.SoftKeyConferenceList: pressConferenceList, sccp.SoftKeyDial: pressDial, sccp.SoftKeyVideoMode: pressVideoMode,
}

// stimulusControls says what each hard key means. Others are refused.
var stimulusControls = map[sccp.Stimulus]control{
	sccp.StimulusLastNumberRedial: pressRedial, sccp.StimulusSpeedDial: pressSpeedDial, sccp.StimulusBLFSpeedDial: pressSpeedDial,
	sccp.StimulusHold: pressHold, sccp.StimulusTransfer: pressTransfer, sccp.StimulusForwardAll: pressForwardAll, sccp.StimulusDoNotDisturb: pressDoNotDisturb,
	sccp.StimulusLine: pressLine, sccp.StimulusVoiceMail: pressMessages, sccp.StimulusNewCall: pressNewCall,
	sccp.StimulusEndCall: pressEndCall, sccp.StimulusConference: pressConference, sccp.StimulusCallPark: pressPark,
	sccp.StimulusCallPickup: pressPickup, sccp.StimulusGroupCallPickup: pressGroupPickup, sccp.StimulusSelect: pressSelect,
	sccp.StimulusMeetMeConference: pressMeetMe,
}

// installed are the soft keys whose feature this server has; others are hidden from every set.
var installed = map[control]bool{
	pressRedial: true, pressNewCall: true, pressHold: true, pressTransfer: true, pressForwardAll: true, pressDoNotDisturb: true, pressBackspace: true,
	pressEndCall: true, pressResume: true, pressAnswer: true, pressDial: true,
}
