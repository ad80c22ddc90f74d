package phone

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"tandem/wire/sccp"
)

// spec is what the protocol reference says of one message towards phones.
type spec struct {
	// since and until are the versions of phones that have the id in their table;
	// zero: no bound (sccp.md 1.4).
	since, until sccp.Version
	// size is the body of the fixed form in bytes; 0: judged otherwise (sccp.md 2).
	size int
	// head and strings: a dynamic message has this many bytes and then at least this
	// many strings that end in NUL, the whole padded to four.
	head, strings int
}

// specs is the table of a phone (sccp.md 2 and 1.4). It is written from the
// reference and not from the server's catalogue, so that the two check each other.
var specs = map[sccp.MessageID]spec{
	sccp.IDRegisterAck:                {size: 20},
	sccp.IDStartTone:                  {size: 16},
	sccp.IDSetRinger:                  {size: 16},
	sccp.IDSetLamp:                    {size: 12},
	sccp.IDSetHookFlashDetect:         {},
	sccp.IDSetSpeakerMode:             {size: 4},
	sccp.IDSetMicroMode:               {size: 4},
	sccp.IDForwardStatRes:             {},
	sccp.IDSpeedDialStatRes:           {size: 68},
	sccp.IDLineStatRes:                {until: 16},
	sccp.IDConfigStatRes:              {size: 112},
	sccp.IDTimeDateRes:                {size: 36},
	sccp.IDButtonTemplateRes:          {size: 96},
	sccp.IDVersionRes:                 {size: 16},
	sccp.IDDisplayText:                {size: 32},
	sccp.IDClearDisplay:               {},
	sccp.IDCapabilitiesReq:            {},
	sccp.IDRegisterReject:             {size: 32},
	sccp.IDReset:                      {size: 4},
	sccp.IDKeepAliveAck:               {},
	sccp.IDSoftKeyTemplateRes:         {size: 652},
	sccp.IDSoftKeySetRes:              {size: 780},
	sccp.IDSelectSoftKeys:             {size: 16},
	sccp.IDCallState:                  {size: 24},
	sccp.IDClearPromptStatus:          {size: 8},
	sccp.IDClearNotify:                {},
	sccp.IDActivateCallPlane:          {size: 4},
	sccp.IDDeactivateCallPlane:        {},
	sccp.IDUnregisterAck:              {size: 4},
	sccp.IDBackSpaceRes:               {size: 8},
	sccp.IDRegisterTokenAck:           {},
	sccp.IDRegisterTokenReject:        {size: 4},
	sccp.IDDialedNumber:               {size: 32},
	sccp.IDClearPriNotify:             {size: 4},
	sccp.IDCloseReceiveChannel:        {size: 16},
	sccp.IDStopMediaTransmission:      {size: 16},
	sccp.IDCallSelectStatRes:          {since: 5, size: 12},
	sccp.IDCallHistoryInfo:            {since: 8, size: 12},
	sccp.IDServerRes:                  {},
	sccp.IDStopTone:                   {},
	sccp.IDOpenReceiveChannel:         {},
	sccp.IDStartMediaTransmission:     {},
	sccp.IDConnectionStatisticsReq:    {size: 32},
	sccp.IDUserToDeviceData:           {},
	sccp.IDUserToDeviceDataVersion1:   {since: 5},
	sccp.IDStartMediaReception:        {},
	sccp.IDStopMediaReception:         {},
	sccp.IDSubscriptionStatRes:        {since: 11},
	sccp.IDNotification:               {since: 11},
	sccp.IDPortReq:                    {since: 12},
	sccp.IDPortClose:                  {since: 12},
	sccp.IDCallCountResp:              {since: 17},
	sccp.IDRecordingStatus:            {since: 17},
	sccp.IDNotifyDtmfTone:             {size: 12},
	sccp.IDSendDtmfTone:               {size: 12},
	sccp.IDSubscribeDtmfPayloadReq:    {},
	sccp.IDUnSubscribeDtmfPayloadReq:  {},
	sccp.IDStartMediaFailureDetection: {},
	sccp.IDSPCPRegisterTokenAck:       {size: 4},
	sccp.IDSPCPRegisterTokenReject:    {size: 4},

	// Fixed displays and their dynamic successors.
	sccp.IDDisplayPromptStatus:   {until: 7, size: 44},
	sccp.IDDisplayNotify:         {until: 7, size: 36},
	sccp.IDDisplayPriNotify:      {until: 7, size: 40},
	sccp.IDCallInfo:              {until: 7},
	sccp.IDServiceURLStatRes:     {until: 6, size: 300},
	sccp.IDFeatureStatRes:        {until: 14, size: 52},
	sccp.IDDisplayPromptStatusV2: {since: 8, head: 12, strings: 1},
	sccp.IDDisplayNotifyV2:       {since: 8, head: 4, strings: 1},
	sccp.IDDisplayPriNotifyV2:    {since: 8, head: 8, strings: 1},
	sccp.IDCallInfoV2:            {since: 8, head: 32, strings: 12},
	sccp.IDServiceURLStatV2Res:   {since: 7, head: 4, strings: 2},
	sccp.IDSpeedDialStatV2Res:    {since: 11, head: 4, strings: 2},
	sccp.IDConfigStatV2Res:       {since: 11, head: 12, strings: 3},
	sccp.IDFeatureStatV2Res:      {since: 15, head: 12, strings: 1},
	sccp.IDLineStatV2Res:         {since: 17, head: 8, strings: 3},
}

// plainHeader are the messages whose header version is always 0 (sccp.md 1.2).
var plainHeader = []sccp.MessageID{sccp.IDRegisterAck, sccp.IDKeepAliveAck, sccp.IDUnregisterAck, sccp.IDRegisterReject,
	sccp.IDRegisterTokenAck, sccp.IDRegisterTokenReject, sccp.IDSPCPRegisterTokenAck, sccp.IDSPCPRegisterTokenReject}

// judge checks a frame before it is understood. An error is what makes a real
// phone close the connection: an unknown id or a body that is too short.
func (d *station) judge(f sccp.Frame) error {
	v := d.codec.Version
	want := uint32(0)
	if d.acked && v >= 10 && !slices.Contains(plainHeader, f.ID) {
		want = uint32(v)
	}
	if d.acked && f.HeaderVersion != want {
		d.p.violation("%v has header version %d, the session's is %d (1.2)", f.ID, f.HeaderVersion, want)
	}
	sp, ok := specs[f.ID]
	if !ok || slices.Contains(d.profile.Refuses, f.ID) {
		return fmt.Errorf("message %#04x (%v) is not known to this model (R-15)", uint32(f.ID), f.ID)
	}
	if slices.Contains(d.profile.ResetsOn, f.ID) {
		return fmt.Errorf("invalid message, id %x: the phone resets (Q-14)", uint32(f.ID))
	}
	if d.acked {
		if v < sp.since {
			return fmt.Errorf("%v is not known to version %d (1.4)", f.ID, v)
		}
		if sp.until != 0 && v > sp.until {
			d.p.violation("%v in its fixed form in version %d (1.4)", f.ID, v)
		}
	}
	if len(f.Body)%4 != 0 && f.ID != sccp.IDRegisterReject {
		d.p.violation("%v is not padded to four bytes: %d", f.ID, len(f.Body))
	}
	return d.judgeSize(f, sp, v)
}

func (d *station) judgeSize(f sccp.Frame, sp spec, v sccp.Version) error {
	size := sp.size
	switch f.ID {
	case sccp.IDStopTone:
		if size = 8; v >= 11 {
			size = 12
		}
	case sccp.IDOpenReceiveChannel:
		size = mediaSize(v, 68, 108, 128)
	case sccp.IDStartMediaTransmission:
		size = mediaSize(v, 84, 116, 132)
	case sccp.IDForwardStatRes:
		size = 92
	case sccp.IDLineStatRes:
		// 3.3 and 4.x stop before the display options, others send them.
		if size = 108; len(f.Body) == 112 {
			size = 112
		}
	case sccp.IDCallInfo:
		if v < 6 && len(f.Body) < 348 {
			return fmt.Errorf("%v of %d bytes is short (R-15)", f.ID, len(f.Body))
		}
	case sccp.IDConnectionStatisticsReq, sccp.IDDialedNumber:
		if v > 17 {
			return nil
		}
	}
	if size > 0 && len(f.Body) < size {
		return fmt.Errorf("%v of %d bytes, the phone needs %d (R-15)", f.ID, len(f.Body), size)
	}
	if size > 0 && len(f.Body) > size && f.ID != sccp.IDRegisterReject {
		d.p.violation("%v of %d bytes, known are %d (2.1)", f.ID, len(f.Body), size)
	}
	if sp.strings == 0 {
		return nil
	}
	need := sp.strings
	if f.ID == sccp.IDCallInfoV2 && v >= 16 {
		need = 13
	}
	if len(f.Body) < sp.head {
		return fmt.Errorf("%v of %d bytes ends before its strings (R-15)", f.ID, len(f.Body))
	}
	if n := bytes.Count(f.Body[sp.head:], []byte{0}); n < need {
		return fmt.Errorf("%v ends before its string does: %d of %d (R-15, Q-15)", f.ID, n, need)
	}
	if f.ID == sccp.IDFeatureStatV2Res && binary.LittleEndian.Uint32(f.Body) == 0 {
		d.p.violation("FeatureStat for key 0")
	}
	return nil
}

// mediaSize is the body of a media request by version, as real servers send it
// (sccp.md 2.1): up to 6, 11 to 15, and 17. Between, nothing was observed.
func mediaSize(v sccp.Version, old, eleven, seventeen int) int {
	switch {
	case v <= 6:
		return old
	case v >= 11 && v <= 15:
		return eleven
	case v == 17:
		return seventeen
	}
	return 0
}
