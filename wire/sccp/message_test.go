package sccp_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/wire/sccp"
)

// versionClasses are the versions of testdata/messages.txt: CallManager 3.x, the first dynamic forms,
// the 7940/7960 loads of 8.x, and the highest that is spoken.
var versionClasses = []sccp.Version{3, 8, 11, 17}

const messagesFile = "testdata/messages.txt"

// Every message of every version class, as hex and decoded; the bytes were checked by
// TestDissectorReadsWhatWasMeant when they were recorded, and a change in either shows here.
func TestMessagesBothWays(t *testing.T) {
	var out strings.Builder
	out.WriteString("# Each message with a value of its own in every field: version, hex, (n) for n zero bytes;\n")
	out.WriteString("# below it what the frame decodes to. \"go test -run BothWays -args -update\" rewrites the file.\n")
	for _, v := range versionClasses {
		for _, id := range sccp.Known(v, sccp.Either) {
			m := fill(sccp.New(id))
			if on, err := m.ID().On(v); err != nil || on != id {
				continue
			}
			frame, err := sccp.AppendMessage(nil, m, v)
			if err != nil {
				t.Error(err)
				continue
			}
			back, err := sccp.Decode(id, v, frame[sccp.HeaderSize:])
			if err != nil {
				t.Error(err)
				continue
			}
			fmt.Fprintf(&out, "%d %s\n\t%s\n", v, shortHex(frame), render(back))
		}
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(messagesFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	recorded, err := os.ReadFile(messagesFile)
	if err != nil {
		t.Fatal(err)
	}
	got, want := strings.Split(out.String(), "\n"), strings.Split(string(recorded), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d lines, %s has %d", len(got), messagesFile, len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s:%d\n got %s\nwant %s", messagesFile, i+1, got[i], want[i])
		}
	}
}

func shortHex(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); {
		n := 0
		for i+n < len(b) && b[i+n] == 0 {
			n++
		}
		if n >= 8 {
			fmt.Fprintf(&out, "(%d)", n)
			i += n
			continue
		}
		n = max(n, 1)
		out.WriteString(hex.EncodeToString(b[i : i+n]))
		i += n
	}
	return out.String()
}

func render(m sccp.Message) string {
	s := strings.TrimPrefix(fmt.Sprintf("%T %+v", m, m), "*sccp.")
	return strings.Trim(strconv.QuoteToASCII(s), `"`)
}

// A count that promises more than the frame has is refused, and nothing is allocated for it (T-1).
func TestT01_CountsLargerThanTheFrame(t *testing.T) {
	word := func(ws ...uint32) (b []byte) {
		for _, w := range ws {
			b = append(b, byte(w), byte(w>>8), byte(w>>16), byte(w>>24))
		}
		return b
	}
	const huge = 0xFFFFFFFF
	for _, c := range []struct {
		id   sccp.MessageID
		body []byte
	}{
		{sccp.IDCapabilitiesRes, word(19, 4, 40, 0, 0)},
		{sccp.IDCapabilitiesRes, word(huge, 4, 40, 0, 0)},
		{sccp.IDUpdateCapabilities, append(word(huge), make([]byte, 1836)...)},
		{sccp.IDUpdateCapabilitiesV3, append(word(1<<28), make([]byte, 2136)...)},
		{sccp.IDButtonTemplateRes, word(0, huge, huge, 0)},
		{sccp.IDSoftKeyTemplateRes, word(0, 33, 33, 0)},
		{sccp.IDSoftKeySetRes, word(0, 1<<30, 0, 0)},
		{sccp.IDMediaPortList, word(huge, 1)},
		{sccp.IDCallCountResp, word(1, 1, huge, 0)},
		{sccp.IDConnectionStatisticsRes, append(make([]byte, 60), word(huge)...)},
		{sccp.IDDeviceToUserData, word(1, 1, 1, 1, huge, 0)},
		{sccp.IDDeviceToUserDataVersion1, word(1, 1, 1, 1, 9, 2, 0, 0, 0, 0, 0, 0)},
		{sccp.IDUserToDeviceData, word(1, 1, 1, 1, 5, 0)},
	} {
		m, err := sccp.Decode(c.id, 11, c.body)
		if !errors.Is(err, sccp.ErrCount) || m != nil {
			t.Errorf("%v: %v, %v", c.id, m, err)
		}
	}
	if _, err := sccp.Decode(sccp.IDIPPort, 3, word(65536)); !errors.Is(err, sccp.ErrValue) {
		t.Errorf("port 65536: %v", err)
	}
	orc := make([]byte, 68)
	orc[32] = 17 // a key of 17 bytes
	if _, err := sccp.Decode(sccp.IDOpenReceiveChannel, 5, orc); !errors.Is(err, sccp.ErrCount) {
		t.Errorf("key of 17 bytes: %v", err)
	}
}

// What does not fit a layout is refused before anything leaves, and the buffer stays as it was.
func TestEncodeRefusesWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		m    sccp.Message
		want error
	}{
		{&sccp.ButtonTemplateRes{Buttons: make([]sccp.Button, 43)}, sccp.ErrCount},
		{&sccp.SoftKeyTemplateRes{Keys: make([]sccp.SoftKey, 33)}, sccp.ErrCount},
		{&sccp.SoftKeySetRes{Sets: make([]sccp.SoftKeySetKeys, 17)}, sccp.ErrCount},
		{&sccp.CapabilitiesRes{Audio: make([]sccp.Capability, 19)}, sccp.ErrCount},
		{&sccp.UserToDeviceData{UserData: sccp.UserData{Data: make([]byte, 2001)}}, sccp.ErrCount},
		{&sccp.StartMediaTransmission{Remote: netip.MustParseAddrPort("[2001:db8::1]:4000")}, sccp.ErrValue},
		{&sccp.StartMediaTransmission{Encryption: sccp.Encryption{KeySize: 17}}, sccp.ErrCount},
	} {
		dst := []byte("before")
		got, err := sccp.AppendMessage(dst, c.m, 11)
		if !errors.Is(err, c.want) || string(got) != "before" {
			t.Errorf("%T: %q, %v", c.m, got, err)
		}
	}
}

// Phones cut messages short where their old layouts end: what is missing is zero (sccp.md 2.1).
func TestShortBodies(t *testing.T) {
	for _, c := range []struct {
		name string
		full sccp.Message
		v    sccp.Version
		body int
		want sccp.Message
	}{
		{"7912 keypad", &sccp.KeypadButton{Key: sccp.KeyStar, LineInstance: 1, CallReference: 5}, 5, 4,
			&sccp.KeypadButton{Key: sccp.KeyStar}},
		{"old stimulus", &sccp.StimulusMessage{Stimulus: sccp.StimulusHold, Instance: 1, CallReference: 9}, 3, 8,
			&sccp.StimulusMessage{Stimulus: sccp.StimulusHold, Instance: 1}},
		{"old off-hook", &sccp.OffHook{LineInstance: 1, CallReference: 1}, 3, 0, &sccp.OffHook{}},
		{"old unregister", &sccp.UnregisterReq{Reason: sccp.UnregisterPowerSave}, 3, 0, &sccp.UnregisterReq{}},
		{"acknowledgement without reference", &sccp.OpenReceiveChannelAck{
			Address: netip.MustParseAddrPort("192.0.2.7:17000"), PassThroughPartyID: 3, CallReference: 4}, 5, 16,
			&sccp.OpenReceiveChannelAck{Address: netip.MustParseAddrPort("192.0.2.7:17000"), PassThroughPartyID: 3}},
		{"feature request", &sccp.FeatureStatReq{Index: 2, Capabilities: 1}, 5, 4, &sccp.FeatureStatReq{Index: 2}},
		{"CallManager 3 close", &sccp.CloseReceiveChannel{ConferenceID: 1, PassThroughPartyID: 2, CallReference: 3}, 3, 8,
			&sccp.CloseReceiveChannel{ConferenceID: 1, PassThroughPartyID: 2}},
		{"CallManager 2 line", &sccp.LineStatRes{Line: 1, Number: "1001", Label: "x"}, 3, 28,
			&sccp.LineStatRes{Line: 1, Number: "1001"}},
		{"half a word", &sccp.LineStatReq{Line: 0x04030201}, 3, 3, &sccp.LineStatReq{Line: 0x030201}},
	} {
		t.Run(c.name, func(t *testing.T) {
			frame, err := sccp.NewCodec(c.v).AppendShort(nil, c.full, c.body)
			if err != nil {
				t.Fatal(err)
			}
			f, err := sccp.NewReader(bytes.NewReader(frame)).ReadFrame()
			if err != nil || len(f.Body) != c.body {
				t.Fatalf("body of %d bytes, %v", len(f.Body), err)
			}
			got, err := sccp.NewCodec(c.v).DecodeFrame(f)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
	reg, err := sccp.Decode(sccp.IDRegister, 0, append([]byte("SEP001122334455\x00"), make([]byte, 20)...))
	if r, ok := reg.(*sccp.Register); err != nil || !ok || r.Name != "SEP001122334455" || r.Version != 0 {
		t.Errorf("register of 36 bytes: %+v, %v", reg, err)
	}
}

// The length decides between the address forms where it fits only one (sccp.md 1.2).
func TestAddressFormByLength(t *testing.T) {
	want := &sccp.OpenReceiveChannelAck{
		Address: netip.MustParseAddrPort("192.0.2.7:17000"), PassThroughPartyID: 3, CallReference: 4,
	}
	for _, sent := range []sccp.Version{5, 17} {
		for _, read := range []sccp.Version{5, 11, 17, 22} {
			frame, err := sccp.AppendMessage(nil, want, sent)
			if err != nil {
				t.Fatal(err)
			}
			got, err := sccp.Decode(sccp.IDOpenReceiveChannelAck, read, frame[sccp.HeaderSize:])
			if err != nil || !reflect.DeepEqual(got, sccp.Message(want)) {
				t.Errorf("sent in version %d, read in %d: %+v, %v", sent, read, got, err)
			}
		}
	}
	six := &sccp.StartMediaTransmission{Remote: netip.MustParseAddrPort("[2001:db8::1]:4000")}
	frame, err := sccp.AppendMessage(nil, six, 17)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sccp.Decode(sccp.IDStartMediaTransmission, 17, frame[sccp.HeaderSize:])
	if err != nil || got.(*sccp.StartMediaTransmission).Remote != six.Remote {
		t.Errorf("IPv6: %+v, %v", got, err)
	}
}

// Above version 17 numbers are 24, 25 or 28 bytes wide, packed or padded: all that was seen is read.
func TestWideNumbers(t *testing.T) {
	number := func(width int, words ...byte) []byte {
		b := append([]byte("3282"), make([]byte, width-4)...)
		for _, w := range words {
			b = append(b, w, 0, 0, 0)
		}
		return b
	}
	for _, c := range []struct {
		name string
		id   sccp.MessageID
		v    sccp.Version
		body []byte
		want sccp.Message
	}{
		{"24", sccp.IDEnblocCall, 18, number(24, 2), &sccp.EnblocCall{Number: "3282", LineInstance: 2}},
		{"packed", sccp.IDEnblocCall, 22, number(25, 2), &sccp.EnblocCall{Number: "3282", LineInstance: 2}},
		{"padded", sccp.IDEnblocCall, 22, number(28, 2), &sccp.EnblocCall{Number: "3282", LineInstance: 2}},
		{"without line", sccp.IDEnblocCall, 11, number(24), &sccp.EnblocCall{Number: "3282"}},
		{"24", sccp.IDDialedNumber, 18, number(24, 1, 9), &sccp.DialedNumber{Number: "3282", LineInstance: 1, CallReference: 9}},
		{"packed", sccp.IDDialedNumber, 19, number(25, 1, 9), &sccp.DialedNumber{Number: "3282", LineInstance: 1, CallReference: 9}},
		{"padded", sccp.IDDialedNumber, 22, number(28, 1, 9), &sccp.DialedNumber{Number: "3282", LineInstance: 1, CallReference: 9}},
		{"24", sccp.IDConnectionStatisticsRes, 18, number(24, 9, 1, 1, 2, 3, 4, 5, 6, 7, 0),
			&sccp.ConnectionStatisticsRes{"3282", 9, 1, 1, 2, 3, 4, 5, 6, 7, ""}},
		{"25", sccp.IDConnectionStatisticsRes, 19, number(25, 9, 1, 1, 2, 3, 4, 5, 6, 7, 0),
			&sccp.ConnectionStatisticsRes{"3282", 9, 1, 1, 2, 3, 4, 5, 6, 7, ""}},
		{"28", sccp.IDConnectionStatisticsRes, 22, number(28, 9, 1, 1, 2, 3, 4, 5, 6, 7, 0),
			&sccp.ConnectionStatisticsRes{"3282", 9, 1, 1, 2, 3, 4, 5, 6, 7, ""}},
	} {
		got, err := sccp.Decode(c.id, c.v, c.body)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v, %s: %+v, %v", c.id, c.name, got, err)
		}
	}
}

// The two ways in which phones write their MAC address (sccp.md 2.2).
func TestMACAddress(t *testing.T) {
	body := func(mac string) []byte {
		b := make([]byte, 124)
		copy(b[52:], mac)
		return b
	}
	for raw, want := range map[string]string{
		"001122aabbcc": "001122AABBCC", "\x00\x11\x22\xaa\xbb\xcc": "001122AABBCC", "": "",
	} {
		m, err := sccp.Decode(sccp.IDRegister, 0, body(raw))
		if err != nil || m.(*sccp.Register).MAC != want {
			t.Errorf("%q: %+v, %v", raw, m, err)
		}
	}
}

func TestUnknownMessages(t *testing.T) {
	for _, id := range []sccp.MessageID{0x0013, 0x0084, 0x0161, 0x7FFF, 0x8002, 0xFFFFFFFF, sccp.IDStartAnnouncement} {
		body := []byte{1, 2, 3}
		m, err := sccp.Decode(id, 17, body)
		body[0] = 9
		if r, ok := m.(*sccp.Raw); err != nil || !ok || r.ID() != id || !bytes.Equal(r.Body, []byte{1, 2, 3}) {
			t.Errorf("%v: %+v, %v", id, m, err)
		}
	}
	if got := sccp.MessageID(0x84).String(); got != "message 0x0084" {
		t.Error(got)
	}
}

func TestTimeDate(t *testing.T) {
	at := time.Date(2017, 9, 8, 14, 25, 21, 5e6, time.FixedZone("CEST", 7200))
	want := sccp.TimeDateRes{2017, 9, 5, 8, 14, 25, 21, 5, 1504873521}
	if got := *sccp.NewTimeDate(at); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRegisterAckByVersion(t *testing.T) {
	for v, want := range map[sccp.Version]string{3: "03000000", 5: "0520f1fe", 11: "0b20f1ff", 17: "1120f1ff"} {
		frame, err := sccp.AppendMessage(nil, sccp.NewRegisterAck(v, 30, 60, "M/D/YA"), v)
		if err != nil || hex.EncodeToString(frame[28:]) != want {
			t.Errorf("version %d: %x, %v; want %s at the end", v, frame, err, want)
		}
	}
}

// Every value of an enumeration has a name of its own; any other shows its number.
func TestNamesOfValues(t *testing.T) {
	for got, want := range map[string]string{
		sccp.Device7960.String(): "7960", sccp.DeviceType(77777).String(): "DeviceType(77777)",
		sccp.PayloadG711ULaw64k.String(): "G711ULaw64k", sccp.ToneInsideDial.String(): "InsideDial",
		sccp.CallStateRingIn.String(): "RingIn", sccp.StimulusLine.String(): "Line",
		sccp.ButtonSpeedDial.String(): "SpeedDial", sccp.SoftKeyEndCall.String(): "EndCall",
		sccp.KeysConnectedTransfer.String(): "ConnectedTransfer", sccp.LabelEnterNumber.String(): "Enter Number",
		sccp.Label(0x80FF).String(): "Label(0x80FF)", sccp.MediaDeviceOnHook.String(): "DeviceOnHook",
		sccp.KeyPound.String(): "Pound", sccp.IDOpenReceiveChannel.String(): "OpenReceiveChannel",
		sccp.Windows1251.String(): "windows-1251", sccp.ResetRestart.String(): "Restart",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, d := range []byte("0123456789ABCD*#+") {
		if k, ok := sccp.KeyOf(d); !ok || k.Digit() != d {
			t.Errorf("key %c", d)
		}
	}
	if _, ok := sccp.KeyOf('x'); ok || sccp.Key(17).Digit() != 0 {
		t.Error("there is no key x")
	}
}
