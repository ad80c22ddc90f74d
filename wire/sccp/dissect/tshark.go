package dissect

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// Field is one field that the dissector found.
type Field struct {
	Name  string // without the leading "skinny."
	Show  string // as the dissector writes it
	Value []byte // the bytes of the frame
}

// Message is what the dissector made of one frame.
type Message struct {
	Fields    []Field
	Malformed bool // the dissector ran out of bytes
}

// Values are the bytes of all fields of a name, in the order of the frame.
func (m *Message) Values(name string) (all [][]byte) {
	for i := range m.Fields {
		if m.Fields[i].Name == name {
			all = append(all, m.Fields[i].Value)
		}
	}
	return all
}

// patience bounds one run of tshark, which takes a second or two.
const patience = 60 * time.Second

// Dissect runs tshark over the segments and returns one Message per SCCP frame, in order. It fails the
// test if tshark is missing or fails.
func Dissect(t testing.TB, segments []Segment) []Message {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Fatal("tshark is missing: install the Debian package tshark")
	}
	var capture, complaints bytes.Buffer
	if err := WritePcap(&capture, segments); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-n", "-r", "-", "-d", "tcp.port==2000,skinny",
		"-o", "tcp.desegment_tcp_streams:TRUE", "-o", "tcp.check_checksum:TRUE", "-T", "pdml")
	cmd.Stdin, cmd.Stderr = &capture, &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, complaints.Bytes())
	}
	messages, err := parse(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("tshark's output: %v", err)
	}
	return messages
}

// parse reads tshark's packet details (PDML).
func parse(r io.Reader) (messages []Message, err error) {
	d := xml.NewDecoder(r)
	inside := false // an element of the SCCP dissector
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return messages, nil
		}
		if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attr := func(name string) string {
			for _, a := range start.Attr {
				if a.Name.Local == name {
					return a.Value
				}
			}
			return ""
		}
		switch name := attr("name"); {
		case start.Name.Local == "proto" && name == "skinny":
			inside = true
			messages = append(messages, Message{})
		case start.Name.Local == "proto":
			// The mark is an element of its own, after or inside the dissector's.
			if name == "_ws.malformed" && len(messages) > 0 {
				messages[len(messages)-1].Malformed = true
			}
			inside = inside && name == "_ws.malformed"
		case start.Name.Local == "field" && name == "tcp.checksum.status" && attr("show") != "1":
			return nil, fmt.Errorf("checksum of the capture file is wrong: status %s", attr("show"))
		case start.Name.Local == "field" && inside:
			const prefix = "skinny."
			if len(name) <= len(prefix) || name[:len(prefix)] != prefix {
				continue
			}
			f := Field{Name: name[len(prefix):], Show: attr("show")}
			raw := attr("unmaskedvalue")
			if raw == "" {
				raw = attr("value")
			}
			if f.Value, err = hex.DecodeString(raw); err != nil {
				return nil, fmt.Errorf("field %s: %w", name, err)
			}
			if size, err := strconv.Atoi(attr("size")); err == nil && size < len(f.Value) {
				f.Value = f.Value[:size]
			}
			m := &messages[len(messages)-1]
			m.Fields = append(m.Fields, f)
		}
	}
}
