package sccp_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tandem/wire/sccp"
)

type sizeKey struct {
	id sccp.MessageID
	v  sccp.Version
}

func readSizes(t *testing.T) map[sizeKey]int {
	t.Helper()
	text, err := os.ReadFile("testdata/sizes.txt")
	if err != nil {
		t.Fatal(err)
	}
	sizes := make(map[sizeKey]int)
	for _, line := range strings.Split(string(text), "\n") {
		var id sccp.MessageID
		var from, to sccp.Version
		var n int
		if line == "" || line[0] == '#' {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x %d-%d %d", &id, &from, &to, &n); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for v := from; v <= to; v++ {
			sizes[sizeKey{id, v}] = n
		}
	}
	return sizes
}

// shorter lists bodies that are shorter than the layout on purpose.
func shorter(id sccp.MessageID, v sccp.Version) (size int, why string) {
	switch {
	case id == sccp.IDOpenReceiveChannel && v <= 6:
		return 68, "length 72 of CallManager 4.x (sccp.md 2.1, 7)"
	case id == sccp.IDStartMediaTransmission && v <= 6:
		return 84, "length 88 of CallManager 4.x (sccp.md 2.1)"
	case id == sccp.IDOpenReceiveChannel && v == 17:
		return 128, "length 0x84 of CUCM to version 17 phones (sccp.md 2.1)"
	case id == sccp.IDRegister && v <= 10:
		return 64, "clients of CallManager 2.x to 4.x (sccp.md 2.2)"
	case id == sccp.IDRegister:
		return 124, "7941 of version 17 and IP Communicator (sccp.md 2.2)"
	case id == sccp.IDEnblocCall && v <= 16:
		return 24, "number only (sccp.md 1.4); from a phone"
	case id.From() == sccp.FromPhone && strings.HasPrefix(id.String(), "DeviceToUserData"),
		id == sccp.IDUserToDeviceData, id == sccp.IDUserToDeviceDataVersion1:
		return 0, "as long as its data"
	case id == sccp.IDServiceURLStatV2Res:
		return 0, "dynamic"
	}
	return 0, ""
}

// No message leaves shorter than its layout, whatever it holds, and all are padded to whole
// words (sccp.md 1.1).
func TestR15_NoMessageIsShorterThanItsLayout(t *testing.T) {
	sizes := readSizes(t)
	checked := 0
	check := func(t *testing.T, id sccp.MessageID, v sccp.Version, m sccp.Message) {
		frame, err := sccp.AppendMessage(nil, m, v)
		if err != nil {
			t.Error(err)
			return
		}
		body := len(frame) - sccp.HeaderSize
		want, ok := sizes[sizeKey{id, v}]
		if short, why := shorter(id, v); why != "" {
			want = short
		}
		if ok && body < want || body%4 != 0 {
			t.Errorf("%v, version %d: body of %d bytes, want %d", id, v, body, want)
		}
		if ok {
			checked++
		}
	}
	everyForm(t, check)
	everyForm(t, func(t *testing.T, id sccp.MessageID, v sccp.Version, _ sccp.Message) { check(t, id, v, sccp.New(id)) })
	if checked < 2500 {
		t.Errorf("only %d bodies were checked", checked)
	}
}

// No message leaves for a version whose table lacks it.
func TestR15_NoMessageLeavesForAVersionThatLacksIt(t *testing.T) {
	leaves := func(m sccp.Message, v sccp.Version) bool {
		_, err := sccp.AppendMessage(nil, m, v)
		return err == nil
	}
	for _, c := range []struct {
		m           sccp.Message
		first, last sccp.Version
	}{
		{&sccp.DisplayPromptStatus{}, 3, 17}, // in one of two forms
		{&sccp.CallState{}, 3, 17},
		{&sccp.PortReq{}, 12, 17},
		{&sccp.Notification{}, 11, 17},
		{&sccp.RecordingStatus{}, 17, 17},
		{&sccp.Raw{Type: sccp.IDOpenMultiMediaReceiveChannel}, 3, 17},
		{&sccp.Raw{Type: sccp.IDClearDisplay}, 1, 0}, // has a layout: not as raw bytes
		{&sccp.Raw{Type: 0x0084}, 1, 0},              // nobody knows it
		{&sccp.Raw{Type: 0xFFFFFFFF}, 1, 0},          //
	} {
		for v := sccp.Version(0); v < 30; v++ {
			if got, want := leaves(c.m, v), v >= c.first && v <= c.last; got != want {
				t.Errorf("%v in version %d: leaves %v, want %v", c.m.ID(), v, got, want)
			}
		}
	}
}

// From version 8 on, display messages go out in their dynamic form; which version takes which form is
// the catalogue's knowledge (sccp.md 1.4).
func TestFormsByVersion(t *testing.T) {
	for _, c := range []struct {
		id   sccp.MessageID
		v    sccp.Version
		want sccp.MessageID
	}{
		{sccp.IDDisplayPromptStatus, 7, sccp.IDDisplayPromptStatus},
		{sccp.IDDisplayPromptStatus, 8, sccp.IDDisplayPromptStatusV2},
		{sccp.IDDisplayNotify, 8, sccp.IDDisplayNotifyV2},
		{sccp.IDDisplayPriNotify, 8, sccp.IDDisplayPriNotifyV2},
		{sccp.IDCallInfo, 7, sccp.IDCallInfo},
		{sccp.IDCallInfo, 8, sccp.IDCallInfoV2},
		{sccp.IDServiceURLStatRes, 6, sccp.IDServiceURLStatRes},
		{sccp.IDServiceURLStatRes, 7, sccp.IDServiceURLStatV2Res},
		{sccp.IDFeatureStatRes, 14, sccp.IDFeatureStatRes},
		{sccp.IDFeatureStatRes, 15, sccp.IDFeatureStatV2Res},
		{sccp.IDLineStatRes, 16, sccp.IDLineStatRes},
		{sccp.IDLineStatRes, 17, sccp.IDLineStatV2Res},
		{sccp.IDSpeedDialStatRes, 17, sccp.IDSpeedDialStatRes},
		{sccp.IDConfigStatRes, 17, sccp.IDConfigStatRes},
	} {
		if got, err := c.id.On(c.v); err != nil || got != c.want {
			t.Errorf("%v in version %d travels as %v (%v), want %v", c.id, c.v, got, err, c.want)
		}
	}
}

// A phone's model decides beside its version: the 7975 that closed its connection at ClearDisplay,
// the 7911 that restarted at SetHookFlashDetect, button phones without soft keys.
func TestR15_ModelsDifferInWhatTheyTake(t *testing.T) {
	for _, c := range []struct {
		device sccp.DeviceType
		v      sccp.Version
		id     sccp.MessageID
		want   bool
	}{
		{sccp.Device7975, 17, sccp.IDClearDisplay, false},
		{sccp.Device7910, 3, sccp.IDClearDisplay, true},
		{sccp.Device7911, 15, sccp.IDSetHookFlashDetect, false},
		{sccp.Device7912, 5, sccp.IDSetHookFlashDetect, true},
		{sccp.DeviceATA186, 3, sccp.IDSetHookFlashDetect, true},
		{sccp.DeviceATA186, 3, sccp.IDSelectSoftKeys, false},
		{sccp.Device30VIP, 3, sccp.IDSoftKeyTemplateRes, false},
		{sccp.Device7960, 5, sccp.IDSelectSoftKeys, true},
		{sccp.Device7960, 11, sccp.IDCallHistoryInfo, false},
		{sccp.Device7975, 17, sccp.IDCallHistoryInfo, true},
		{sccp.Device7975, 17, sccp.IDDisplayNotify, false}, // the dynamic form replaced it
		{sccp.Device7975, 17, sccp.IDDisplayNotifyV2, true},
		{sccp.Device7960, 5, sccp.IDDisplayNotifyV2, false},
		{sccp.Device7975, 17, sccp.IDRegister, false}, // the phone sends it
		{sccp.Device7975, 17, sccp.IDStartAnnouncement, false},
		{sccp.Device7975, 17, 0x0084, false},
	} {
		if got := sccp.Takes(c.device, c.v, c.id); got != c.want {
			t.Errorf("%v, version %d, %v: %v, want %v", c.device, c.v, c.id, got, c.want)
		}
	}
}

func TestNegotiate(t *testing.T) {
	for _, c := range []struct {
		device        sccp.DeviceType
		offered, want sccp.Version
	}{
		{sccp.Device30VIP, 0, 3}, {sccp.Device7910, 2, 3}, {sccp.Device7960, 5, 5}, {sccp.Device7960, 11, 11},
		{sccp.Device7941, 13, 11}, {sccp.Device6961, 15, 15}, {sccp.Device7941, 17, 17},
		{sccp.DeviceIPCommunicator, 20, 17}, {sccp.Device7961, 22, 17}, {sccp.DeviceATA186, 33, 3},
		{sccp.DeviceATA188, 33, 3}, {sccp.Device7975, 255, 17},
	} {
		if got := sccp.Negotiate(c.device, c.offered); got != c.want {
			t.Errorf("%v offers %d: %d, want %d", c.device, c.offered, got, c.want)
		}
	}
}
