package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/phone"
	"tandem/sim/lab"
)

// crowd is SIPp as many SIP phones at once.
type crowd struct {
	t        *testing.T
	s        *lab.Server
	dir      string
	scenario string // a file, absolute
	users    string // which phone each call is, a file
	port     int
	rate     int // new calls a second
	calls    int // in all; 0: waits for calls
}

// outcome is what SIPp counted.
type outcome struct {
	made, refused, failed, repeated int
	took, processor                 time.Duration // processor: of the server
}

// rate is calls made in a second of the server's core. It is what it is whoever else uses the machine.
func (o outcome) rate() float64 { return float64(o.made) / o.processor.Seconds() }

func (c crowd) start() *exec.Cmd {
	c.t.Helper()
	line := append(onCore(c.t, 1), program(c.t, "sipp"), c.s.Address("sip"), "-sf", c.scenario, "-i", lab.Loopback, "-p", fmt.Sprint(c.port),
		"-buff_size", "4194304", "-nostdin", "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-nd", "-aa", "-timer_resol", "1", "-l", "100000")
	if c.users != "" {
		line = append(line, "-inf", c.users)
	}
	if c.calls > 0 {
		line = append(line, "-r", fmt.Sprint(c.rate), "-m", fmt.Sprint(c.calls), "-recv_timeout", "10000", "-timeout", fmt.Sprintf("%ds", 30+c.calls/c.rate))
	}
	command := exec.Command(line[0], line[1:]...)
	command.Dir = c.dir
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(c.t, "SIPp", command.Start())
	return command
}

// run runs SIPp to its end.
func (c crowd) run() outcome {
	c.t.Helper()
	c.dir = c.t.TempDir()
	began, used := time.Now(), processorTime(c.t, c.s.PID())
	command := c.start()
	_ = command.Wait() // it exits with 1 when a call failed; what failed is in its statistics
	o := outcome{took: time.Since(began), processor: processorTime(c.t, c.s.PID()) - used}
	text, err := os.ReadFile(filepath.Join(c.dir, "stat.csv"))
	must(c.t, "SIPp's statistics", err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	names, values := strings.Split(lines[0], ";"), strings.Split(lines[len(lines)-1], ";")
	number := func(name string) int {
		if i := slices.Index(names, name); i >= 0 && i < len(values) {
			n, _ := strconv.Atoi(values[i])
			return n
		}
		return 0
	}
	o.failed, o.repeated = number("FailedCall(C)"), number("Retransmissions(C)")
	o.refused = number("refused(C)") + number("refusedlate(C)")
	o.made = number("SuccessfulCall(C)") - o.refused
	return o
}

// onCore is what keeps a command to the core of the server, 0, or to the others, so that the load takes nothing from the server.
func onCore(t *testing.T, n int) []string {
	if runtime.NumCPU() < 2 {
		return nil
	}
	cores := "0"
	if n > 0 {
		cores = fmt.Sprintf("1-%d", runtime.NumCPU()-1)
	}
	return []string{program(t, "taskset"), "-c", cores}
}

// users writes the file from which SIPp takes its phones: number, credentials, and a number to call.
func users(t *testing.T, from, n, call int) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("SEQUENTIAL\n")
	for i := range n {
		fmt.Fprintf(&text, "%d;[authentication username=%s password=%s];%d\n", from+i, user(from+i), password(from+i), call+i)
	}
	path := filepath.Join(t.TempDir(), "users.csv")
	must(t, "users", os.WriteFile(path, []byte(text.String()), 0o600))
	return path
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	p, err := filepath.Abs(path)
	must(t, path, err)
	return p
}

// processorTime is how much of a core a process has used.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	var all time.Duration
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	must(t, "the server's threads", err)
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		must(t, "a thread's processor time", err)
		n, _ := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		all += time.Duration(n)
	}
	return all
}

// Ten times the calls that the server can bear: it goes on completing at least four fifths of what it can, refuses the rest in a
// way that callers understand, and soon everything is as before (T-23).
func TestT23_TenTimesTooManyCalls(t *testing.T) { overload(t, 6*time.Second) }

func overload(t *testing.T, length time.Duration) {
	server(t)
	const phones = 400                                                    // SIP phones, of which half call and SIPp answers for the others
	free := `", partition: house, maximumCalls: 200, busyTrigger: 200}]}` // nobody is busy
	lines := []byte(strings.ReplaceAll(string(site(phones, 8)), `", partition: house}]}`, free))
	s := child(t, lab.Options{Site: lines, Wrap: append(onCore(t, 0), program(t, "env"), "GOMAXPROCS=1")})
	register, answer, scenario := absolute(t, "../bench/scenario/register.xml"), absolute(t, "../bench/scenario/answer.xml"), absolute(t, "testdata/overload.xml")
	callers, called := users(t, firstSIP, phones/2, firstSIP+phones/2), users(t, firstSIP+phones/2, phones/2, firstSIP)
	ports := make([]int, 2)
	for i, list := range []string{callers, called} {
		var err error
		ports[i], err = lab.Reserve()
		must(t, "a port", err)
		if o := (crowd{t: t, s: s, scenario: register, users: list, port: ports[i], rate: 200, calls: phones / 2}).run(); o.made != phones/2 {
			t.Fatalf("%d of %d phones registered", o.made, phones/2)
		}
	}
	answering := crowd{t: t, s: s, scenario: answer, port: ports[1], dir: t.TempDir()}.start()
	t.Cleanup(func() {
		_ = answering.Process.Kill()
		_ = answering.Wait()
	})
	load := func(rate int, d time.Duration) outcome {
		o := crowd{t: t, s: s, scenario: scenario, users: callers, port: ports[0], rate: rate, calls: int(float64(rate) * d.Seconds())}.run()
		t.Logf("%d calls/s: %d made (%.0f in a second of the core), %d refused, %d failed, %d repeated, %v", rate, o.made, o.rate(), o.refused, o.failed,
			o.repeated, o.took.Round(time.Millisecond))
		return o
	}
	p, q := sccpPhone(t, s, 6001), sccpPhone(t, s, 6002)

	// Who else uses the machine disturbs both figures; the best of three counts.
	rate, part := 0, 0.0
	for range 3 {
		if rate, part = goodput(t, load, p, length); part >= 0.8 {
			break
		}
	}
	if part < 0.8 {
		t.Errorf("under overload %.0f %% of the calls are made that are made otherwise", 100*part)
	}
	for over := time.Now(); ; {
		after := load(max(rate/2, 100), time.Second)
		if after.failed+after.refused == 0 {
			break
		}
		if took := time.Since(over); took > 50*time.Second { // five times the figure
			t.Fatalf("%v later %d calls are refused and %d fail", took, after.refused, after.failed)
		}
	}
	call(t, p, q, 6001, 6002)
}

// goodput finds how many calls a second the server bears, makes ten times as many for a while, and returns that rate and which
// part of it is completed under overload, both in calls a second of the server's core. A Cisco phone calls meanwhile.
func goodput(t *testing.T, load func(rate int, d time.Duration) outcome, p *phone.Phone, length time.Duration) (int, float64) {
	// What the server can bear: upwards until calls are refused or fail.
	var sustained outcome
	rate := 0
	for r := 200; r < 20000; r = r * 3 / 2 {
		o := load(r, 3*time.Second)
		if (o.refused+o.failed)*100 > o.made || float64(o.made) < 0.9*float64(r)*o.took.Seconds() {
			break
		}
		sustained, rate = o, r
	}
	if rate == 0 {
		t.Fatal("not even 200 calls/s are borne")
	}

	done := make(chan outcome, 1)
	go func() { done <- load(10*rate, length) }()
	var o outcome
	var rang, refused int
	for over := false; !over; {
		select {
		case o = <-done:
			over = true
		default:
			// A Cisco phone either gets through or hears at once that it does not.
			must(t, "dial", p.DialEnBloc("6002"))
			c, err := p.WaitCall(within(t, 2*step), phone.RingingOut, phone.Congested)
			must(t, "a Cisco phone rings the other or hears reorder", err)
			if c.State == phone.Congested {
				refused++
				if tone := p.State().Tone; tone != "Reorder" {
					t.Errorf("a refused Cisco phone hears %q", tone)
				}
			} else {
				rang++
			}
			must(t, "hang up", p.Hangup())
			must(t, "idle", p.WaitIdle(within(t, 2*step)))
		}
	}
	t.Logf("a Cisco phone rang %d times and was refused %d times", rang, refused)
	if o.refused < o.made {
		t.Errorf("%d calls were refused, %d made: that was no overload", o.refused, o.made)
	}
	return rate, o.rate() / sustained.rate()
}
