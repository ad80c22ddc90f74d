package peer

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tandem/media/codec"
)

// LinphoneOptions describe a linphone that registers as one SIP phone.
type LinphoneOptions struct {
	// Directory for its configuration and recording; it must exist.
	Directory string
	// Number registers at Server ("host:port"); User and Password answer its challenges in Realm.
	Number, User, Password, Server, Realm string
	// Transport is "udp" (default) or "tcp".
	Transport string
	// Say is what it says in calls.
	Say codec.Tone
}

// Linphone is a running linphonec.
type Linphone struct {
	options LinphoneOptions
	process *process
	writing sync.Mutex
	console io.WriteCloser
}

// StartLinphone starts it and lets it register.
func StartLinphone(ctx context.Context, o LinphoneOptions) (*Linphone, error) {
	program, err := Find("linphonec")
	if err != nil {
		return nil, err
	}
	// It keeps a database and its history where its home is.
	for _, d := range []string{".local/share/linphone", ".config/linphone"} {
		if err := os.MkdirAll(filepath.Join(o.Directory, d), 0o700); err != nil {
			return nil, err
		}
	}
	l := &Linphone{options: o}
	if err := WriteTone(l.sound(), o.Say, time.Minute); err != nil {
		return nil, err
	}
	sip, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	rtp, err := FreePorts(2)
	if err != nil {
		return nil, err
	}
	if o.Transport == "" {
		o.Transport = "udp"
	}
	udp, tcp := sip, 0
	if o.Transport == "tcp" {
		udp, tcp = 0, sip
	}
	rc := fmt.Sprintf(`[sip]
sip_port=%d
sip_tcp_port=%d
sip_tls_port=0
use_ipv6=0
default_proxy=0
media_encryption=none
contact=sip:%s@127.0.0.1
register_only_when_network_is_up=0
[rtp]
audio_rtp_port=%d
audio_jitt_comp=20
[sound]
echocancellation=0
[video]
enabled=0
capture=0
display=0
automatically_initiate=0
automatically_accept=0
[auth_info_0]
username=%s
userid=%s
passwd=%s
realm=%s
[proxy_0]
reg_proxy=<sip:%s;transport=%s>
reg_identity=sip:%s@%s
reg_expires=600
reg_sendregister=1
publish=0
`, udp, tcp, o.Number, rtp+rtp%2, o.Number, o.User, o.Password, o.Realm, o.Server, o.Transport, o.Number, o.Server)
	path := filepath.Join(o.Directory, "linphonerc")
	if err := os.WriteFile(path, []byte(rc), 0o600); err != nil {
		return nil, err
	}
	command := exec.Command(program, "-c", path)
	command.Dir = o.Directory
	command.Env = append(os.Environ(), "HOME="+o.Directory, "TERM=dumb")
	if l.console, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	if l.process, err = start(command); err != nil {
		return nil, err
	}
	if err := l.Wait(ctx, 0, "linphonec>"); err != nil {
		l.Close()
		return nil, err
	}
	// The silence before a command's answer is the only sign that it was read, so each is waited for.
	for _, c := range []struct{ command, answer string }{
		{"ipv6 disable", "ipv6 use disabled"}, {"soundcard use files", "Using wav files"},
	} {
		mark := l.Mark()
		if err := l.Command(c.command); err != nil {
			l.Close()
			return nil, err
		}
		if err := l.Wait(ctx, mark, c.answer); err != nil {
			l.Close()
			return nil, err
		}
	}
	for _, c := range []string{"play " + l.sound(), "record " + l.Recordings()} {
		if err := l.Command(c); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

func (l *Linphone) sound() string { return filepath.Join(l.options.Directory, "say.wav") }

// Recordings is the file with what it heard.
func (l *Linphone) Recordings() string { return filepath.Join(l.options.Directory, "heard.wav") }

// Command types a line at the console.
func (l *Linphone) Command(line string) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	_, err := io.WriteString(l.console, line+"\n")
	return err
}

// URI of a number at the server.
func (l *Linphone) URI(number string) string { return "sip:" + number + "@" + l.options.Server }

// Mark is the place in the output from which Wait looks.
func (l *Linphone) Mark() int { return len(l.process.output.String()) }

// Wait waits until one of the texts appears on the screen behind a mark.
func (l *Linphone) Wait(ctx context.Context, mark int, texts ...string) error {
	for {
		all := l.process.output.String()
		fresh := all[min(mark, len(all)):]
		for _, t := range texts {
			if strings.Contains(fresh, t) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("linphone does not say %q: %w; it says:\n%s", texts, ctx.Err(), fresh)
		case <-l.process.done:
			return l.process.ended()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// WaitRegistered waits until the server has let it in.
func (l *Linphone) WaitRegistered(ctx context.Context) error {
	for {
		mark := l.Mark()
		if err := l.Command("status register"); err != nil {
			return err
		}
		if err := l.Wait(ctx, mark, "registered=", "registered, identity="); err != nil {
			return err
		}
		if strings.Contains(l.Output()[mark:], "registered, identity=") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("linphone does not register: %w; it says:\n%s", ctx.Err(), l.Output())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Output is what linphone wrote on its screen.
func (l *Linphone) Output() string { return l.process.output.String() }

// Close ends linphone.
func (l *Linphone) Close() {
	_ = l.Command("quit")
	_ = l.console.Close()
	select {
	case <-l.process.done:
	case <-time.After(stopWithin):
	}
	l.process.stop()
}
