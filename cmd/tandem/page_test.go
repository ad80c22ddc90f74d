package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// follower follows a page of docs/admin as a reader would: it types the commands, in order.
type follower struct {
	t         *testing.T
	dir       string
	token     string            // that join-token create printed last
	addresses map[string]string // of servers, by name
	running   map[string]func() // how a server is killed, by directory
}

var (
	commandLine      = regexp.MustCompile(`^    \$ tandem (.*?)(?: # ends with ([0-9]))?$`)
	lossLine         = regexp.MustCompile(`^    # (\S+) is lost$`)
	yamlBlock        = regexp.MustCompile("(?s)```yaml\n# (\\S+)\n(.*?)```")
	printedPublisher = regexp.MustCompile(`(?m)^(\S+) +publisher `)
	printedToken     = regexp.MustCompile(`(?m)^tandem-join-[a-z2-7]+$`)
	printedWords     = regexp.MustCompile(`(?m)^ +cluster pass-phrase +(.*)$`)
)

// settleWithin bounds how long something takes that a reader would wait for, such as that a loss is seen.
const settleWithin = 30 * time.Second

func (f *follower) follow(page string) (commands int) {
	for _, block := range yamlBlock.FindAllStringSubmatch(page, -1) {
		f.write(block[1], []byte(block[2]))
	}
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		if lost := lossLine.FindStringSubmatch(line); lost != nil {
			f.settle()
			f.running["./"+lost[1]]()
			continue
		}
		command := commandLine.FindStringSubmatch(line)
		if command == nil {
			continue
		}
		commands++
		want, _ := strconv.Atoi(command[2])
		f.run(strings.Fields(command[1]), want)
	}
	return commands
}

func (f *follower) write(name string, content []byte) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), content, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// settle waits, as a reader's slowness does, until all servers that run know one publisher and are current.
func (f *follower) settle() {
	f.t.Helper()
	for end := time.Now().Add(settleWithin); ; {
		publishers := map[string]bool{}
		for data := range f.running {
			out, err := f.command([]string{"replication", "status", "--data", data}).CombinedOutput()
			publisher := printedPublisher.FindSubmatch(out)
			if err != nil || publisher == nil || strings.Contains(string(out), "takes no changes") {
				publishers["nobody, as "+data+" says"] = true
				continue
			}
			publishers[string(publisher[1])] = true
		}
		if len(publishers) == 1 {
			return
		}
		if time.Now().After(end) {
			f.t.Fatalf("the servers do not agree on the publisher: %v", publishers)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// after is the word that follows a flag.
func after(args []string, flag string) string {
	for i, a := range args[:len(args)-1] {
		if a == flag {
			return args[i+1]
		}
	}
	return ""
}

// run types a command. What depends on something that is on its way is typed again.
func (f *follower) run(args []string, want int) {
	f.t.Helper()
	data := after(args, "--data")
	all := args
	switch args[0] {
	case "init", "join":
		name := after(args, "--name")
		flags, err := clusterPorts()
		if err != nil {
			f.t.Fatal(err)
		}
		if f.addresses[name] == "" {
			f.addresses[name] = "127.0.0." + strings.TrimPrefix(name, "cm")
		}
		all = append(append(all, flags...), "--address", f.addresses[name])
		if args[0] == "join" {
			all = append(all, "--passphrase-file", "passphrase")
		}
	case "serve":
		c := f.command(all)
		stop, err := background(c)
		if err != nil {
			f.t.Fatal(err)
		}
		ended := false
		f.running[data] = func() {
			ended = true
			delete(f.running, data)
			_ = c.Process.Kill()
			_, _ = stop() // it was killed, so it fails
		}
		f.t.Cleanup(func() {
			if ended {
				return
			}
			if text, err := stop(); err != nil {
				f.t.Errorf("the server of %s ended with %v:\n%s", data, err, text)
			}
		})
		return
	}
	var out []byte
	for end := time.Now().Add(settleWithin); ; {
		var err error
		out, err = f.command(all).CombinedOutput()
		got := 0
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			got = ended.ExitCode()
		} else if err != nil {
			f.t.Fatal(err)
		}
		if got == want {
			break
		}
		if time.Now().After(end) {
			f.t.Fatalf("tandem %s ended with %d, want %d:\n%s", strings.Join(args, " "), got, want, out)
		}
		time.Sleep(200 * time.Millisecond)
	}
	f.t.Logf("tandem %s\n%s", strings.Join(args, " "), out)
	if len(out) == 0 {
		f.t.Errorf("tandem %s shows nothing", strings.Join(args, " "))
	}
	if token := printedToken.Find(out); token != nil {
		f.token = string(token)
	}
	if words := printedWords.FindSubmatch(out); words != nil {
		f.write("passphrase", append(words[1], '\n'))
	}
}

func (f *follower) command(args []string) *exec.Cmd {
	c := exec.Command("tandem", args...)
	c.Dir, c.Env = f.dir, append(os.Environ(), "TANDEM_DATA=", "TANDEM_TOKEN=", "TANDEM_JOIN_TOKEN="+f.token)
	return c
}

// The procedures of docs/admin/cluster.md work, in the order of the page, with three servers on addresses of this machine.
func TestClusterAsDocumented(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs three servers for half a minute")
	}
	dir, err := os.MkdirTemp("", "tandem-page-") // the path of a socket has little room
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	f := &follower{t: t, dir: dir, addresses: map[string]string{}, running: map[string]func(){}}
	site, err := os.ReadFile("../../docs/admin/site.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f.write("site.yaml", site)
	f.write("ringer.raw", make([]byte, 4000))
	page, err := os.ReadFile("../../docs/admin/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := f.follow(string(page)); n < 40 {
		t.Errorf("the page has %d commands", n)
	}
}
