package sccp_test

import (
	"testing"

	"tandem/wire/sccp"
	"tandem/wire/sccp/dissect"
)

// Every message that may leave, from server or phone, in every version, is read by Wireshark's
// dissector as it was meant.
func TestDissectorReadsWhatWasMeant(t *testing.T) {
	var sent []dissect.Sent
	everyForm(t, func(t *testing.T, id sccp.MessageID, v sccp.Version, m sccp.Message) {
		if v != sccp.Negotiate(sccp.Device7960, v) {
			return // nobody speaks it, and the dissector knows no header word for it (sccp.md 1.1)
		}
		codec := sccp.NewCodec(v)
		frame, err := codec.Append(nil, m)
		if err != nil {
			t.Error(err)
			return
		}
		sent = append(sent, dissect.Sent{Codec: codec, Message: m, Frame: frame, FromServer: id.From() == sccp.FromServer})
	})
	compared := dissect.Check(t, sent)
	if len(sent) < 1300 || compared < 6400 {
		t.Errorf("only %d messages with %d fields were compared", len(sent), compared)
	}
	t.Logf("%d messages, %d fields", len(sent), compared)
}
