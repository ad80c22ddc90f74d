package peer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"tandem/media/codec"
)

// BaresipOptions describe a baresip that registers as one SIP phone.
type BaresipOptions struct {
	// Directory for its configuration and recordings; it must exist.
	Directory string
	// Number registers at Server ("host:port"); User and Password answer its challenges.
	Number, User, Password, Server string
	// Transport is "udp" (default) or "tcp".
	Transport string
	// Say is what it says in calls.
	Say codec.Tone
	// AutoAnswer makes it answer at once.
	AutoAnswer bool
	// Encrypt makes it insist on SRTP with keys in its descriptions (RFC 4568).
	Encrypt bool
	// Video gives it a camera and a screen that need no hardware, with VP8.
	Video bool
	// Messages makes it subscribe to waiting messages (RFC 3842); what it hears are events of the type MWI_NOTIFY.
	Messages bool
}

// Event is one line of baresip's control socket.
type Event struct {
	Type      string `json:"type"`
	Direction string `json:"direction"`
	PeerURI   string `json:"peeruri"`
	ID        string `json:"id"`
	Param     string `json:"param"`
}

// Baresip is a running baresip.
type Baresip struct {
	options BaresipOptions
	process *process
	control net.Conn
	reader  sync.WaitGroup
	writing sync.Mutex

	mu      sync.Mutex
	events  []Event
	changed chan struct{} // closed and replaced with every event
}

// maxFrame bounds a message of the control socket, in bytes.
const maxFrame = 1 << 20

// modules in the order in which baresip loads them; those of kind module_app want the others first.
const baresipModules = `module g711.so
module g722.so
module aufile.so
module aubridge.so
module sndfile.so
module srtp.so
`

const baresipApplications = `module_app account.so
module_app menu.so
module_app ctrl_tcp.so
`

// baresipVideo are the modules of a camera and a screen without hardware.
const baresipVideo = `module vp8.so
module fakevideo.so
`

// StartBaresip starts it and returns when its control socket answers; it registers by itself.
func StartBaresip(ctx context.Context, o BaresipOptions) (*Baresip, error) {
	program, err := Find("baresip")
	if err != nil {
		return nil, err
	}
	modules, err := baresipModuleDirectory()
	if err != nil {
		return nil, err
	}
	say := filepath.Join(o.Directory, "say.wav")
	if err := WriteTone(say, o.Say, time.Minute); err != nil {
		return nil, err
	}
	listen, err := FreePorts(2) // for SIP and, one above, SIP over TLS
	if err != nil {
		return nil, err
	}
	control, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	if o.Transport == "" {
		o.Transport = "udp"
	}
	answer := "manual"
	if o.AutoAnswer {
		answer = "auto"
	}
	load := baresipModules
	if o.Video {
		load += baresipVideo + "video_source fakevideo,test\nvideo_display fakevideo,test\nvideo_size 176x144\nvideo_fps 10\nvideo_bitrate 100000\n"
	}
	applications := baresipApplications
	if o.Messages {
		applications += "module_app mwi.so\n"
	}
	files := map[string]string{
		"config": "module_path " + modules + "\n" + load + applications +
			fmt.Sprintf("ctrl_tcp_listen 127.0.0.1:%d\nsip_listen 127.0.0.1:%d\n", control, listen) +
			"net_interface 127.0.0.1\naudio_source aufile," + say + "\naudio_player aubridge," + bridge + "\nsnd_path " + o.Directory + "\ncall_max_calls 4\nrtp_stats no\n",
		"accounts": "# The account comes over the control socket, so that no event of its registration is missed.\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(o.Directory, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	command := exec.Command(program, "-4", "-f", o.Directory)
	command.Dir = o.Directory
	b := &Baresip{options: o, changed: make(chan struct{})}
	if b.process, err = start(command); err != nil {
		return nil, err
	}
	for {
		if b.control, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(control))); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			b.process.stop()
			return nil, fmt.Errorf("baresip opens no control socket: %w\n%s", err, b.process.output)
		case <-b.process.done:
			return nil, b.process.ended()
		case <-time.After(20 * time.Millisecond):
		}
	}
	b.reader.Go(b.read)
	if err := b.register(o.Server, answer); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// register makes an account at a server, with which baresip registers.
func (b *Baresip) register(server, answer string) error {
	o := b.options
	account := fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_user=%s;auth_pass=%s;regint=600;answermode=%s;audio_codecs=PCMU,PCMA",
		o.Number, server, o.Transport, o.User, o.Password, answer)
	if o.Encrypt {
		account += ";mediaenc=srtp-mand"
	}
	return b.Command("uanew", account)
}

// Move takes its account to another server, as its user does when the first is lost; it answers by hand there. Calls end.
func (b *Baresip) Move(server string) error {
	if err := b.Command("uadelall", ""); err != nil {
		return err
	}
	return b.register(server, "manual")
}

// baresipModuleDirectory is where Debian keeps the modules: below a directory of the machine's architecture or not.
func baresipModuleDirectory() (string, error) {
	for _, pattern := range []string{"/usr/lib/baresip/modules", "/usr/lib/*/baresip/modules", "/usr/local/lib/baresip/modules"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0], nil
		}
	}
	return "", errors.New("the modules of baresip are not here: install the Debian package baresip-core")
}

// read takes netstrings of JSON from the control socket until it closes.
func (b *Baresip) read() {
	r := bufio.NewReader(b.control)
	for {
		head, err := r.ReadString(':')
		if err != nil {
			return
		}
		size, err := strconv.Atoi(strings.TrimLeft(strings.TrimSuffix(head, ":"), ",\n "))
		if err != nil || size < 0 || size > maxFrame {
			return
		}
		frame := make([]byte, size+1) // with the comma
		if _, err := io.ReadFull(r, frame); err != nil {
			return
		}
		var e Event
		if json.Unmarshal(frame[:size], &e) != nil || e.Type == "" {
			continue
		}
		b.mu.Lock()
		b.events = append(b.events, e)
		close(b.changed)
		b.changed = make(chan struct{})
		b.mu.Unlock()
	}
}

// Command sends a command of baresip's menu, such as "dial" or "hold".
func (b *Baresip) Command(name, parameter string) error {
	text, err := json.Marshal(map[string]string{"command": name, "params": parameter, "token": name})
	if err != nil {
		return err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.control.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.control, "%d:%s,", len(text), text)
	return err
}

// Mark is the place in the list of events from which WaitEvent looks.
func (b *Baresip) Mark() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.events)
}

// WaitEvent waits for an event of a type, not older than the mark.
func (b *Baresip) WaitEvent(ctx context.Context, mark int, kind string) (Event, error) {
	return b.WaitParam(ctx, mark, kind, "")
}

// WaitParam is WaitEvent for an event whose parameter contains a text.
func (b *Baresip) WaitParam(ctx context.Context, mark int, kind, text string) (Event, error) {
	for {
		b.mu.Lock()
		for _, e := range b.events[min(mark, len(b.events)):] {
			if e.Type == kind && strings.Contains(e.Param, text) {
				b.mu.Unlock()
				return e, nil
			}
		}
		seen, changed := b.events, b.changed
		b.mu.Unlock()
		select {
		case <-changed:
		case <-b.process.done:
			return Event{}, b.process.ended()
		case <-ctx.Done():
			return Event{}, fmt.Errorf("baresip reports no %s: %w; its events: %v", strings.TrimSpace(kind+" "+text), ctx.Err(), names(seen[min(mark, len(seen)):]))
		}
	}
}

func names(events []Event) (out []string) {
	for _, e := range events {
		out = append(out, strings.TrimSpace(e.Type+" "+e.Param))
	}
	return out
}

// bridge is the name by which baresip's player and, when it echoes, its source are joined.
const bridge = "heard"

// Echo makes baresip say what it hears, or again its own sound. It is how one listens with its ears after a hold: the
// recording of baresip 1.0 ends with the first change of direction, while playing goes on.
func (b *Baresip) Echo(on bool) error {
	if on {
		return b.Command("ausrc", "aubridge,"+bridge)
	}
	return b.Command("ausrc", "aufile,"+filepath.Join(b.options.Directory, "say.wav"))
}

// Renegotiated reports whether the media of a call were agreed upon again since it was established behind a mark.
func (b *Baresip) Renegotiated(mark int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	established := false
	for _, e := range b.events[min(mark, len(b.events)):] {
		switch e.Type {
		case "CALL_ESTABLISHED":
			established = true
		case "CALL_REMOTE_SDP":
			if established {
				return true
			}
		}
	}
	return false
}

// Output is what baresip wrote on its screen.
func (b *Baresip) Output() string { return b.process.output.String() }

// Recordings is the pattern of the files with what it heard.
func (b *Baresip) Recordings() string { return filepath.Join(b.options.Directory, "dump-*-dec.wav") }

// Close ends baresip.
func (b *Baresip) Close() {
	_ = b.Command("quit", "")
	select {
	case <-b.process.done:
	case <-time.After(stopWithin):
	}
	b.process.stop()
	b.control.Close()
	b.reader.Wait()
}
