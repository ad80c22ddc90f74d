package sccp

import "fmt"

// Direction says who sends a message.
type Direction uint8

// Either is for messages of media devices and gateways that both sides send.
const (
	FromPhone Direction = iota + 1
	FromServer
	Either
)

// row is what the catalogue knows of one message id.
type row struct {
	id   MessageID
	name string
	from Direction
	make func() Message // an empty message to decode into; nil: carried as Raw

	// since and until bound the versions for which this id may leave; zero means no bound.
	since, until Version
	// then is the id of the form that carries the same message above until.
	then MessageID
	// plainHeader: the header version is 0 in every session (sccp.md 1.2).
	plainHeader bool
}

func (r *row) allows(v Version) bool {
	return v >= max(r.since, MinVersion) && v <= MaxVersion && (r.until == 0 || v <= r.until)
}

// catalogue is the table of all messages and of the versions that take them (sccp.md 1.4, 2; R-15).
var catalogue = [...]row{
	{id: IDKeepAlive, name: "KeepAlive", from: FromPhone, make: func() Message { return new(KeepAlive) }},
	{id: IDRegister, name: "Register", from: FromPhone, make: func() Message { return new(Register) }, plainHeader: true},
	{id: IDIPPort, name: "IPPort", from: FromPhone, make: func() Message { return new(IPPort) }},
	{id: IDKeypadButton, name: "KeypadButton", from: FromPhone, make: func() Message { return new(KeypadButton) }},
	{id: IDEnblocCall, name: "EnblocCall", from: FromPhone, make: func() Message { return new(EnblocCall) }},
	{id: IDStimulus, name: "Stimulus", from: FromPhone, make: func() Message { return new(StimulusMessage) }},
	{id: IDOffHook, name: "OffHook", from: FromPhone, make: func() Message { return new(OffHook) }},
	{id: IDOnHook, name: "OnHook", from: FromPhone, make: func() Message { return new(OnHook) }},
	{id: IDHookFlash, name: "HookFlash", from: FromPhone, make: func() Message { return new(HookFlash) }},
	{id: IDForwardStatReq, name: "ForwardStatReq", from: FromPhone, make: func() Message { return new(ForwardStatReq) }},
	{id: IDSpeedDialStatReq, name: "SpeedDialStatReq", from: FromPhone, make: func() Message { return new(SpeedDialStatReq) }},
	{id: IDLineStatReq, name: "LineStatReq", from: FromPhone, make: func() Message { return new(LineStatReq) }},
	{id: IDConfigStatReq, name: "ConfigStatReq", from: FromPhone, make: func() Message { return new(ConfigStatReq) }},
	{id: IDTimeDateReq, name: "TimeDateReq", from: FromPhone, make: func() Message { return new(TimeDateReq) }},
	{id: IDButtonTemplateReq, name: "ButtonTemplateReq", from: FromPhone, make: func() Message { return new(ButtonTemplateReq) }},
	{id: IDVersionReq, name: "VersionReq", from: FromPhone, make: func() Message { return new(VersionReq) }},
	{id: IDCapabilitiesRes, name: "CapabilitiesRes", from: FromPhone, make: func() Message { return new(CapabilitiesRes) }},
	{id: IDMediaPortList, name: "MediaPortList", from: FromPhone, make: func() Message { return new(MediaPortList) }},
	{id: IDServerReq, name: "ServerReq", from: FromPhone, make: func() Message { return new(ServerReq) }},
	{id: IDAlarm, name: "Alarm", from: FromPhone, make: func() Message { return new(Alarm) }},
	{id: IDMulticastMediaReceptionAck, name: "MulticastMediaReceptionAck", from: FromPhone, make: func() Message { return new(MulticastMediaReceptionAck) }},
	{id: IDOpenReceiveChannelAck, name: "OpenReceiveChannelAck", from: FromPhone, make: func() Message { return new(OpenReceiveChannelAck) }},
	{id: IDConnectionStatisticsRes, name: "ConnectionStatisticsRes", from: FromPhone, make: func() Message { return new(ConnectionStatisticsRes) }},
	{id: IDOffHookWithCallingPartyNumber, name: "OffHookWithCallingPartyNumber", from: FromPhone, make: func() Message { return new(OffHookWithCallingPartyNumber) }},
	{id: IDSoftKeySetReq, name: "SoftKeySetReq", from: FromPhone, make: func() Message { return new(SoftKeySetReq) }},
	{id: IDSoftKeyEvent, name: "SoftKeyEvent", from: FromPhone, make: func() Message { return new(SoftKeyEvent) }},
	{id: IDUnregisterReq, name: "UnregisterReq", from: FromPhone, make: func() Message { return new(UnregisterReq) }},
	{id: IDSoftKeyTemplateReq, name: "SoftKeyTemplateReq", from: FromPhone, make: func() Message { return new(SoftKeyTemplateReq) }},
	{id: IDRegisterTokenReq, name: "RegisterTokenReq", from: FromPhone, make: func() Message { return new(RegisterTokenReq) }, plainHeader: true},
	{id: IDMediaTransmissionFailure, name: "MediaTransmissionFailure", from: FromPhone, make: func() Message { return new(MediaTransmissionFailure) }},
	{id: IDHeadsetStatus, name: "HeadsetStatus", from: FromPhone, make: func() Message { return new(HeadsetStatus) }},
	{id: IDMediaResourceNotification, name: "MediaResourceNotification", from: FromPhone},
	{id: IDRegisterAvailableLines, name: "RegisterAvailableLines", from: FromPhone, make: func() Message { return new(RegisterAvailableLines) }},
	{id: IDDeviceToUserData, name: "DeviceToUserData", from: FromPhone, make: func() Message { return new(DeviceToUserData) }},
	{id: IDDeviceToUserDataResponse, name: "DeviceToUserDataResponse", from: FromPhone, make: func() Message { return new(DeviceToUserDataResponse) }},
	{id: IDUpdateCapabilities, name: "UpdateCapabilities", from: FromPhone, make: func() Message { return &UpdateCapabilities{Form: 1} }},
	{id: IDOpenMultiMediaReceiveChannelAck, name: "OpenMultiMediaReceiveChannelAck", from: FromPhone},
	{id: IDClearConference, name: "ClearConference", from: FromPhone},
	{id: IDServiceURLStatReq, name: "ServiceURLStatReq", from: FromPhone, make: func() Message { return new(ServiceURLStatReq) }},
	{id: IDFeatureStatReq, name: "FeatureStatReq", from: FromPhone, make: func() Message { return new(FeatureStatReq) }},
	{id: IDCreateConferenceRes, name: "CreateConferenceRes", from: Either},
	{id: IDDeleteConferenceRes, name: "DeleteConferenceRes", from: Either},
	{id: IDModifyConferenceRes, name: "ModifyConferenceRes", from: Either},
	{id: IDAddParticipantRes, name: "AddParticipantRes", from: Either},
	{id: IDAuditConferenceRes, name: "AuditConferenceRes", from: Either},
	{id: IDAuditParticipantRes, name: "AuditParticipantRes", from: Either},
	{id: IDDeviceToUserDataVersion1, name: "DeviceToUserDataVersion1", from: FromPhone, make: func() Message { return new(DeviceToUserDataVersion1) }, since: 5},
	{id: IDDeviceToUserDataResponseVersion1, name: "DeviceToUserDataResponseVersion1", from: FromPhone, make: func() Message { return new(DeviceToUserDataResponseVersion1) }, since: 5},
	{id: IDUpdateCapabilitiesV2, name: "UpdateCapabilitiesV2", from: FromPhone, make: func() Message { return &UpdateCapabilities{Form: 2} }},
	{id: IDUpdateCapabilitiesV3, name: "UpdateCapabilitiesV3", from: FromPhone, make: func() Message { return &UpdateCapabilities{Form: 3} }},
	{id: IDPortRes, name: "PortRes", from: FromPhone, make: func() Message { return new(PortRes) }, since: 12},
	{id: IDQoSResvNotify, name: "QoSResvNotify", from: Either},
	{id: IDQoSErrorNotify, name: "QoSErrorNotify", from: Either},
	{id: IDSubscriptionStatReq, name: "SubscriptionStatReq", from: FromPhone, make: func() Message { return new(SubscriptionStatReq) }, since: 11},
	{id: IDAccessoryStatus, name: "AccessoryStatus", from: FromPhone, make: func() Message { return new(AccessoryStatus) }, since: 8},
	{id: IDMediaPathCapability, name: "MediaPathCapability", from: FromPhone, make: func() Message { return new(MediaPathCapability) }, since: 11},
	{id: IDMwiNotification, name: "MwiNotification", from: Either},
	{id: IDRegisterAck, name: "RegisterAck", from: FromServer, make: func() Message { return new(RegisterAck) }, plainHeader: true},
	{id: IDStartTone, name: "StartTone", from: FromServer, make: func() Message { return new(StartTone) }},
	{id: IDStopTone, name: "StopTone", from: FromServer, make: func() Message { return new(StopTone) }},
	{id: IDSetRinger, name: "SetRinger", from: FromServer, make: func() Message { return new(SetRinger) }},
	{id: IDSetLamp, name: "SetLamp", from: FromServer, make: func() Message { return new(SetLamp) }},
	{id: IDSetHookFlashDetect, name: "SetHookFlashDetect", from: FromServer, make: func() Message { return new(SetHookFlashDetect) }},
	{id: IDSetSpeakerMode, name: "SetSpeakerMode", from: FromServer, make: func() Message { return new(SetSpeakerMode) }},
	{id: IDSetMicroMode, name: "SetMicroMode", from: FromServer, make: func() Message { return new(SetMicroMode) }},
	{id: IDStartMediaTransmission, name: "StartMediaTransmission", from: FromServer, make: func() Message { return new(StartMediaTransmission) }},
	{id: IDStopMediaTransmission, name: "StopMediaTransmission", from: FromServer, make: func() Message { return new(StopMediaTransmission) }},
	{id: IDStartMediaReception, name: "StartMediaReception", from: FromServer, make: func() Message { return new(StartMediaReception) }},
	{id: IDStopMediaReception, name: "StopMediaReception", from: FromServer, make: func() Message { return new(StopMediaReception) }},
	{id: IDCallInfo, name: "CallInfo", from: FromServer, make: func() Message { return new(CallInfo) }, until: 7, then: IDCallInfoV2},
	{id: IDForwardStatRes, name: "ForwardStatRes", from: FromServer, make: func() Message { return new(ForwardStatRes) }},
	{id: IDSpeedDialStatRes, name: "SpeedDialStatRes", from: FromServer, make: func() Message { return new(SpeedDialStatRes) }},
	{id: IDLineStatRes, name: "LineStatRes", from: FromServer, make: func() Message { return new(LineStatRes) }, until: 16, then: IDLineStatV2Res},
	{id: IDConfigStatRes, name: "ConfigStatRes", from: FromServer, make: func() Message { return new(ConfigStatRes) }},
	{id: IDTimeDateRes, name: "TimeDateRes", from: FromServer, make: func() Message { return new(TimeDateRes) }},
	{id: IDStartSessionTransmission, name: "StartSessionTransmission", from: Either},
	{id: IDStopSessionTransmission, name: "StopSessionTransmission", from: Either},
	{id: IDButtonTemplateRes, name: "ButtonTemplateRes", from: FromServer, make: func() Message { return new(ButtonTemplateRes) }},
	{id: IDVersionRes, name: "VersionRes", from: FromServer, make: func() Message { return new(VersionRes) }},
	{id: IDDisplayText, name: "DisplayText", from: FromServer, make: func() Message { return new(DisplayText) }},
	{id: IDClearDisplay, name: "ClearDisplay", from: FromServer, make: func() Message { return new(ClearDisplay) }},
	{id: IDCapabilitiesReq, name: "CapabilitiesReq", from: FromServer, make: func() Message { return new(CapabilitiesReq) }},
	{id: IDEnunciatorCommand, name: "EnunciatorCommand", from: FromServer},
	{id: IDRegisterReject, name: "RegisterReject", from: FromServer, make: func() Message { return new(RegisterReject) }, plainHeader: true},
	{id: IDServerRes, name: "ServerRes", from: FromServer, make: func() Message { return new(ServerRes) }},
	{id: IDReset, name: "Reset", from: FromServer, make: func() Message { return new(Reset) }},
	{id: IDKeepAliveAck, name: "KeepAliveAck", from: FromServer, make: func() Message { return new(KeepAliveAck) }, plainHeader: true},
	{id: IDStartMulticastMediaReception, name: "StartMulticastMediaReception", from: FromServer, make: func() Message { return new(StartMulticastMediaReception) }},
	{id: IDStartMulticastMediaTransmission, name: "StartMulticastMediaTransmission", from: FromServer, make: func() Message { return new(StartMulticastMediaTransmission) }},
	{id: IDStopMulticastMediaReception, name: "StopMulticastMediaReception", from: FromServer, make: func() Message { return new(StopMulticastMediaReception) }},
	{id: IDStopMulticastMediaTransmission, name: "StopMulticastMediaTransmission", from: FromServer, make: func() Message { return new(StopMulticastMediaTransmission) }},
	{id: IDOpenReceiveChannel, name: "OpenReceiveChannel", from: FromServer, make: func() Message { return new(OpenReceiveChannel) }},
	{id: IDCloseReceiveChannel, name: "CloseReceiveChannel", from: FromServer, make: func() Message { return new(CloseReceiveChannel) }},
	{id: IDConnectionStatisticsReq, name: "ConnectionStatisticsReq", from: FromServer, make: func() Message { return new(ConnectionStatisticsReq) }},
	{id: IDSoftKeyTemplateRes, name: "SoftKeyTemplateRes", from: FromServer, make: func() Message { return new(SoftKeyTemplateRes) }},
	{id: IDSoftKeySetRes, name: "SoftKeySetRes", from: FromServer, make: func() Message { return new(SoftKeySetRes) }},
	{id: IDSelectSoftKeys, name: "SelectSoftKeys", from: FromServer, make: func() Message { return new(SelectSoftKeys) }},
	{id: IDCallState, name: "CallState", from: FromServer, make: func() Message { return new(CallState) }},
	{id: IDDisplayPromptStatus, name: "DisplayPromptStatus", from: FromServer, make: func() Message { return new(DisplayPromptStatus) }, until: 7, then: IDDisplayPromptStatusV2},
	{id: IDClearPromptStatus, name: "ClearPromptStatus", from: FromServer, make: func() Message { return new(ClearPromptStatus) }},
	{id: IDDisplayNotify, name: "DisplayNotify", from: FromServer, make: func() Message { return new(DisplayNotify) }, until: 7, then: IDDisplayNotifyV2},
	{id: IDClearNotify, name: "ClearNotify", from: FromServer, make: func() Message { return new(ClearNotify) }},
	{id: IDActivateCallPlane, name: "ActivateCallPlane", from: FromServer, make: func() Message { return new(ActivateCallPlane) }},
	{id: IDDeactivateCallPlane, name: "DeactivateCallPlane", from: FromServer, make: func() Message { return new(DeactivateCallPlane) }},
	{id: IDUnregisterAck, name: "UnregisterAck", from: FromServer, make: func() Message { return new(UnregisterAck) }, plainHeader: true},
	{id: IDBackSpaceRes, name: "BackSpaceRes", from: FromServer, make: func() Message { return new(BackSpaceRes) }},
	{id: IDRegisterTokenAck, name: "RegisterTokenAck", from: FromServer, make: func() Message { return new(RegisterTokenAck) }, plainHeader: true},
	{id: IDRegisterTokenReject, name: "RegisterTokenReject", from: FromServer, make: func() Message { return new(RegisterTokenReject) }, plainHeader: true},
	{id: IDStartMediaFailureDetection, name: "StartMediaFailureDetection", from: FromServer, make: func() Message { return new(StartMediaFailureDetection) }},
	{id: IDDialedNumber, name: "DialedNumber", from: FromServer, make: func() Message { return new(DialedNumber) }},
	{id: IDUserToDeviceData, name: "UserToDeviceData", from: FromServer, make: func() Message { return new(UserToDeviceData) }},
	{id: IDFeatureStatRes, name: "FeatureStatRes", from: FromServer, make: func() Message { return new(FeatureStatRes) }, until: 14, then: IDFeatureStatV2Res},
	{id: IDDisplayPriNotify, name: "DisplayPriNotify", from: FromServer, make: func() Message { return new(DisplayPriNotify) }, until: 7, then: IDDisplayPriNotifyV2},
	{id: IDClearPriNotify, name: "ClearPriNotify", from: FromServer, make: func() Message { return new(ClearPriNotify) }},
	{id: IDStartAnnouncement, name: "StartAnnouncement", from: Either},
	{id: IDStopAnnouncement, name: "StopAnnouncement", from: Either},
	{id: IDAnnouncementFinish, name: "AnnouncementFinish", from: Either},
	{id: IDNotifyDtmfTone, name: "NotifyDtmfTone", from: Either, make: func() Message { return new(NotifyDtmfTone) }},
	{id: IDSendDtmfTone, name: "SendDtmfTone", from: FromServer, make: func() Message { return new(SendDtmfTone) }},
	{id: IDSubscribeDtmfPayloadReq, name: "SubscribeDtmfPayloadReq", from: FromServer, make: func() Message { return new(SubscribeDtmfPayloadReq) }},
	{id: IDSubscribeDtmfPayloadRes, name: "SubscribeDtmfPayloadRes", from: FromPhone, make: func() Message { return new(SubscribeDtmfPayloadRes) }},
	{id: IDSubscribeDtmfPayloadErr, name: "SubscribeDtmfPayloadErr", from: FromPhone, make: func() Message { return new(SubscribeDtmfPayloadErr) }},
	{id: IDUnSubscribeDtmfPayloadReq, name: "UnSubscribeDtmfPayloadReq", from: FromServer, make: func() Message { return new(UnSubscribeDtmfPayloadReq) }},
	{id: IDUnSubscribeDtmfPayloadRes, name: "UnSubscribeDtmfPayloadRes", from: FromPhone, make: func() Message { return new(UnSubscribeDtmfPayloadRes) }},
	{id: IDUnSubscribeDtmfPayloadErr, name: "UnSubscribeDtmfPayloadErr", from: FromPhone, make: func() Message { return new(UnSubscribeDtmfPayloadErr) }},
	{id: IDServiceURLStatRes, name: "ServiceURLStatRes", from: FromServer, make: func() Message { return new(ServiceURLStatRes) }, until: 6, then: IDServiceURLStatV2Res},
	{id: IDCallSelectStatRes, name: "CallSelectStatRes", from: FromServer, make: func() Message { return new(CallSelectStatRes) }, since: 5},
	{id: IDOpenMultiMediaReceiveChannel, name: "OpenMultiMediaReceiveChannel", from: FromServer},
	{id: IDStartMultiMediaTransmission, name: "StartMultiMediaTransmission", from: FromServer},
	{id: IDStopMultiMediaTransmission, name: "StopMultiMediaTransmission", from: FromServer},
	{id: IDMiscellaneousCommand, name: "MiscellaneousCommand", from: FromServer},
	{id: IDFlowControlCommand, name: "FlowControlCommand", from: FromServer},
	{id: IDCloseMultiMediaReceiveChannel, name: "CloseMultiMediaReceiveChannel", from: FromServer},
	{id: IDCreateConferenceReq, name: "CreateConferenceReq", from: Either},
	{id: IDDeleteConferenceReq, name: "DeleteConferenceReq", from: Either},
	{id: IDModifyConferenceReq, name: "ModifyConferenceReq", from: Either},
	{id: IDAddParticipantReq, name: "AddParticipantReq", from: Either},
	{id: IDDropParticipantReq, name: "DropParticipantReq", from: Either},
	{id: IDAuditConferenceReq, name: "AuditConferenceReq", from: Either},
	{id: IDAuditParticipantReq, name: "AuditParticipantReq", from: Either},
	{id: IDChangeParticipantReq, name: "ChangeParticipantReq", from: Either},
	{id: IDUserToDeviceDataVersion1, name: "UserToDeviceDataVersion1", from: FromServer, make: func() Message { return new(UserToDeviceDataVersion1) }, since: 5},
	{id: IDVideoDisplayCommand, name: "VideoDisplayCommand", from: FromServer},
	{id: IDFlowControlNotify, name: "FlowControlNotify", from: FromServer},
	{id: IDConfigStatV2Res, name: "ConfigStatV2Res", from: FromServer, make: func() Message { return new(ConfigStatRes) }, since: 11},
	{id: IDDisplayNotifyV2, name: "DisplayNotifyV2", from: FromServer, make: func() Message { return new(DisplayNotify) }, since: 8},
	{id: IDDisplayPriNotifyV2, name: "DisplayPriNotifyV2", from: FromServer, make: func() Message { return new(DisplayPriNotify) }, since: 8},
	{id: IDDisplayPromptStatusV2, name: "DisplayPromptStatusV2", from: FromServer, make: func() Message { return new(DisplayPromptStatus) }, since: 8},
	{id: IDFeatureStatV2Res, name: "FeatureStatV2Res", from: FromServer, make: func() Message { return new(FeatureStatRes) }, since: 15},
	{id: IDLineStatV2Res, name: "LineStatV2Res", from: FromServer, make: func() Message { return new(LineStatRes) }, since: 17},
	{id: IDServiceURLStatV2Res, name: "ServiceURLStatV2Res", from: FromServer, make: func() Message { return new(ServiceURLStatRes) }, since: 7},
	{id: IDSpeedDialStatV2Res, name: "SpeedDialStatV2Res", from: FromServer, make: func() Message { return new(SpeedDialStatRes) }, since: 11},
	{id: IDCallInfoV2, name: "CallInfoV2", from: FromServer, make: func() Message { return new(CallInfo) }, since: 8},
	{id: IDPortReq, name: "PortReq", from: FromServer, make: func() Message { return new(PortReq) }, since: 12},
	{id: IDPortClose, name: "PortClose", from: FromServer, make: func() Message { return new(PortClose) }, since: 12},
	{id: IDQoSListen, name: "QoSListen", from: Either},
	{id: IDQoSPath, name: "QoSPath", from: Either},
	{id: IDQoSTeardown, name: "QoSTeardown", from: Either},
	{id: IDUpdateDSCP, name: "UpdateDSCP", from: Either},
	{id: IDQoSModify, name: "QoSModify", from: Either},
	{id: IDSubscriptionStatRes, name: "SubscriptionStatRes", from: FromServer, make: func() Message { return new(SubscriptionStatRes) }, since: 11},
	{id: IDNotification, name: "Notification", from: FromServer, make: func() Message { return new(Notification) }, since: 11},
	{id: IDStartMediaTransmissionAck, name: "StartMediaTransmissionAck", from: FromPhone, make: func() Message { return new(StartMediaTransmissionAck) }, since: 11},
	{id: IDStartMultiMediaTransmissionAck, name: "StartMultiMediaTransmissionAck", from: FromPhone},
	{id: IDCallHistoryInfo, name: "CallHistoryInfo", from: FromServer, make: func() Message { return new(CallHistoryInfo) }, since: 8},
	{id: IDLocationInfo, name: "LocationInfo", from: FromPhone, make: func() Message { return new(LocationInfo) }, since: 11},
	{id: IDMwiRes, name: "MwiRes", from: Either},
	{id: IDAddOnDeviceCapabilities, name: "AddOnDeviceCapabilities", from: FromPhone, make: func() Message { return new(AddOnDeviceCapabilities) }, since: 11},
	{id: IDXMLAlarm, name: "XMLAlarm", from: FromPhone, make: func() Message { return new(XMLAlarm) }, since: 11},
	{id: IDCallCountReq, name: "CallCountReq", from: FromPhone, make: func() Message { return new(CallCountReq) }, since: 17},
	{id: IDCallCountResp, name: "CallCountResp", from: FromServer, make: func() Message { return new(CallCountResp) }, since: 17},
	{id: IDRecordingStatus, name: "RecordingStatus", from: FromServer, make: func() Message { return new(RecordingStatus) }, since: 17},
	{id: IDSPCPRegisterTokenReq, name: "SPCPRegisterTokenReq", from: FromPhone, make: func() Message { return new(SPCPRegisterTokenReq) }, plainHeader: true},
	{id: IDSPCPRegisterTokenAck, name: "SPCPRegisterTokenAck", from: FromServer, make: func() Message { return new(SPCPRegisterTokenAck) }, plainHeader: true},
	{id: IDSPCPRegisterTokenReject, name: "SPCPRegisterTokenReject", from: FromServer, make: func() Message { return new(SPCPRegisterTokenReject) }, plainHeader: true},
}

// Ids are dense up to lastDense, and three more lie far above.
const lastDense = IDRecordingStatus

var dense, sparse = func() (d [lastDense + 1]*row, s map[MessageID]*row) {
	s = make(map[MessageID]*row)
	for i := range catalogue {
		r := &catalogue[i]
		if r.id <= lastDense {
			d[r.id] = r
		} else {
			s[r.id] = r
		}
	}
	return d, s
}()

// lookup returns nil for an id that has no name.
func lookup(id MessageID) *row {
	if id <= lastDense {
		return dense[id]
	}
	return sparse[id]
}

// formFor finds the row of the id under which message id travels in version v.
func formFor(id MessageID, v Version) (*row, error) {
	r := lookup(id)
	if r == nil {
		return nil, fmt.Errorf("sccp: message 0x%04X: %w", uint32(id), ErrNotForVersion)
	}
	if r.until != 0 && v > r.until && r.then != 0 {
		r = lookup(r.then)
	}
	if !r.allows(v) {
		return nil, fmt.Errorf("sccp: %v in version %d: %w", r.id, v, ErrNotForVersion)
	}
	return r, nil
}

// String is the message's name in the catalogue, or its number.
func (id MessageID) String() string {
	if r := lookup(id); r != nil {
		return r.name
	}
	return fmt.Sprintf("message 0x%04X", uint32(id))
}

// From says who sends messages of this id; 0 for an unknown id.
func (id MessageID) From() Direction {
	if r := lookup(id); r != nil {
		return r.from
	}
	return 0
}

// On is the id under which a message with identity id travels in version v: its own, or that of the
// dynamic form that replaced it. The error wraps ErrNotForVersion if nothing of the kind may leave.
func (id MessageID) On(v Version) (MessageID, error) {
	r, err := formFor(id, v)
	if err != nil {
		return 0, err
	}
	return r.id, nil
}

// New is an empty message to fill, of the kind that has this id on the wire; nil for an id without a
// layout in this package.
func New(id MessageID) Message {
	if r := lookup(id); r != nil && r.make != nil {
		return r.make()
	}
	return nil
}

// Known lists the ids on the wire of all messages that may leave in version v from one side, Either
// included; those without a layout in this package are not among them.
func Known(v Version, from Direction) (ids []MessageID) {
	for i := range catalogue {
		r := &catalogue[i]
		if r.make != nil && r.allows(v) && (r.from == from || r.from == Either || from == Either) {
			ids = append(ids, r.id)
		}
	}
	return ids
}
