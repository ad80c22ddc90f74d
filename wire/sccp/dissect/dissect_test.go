package dissect

import (
	"strings"
	"testing"

	"tandem/wire/sccp"
)

// What Check would overlook would let a wrong frame pass everywhere: each kind of difference must show.
func TestCompareSeesDifferences(t *testing.T) {
	codec := sccp.NewCodec(11)
	encode := func(m sccp.Message) []byte {
		b, err := codec.Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	cut := func(b []byte, n int) []byte { // a frame that ends before its layout does
		b[0] -= byte(n)
		return b[:len(b)-n]
	}
	for _, c := range []struct {
		name  string
		meant sccp.Message
		frame []byte
		want  string // part of the problem; empty for none
	}{
		{"equal", &sccp.SetLamp{Stimulus: sccp.StimulusLine, Instance: 1, Mode: sccp.LampOn},
			encode(&sccp.SetLamp{Stimulus: sccp.StimulusLine, Instance: 1, Mode: sccp.LampOn}), ""},
		{"number", &sccp.SetLamp{Stimulus: sccp.StimulusLine, Instance: 1, Mode: sccp.LampOn},
			encode(&sccp.SetLamp{Stimulus: sccp.StimulusLine, Instance: 2, Mode: sccp.LampOn}), "stimulusInstance"},
		{"fixed text", &sccp.VersionRes{Load: "P00308010200"}, encode(&sccp.VersionRes{Load: "P00308010300"}), "versionStr"},
		{"dynamic text", &sccp.DisplayNotify{Text: "one"}, encode(&sccp.DisplayNotify{Text: "on"}), "notify"},
		{"label", &sccp.DisplayNotify{Text: sccp.LabelFrom.Text() + "1001"},
			encode(&sccp.DisplayNotify{Text: sccp.LabelConnected.Text() + "1001"}), "notify"},
		{"list", &sccp.ButtonTemplateRes{Buttons: []sccp.Button{{Instance: 1, Type: sccp.ButtonLine}}},
			encode(&sccp.ButtonTemplateRes{Buttons: []sccp.Button{{Instance: 1, Type: sccp.ButtonSpeedDial}}}), "buttonDefinition"},
		{"short", &sccp.SelectSoftKeys{LineInstance: 1, Set: sccp.KeysOffHook, Mask: sccp.AllKeys},
			cut(encode(&sccp.SelectSoftKeys{LineInstance: 1, Set: sccp.KeysOffHook, Mask: sccp.AllKeys}), 4), "malformed"},
		{"cut text", &sccp.VersionRes{Load: "a load name that is too long"},
			encode(&sccp.VersionRes{Load: "a load name that is too long"}), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := Dissect(t, []Segment{{FromServer: true, Payload: c.frame}})
			if len(seen) != 1 {
				t.Fatalf("tshark sees %d messages", len(seen))
			}
			_, problems := Compare(Sent{Codec: codec, Message: c.meant, Frame: c.frame, FromServer: true}, &seen[0])
			if got := strings.Join(problems, "; "); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("problems %q, want %q", got, c.want)
			}
		})
	}
}

// Several frames in a segment and one over several are both normal (sccp.md 1.1).
func TestDissectFollowsTheStream(t *testing.T) {
	codec := sccp.NewCodec(17)
	var stream []byte
	for ref := uint32(1); ref <= 9; ref++ {
		var err error
		if stream, err = codec.Append(stream, sccp.NewCallState(sccp.CallStateRingIn, 1, ref)); err != nil {
			t.Fatal(err)
		}
	}
	third := len(stream)/3 + 5
	seen := Dissect(t, []Segment{
		{FromServer: true, Payload: stream[:third]},
		{FromServer: true, Payload: stream[third : 2*third]},
		{FromServer: true, Payload: stream[2*third:]},
	})
	if len(seen) != 9 {
		t.Fatalf("tshark sees %d messages, want 9", len(seen))
	}
	for i, m := range seen {
		if got := m.Values("callReference"); len(got) != 1 || got[0][0] != byte(i+1) || m.Malformed {
			t.Errorf("message %d: %v", i, got)
		}
	}
}
