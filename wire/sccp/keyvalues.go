package sccp

// Enumerations of keys (sccp.md 3.5, 3.6, 3.10).

// Key is a key of the number pad.
type Key uint32

// Values of Key.
const (
	Key0     Key = 0
	Key1     Key = 1
	Key2     Key = 2
	Key3     Key = 3
	Key4     Key = 4
	Key5     Key = 5
	Key6     Key = 6
	Key7     Key = 7
	Key8     Key = 8
	Key9     Key = 9
	KeyA     Key = 10
	KeyB     Key = 11
	KeyC     Key = 12
	KeyD     Key = 13
	KeyStar  Key = 14
	KeyPound Key = 15
	KeyPlus  Key = 16
)

var keyNames = map[Key]string{
	Key0:     "0",
	Key1:     "1",
	Key2:     "2",
	Key3:     "3",
	Key4:     "4",
	Key5:     "5",
	Key6:     "6",
	Key7:     "7",
	Key8:     "8",
	Key9:     "9",
	KeyA:     "A",
	KeyB:     "B",
	KeyC:     "C",
	KeyD:     "D",
	KeyStar:  "Star",
	KeyPound: "Pound",
	KeyPlus:  "Plus",
}

// String gives the name used in traces, or the number of a value that has none.
func (v Key) String() string { return nameOf(v, "Key", keyNames) }

// Digit is the character of a pad key: 0-9, A-D, * # or +; 0 for a number that no key has.
func (v Key) Digit() byte {
	if v > KeyPlus {
		return 0
	}
	return "0123456789ABCD*#+"[v]
}

// KeyOf is the pad key of a character, and whether there is one.
func KeyOf(digit byte) (Key, bool) {
	for k := Key0; k <= KeyPlus; k++ {
		if k.Digit() == digit {
			return k, true
		}
	}
	return 0, false
}

// SoftKeySet is a situation that has its own soft keys (sccp.md 3.6).
type SoftKeySet uint32

// Values of SoftKeySet.
const (
	KeysOnHook              SoftKeySet = 0
	KeysConnected           SoftKeySet = 1
	KeysOnHold              SoftKeySet = 2
	KeysRingIn              SoftKeySet = 3
	KeysOffHook             SoftKeySet = 4
	KeysConnectedTransfer   SoftKeySet = 5
	KeysDigits              SoftKeySet = 6
	KeysConnectedConference SoftKeySet = 7
	KeysRingOut             SoftKeySet = 8
	KeysOffHookFeature      SoftKeySet = 9
	KeysRemoteInUse         SoftKeySet = 10
	KeysOnHookStealable     SoftKeySet = 11
)

var softKeySetNames = map[SoftKeySet]string{
	KeysOnHook:              "OnHook",
	KeysConnected:           "Connected",
	KeysOnHold:              "OnHold",
	KeysRingIn:              "RingIn",
	KeysOffHook:             "OffHook",
	KeysConnectedTransfer:   "ConnectedTransfer",
	KeysDigits:              "Digits",
	KeysConnectedConference: "ConnectedConference",
	KeysRingOut:             "RingOut",
	KeysOffHookFeature:      "OffHookFeature",
	KeysRemoteInUse:         "RemoteInUse",
	KeysOnHookStealable:     "OnHookStealable",
}

// String gives the name used in traces, or the number of a value that has none.
func (v SoftKeySet) String() string { return nameOf(v, "SoftKeySet", softKeySetNames) }

// SoftKeyCode is the event of a soft key, in the numbering of CallManager 4.x (sccp.md 3.5). The phone returns what the template gave it.
type SoftKeyCode uint32

// Values of SoftKeyCode.
const (
	SoftKeyRedial            SoftKeyCode = 1
	SoftKeyNewCall           SoftKeyCode = 2
	SoftKeyHold              SoftKeyCode = 3
	SoftKeyTransfer          SoftKeyCode = 4
	SoftKeyForwardAll        SoftKeyCode = 5
	SoftKeyForwardBusy       SoftKeyCode = 6
	SoftKeyForwardNoAnswer   SoftKeyCode = 7
	SoftKeyBackspace         SoftKeyCode = 8
	SoftKeyEndCall           SoftKeyCode = 9
	SoftKeyResume            SoftKeyCode = 10
	SoftKeyAnswer            SoftKeyCode = 11
	SoftKeyInfo              SoftKeyCode = 12
	SoftKeyConference        SoftKeyCode = 13
	SoftKeyPark              SoftKeyCode = 14
	SoftKeyJoin              SoftKeyCode = 15
	SoftKeyMeetMe            SoftKeyCode = 16
	SoftKeyPickup            SoftKeyCode = 17
	SoftKeyGroupPickup       SoftKeyCode = 18
	SoftKeyRemoveLast        SoftKeyCode = 19
	SoftKeyCallBack          SoftKeyCode = 20
	SoftKeyBarge             SoftKeyCode = 21
	SoftKeyDoNotDisturb      SoftKeyCode = 22
	SoftKeyPrivate           SoftKeyCode = 25
	SoftKeyTransferVoiceMail SoftKeyCode = 26
	SoftKeyDirectTransfer    SoftKeyCode = 28
	SoftKeySelect            SoftKeyCode = 29
	SoftKeyConferenceList    SoftKeyCode = 30
	SoftKeyEmpty             SoftKeyCode = 31
	SoftKeyDial              SoftKeyCode = 32
	SoftKeyVideoMode         SoftKeyCode = 33
)

var softKeyCodeNames = map[SoftKeyCode]string{
	SoftKeyRedial:            "Redial",
	SoftKeyNewCall:           "NewCall",
	SoftKeyHold:              "Hold",
	SoftKeyTransfer:          "Transfer",
	SoftKeyForwardAll:        "ForwardAll",
	SoftKeyForwardBusy:       "ForwardBusy",
	SoftKeyForwardNoAnswer:   "ForwardNoAnswer",
	SoftKeyBackspace:         "Backspace",
	SoftKeyEndCall:           "EndCall",
	SoftKeyResume:            "Resume",
	SoftKeyAnswer:            "Answer",
	SoftKeyInfo:              "Info",
	SoftKeyConference:        "Conference",
	SoftKeyPark:              "Park",
	SoftKeyJoin:              "Join",
	SoftKeyMeetMe:            "MeetMe",
	SoftKeyPickup:            "Pickup",
	SoftKeyGroupPickup:       "GroupPickup",
	SoftKeyRemoveLast:        "RemoveLast",
	SoftKeyCallBack:          "CallBack",
	SoftKeyBarge:             "Barge",
	SoftKeyDoNotDisturb:      "DoNotDisturb",
	SoftKeyPrivate:           "Private",
	SoftKeyTransferVoiceMail: "TransferVoiceMail",
	SoftKeyDirectTransfer:    "DirectTransfer",
	SoftKeySelect:            "Select",
	SoftKeyConferenceList:    "ConferenceList",
	SoftKeyEmpty:             "Empty",
	SoftKeyDial:              "Dial",
	SoftKeyVideoMode:         "VideoMode",
}

// String gives the name used in traces, or the number of a value that has none.
func (v SoftKeyCode) String() string { return nameOf(v, "SoftKeyCode", softKeyCodeNames) }
