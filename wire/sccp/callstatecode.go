package sccp

// CallStateCode is the state of one call as the phone shows it (sccp.md 3.8).
type CallStateCode uint32

const (
	CallStateIdle                CallStateCode = 0
	CallStateOffHook             CallStateCode = 1
	CallStateOnHook              CallStateCode = 2
	CallStateRingOut             CallStateCode = 3
	CallStateRingIn              CallStateCode = 4
	CallStateConnected           CallStateCode = 5
	CallStateBusy                CallStateCode = 6
	CallStateCongestion          CallStateCode = 7
	CallStateHold                CallStateCode = 8
	CallStateCallWaiting         CallStateCode = 9
	CallStateCallTransfer        CallStateCode = 10
	CallStateCallPark            CallStateCode = 11
	CallStateProceed             CallStateCode = 12
	CallStateCallRemoteMultiline CallStateCode = 13
	CallStateInvalidNumber       CallStateCode = 14
	CallStateHoldRevert          CallStateCode = 15
	CallStateWhisper             CallStateCode = 16
	CallStateRemoteHold          CallStateCode = 17
)

// String gives the name used in traces, or the number of a value that has none.
func (v CallStateCode) String() string { return nameOf(v, "CallStateCode", callStateCodeNames) }

var callStateCodeNames = map[CallStateCode]string{
	CallStateIdle:                "Idle",
	CallStateOffHook:             "OffHook",
	CallStateOnHook:              "OnHook",
	CallStateRingOut:             "RingOut",
	CallStateRingIn:              "RingIn",
	CallStateConnected:           "Connected",
	CallStateBusy:                "Busy",
	CallStateCongestion:          "Congestion",
	CallStateHold:                "Hold",
	CallStateCallWaiting:         "CallWaiting",
	CallStateCallTransfer:        "CallTransfer",
	CallStateCallPark:            "CallPark",
	CallStateProceed:             "Proceed",
	CallStateCallRemoteMultiline: "CallRemoteMultiline",
	CallStateInvalidNumber:       "InvalidNumber",
	CallStateHoldRevert:          "HoldRevert",
	CallStateWhisper:             "Whisper",
	CallStateRemoteHold:          "RemoteHold",
}
